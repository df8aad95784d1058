"""What planners choose, enter and withdraw, and how it reaches a split."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from accounts.scope import Scope
from clusters.models import FigureChoice, Indicator, Observation, Wave
from clusters.selectors.demand import UNIT, split_inputs
from clusters.selectors.figures import Basis, Figures
from clusters.services.figures import (
    FigureKnown,
    ImpossibleValue,
    NotAFigureHere,
    ReasonMissing,
    UnknownPlace,
    choose_figure,
    enter_figure,
    withdraw_choice,
)
from records.models import Event
from tests.clusters.quota_data import NOW, PHK, PMI, deliver, deliver_indicators, figure, make_province, make_wave
from tests.clusters.seats import as_web
from tests.factories.staff import scope_of

pytestmark = pytest.mark.django_db
CODES = {"population": "persons", "pmi_placed": "persons", "labour_force": "persons", "tpt": "percent"}


@pytest.fixture
def planner() -> Scope:
    make_province()
    deliver_indicators()
    for code, unit in CODES.items():
        of = "labour_force" if unit == "percent" else ""
        Indicator.objects.create(code=code, unit=unit, name_id=code, name_en=code, of=of)
    return scope_of("planner")


def former(regency: int | None = 3301, period: str = "2021") -> UUID:
    return Observation.objects.get(indicator="pmi_placed", regency=regency, period=period).pk


def choose(scope: Scope, observation: UUID, *, regency: int | None = 3301, reason: str = "Tahun penuh") -> FigureChoice:
    return choose_figure(
        scope=scope, indicator="pmi_placed", regency_id=regency, observation_id=observation, reason=reason, now=NOW
    )


def enter(scope: Scope, value: str, *, indicator: str = "pmi_placed", regency: int | None = 3309) -> FigureChoice:
    return enter_figure(
        scope=scope, indicator=indicator, regency_id=regency, value=Decimal(value), reason="Laporan dinas", now=NOW
    )


def withdraw(scope: Scope, *, regency: int = 3301, reason: str = "Keliru") -> FigureChoice | None:
    return withdraw_choice(scope=scope, indicator="pmi_placed", regency_id=regency, reason=reason, now=NOW)


def weight_of(cluster: int, regency: int) -> Basis:
    inputs = split_inputs(wave=Wave.objects.first() or make_wave(), today=NOW.date())
    return inputs.basis[cluster][[each.pk for each in inputs.regencies].index(regency)]["weight"]


class TestInTheSplit:
    def test_a_chosen_figure_weighs_and_says_why(self, planner: Scope) -> None:
        assert weight_of(PMI, 3301)["value"] == 1_100 * UNIT
        choose(planner, former())
        weight = weight_of(PMI, 3301)
        assert (weight["value"], weight["status"]) == (3_433 * UNIT, "reported")
        assert weight["choice"]["reason"] == "Tahun penuh"
        assert [other["value"] for other in weight["others"]] == [1_100]

    def test_an_entered_figure_stands_where_none_was_and_gives_way_when_withdrawn(self, planner: Scope) -> None:
        assert weight_of(PMI, 3309)["status"] == "missing"
        enter(planner, "250")
        weight = weight_of(PMI, 3309)
        assert (weight["value"], weight["status"], weight["choice"]["reason"]) == (
            250 * UNIT,
            "entered",
            "Laporan dinas",
        )
        withdraw(planner, regency=3309)
        assert weight_of(PMI, 3309)["status"] == "missing"

    def test_a_withdrawn_choice_gives_the_word_back_to_the_rule(self, planner: Scope) -> None:
        choose(planner, former())
        withdraw(planner)
        weight = weight_of(PMI, 3301)
        assert (weight["value"], "choice" in weight) == (1_100 * UNIT, False)
        assert FigureChoice.objects.count() == 2

    def test_other_clusters_and_places_keep_their_figures(self, planner: Scope) -> None:
        before = weight_of(PHK, 3301)
        choose(planner, former())
        assert weight_of(PHK, 3301) == before


class TestPercentages:
    """Entered or published, a percentage of a known base counts as the persons it stands for."""

    def figures(self) -> Figures:
        published = Observation.objects.current().published().select_related("dataset")
        return Figures(published, FigureChoice.objects.all(), {"tpt": "labour_force"})

    def test_entered_percentage_counts_as_published_one(self, planner: Scope) -> None:
        deliver(figure("labour_force", 3301, 800_000), figure("labour_force", 3374, 800_000))
        deliver(figure("tpt", 3374, 5.25, unit="percent"))
        enter(planner, "5.25", indicator="tpt", regency=3301)
        entered, published = (self.figures().of("tpt", place) or {} for place in (3301, 3374))
        assert entered["figure"] == published["figure"] == Fraction(42_000)
        assert (entered["entered"], entered["base"]["chosen"]["value"]) == (5.25, 800_000)

    def test_without_a_base_it_is_missing_and_never_a_handful_of_persons(self, planner: Scope) -> None:
        enter(planner, "5.25", indicator="tpt", regency=3301)
        assert self.figures().of("tpt", 3301) is None


class TestRefusals:
    @pytest.mark.parametrize("role", ["approver", "auditor", "mentor", "operator"])
    def test_only_planners_decide(self, planner: Scope, role: str) -> None:
        choose(planner, former())
        other = scope_of(role)
        for act in (lambda: choose(other, former()), lambda: enter(other, "5"), lambda: withdraw(other)):
            with pytest.raises(PermissionDenied):
                act()
        assert FigureChoice.objects.count() == 1

    @pytest.mark.parametrize(("indicator", "regency"), [("nothing", 3301), ("pmi_placed", 3399)])
    def test_what_does_not_exist(self, planner: Scope, indicator: str, regency: int) -> None:
        with pytest.raises(UnknownPlace):
            enter(planner, "5", indicator=indicator, regency=regency)

    def test_a_figure_of_another_place_indicator_group_or_time(self, planner: Scope) -> None:
        population = Observation.objects.get(indicator="population", regency=3308).pk
        wave = make_wave()
        deliver(figure("pmi_placed", 3301, 9, cluster_id=PMI, wave_id=wave.pk, period="2026"))
        of_wave = Observation.objects.get(wave=wave).pk
        for wrong in (former(None, "2025-01..02"), population, of_wave, uuid4()):
            with pytest.raises(NotAFigureHere):
                choose(planner, wrong)
        old = former()
        deliver(figure("pmi_placed", 3301, 3_500, period="2021"), now=NOW + timedelta(days=1))
        with pytest.raises(NotAFigureHere):
            choose(planner, old)

    def test_nothing_is_entered_over_a_published_figure(self, planner: Scope) -> None:
        with pytest.raises(FigureKnown):
            enter(planner, "5", regency=3301)

    @pytest.mark.parametrize(
        ("indicator", "value"), [("pmi_placed", "-1"), ("tpt", "100.1"), ("pmi_placed", "1e12"), ("tpt", "1.2345")]
    )
    def test_impossible_values(self, planner: Scope, indicator: str, value: str) -> None:
        with pytest.raises(ImpossibleValue):
            enter(planner, value, indicator=indicator)

    def test_a_reason_is_needed_each_time(self, planner: Scope) -> None:
        with pytest.raises(ReasonMissing):
            choose(planner, former(), reason=" ")
        choose(planner, former())
        with pytest.raises(ReasonMissing):
            withdraw(planner, reason="")


class TestSafeTwice:
    def test_the_same_again_writes_nothing(self, planner: Scope) -> None:
        assert withdraw(planner) is None
        assert choose(planner, former()) == choose(planner, former())
        assert enter(planner, "250") == enter(planner, "250.000")
        withdraw(planner)
        assert withdraw(planner) is None
        assert FigureChoice.objects.count() == 3
        kinds = Event.objects.filter(kind__startswith="figure.").order_by("number").values_list("kind", flat=True)
        assert list(kinds) == ["figure.chosen", "figure.entered", "figure.withdrawn"]

    def test_who_chose_where_and_why_is_remembered(self, planner: Scope) -> None:
        choice = choose(planner, former())
        event = Event.objects.get(subject_id=choice.pk)
        assert (event.actor_id, event.regency_id, event.reason) == (planner.user_id, 3301, "Tahun penuh")

    @pytest.mark.django_db(transaction=True)
    def test_two_at_once_write_one_row(self, planner: Scope) -> None:
        start = Barrier(2)

        def twice() -> None:
            start.wait()
            enter(planner, "250")
            connection.close()

        threads = [Thread(target=twice) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert FigureChoice.objects.count() == 1


class TestTheDatabase:
    def test_a_choice_is_written_as_a_web_request_and_never_changed(self, planner: Scope) -> None:
        with as_web(planner):
            choose(planner, former())
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            FigureChoice.objects.update(reason="Lain")

    def test_nobody_signs_with_another_name_or_role(self, planner: Scope) -> None:
        for scope in (scope_of("planner"), Scope(user_id=planner.user_id, roles=frozenset({"auditor"}))):
            with pytest.raises(DatabaseError, match="row-level security"), as_web(scope):
                FigureChoice.objects.create(
                    indicator_id="tpt", reason="Palsu", chosen_by_id=planner.user_id, chosen_at=NOW
                )
