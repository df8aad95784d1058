"""Versions of the rules: stored by planners one after the other, never changed, and no split is made by what nobody can read."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import Indicator, QuotaPolicy
from clusters.policy import SHIPPED, BadRules
from clusters.selectors.demand import current_policy, split_inputs
from clusters.selectors.policies import known_indicators
from clusters.services.policies import NothingSaid, PolicyChanged, SameRules, effects, store_policy
from clusters.services.quota import evaluate
from records.models import Event
from tests.clusters.quota_data import NOW, PMI, deliver, deliver_indicators, deliver_seats, figure, make_wave
from tests.clusters.test_quota import wait_until_somebody_waits_for_us
from tests.factories.staff import make_staff, scope_of

pytestmark = pytest.mark.django_db
LOWER = {**SHIPPED, "floor": 8}


@pytest.fixture
def planner() -> Scope:
    return scope_of("planner")


def store(scope: Scope, rules: dict[str, Any] = LOWER, **given: Any) -> QuotaPolicy:
    said: dict[str, Any] = {"name": "Setengah kelas", "reason": "Kelas kecil", "based_on": 0, "now": NOW}
    return store_policy(scope=scope, rules=rules, **said | given)


def with_formula(**formula: Any) -> dict[str, Any]:
    return {**SHIPPED, "formulas": {**SHIPPED["formulas"], "PMI": formula}}


class TestStoring:
    def test_the_next_version_counts_and_who_stored_it_is_recorded(self, planner: Scope) -> None:
        assert current_policy() == (0, SHIPPED)
        stored = store(planner)
        assert current_policy() == (1, LOWER)
        assert (stored.name, stored.reason, stored.author_id) == ("Setengah kelas", "Kelas kecil", planner.user_id)
        event = Event.objects.get(kind="policy.stored")
        assert (event.actor_id, event.subject_id, event.reason) == (planner.user_id, stored.pk, "Kelas kecil")
        store(planner, {**SHIPPED, "floor": 4}, based_on=1)
        assert current_policy()[0] == 2

    @pytest.mark.parametrize("role", ["approver", "auditor", "mentor", "operator"])
    def test_only_planners(self, role: str) -> None:
        with pytest.raises(PermissionDenied):
            store(Scope(user_id=make_staff(role).pk, roles=frozenset({role})))
        assert not QuotaPolicy.objects.exists()

    @pytest.mark.parametrize("field", ["name", "reason"])
    def test_a_name_and_a_reason_are_needed(self, planner: Scope, field: str) -> None:
        with pytest.raises(NothingSaid) as refused:
            store(planner, LOWER, **{field: "  "})
        assert refused.value.field == field

    @pytest.mark.parametrize(
        ("rules", "field"),
        [
            ({**SHIPPED, "flor": 8}, "flor"),
            ({**SHIPPED, "total": 400}, "total"),
            (with_formula(use=[{"pmi_placed": "banyak"}]), "formulas.PMI.use.pmi_placed"),
        ],
    )
    def test_what_cannot_be_read_is_refused_by_name(self, planner: Scope, rules: dict[str, Any], field: str) -> None:
        with pytest.raises(BadRules) as refused:
            store(planner, rules)
        assert refused.value.field == field
        assert current_policy() == (0, SHIPPED)

    @pytest.mark.parametrize(
        "rules", [SHIPPED, {**SHIPPED, "factors": {"PMI": "1"}}, with_formula(use=[{"pmi_placed": "1.0"}])]
    )
    def test_rules_that_count_already_are_no_version(self, planner: Scope, rules: dict[str, Any]) -> None:
        with pytest.raises(SameRules):
            store(planner, rules)

    def test_asked_twice_it_is_stored_once(self, planner: Scope) -> None:
        store(planner)
        with pytest.raises(SameRules):
            store(planner)
        assert QuotaPolicy.objects.count() == 1
        assert Event.objects.filter(kind="policy.stored").count() == 1

    def test_rules_made_from_an_older_version_are_refused(self, planner: Scope) -> None:
        store(planner)
        with pytest.raises(PolicyChanged):
            store(scope_of("planner"), {**SHIPPED, "floor": 4})
        assert current_policy() == (1, LOWER)


class TestIndicators:
    def test_a_formula_names_what_is_published_or_what_counted_before(self, planner: Scope) -> None:
        unknown = with_formula(use=[{"pmi_placed": "1", "unemployed": "0.5"}])
        with pytest.raises(BadRules) as refused:
            store(planner, unknown)
        assert (refused.value.field, refused.value.code) == ("formulas.PMI.use.unemployed", "unknown_indicator")
        deliver(figure("unemployed", None, 1_000))
        assert store(planner, unknown).version == 1

    def test_what_the_portal_counts_for_a_wave_is_no_indicator(self, planner: Scope) -> None:
        wave = make_wave()
        deliver_seats(wave, {(PMI, 3301): 64})
        assert known_indicators() == {}
        with pytest.raises(BadRules):
            store(planner, with_formula(use=[{"open_seats": "1"}]))

    def test_a_catalogue_goes_before_what_is_published(self, planner: Scope) -> None:
        deliver(figure("unemployed", None, 1_000))
        Indicator.objects.create(pk="labour_force", name_id="Angkatan kerja", name_en="Labour force", unit="persons")
        assert known_indicators() == {"labour_force": "Angkatan kerja"}
        with pytest.raises(BadRules):
            store(planner, with_formula(use=[{"unemployed": "1"}]))
        assert store(planner, with_formula(use=[{"labour_force": "1"}])).version == 1

    def test_a_formula_counts_persons_or_parts_of_them(self, planner: Scope) -> None:
        for code, unit, of in (("tpt", "percent", "labour_force"), ("ipm", "percent", ""), ("desa", "villages", "")):
            Indicator.objects.create(pk=code, name_id=code, name_en=code, unit=unit, of=of)
        for code in ("ipm", "desa"):
            with pytest.raises(BadRules) as refused:
                store(planner, with_formula(use=[{"pmi_placed": "1", code: "1"}]))
            assert refused.value.field == f"formulas.PMI.use.{code}"
        assert store(planner, with_formula(use=[{"pmi_placed": "1", "tpt": "1"}])).version == 1

    def test_of_what_is_published_without_a_catalogue_only_persons(self, planner: Scope) -> None:
        deliver(figure("desa", None, 80, unit="villages"))
        with pytest.raises(BadRules):
            store(planner, with_formula(use=[{"desa": "1"}]))


class TestTwoAtOnce:
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("guarded", "floor", "lost"),
        [(True, 4, PolicyChanged), (True, 8, SameRules), (False, 4, IntegrityError)],
        ids=["others", "the same", "naive"],
    )
    def test_of_two_at_once_the_second_is_told(
        self, planner: Scope, guarded: bool, floor: int, lost: type[Exception]
    ) -> None:
        """Without turns the second reads the version before, and only the unique version stops it, as a fault."""
        other = scope_of("planner")
        failed: list[type[BaseException]] = []

        def naive(scope: Scope, floor: int) -> None:
            version = current_policy()[0] + 1
            QuotaPolicy.objects.create(
                version=version, name="-", rules={**SHIPPED, "floor": floor}, reason="-",
                author_id=scope.actor_id, created_at=NOW,
            )  # fmt: skip

        def by_turns(scope: Scope, floor: int) -> None:
            store(scope, {**SHIPPED, "floor": floor})

        save: Callable[[Scope, int], None] = by_turns if guarded else naive

        def second() -> None:
            try:
                save(other, floor)
            except Exception as error:
                failed.append(type(error))
            finally:
                connection.close()

        thread = threading.Thread(target=second)
        with transaction.atomic():
            save(planner, 8)
            thread.start()
            wait_until_somebody_waits_for_us()
        thread.join()
        assert len(failed) == 1
        assert issubclass(failed[0], lost)
        assert current_policy() == (1, LOWER)


class TestWalls:
    def test_a_planner_of_the_web_adds_under_his_own_name_and_changes_nothing(self, planner: Scope) -> None:
        colleague = scope_of("planner")
        with transaction.atomic():
            enter_scope(planner, web_role=True)
            stored = store(planner)
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                QuotaPolicy.objects.filter(pk=stored.pk).update(reason="Lain")
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                QuotaPolicy.objects.filter(pk=stored.pk).delete()
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                store(colleague, {**SHIPPED, "floor": 4}, based_on=1)

    def test_what_is_stored_stays_for_the_owner_too(self, planner: Scope) -> None:
        stored = store(planner)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            QuotaPolicy.objects.filter(pk=stored.pk).update(reason="Lain")

    @pytest.mark.parametrize("field", ["name", "reason"])
    def test_no_version_is_without_a_name_and_a_reason(self, planner: Scope, field: str) -> None:
        said = {"name": "Setengah kelas", "reason": "Kelas kecil", field: ""}
        with pytest.raises(IntegrityError, match=f"clusters_quotapolicy_{field}"), transaction.atomic():
            QuotaPolicy.objects.create(version=1, rules=LOWER, author_id=planner.actor_id, created_at=NOW, **said)

    def test_an_auditor_adds_nothing(self) -> None:
        auditor = scope_of("auditor")
        with transaction.atomic():
            enter_scope(auditor, web_role=True)
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                QuotaPolicy.objects.create(
                    version=1, name="x", rules=LOWER, reason="x", author_id=auditor.actor_id, created_at=NOW
                )


class TestEffects:
    def test_a_draft_is_a_split_by_these_rules_and_changes_nothing(self, planner: Scope) -> None:
        wave = make_wave(total=300)
        deliver_indicators()
        deliver_seats(wave, {(PMI, 3301): 300, (PMI, 3308): 200, (PMI, 3374): 200})
        draft = with_formula(use=[{"pmi_placed": "1"}], per="head")
        [effect] = effects(rules=draft, today=NOW.date())
        before, _unit = evaluate(split_inputs(wave=wave, today=NOW.date()))
        assert current_policy() == (0, SHIPPED)
        store(planner, draft)
        after, _unit = evaluate(split_inputs(wave=wave, today=NOW.date()))
        gained = sum(max(0, change) for change in (after.seats - before.seats).flatten().tolist())
        assert effect.moved == gained > 0
        assert effect.clusters[0] == ("PMI", 300, 300)

    def test_the_same_rules_move_nothing_and_finished_waves_stand(self, planner: Scope) -> None:
        wave, frozen = make_wave(), make_wave(slug="lalu", state="frozen")
        deliver_indicators()
        deliver_seats(wave, {(PMI, 3301): 64})
        assert [(found.wave, found.moved) for found in effects(rules=SHIPPED, today=NOW.date())] == [(wave, 0)]
        assert frozen.pk != wave.pk

    def test_rules_that_cannot_be_honoured_say_what_is_short(self) -> None:
        wave = make_wave(total=20)
        deliver_indicators()
        deliver_seats(wave, {(PMI, 3301): 64, (PMI, 3308): 64})
        [effect] = effects(rules={**SHIPPED, "floor": 30}, today=NOW.date())
        assert (effect.moved, effect.short) == (None, 40)
