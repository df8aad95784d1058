"""Scenarios: kept by planners, never overwritten unseen, proposed by the same call that tries them."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import QuotaSplit, Scenario, ScenarioComment, Wave
from clusters.policy import BadRules
from clusters.selectors.demand import split_inputs
from clusters.selectors.scenarios import in_force, matrix_of_division, scenarios_of
from clusters.services.quota import (
    ScenarioChanged,
    TotalNotDecreed,
    WaveIsFrozen,
    evaluate,
    propose_split,
    request_split,
)
from clusters.services.recomputing import request_due_splits
from clusters.services.scenarios import (
    NameTaken,
    archive_scenario,
    change_scenario,
    comment_on,
    create_scenario,
    duplicate_scenario,
)
from clusters.tasks import propose_split_job
from records.models import Event, Job
from tests.clusters.quota_data import AFIRMASI, NOW, PHK, PMI, deliver_indicators, deliver_seats, figure, make_wave
from tests.clusters.quota_data import deliver as deliver_figures
from tests.clusters.test_quota import wait_until_somebody_waits_for_us
from tests.factories.staff import make_staff, scope_of

pytestmark = pytest.mark.django_db
SEATS = {
    (PMI, 3301): 640, (PMI, 3308): 200, (PMI, 3374): 320,
    (PHK, 3301): 160, (PHK, 3309): 640, (PHK, 3374): 400,
    (AFIRMASI, 3301): 480, (AFIRMASI, 3308): 160,
}  # fmt: skip
MORE_PMI = {"factors": {"PMI": "400"}}


@pytest.fixture
def wave() -> Wave:
    wave = make_wave(total=600)
    deliver_indicators()
    deliver_seats(wave, SEATS)
    return wave


@pytest.fixture
def planner() -> Scope:
    return scope_of("planner")


def keep(wave: Wave, planner: Scope, name: str = "Lebih banyak PMI", **overrides: Any) -> Scenario:
    return create_scenario(scope=planner, wave=wave, name=name, overrides=overrides or MORE_PMI, now=NOW)


def put_in_force(split: QuotaSplit) -> QuotaSplit:
    split.published_by, split.published_at = make_staff("approver"), NOW
    split.save(update_fields=["published_by", "published_at"])
    return split


def pmi(split: QuotaSplit) -> int:
    return sum(split.cells.filter(cluster=PMI).values_list("seats", flat=True))


class TestKeeping:
    def test_only_planners_keep_and_who_did_is_recorded(self, wave: Wave, planner: Scope) -> None:
        for role in ("approver", "auditor", "mentor"):
            with pytest.raises(PermissionDenied):
                keep(wave, scope_of(role))
        scenario = keep(wave, planner)
        assert (scenario.author_id, scenario.revision) == (planner.user_id, 1)
        assert Event.objects.filter(kind="scenario.created", subject_id=scenario.pk, actor_id=planner.user_id).exists()
        assert scenarios_of(wave, scope=scope_of("auditor")) == [scenario]
        assert scenarios_of(wave, scope=scope_of("mentor")) == []

    def test_the_database_lets_an_auditor_write_none(self, wave: Wave) -> None:
        auditor = scope_of("auditor")
        with transaction.atomic():
            enter_scope(auditor, web_role=True)
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                Scenario.objects.create(wave=wave, name="x", author_id=auditor.actor_id, created_at=NOW, changed_at=NOW)

    def test_rules_that_cannot_be_read_are_not_kept(self, wave: Wave, planner: Scope) -> None:
        with pytest.raises(BadRules, match=r"factors\.PMI"):
            keep(wave, planner, factors={"PMI": "banyak"})
        scenario = keep(wave, planner)
        with pytest.raises(BadRules, match="floor"):
            change_scenario(
                scope=planner, scenario_id=scenario.pk, revision=1, name="x", overrides={"floor": -1}, now=NOW
            )

    def test_a_formula_that_counts_no_persons_is_not_kept(self, wave: Wave, planner: Scope) -> None:
        formulas = {"PMI": {"use": [{"open_seats": "1"}]}}
        with pytest.raises(BadRules, match=r"formulas\.PMI\.use\.open_seats"):
            keep(wave, planner, formulas=formulas)
        scenario = keep(wave, planner, formulas={"PMI": {"use": [{"population_female": "1"}], "per": "head"}})
        with pytest.raises(BadRules, match=r"formulas\.PMI\.use\.open_seats"):
            change_scenario(
                scope=planner, scenario_id=scenario.pk, revision=1, name="x", overrides={"formulas": formulas}, now=NOW
            )

    def test_a_name_is_used_once_until_it_is_archived(self, wave: Wave, planner: Scope) -> None:
        first, second = keep(wave, planner), keep(wave, planner, "Lain")
        with pytest.raises(NameTaken):
            keep(wave, planner)
        with pytest.raises(NameTaken):
            change_scenario(scope=planner, scenario_id=second.pk, revision=1, name=first.name, overrides={}, now=NOW)
        archive_scenario(scope=planner, scenario_id=first.pk, revision=1, now=NOW)
        assert keep(wave, planner).name == first.name

    def test_copies_are_told_apart_and_know_their_original(self, wave: Wave, planner: Scope) -> None:
        original = keep(wave, planner, "A" * 120)
        names = [duplicate_scenario(scope=planner, scenario=original, now=NOW).name for _ in range(3)]
        assert len({original.name, *names}) == 4
        assert all(len(name) <= 120 for name in names)
        assert Scenario.objects.filter(copied_from=original, overrides=MORE_PMI).count() == 3

    def test_planners_and_approvers_remark(self, wave: Wave, planner: Scope) -> None:
        scenario = keep(wave, planner)
        for role in ("planner", "approver"):
            comment_on(scope=scope_of(role), scenario=scenario, text="Setuju", now=NOW)
        with pytest.raises(PermissionDenied):
            comment_on(scope=scope_of("auditor"), scenario=scenario, text="Setuju", now=NOW)
        assert ScenarioComment.objects.count() == 2


class TestTwoAtOnce:
    def test_a_stale_change_is_refused_and_changes_nothing(self, wave: Wave, planner: Scope) -> None:
        scenario = keep(wave, planner)
        change_scenario(scope=planner, scenario_id=scenario.pk, revision=1, name="Baru", overrides={}, now=NOW)
        stale: dict[str, Any] = {"scope": scope_of("planner"), "scenario_id": scenario.pk, "revision": 1, "now": NOW}
        with pytest.raises(ScenarioChanged):
            change_scenario(name="Lama", overrides=MORE_PMI, **stale)
        with pytest.raises(ScenarioChanged):
            archive_scenario(**stale)
        scenario.refresh_from_db()
        assert (scenario.name, scenario.overrides, scenario.revision, scenario.archived) == ("Baru", {}, 2, False)

    def test_what_is_archived_changes_no_more(self, wave: Wave, planner: Scope) -> None:
        scenario = keep(wave, planner)
        archive_scenario(scope=planner, scenario_id=scenario.pk, revision=1, now=NOW)
        with pytest.raises(ScenarioChanged):
            change_scenario(scope=planner, scenario_id=scenario.pk, revision=2, name="x", overrides={}, now=NOW)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(("guarded", "saved"), [(True, 1), (False, 2)], ids=["guarded", "naive"])
    def test_of_two_saves_at_once_one_is_refused(self, wave: Wave, planner: Scope, guarded: bool, saved: int) -> None:
        """Without the comparison in the statement both would be told that they had saved."""
        scenario = keep(wave, planner)
        done: list[str] = []

        def guarded_save(name: str) -> None:
            change_scenario(scope=planner, scenario_id=scenario.pk, revision=1, name=name, overrides={}, now=NOW)

        def naive_save(name: str) -> None:
            if Scenario.objects.get(pk=scenario.pk).revision != 1:
                raise ScenarioChanged
            Scenario.objects.filter(pk=scenario.pk).update(name=name, revision=2)

        save: Callable[[str], None] = guarded_save if guarded else naive_save

        def second() -> None:
            try:
                save("kedua")
                done.append("kedua")
            except ScenarioChanged:
                pass
            finally:
                connection.close()

        thread = threading.Thread(target=second)
        with transaction.atomic():
            save("pertama")
            done.append("pertama")
            thread.start()
            wait_until_somebody_waits_for_us()
        thread.join()
        assert len(done) == saved


class TestProposing:
    def test_a_proposal_is_what_the_studio_showed(self, wave: Wave, planner: Scope) -> None:
        put_in_force(propose_split(wave_id=wave.pk, requested_by=None, reason="Awal", now=NOW))
        scenario = keep(wave, planner)
        inputs = split_inputs(wave=wave, today=timezone.localdate(NOW), overrides=scenario.overrides)
        division, _unit = evaluate(inputs)
        published = in_force(wave)
        assert published
        matrix = matrix_of_division(inputs, division, published.seats)
        split = propose_split(
            wave_id=wave.pk, requested_by=planner.user_id, reason="Uji", scenario_id=scenario.pk, revision=1, now=NOW
        )
        assert (split.scenario, split.overrides) == (scenario, MORE_PMI)
        stored = {
            f"{cell.regency_id}-{cell.cluster.code}": cell.seats for cell in split.cells.select_related("cluster")
        }
        assert {cell.key: cell.seats for row in matrix.rows for cell in row.cells} == stored
        assert matrix.totals[PMI].change == pmi(split) - pmi(published.split) > 0
        assert matrix.total.change == published.split.unassigned - split.unassigned

    def test_another_total_than_the_decrees_is_only_looked_at(self, wave: Wave, planner: Scope) -> None:
        scenario = keep(wave, planner, total=601)
        with pytest.raises(TotalNotDecreed):
            request_split(scope=planner, wave=wave, reason="Uji", scenario_id=scenario.pk, revision=1)
        with pytest.raises(TotalNotDecreed):
            propose_split(
                wave_id=wave.pk, requested_by=None, reason="Uji", scenario_id=scenario.pk, revision=1, now=NOW
            )
        assert not QuotaSplit.objects.exists()

    def test_the_decrees_own_total_does_not_become_a_rule(self, wave: Wave, planner: Scope) -> None:
        scenario = keep(wave, planner, total=600, floor=8)
        split = propose_split(
            wave_id=wave.pk, requested_by=None, reason="Uji", scenario_id=scenario.pk, revision=1, now=NOW
        )
        assert split.overrides == {"floor": 8}

    def test_what_changed_since_it_was_read_is_not_proposed(self, wave: Wave, planner: Scope) -> None:
        scenario = keep(wave, planner)
        job = request_split(scope=planner, wave=wave, reason="Uji", scenario_id=scenario.pk, revision=1)
        payload = Job.objects.get(pk=job.pk).payload
        assert payload | {"reason": ""} == {
            "wave_id": str(wave.pk), "requested_by": str(planner.user_id), "reason": "",
            "scenario_id": str(scenario.pk), "revision": 1,
        }  # fmt: skip
        change_scenario(scope=planner, scenario_id=scenario.pk, revision=1, name="Lain", overrides={}, now=NOW)
        with pytest.raises(ScenarioChanged):
            request_split(scope=planner, wave=wave, reason="Uji", scenario_id=scenario.pk, revision=1)
        with pytest.raises(ScenarioChanged):
            propose_split(
                wave_id=wave.pk, requested_by=None, reason="Uji", scenario_id=scenario.pk, revision=1, now=NOW
            )
        other = make_wave(slug="lain")
        with pytest.raises(ScenarioChanged):
            request_split(scope=planner, wave=other, reason="Uji", scenario_id=scenario.pk, revision=2)

    def test_nobody_but_planners_and_no_frozen_wave(self, wave: Wave, planner: Scope) -> None:
        scenario = keep(wave, planner)
        asked: dict[str, Any] = {"reason": "Uji", "scenario_id": scenario.pk, "revision": 1}
        with pytest.raises(PermissionDenied):
            request_split(scope=scope_of("approver"), wave=wave, **asked)
        wave.state = "frozen"
        with pytest.raises(WaveIsFrozen):
            request_split(scope=planner, wave=wave, **asked)

    @pytest.mark.django_db(transaction=True)
    def test_the_clock_does_not_answer_a_scenario_before_figures_change(self, wave: Wave, planner: Scope) -> None:
        put_in_force(propose_split(wave_id=wave.pk, requested_by=None, reason="Awal", now=NOW))
        scenario = keep(wave, planner)
        job = request_split(scope=planner, wave=wave, reason="Uji", scenario_id=scenario.pk, revision=1)
        propose_split_job(str(job.pk))
        assert QuotaSplit.objects.get(version=2).scenario == scenario
        assert request_due_splits(now=timezone.now()) == []
        deliver_figures(figure("pmi_placed", 3301, 1_300, period="2025-12"), now=NOW + timedelta(minutes=1))
        assert len(request_due_splits(now=timezone.now())) == 1

    def test_what_is_published_from_a_scenario_goes_on_by_its_rules(self, wave: Wave, planner: Scope) -> None:
        scenario = keep(wave, planner)
        put_in_force(
            propose_split(
                wave_id=wave.pk, requested_by=None, reason="Uji", scenario_id=scenario.pk, revision=1, now=NOW
            )
        )
        deliver_seats(wave, {(PMI, 3308): 240}, now=NOW + timedelta(minutes=1))
        later = propose_split(wave_id=wave.pk, requested_by=None, reason="Kelas baru", now=NOW + timedelta(minutes=2))
        assert (later.version, later.overrides, later.scenario) == (2, MORE_PMI, None)
