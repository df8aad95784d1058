"""Proposals that nobody asked for: new figures at once, none lost; small changes at night; never a publication."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import tablib
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.template.loader import render_to_string
from django.test import Client

from clusters.models import Indicator, QuotaDecision, QuotaPolicy, QuotaSplit, Wave
from clusters.policy import SHIPPED
from clusters.resources import ObservationResource
from clusters.selectors.demand import split_inputs
from clusters.services.quota import propose_split
from clusters.services.recomputing import NEW_DATASET, NIGHTLY, queued_proposals, request_due_splits
from clusters.services.restoring import restore_split
from clusters.tasks import propose_due_splits, propose_nightly, propose_split_job
from clusters.views.changes import causes, changed_cells
from records.models import Job
from tests.clusters.quota_data import (
    AFIRMASI,
    NOW,
    PHK,
    PMI,
    deliver,
    deliver_indicators,
    deliver_seats,
    figure,
    make_wave,
    publish,
)
from tests.clusters.test_quota import wait_until_somebody_waits_for_us
from tests.clusters.test_quota_pages import PROVINCE, text_of
from tests.factories.staff import make_user, scope_of
from tests.faults.workers import locked, until

pytestmark = pytest.mark.django_db

SEATS = {
    (PMI, 3301): 320, (PMI, 3308): 320,
    (PHK, 3309): 320, (PHK, 3374): 320,
    (AFIRMASI, 3301): 400, (AFIRMASI, 3308): 400,
}  # fmt: skip


@pytest.fixture
def wave() -> Wave:
    """With a first version."""
    wave = make_wave()
    deliver_indicators()
    deliver_seats(wave, SEATS)
    propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW)
    return wave


BOTH = MIGRANTS, LAID_OFF = 400_000, 900_000


def deliver_migrants() -> None:
    deliver(figure("pmi_placed", 3301, MIGRANTS, period="2026"))


def deliver_laid_off() -> None:
    deliver(figure("phk_workers", 3309, LAID_OFF, period="2026"))


@contextmanager
def others() -> Iterator[Callable[[Callable[[], None]], Future[None]]]:
    """Starts work on connections of its own; its errors are raised at the end."""

    def alone(work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            connection.close()

    started = []
    with ThreadPoolExecutor() as pool:

        def start(work: Callable[[], None]) -> Future[None]:
            started.append(pool.submit(alone, work))
            return started[-1]

        yield start
    for each in started:
        each.result()


def waiting() -> int:
    """How many connections of this database wait for another."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def run_all() -> None:
    while jobs := queued_proposals():
        propose_split_job(str(jobs[0].pk))


def figures_of(split: QuotaSplit) -> tuple[float, float]:
    """The migrants of 3301 and the laid-off of 3309 that a version was made from."""
    return (
        split.cells.get(cluster=PMI, regency=3301).basis["weight"]["chosen"]["value"],
        split.cells.get(cluster=PHK, regency=3309).basis["weight"]["chosen"]["value"],
    )


def versions(wave: Wave) -> list[QuotaSplit]:
    return list(wave.splits.order_by("version"))


def make_policy(**rules: Any) -> None:
    """Version 1 of the province's rules."""
    author = make_user()
    QuotaPolicy.objects.create(
        version=1, name="Uji", rules=SHIPPED | rules, reason="Uji", author=author, created_at=NOW
    )


def grant(wave: Wave, places: int, *, hours: int = 1) -> None:
    now = NOW + timedelta(hours=hours)
    deliver(figure("granted_places", 3301, places, cluster_id=PMI, wave_id=wave.pk), now=now)


