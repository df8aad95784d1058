"""The data room: which figure speaks for each place, how far the figures reach, and where they came from.

Only what somebody published or a planner entered; estimates belong to a split. A missing figure is missing, never 0.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from accounts.scope import Scope
from clusters.models import Dataset, FigureChoice, Indicator, Observation, Regency
from clusters.querysets import ObservationQuerySet
from clusters.selectors.figures import Basis, Figures, Place, ends_in, ranked


@dataclass(frozen=True, slots=True)
class Spot:
    """One indicator in one place. basis: what counts, as Figures.of, or None. sources: how many figures compete."""

    indicator: Indicator
    place: Regency | None
    basis: Basis | None

    @property
    def sources(self) -> int:
        return len(self.basis["others"]) + ("chosen" in self.basis) if self.basis else 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one indicator: in how many of the regencies it is known."""

    indicator: Indicator
    known: int
    of: int


@dataclass(frozen=True, slots=True)
class Grid:
    """rows: the province, then the regencies, each with a Spot of every indicator in the order of `coverage`."""

    coverage: list[Coverage]
    rows: list[tuple[Regency | None, list[Spot]]]
    years: list[int]


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything known of one indicator in one place. figures: those that stand, the one first that the rule or the
    planner takes; parts: those that stand about a cluster or a sex only, which no division reads; former: superseded ones,
    newest first; choice: the planner's newest word, None once it is withdrawn."""

    spot: Spot
    figures: list[Observation]
    parts: list[Observation]
    former: list[Observation]
    choice: FigureChoice | None

    @property
    def is_lost(self) -> bool:
        """The figure that was chosen has been superseded, so the rule decides again."""
        return bool(self.choice and self.choice.observation_id and "choice" not in (self.spot.basis or {}))


def grid(scope: Scope, *, year: int | None = None, indicators: Sequence[Indicator] | None = None) -> Grid:
    """Four queries. With a year, figures whose period touches it; then what planners entered, which has no period, is out."""
    shown = list(Indicator.objects.all()) if indicators is None else list(indicators)
    places = list(Regency.objects.all())
    published = list(_delivered(scope).published().current().filter(indicator__in=[each.pk for each in shown]))
    choices = list(FigureChoice.objects.within(scope))
    years = sorted({each for figure in published for each in years_of(figure.period)}, reverse=True)
    if year is not None:
        published = [figure for figure in published if year in years_of(figure.period)]
        choices = [choice for choice in choices if choice.value is None]
    figures = Figures(published, choices)
    rows: list[tuple[Regency | None, list[Spot]]] = [
        (place, [Spot(each, place, figures.of(each.pk, place.pk if place else None)) for each in shown])
        for place in (None, *places)
    ]
    coverage = [
        Coverage(each, sum(spots[at].basis is not None for place, spots in rows if place), len(places))
        for at, each in enumerate(shown)
    ]
    return Grid(coverage, rows, years)


def dossiers(scope: Scope, place: Regency | None, indicators: Iterable[Indicator]) -> list[Dossier]:
    """Two queries, whatever the number of indicators."""
    indicators = list(indicators)
    key: Place = place.pk if place else None
    names = [each.pk for each in indicators]
    standing: defaultdict[str, list[Observation]] = defaultdict(list)
    parts: defaultdict[str, list[Observation]] = defaultdict(list)
    former: defaultdict[str, list[Observation]] = defaultdict(list)
    for figure in _delivered(scope).filter(regency=place, indicator__in=names).order_by("-as_of", "-id"):
        kept = former if figure.superseded_by_id else standing if figure.is_of_everybody else parts
        kept[figure.indicator].append(figure)
    choices = list(
        FigureChoice.objects.within(scope)
        .filter(regency=place, indicator__in=names)
        .select_related("chosen_by")
        .only(*(field.attname for field in FigureChoice._meta.concrete_fields), "chosen_by__name")
    )
    newest: dict[str, FigureChoice] = {}
    for choice in choices:
        newest.setdefault(choice.indicator_id, choice)
    figures = Figures((figure for found in standing.values() for figure in found), choices)
    found = []
    for each in indicators:
        choice = newest.get(each.pk)
        found.append(
            Dossier(
                Spot(each, place, figures.of(each.pk, key)),
                _first(ranked(standing[each.pk]), choice),
                sorted(parts[each.pk], key=lambda figure: (figure.period, figure.cluster_id or 0, figure.sex)),
                former[each.pk],
                None if choice is None or choice.is_withdrawal else choice,
            )
        )
    return found


def deliveries(scope: Scope) -> QuerySet[Any]:
    """Data sets of published figures, newest first, with `figures` and the `first` and `last` period of them."""
    fields = [field.attname for field in Dataset._meta.concrete_fields]
    return (
        Dataset.objects.filter(observations__in=_delivered(scope).order_by())
        .annotate(figures=Count("observations"), first=Min("observations__period"), last=Max("observations__period"))
        .select_related("imported_by")
        .only(*fields, "imported_by__name")
        .order_by("-as_of", "-id")
    )


def years_of(period: str) -> range:
    """The calendar years that a period touches: "2024-08", "2024-H2", "2019..2021"."""
    return range(int(period[:4]), int(ends_in(period)[:4]) + 1)


def _delivered(scope: Scope) -> ObservationQuerySet:
    return Observation.objects.within(scope).delivered().select_related("dataset", "cluster")


def _first(figures: list[Observation], choice: FigureChoice | None) -> list[Observation]:
    return sorted(figures, key=lambda figure: figure.pk != (choice and choice.observation_id))
