"""Which published figure speaks for a place: the planner's choice, else of the surest figures the newest.

What is not published may be estimated by the province's rate, and then says so; what cannot be is missing, never 0.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from clusters.models import FigureChoice, Observation
from clusters.policy import Missing

UNIT = 12  # lcm(1..4): weights are whole twelfths of a person
TWELFTHS = "persons/12"  # unit of registrants: someone who fits k of four clusters counts 12/k in each
PERCENT = "percent"
PERSONS = "persons"
CONFIDENCE = {"low": 1, "medium": 2, "high": 3}

Basis = dict[str, Any]
Place = int | None  # a regency, or None for the province


class Figures:
    """The figures of a day by indicator and place, with the planner's choices (newest first) laid over the ranking.

    bases: the indicator that a percentage is of, by the percentage's indicator.
    """

    def __init__(
        self,
        published: Iterable[Observation],
        choices: Iterable[FigureChoice] = (),
        bases: Mapping[str, str] | None = None,
    ) -> None:
        self._published: defaultdict[tuple[str, Place], list[Observation]] = defaultdict(list)
        for figure in published:
            self._published[figure.indicator, figure.regency_id].append(figure)
        self._choices: dict[tuple[str, Place], FigureChoice] = {}
        for choice in choices:
            self._choices.setdefault((choice.indicator_id, choice.regency_id), choice)
        self._bases = bases or {}

    def knows(self, indicator: str, place: Place) -> bool:
        choice = self._choices.get((indicator, place))
        return (indicator, place) in self._published or bool(choice and choice.value is not None)

    def of(self, indicator: str, place: Place) -> Basis | None:
        """What counts here, ready for JSON but for "figure", an exact Fraction in the indicator's unit (persons for a
        percentage whose base is known). None when nobody published it and no planner entered it.

        status: "reported", or "entered" by a planner; then `choice` has his reason and the day.
        """
        found = ranked(self._published.get((indicator, place), []))
        choice = self._choices.get((indicator, place))
        if choice and choice.value is not None:
            entered: Basis = {"status": "entered", "indicator": indicator, "choice": _choice(choice)}
            entered["entered"] = number(choice.value)  # "figure" does not stay with the parts of a sum
            entered["others"] = [reference(other) for other in found]
            return self._in_persons(entered | {"figure": Fraction(choice.value)}, place)
        if not found:
            return None
        basis: Basis = {"status": "reported", "indicator": indicator}
        preferred = choice and next((figure for figure in found if figure.pk == choice.observation_id), None)
        if choice and preferred:
            found = [preferred, *(figure for figure in found if figure is not preferred)]
            basis["choice"] = _choice(choice)
        chosen, *others = found
        basis |= {"chosen": reference(chosen), "others": [reference(other) for other in others]}
        return self._in_persons(
            basis | {"figure": Fraction(chosen.value) / (UNIT if chosen.unit == TWELFTHS else 1)}, place
        )

    def _in_persons(self, basis: Basis, place: Place) -> Basis | None:
        """A percentage whose base is known as that part of it, published or entered; None where the place has no base."""
        if basis["indicator"] not in self._bases:
            return basis
        base = self.of(self._bases[basis["indicator"]], place)
        if base is None:
            return None
        return basis | {"figure": basis["figure"] / 100 * base.pop("figure"), "base": base}


class Series:
    """One indicator over all places of a cluster, with the rate that stands in where a regency has no figure.

    The rate is the province's figure over its population; where the province has none, that of all reporting regencies.
    """

    def __init__(self, figures: Figures, indicator: str, regencies: Sequence[int], missing: Missing) -> None:
        self.figures, self.indicator = figures, indicator
        self.rate = self._rate(regencies) if missing == "rate" else None

    def of(self, place: int, *, villages: int = 0) -> Basis:
        """As Figures.of, or status "estimated" or "missing" (figure 0).

        `villages`: the cluster's area is only these many villages of the regency. Nobody publishes the population of
        single villages, so the regency's figure stands in and is called an estimate.
        """
        if found := self.figures.of(self.indicator, place):
            return found | {"status": "estimated", "villages": villages} if villages else found
        population = self.figures.of("population", place)
        if population is None or self.rate is None:
            return {"status": "missing", "indicator": self.indicator, "figure": Fraction(0)}
        persons = population["figure"] * Fraction(self.rate["figure"]) / Fraction(self.rate["persons"])
        return {
            "status": "estimated",
            "indicator": self.indicator,
            "figure": Fraction(round(persons)),
            "population": _reference_of(population),
            "rate": self.rate,
        }

    def _rate(self, regencies: Sequence[int]) -> Basis | None:
        known = {
            place: (figure, population)
            for place in (None, *regencies)
            if (figure := self.figures.of(self.indicator, place))
            and (population := self.figures.of("population", place))
        }
        if province := known.pop(None, None):
            figure, population = province
            return {
                "figure": number(figure["figure"]),
                "persons": number(population["figure"]),
                "of": [_reference_of(figure), _reference_of(population)],
            }
        if not known:
            return None
        return {
            "figure": number(sum((figure["figure"] for figure, _ in known.values()), Fraction())),
            "persons": number(sum((population["figure"] for _, population in known.values()), Fraction())),
            "regencies": len(known),
        }


def ranked(figures: Sequence[Observation]) -> list[Observation]:
    """The figure to choose first: the surest, of these the newest. Equals stand by source, so the choice is reproducible."""
    by_source = sorted(figures, key=lambda figure: (figure.source, figure.value))
    return sorted(
        by_source, key=lambda figure: (CONFIDENCE.get(figure.confidence, 0), ends_in(figure.period)), reverse=True
    )


def ends_in(period: str) -> str:
    """The last day a period may mean, as sortable text: "2021" and "2021-08" and "2025-01..02"."""
    first, _, tail = period.partition("..")
    end = first[: len(first) - len(tail)] + tail
    return end + "-12-31"[len(end) - 4 :] if len(end) in {4, 7} else end


def reference(figure: Observation) -> Basis:
    """A figure as it is kept with a split: everything a reader needs to find and judge it."""
    return {
        "id": str(figure.pk),
        "indicator": figure.indicator,
        "value": number(figure.value),
        "unit": figure.unit,
        "period": figure.period,
        "source": figure.source,
        "confidence": figure.confidence,
        "note": figure.note,
        "dataset": figure.dataset.name,
        "as_of": figure.as_of.isoformat(),
    }


def _reference_of(basis: Basis) -> Basis:
    """The figure chosen, or the planner's entry in the same shape."""
    if "chosen" in basis:
        chosen: Basis = basis["chosen"]
        return chosen
    return {"indicator": basis["indicator"], "value": number(basis["figure"]), "unit": "", **basis["choice"]}


def _choice(choice: FigureChoice) -> Basis:
    return {"reason": choice.reason, "as_of": choice.chosen_at.isoformat(), "choice": str(choice.pk)}


def number(value: Decimal | Fraction) -> int | float:
    return int(value) if value == int(value) else float(value)