def decree_part(wave: Wave, *, total: int) -> None:
    QuotaDecision.objects.create(
        level="cluster",
        parent=wave.decision,
        cluster_id=PMI,
        decree_number="CONTOH/rincian",
        decree_date=wave.decision.decree_date,
        author="Uji",
        total=total,
        as_of=NOW,
    )


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_datasets_that_arrive_together_are_in_one_proposal(self, wave: Wave) -> None:
        with others() as start, transaction.atomic():
            deliver_migrants()
            start(deliver_laid_off)
            wait_until_somebody_waits_for_us()
        run_all()
        assert [split.version for split in versions(wave)] == [1, 2]
        assert figures_of(versions(wave)[-1]) == BOTH

    def test_a_dataset_that_arrives_while_the_worker_waits_for_it_is_in_his_proposal(self, wave: Wave) -> None:
        deliver_migrants()
        [job] = queued_proposals()
        with others() as start, transaction.atomic():
            deliver_laid_off()
            start(lambda: propose_split_job(str(job.pk)))
            wait_until_somebody_waits_for_us()
        assert queued_proposals() == []
        assert [split.version for split in versions(wave)] == [1, 2]
        assert figures_of(versions(wave)[-1]) == BOTH

    def test_a_dataset_that_arrives_after_the_worker_has_read_is_in_the_proposal_after(self, wave: Wave) -> None:
        deliver_migrants()
        [job] = queued_proposals()
        with others() as start, locked("clusters_quotacell") as waited_for:
            start(lambda: propose_split_job(str(job.pk)))
            until(waited_for, "the worker to write its cells")
            assert Job.objects.get().state == "running"
            second = start(deliver_laid_off)
            until(lambda: second.done() or waiting() == 2, "the second dataset")
        run_all()
        first, middle, last = versions(wave)
        assert (first.version, middle.version, last.version) == (1, 2, 3)
        assert figures_of(middle) == (MIGRANTS, figures_of(first)[1])
        assert figures_of(last) == BOTH
        assert Job.objects.filter(state="done").count() == 2


