"""Splits: proposed from the figures of the day, append-only, published by a second person."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.scope import NOBODY, Scope
from accounts.services import enter_scope
from clusters.apportionment import is_webster
from clusters.models import ClusterArea, QuotaCell, QuotaSplit, Wave
from clusters.selectors.published import shown_digest
from clusters.selectors.quota import matrix_of, reason_of, splits_of
from clusters.services.quota import (
    NotTheNewest,
    SelfApproval,
    ShownOther,
    Unsplittable,
    WaveIsFrozen,
    propose_split,
    publish_split,
    request_split,
)
from clusters.services.recomputing import CHANGED_FIGURES, request_due_splits
from clusters.tasks import propose_due_splits, propose_split_job
from records.models import Event, Job
from records.services.jobs import run_job
from tests.clusters.quota_data import (
    AFIRMASI,
    BOROBUDUR,
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
from tests.factories.staff import scope_of

pytestmark = pytest.mark.django_db

SEATS = {
    (PMI, 3301): 64, (PMI, 3308): 32, (PMI, 3309): 20, (PMI, 3374): 8,
    (BOROBUDUR, 3308): 48,
    (PHK, 3301): 16, (PHK, 3309): 64, (PHK, 3374): 40,
    (AFIRMASI, 3301): 400, (AFIRMASI, 3308): 160, (AFIRMASI, 3309): 32, (AFIRMASI, 3374): 96,
}  # fmt: skip


@pytest.fixture
def wave() -> Wave:
    """400 places, 980 seats. AFIRMASI claims nearly all; the others live on floors."""
    wave = make_wave(total=400)
    deliver_indicators()
    deliver_seats(wave, SEATS)
    return wave


def propose(wave: Wave, *, scope: Scope = NOBODY, reason: str = "Uji", day: int = 0) -> QuotaSplit:
    return propose_split(wave_id=wave.pk, requested_by=scope.user_id, reason=reason, now=NOW + timedelta(days=day))


class TestProposeSplit:
    def test_stores_a_split_that_checks_from_its_own_numbers(self, wave: Wave) -> None:
        split = propose(wave)
        assert (split.version, split.total, split.unassigned, split.cells.count()) == (1, 400, 0, 16)
        assert sum(split.cells.values_list("seats", flat=True)) == 400
        for cluster in (PMI, BOROBUDUR, PHK, AFIRMASI):
            stored = split.cells.filter(cluster=cluster).order_by("regency_id")
            weight, seats, floor, cap = (
                np.array(column, dtype=np.int64)
                for column in zip(*stored.values_list("weight", "seats", "floor", "cap"), strict=True)
            )
            assert is_webster(weight, int(seats.sum()), seats, floor, cap)

    def test_every_cell_follows_from_divisor_floor_and_cap(self, wave: Wave) -> None:
        split = propose(wave)
        for cell in split.cells.select_related("cluster"):
            reason = reason_of(split, f"{cell.regency_id}-{cell.cluster.code}")
            assert reason is not None
            if reason.rounded is not None and cell.weight:
                assert cell.seats == sorted([cell.floor, reason.rounded, cell.cap])[1]

    def test_places_that_no_cell_may_take_are_unassigned(self) -> None:
        wave = make_wave(total=400)
        deliver_indicators()
        deliver_seats(wave, {(PHK, 3374): 40})
        split = propose(wave)
        assert (split.unassigned, sum(split.cells.values_list("seats", flat=True))) == (360, 40)

    def test_same_figures_give_the_same_version(self, wave: Wave) -> None:
        first = propose(wave)
        assert propose(wave, reason="Sekali lagi", day=1) == first
        assert QuotaSplit.objects.count() == 1

    def test_changed_figures_give_the_next_version_and_leave_the_former(self, wave: Wave) -> None:
        first = propose(wave)
        before = list(first.cells.order_by("pk").values_list("seats", flat=True))
        deliver_seats(wave, {(PMI, 3301): 128}, now=NOW + timedelta(hours=1))
        second = propose(wave)
        assert (second.version, second.inputs_digest == first.inputs_digest) == (2, False)
        assert list(first.cells.order_by("pk").values_list("seats", flat=True)) == before

    def test_granted_places_are_never_cut(self, wave: Wave) -> None:
        deliver(figure("granted_places", 3308, 30, cluster_id=PMI, wave_id=wave.pk))
        assert propose(wave).cells.get(cluster=PMI, regency=3308).seats == 30

    def test_more_granted_than_seats_is_refused_and_named(self, wave: Wave) -> None:
        deliver(figure("granted_places", 3308, 40, cluster_id=PMI, wave_id=wave.pk))
        with pytest.raises(Unsplittable) as refused:
            propose(wave)
        assert (refused.value.cells, refused.value.short) == ([(3308, "PMI")], 8)
        assert not QuotaSplit.objects.exists()

    @pytest.mark.parametrize("state", ["frozen", "drawn", "finished"])
    def test_a_frozen_wave_keeps_its_places(self, state: str) -> None:
        with pytest.raises(WaveIsFrozen):
            propose(make_wave(slug="beku", state=state))

    def test_stored_policy_names_decree_and_rule(self, wave: Wave) -> None:
        policy = propose(wave).policy
        assert (policy["decree"], policy["floor"], policy["weights"]) == ("CONTOH/gelombang-1", 16, "indicators")


class TestAppendOnly:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE clusters_quotacell SET seats = seats",
            "DELETE FROM clusters_quotacell",
            "UPDATE clusters_quotasplit SET total = total + 1",
            "DELETE FROM clusters_quotasplit",
        ],
    )
    def test_even_plain_sql_of_the_owner_changes_no_version(self, wave: Wave, statement: str) -> None:
        propose(wave)
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(statement)


class TestPublishSplit:
    def test_second_person_puts_the_newest_version_in_force(self, wave: Wave) -> None:
        split = propose(wave, scope=scope_of("planner"))
        approver = scope_of("approver")
        publish(split, scope=approver)
        split.refresh_from_db()
        assert (split.published_by_id, split.published_at) == (approver.user_id, NOW)
        assert list(QuotaSplit.objects.in_force()) == [split]
        assert list(Event.objects.order_by("pk").values_list("kind", flat=True)) == [
            "quota.proposed",
            "quota.published",
        ]

    def test_a_proposal_of_the_machine_needs_an_approver(self, wave: Wave) -> None:
        proposal = propose(wave)
        for role in ("planner", "auditor"):
            with pytest.raises(PermissionDenied):
                publish(proposal, scope=scope_of(role))
        split = publish(proposal)
        assert split.published_at == NOW

    def test_own_proposal_is_refused_whatever_ones_roles(self, wave: Wave) -> None:
        both = replace(scope_of("planner"), roles=frozenset({"planner", "approver"}))
        split = propose(wave, scope=both)
        with pytest.raises(SelfApproval):
            publish(split, scope=both)
        assert not QuotaSplit.objects.published().exists()

    def test_own_proposal_is_refused_by_the_database_too(self, wave: Wave) -> None:
        planner = scope_of("planner")
        split = propose(wave, scope=planner)
        with pytest.raises(IntegrityError, match="clusters_quotasplit_two_persons"), transaction.atomic():
            QuotaSplit.objects.filter(pk=split.pk).update(published_by=planner.user_id, published_at=NOW)

    def test_only_the_highest_version_and_only_once(self, wave: Wave) -> None:
        approver = scope_of("approver")
        first = propose(wave)
        deliver_seats(wave, {(PMI, 3301): 128}, now=NOW + timedelta(hours=1))
        second = propose(wave)
        with pytest.raises(NotTheNewest):
            publish(first, scope=approver)
        publish(second, scope=approver)
        with pytest.raises(NotTheNewest):
            publish(second, scope=approver)

    def test_keeps_what_the_second_person_was_shown(self, wave: Wave) -> None:
        split = publish(propose(wave))
        assert split.shown_digest == shown_digest(split, None)

    def test_a_page_that_showed_something_else_is_refused(self, wave: Wave) -> None:
        first = publish(propose(wave))
        deliver_seats(wave, {(PMI, 3301): 128}, now=NOW + timedelta(hours=1))
        second = propose(wave)
        seen = shown_digest(second, first)
        for stale in ("", shown_digest(second, None), shown_digest(first, first), "0" * 64):
            with pytest.raises(ShownOther):
                publish_split(scope=scope_of("approver"), split_id=second.pk, shown=stale, now=NOW)
        assert publish_split(scope=scope_of("approver"), split_id=second.pk, shown=seen, now=NOW).shown_digest == seen

    def test_not_after_the_freeze(self, wave: Wave) -> None:
        split = propose(wave)
        for state in ("closed", "frozen"):
            Wave.objects.filter(pk=wave.pk).update(state=state)
        with pytest.raises(WaveIsFrozen):
            publish(split)

    def test_web_role_may_publish_but_nothing_else(self, wave: Wave) -> None:
        split, approver = propose(wave), scope_of("approver")
        enter_scope(approver, web_role=True)
        publish(split, scope=approver)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            QuotaCell.objects.create(
                split=split, cluster_id=PMI, regency_id=3301, weight=0, floor=0, cap=0, seats=0, basis={}
            )


class TestWalls:
    """A proposal is invisible to the public, whichever wall is asked."""

    def test_first_wall(self, wave: Wave) -> None:
        split = propose(wave)
        assert splits_of(wave, scope=NOBODY) == []
        assert splits_of(wave, scope=scope_of("planner")) == [split]
        with pytest.raises(QuotaSplit.DoesNotExist):
            publish(split, scope=NOBODY)

    def test_second_wall(self, wave: Wave) -> None:
        split = propose(wave)
        with transaction.atomic():
            enter_scope(NOBODY, web_role=True)
            assert (QuotaSplit.objects.count(), QuotaCell.objects.count()) == (0, 0)
            transaction.set_rollback(True)
        publish(split)
        enter_scope(NOBODY, web_role=True)
        assert (QuotaSplit.objects.count(), QuotaCell.objects.count()) == (1, 16)


class TestMatrix:
    def test_adds_up_both_ways_and_shows_differences(self, wave: Wave) -> None:
        first = propose(wave)
        deliver_seats(wave, {(AFIRMASI, 3308): 48}, now=NOW + timedelta(hours=1))
        second = propose(wave)
        matrix = matrix_of(second, since=first)
        assert [row.regency_id for row in matrix.rows] == [3301, 3308, 3309, 3374]
        assert sum(row.total.seats for row in matrix.rows) == matrix.total.seats == 400
        assert sum(total.seats for total in matrix.totals) == 400
        assert matrix.total.change == 0
        changes = {cell.key: cell.change for row in matrix.rows for cell in row.cells if cell.change}
        assert changes["3308-AFIRMASI"] < 0 < changes["3301-AFIRMASI"]
        assert sum(changes.values()) == 0


class TestJobs:
    def run(self, job: Job) -> Job:
        propose_split_job(str(job.pk))
        job.refresh_from_db()
        return job

    @pytest.mark.django_db(transaction=True)
    def test_request_becomes_a_version_of_the_asker(self, wave: Wave) -> None:
        planner = scope_of("planner")
        job = self.run(request_split(scope=planner, wave=wave, reason="Kursi bertambah"))
        split = QuotaSplit.objects.get()
        assert (job.state, job.result["split_id"]) == ("done", str(split.pk))
        assert (split.proposed_by_id, split.reason) == (planner.user_id, "Kursi bertambah")

    def test_two_requests_share_the_live_job(self, wave: Wave) -> None:
        planner = scope_of("planner")
        assert request_split(scope=planner, wave=wave, reason="A") == request_split(
            scope=planner, wave=wave, reason="B"
        )

    @pytest.mark.django_db(transaction=True)
    def test_a_worker_lost_in_the_middle_leaves_exactly_one_split(self, wave: Wave) -> None:
        job = request_split(scope=scope_of("planner"), wave=wave, reason="Uji")

        def dies(payload: Mapping[str, Any]) -> Mapping[str, Any]:
            propose(wave)
            raise SystemExit

        with pytest.raises(SystemExit):
            run_job(job_id=job.pk, effect=dies)
        assert not QuotaSplit.objects.exists()
        Job.objects.filter(pk=job.pk).update(lease_until=NOW - timedelta(days=365))
        assert self.run(job).state == "done"
        propose_split_job(str(job.pk))
        assert (QuotaSplit.objects.count(), QuotaCell.objects.count()) == (1, 16)

    @pytest.mark.django_db(transaction=True)
    def test_impossible_floors_are_a_result_and_not_tried_again(self, wave: Wave) -> None:
        deliver(figure("granted_places", 3308, 40, cluster_id=PMI, wave_id=wave.pk))
        job = self.run(request_split(scope=scope_of("planner"), wave=wave, reason="Uji"))
        assert (job.state, job.result["cells"], job.result["short"]) == ("done", [[3308, "PMI"]], 8)
        assert request_due_splits(now=NOW) == []

    def test_beat_asks_only_where_figures_changed(self, wave: Wave) -> None:
        other = make_wave(slug="gelombang-2")
        propose(other)
        propose_due_splits()
        propose_due_splits()
        job = Job.objects.get()
        assert job.payload == {"wave_id": str(wave.pk), "requested_by": None, "reason": CHANGED_FIGURES}

    @pytest.mark.parametrize("role", ["approver", "auditor", "mentor"])
    def test_only_planners_request(self, wave: Wave, role: str) -> None:
        with pytest.raises(PermissionDenied):
            request_split(scope=Scope(roles=frozenset({role})), wave=wave, reason="Uji")
        assert not Job.objects.exists()

    def test_request_for_a_frozen_wave_is_refused(self, wave: Wave) -> None:
        wave.state = "frozen"
        with pytest.raises(WaveIsFrozen):
            request_split(scope=scope_of("planner"), wave=wave, reason="Uji")


def wait_until_somebody_waits_for_us() -> None:
    deadline = monotonic() + 20
    with connection.cursor() as cursor:
        while monotonic() < deadline:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
            )
            if cursor.fetchone() == (True,):
                return
    raise AssertionError("nobody waited")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("day", "versions"), [(0, [1]), (1, [1, 2])], ids=["same figures", "other figures"])
def test_proposals_at_once_come_one_after_the_other(day: int, versions: list[int]) -> None:
    """The second waits for the first and then sees it: the same version for the same figures, else the next; none is lost."""
    wave = make_wave()
    deliver_indicators()
    ClusterArea.objects.update(valid_to=NOW.date())  # so that the figures of the next day differ
    found: list[int] = []

    def second() -> None:
        try:
            found.append(propose(wave, day=day).version)
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        propose(wave)
        thread.start()
        wait_until_somebody_waits_for_us()
    thread.join()
    assert found == [versions[-1]]
    assert list(QuotaSplit.objects.order_by("version").values_list("version", flat=True)) == versions
    assert QuotaCell.objects.count() == 16 * len(versions)


def test_queries_of_a_proposal_do_not_grow(wave: Wave, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(16):
        propose(wave)