class TestWhen:
    def due(self, *, nightly: bool = False) -> list[Job]:
        return request_due_splits(now=NOW, nightly=nightly)

    def test_published_figures_are_asked_for_in_the_transaction_that_writes_them(self, wave: Wave) -> None:
        make_wave(slug="tanpa-versi")
        make_wave(slug="beku", state="frozen")
        deliver_migrants()
        [job] = Job.objects.all()
        assert job.payload == {"wave_id": str(wave.pk), "requested_by": None, "reason": NEW_DATASET}

    def test_the_same_delivery_twice_asks_once(self, wave: Wave) -> None:
        deliver_migrants()
        Job.objects.update(state="done")
        deliver_migrants()
        assert Job.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_a_figure_that_moves_nothing_is_still_a_new_version(self, wave: Wave) -> None:
        deliver(figure("pmi_placed", 3301, 7, period="2019", confidence="low"))
        run_all()
        assert [change["name"] for change in versions(wave)[-1].changes] == ["dataset"]

    def test_small_counts_wait_for_the_night(self, wave: Wave) -> None:
        """One seat more where seats are not what binds."""
        deliver_seats(wave, {(PMI, 3301): 321}, now=NOW + timedelta(hours=1))
        assert self.due() == []
        assert [job.key for job in self.due(nightly=True)] == [f"clusters.propose_split:{wave.pk}"]
        assert Job.objects.get().payload["reason"] == NIGHTLY

    def test_counts_that_move_places_do_not_wait(self, wave: Wave) -> None:
        deliver_seats(wave, {(AFIRMASI, 3308): 20}, now=NOW + timedelta(hours=1))
        assert len(self.due()) == 1

    @pytest.mark.parametrize(("materiality", "jobs"), [(0, 1), (1, 1), (50, 1), (1000, 0)])
    def test_the_rules_say_how_much_matters(self, wave: Wave, materiality: int, jobs: int) -> None:
        make_policy(materiality=materiality)
        propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW)
        deliver_seats(wave, {(AFIRMASI, 3308): 20}, now=NOW + timedelta(hours=1))
        assert len(self.due()) == jobs

    def test_no_difference_is_too_small_where_the_rules_say_none_is(self, wave: Wave) -> None:
        make_policy(materiality=0)
        propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW)
        deliver_seats(wave, {(PMI, 3301): 321}, now=NOW + timedelta(hours=1))
        assert len(self.due()) == 1

    def test_materiality_is_no_input_of_a_version(self, wave: Wave) -> None:
        before = split_inputs(wave=wave, today=NOW.date())
        assert "materiality" not in before.policy
        assert before.policy == versions(wave)[0].policy
        make_policy(materiality=5)
        after = split_inputs(wave=wave, today=NOW.date())
        assert (after.rules.materiality, after.policy) == (5, before.policy | {"version": 1})

    def test_places_lapsed_by_many_do_not_wait(self, wave: Wave) -> None:
        grant(wave, 300)
        propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW)
        grant(wave, 40, hours=2)
        assert len(self.due()) == 1
        propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW)
        assert versions(wave)[-1].changes[0] == {"name": "lapsed_places", "cells": 1, "before": 300, "after": 40}

    def test_a_decree_does_not_wait_though_it_moves_nothing(self, wave: Wave) -> None:
        decree_part(wave, total=versions(wave)[0].cells.filter(cluster=PMI).aggregate(n=Sum("seats"))["n"])
        assert len(self.due()) == 1

    def test_figures_that_fit_into_no_table_are_told(self, wave: Wave) -> None:
        grant(wave, 321)
        assert len(self.due()) == 1

    @pytest.mark.django_db(transaction=True)
    def test_nothing_is_published_and_nothing_asked_twice(self, wave: Wave) -> None:
        deliver_seats(wave, {(PMI, 3301): 321}, now=NOW + timedelta(hours=1))
        propose_nightly()
        propose_nightly()
        propose_due_splits()
        run_all()
        propose_nightly()
        assert [split.version for split in versions(wave)] == [1, 2]
        assert not QuotaSplit.objects.published().exists()
        assert Job.objects.count() == 1

    def test_a_first_version_waits_for_seats(self) -> None:
        wave = make_wave()
        deliver_indicators()
        assert self.due(nightly=True) == []
        deliver_seats(wave, SEATS)
        assert len(self.due()) == 1

    def test_the_night_is_that_of_central_java(self) -> None:
        entry = settings.CELERY_BEAT_SCHEDULE["propose-splits-nightly"]
        assert entry["task"] == propose_nightly.name
        assert (entry["schedule"].hour, entry["schedule"].minute) == ({1}, {30})
        assert str(current_app.timezone) == "Asia/Jakarta"


def test_an_imported_file_asks_at_once(wave: Wave, django_capture_on_commit_callbacks: Any) -> None:
    Indicator.objects.create(code="pmi_placed", unit="persons")
    resource = ObservationResource(options={"name": "BP2MI 2026", "publisher": "BP2MI"})
    header = "indicator,code,period,value,unit,source,confidence,note".split(",")
    row = ["pmi_placed", "33.01", "2026", "400000", "persons", "BP2MI", "high", ""]
    with django_capture_on_commit_callbacks() as started:
        result = resource.import_data(tablib.Dataset(row, headers=header))
    assert not result.has_errors()
    assert [job.payload["reason"] for job in Job.objects.all()] == [NEW_DATASET]
    assert len(started) == 1


def test_restoring_says_what_goes_back(wave: Wave) -> None:
    first = publish(versions(wave)[0])
    deliver_seats(wave, {(AFIRMASI, 3308): 20}, now=NOW + timedelta(hours=1))
    second = publish(propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW))
    assert second.changes[0] == {"name": "open_seats", "cells": 1, "before": 400, "after": 20}
    deliver_seats(wave, {(AFIRMASI, 3308): 400}, now=NOW + timedelta(hours=2))
    by = scope_of("planner").user_id
    assert by is not None
    third, _digest = restore_split(wave_id=wave.pk, split_id=first.pk, requested_by=by, reason="Uji", now=NOW)
    assert third.changes[0] == {"name": "open_seats", "cells": 1, "before": 20, "after": 400}


class TestProvincePage:
    def test_says_why_what_changed_and_how_many_places_move(self, wave: Wave, as_role: Callable[..., Client]) -> None:
        deliver_seats(wave, {(AFIRMASI, 3308): 20}, now=NOW + timedelta(hours=1))
        deliver(figure("pmi_placed", 3301, 1_200, period="2026"))
        propose_split(wave_id=wave.pk, requested_by=None, reason=NEW_DATASET, now=NOW)
        first, second = versions(wave)
        moved = sum(
            max(0, cell.seats - first.cells.get(cluster=cell.cluster_id, regency=cell.regency_id).seats)
            for cell in second.cells.all()
        )
        assert moved > 0
        text = text_of(as_role("approver"), PROVINCE)
        assert f"Yang berubah sejak versi 1 {moved} tempat berpindah." in text
        assert "data baru: Data contoh kursi kelas dari 400 menjadi 20" in text
        assert "Kabupaten Cilacap PMI Permintaan 1.100 1.200 pekerja migran yang ditempatkan 1.100 → 1.200" in text
        assert "Kabupaten Magelang AFIRMASI Batas atas 400 20 kursi kelas yang dibuka 400 → 20 (uji)" in text
        assert "Data baru diterima data baru: Data contoh kursi kelas dari 400 menjadi 20" in text

    def test_many_cells_are_shortened(self) -> None:
        one = {"name": "cap", "cluster": "PMI", "regency": 3301, "before": 1, "after": 2, "figures": []}
        shown = changed_cells([one] * 23, {3301: "Kabupaten Cilacap"})
        assert (len(shown["rows"]), shown["more"]) == (20, 3)

    def test_a_first_version_is_compared_with_none(self, wave: Wave, as_role: Callable[..., Client]) -> None:
        assert "Yang berubah sejak" not in text_of(as_role("planner"), PROVINCE)

    def test_progress_of_the_job(self, wave: Wave, as_role: Callable[..., Client]) -> None:
        deliver_migrants()
        planner, job = as_role("planner"), Job.objects.all()
        job.update(created_at=NOW, started_at=NOW + timedelta(minutes=1))
        text = text_of(planner, PROVINCE)
        assert "Menunggu giliran sejak 24 November 2026 pukul 10.00 WIB. Alasan: Data baru diterima" in text
        job.update(state="running", attempt=1)
        text = text_of(planner, PROVINCE)
        assert "Dihitung sejak 24 November 2026 pukul 10.01 WIB." in text
        assert "Percobaan" not in text
        job.update(attempt=2)
        assert "Percobaan ke-2" in text_of(planner, PROVINCE)
        assert 'http-equiv="refresh"' in planner.get(PROVINCE).content.decode()

    def test_every_cause_has_words(self, wave: Wave, as_role: Callable[..., Client]) -> None:
        """Whatever changes_between may name."""
        for name in (
            *["total", "decree", "decreed", "policy", "weights", "rule", "dataset", "choice", "areas"],
            *["open_seats", "registrants", "eligible_people", "granted_places", "lapsed_places"],
        ):
            change = {"name": name, "before": 12, "after": 24, "dataset": "BPS", "cells": 1}
            [cause] = causes([change])
            assert render_to_string("clusters/quota/cause.html", {"cause": cause}).strip(), name

    def test_registrants_are_persons_and_rules_one_cause(self) -> None:
        registrants, rules = causes(
            [
                {"name": "registrants", "cells": 1, "before": 120, "after": 126},
                {"name": "policy", "before": 0, "after": 1},
                {"name": "rule", "rule": "floor", "before": 16, "after": 8},
            ]
        )
        assert (registrants["before"], registrants["after"]) == (10, Decimal("10.5"))
        assert rules["name"] == "rule"
