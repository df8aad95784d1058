"""Demand, floors and caps of a wave's cells: which figure speaks for which cell, and what stands in where none does.

Before registration closes demand is the labour figure that the policy names for the cluster; afterwards the verified
registrants. Every choice is kept with the figures it was made from, so each number can be explained and recomputed.
A missing figure is missing: the cell has no weight and lives on its floor.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any

import numpy as np
from django.db.models import Q

from clusters.apportionment import Counts
from clusters.models import Cluster, ClusterArea, Observation, Regency, Wave

UNIT = 12  # lcm(1..4): weights are whole twelfths of a person
TWELFTHS = "persons/12"  # unit of registrants: someone who fits k of four clusters counts 12/k in each

# What the sources leave open, as policy. Stored with every split.
POLICY: dict[str, Any] = {
    "floor": 16,  # one class, where the cell has seats for one
    "indicators": {
        "PMI": ["pmi_placed"],
        "BOROBUDUR": ["population"],
        "PHK": ["phk_workers"],
        "AFIRMASI": ["unemployed_female", "population_female"],
    },
    "by_area": ["BOROBUDUR"],  # exists only where an area of the cluster is switched on
}
CONFIDENCE = {"low": 1, "medium": 2, "high": 3}

Basis = dict[str, Any]
Figures = Sequence[Observation]


@dataclass(frozen=True, eq=False)
class SplitInputs:
    """Everything a split is made of. weight (twelfths of persons), floor, cap: (C, R) in the order of the lists.

    basis[c][r] says where the three come from: {"weight": ..., "floor": ..., "cap": ...}, ready for JSON. A weight's
    status is "reported", "estimated", "missing", or "outside" where the cluster does not exist.
    """

    wave: Wave
    clusters: list[Cluster]
    regencies: list[Regency]
    weight: Counts
    floor: Counts
    cap: Counts
    basis: list[list[Basis]]
    policy: dict[str, Any]

    @property
    def total(self) -> int:
        return self.wave.decision.total

    @property
    def digest(self) -> str:
        """SHA-256 of all that may change the split or its explanation; the order of reading does not matter."""
        content = [self.total, self.policy, self.weight.tolist(), self.floor.tolist(), self.cap.tolist(), self.basis]
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def split_inputs(*, wave: Wave, today: date) -> SplitInputs:
    """Read the current figures and choose. Four queries, whatever the number of cells (`wave` with its decision)."""
    clusters, regencies = list(Cluster.objects.all()), list(Regency.objects.all())
    areas = _areas(today)
    published: defaultdict[tuple[str, int | None], list[Observation]] = defaultdict(list)
    counted: dict[tuple[str, int, int], Observation] = {}
    for figure in _current_figures(wave):
        if figure.wave_id is None:
            published[figure.indicator, figure.regency_id].append(figure)
        elif figure.cluster_id is not None and figure.regency_id is not None:
            counted[figure.indicator, figure.cluster_id, figure.regency_id] = figure
    by_registrants = wave.state not in {Wave.State.DRAFT, Wave.State.OPEN} and any(
        indicator == Observation.Indicator.REGISTRANTS for indicator, _, _ in counted
    )

    basis: list[list[Basis]] = []
    for cluster in clusters:
        choice = _Choice(POLICY["indicators"][cluster.code], published, [regency.pk for regency in regencies])
        row = []
        for regency in regencies:
            place = (cluster.pk, regency.pk)
            if cluster.code in POLICY["by_area"] and place not in areas:
                row.append({"weight": _unweighted("outside"), **_bounds({})})
                continue
            cell = {name: counted.get((name, *place)) for name in Observation.Indicator.values}
            weight = (
                _registered(cell[Observation.Indicator.REGISTRANTS])
                if by_registrants
                else choice.of(regency.pk, villages=areas.get(place, 0))
            )
            row.append({"weight": weight, **_bounds(cell)})
        basis.append(row)

    decision = wave.decision
    return SplitInputs(
        wave=wave,
        clusters=clusters,
        regencies=regencies,
        weight=_table(basis, "weight"),
        floor=_table(basis, "floor"),
        cap=_table(basis, "cap"),
        basis=basis,
        policy=POLICY
        | {
            "weights": "registrants" if by_registrants else "indicators",
            "decree": decision.decree_number,
            "decree_date": decision.decree_date.isoformat(),
        },
    )


def _current_figures(wave: Wave) -> Iterable[Observation]:
    named = {name for names in POLICY["indicators"].values() for name in names} | {"population"}
    return (
        Observation.objects.current()
        .filter(
            Q(wave=wave, indicator__in=Observation.Indicator.values) | Q(wave=None, cluster=None, indicator__in=named)
        )
        .select_related("dataset")
    )


def _areas(today: date) -> dict[tuple[int, int], int]:
    """Where a cluster has an area today: 0 for a whole regency, else how many of its villages."""
    areas = ClusterArea.objects.in_force(today).values_list("cluster_id", "regency_id", "village__district__regency_id")
    villages = Counter((cluster, of_village) for cluster, _, of_village in areas if of_village is not None)
    return villages | {(cluster, regency): 0 for cluster, regency, _ in areas if regency is not None}


class _Choice:
    """The figure that speaks for each regency in one cluster: of the surest figures the newest.

    One indicator serves the whole cluster, or its cells could not be compared: the first of the policy's list that
    every regency or the province has; else the last. The rate for regencies without a figure is the province's figure
    over its population; where the province has none, that of all reporting regencies together.
    """

    def __init__(
        self, indicators: Sequence[str], published: Mapping[tuple[str, int | None], Figures], regencies: Sequence[int]
    ) -> None:
        *preferred, last = indicators

        def serves(indicator: str) -> bool:
            return all((indicator, place) in published for place in regencies) or (indicator, None) in published

        self.indicator = next(filter(serves, preferred), last)
        self.figures = {place: published.get((self.indicator, place), []) for place in (None, *regencies)}
        self.population = {
            place: figures[0] if (figures := _ranked(published.get(("population", place), []))) else None
            for place in (None, *regencies)
        }
        self.rate = self._rate()

    def of(self, place: int, *, villages: int = 0) -> Basis:
        """`villages`: the cluster's area is only these many villages of the regency. Nobody publishes the population of
        single villages, so the regency's figure stands in and is called an estimate."""
        if self.figures[place]:
            reported = _reported(self.indicator, self.figures[place])
            return reported | {"status": "estimated", "villages": villages} if villages else reported
        population = self.population[place]
        if population is None or self.rate is None:
            return _unweighted("missing", self.indicator)
        persons = round(Fraction(population.value) * Fraction(self.rate["figure"]) / Fraction(self.rate["persons"]))
        return {
            "status": "estimated",
            "indicator": self.indicator,
            "value": persons * UNIT,
            "population": _reference(population),
            "rate": self.rate,
        }

    def _rate(self) -> Basis | None:
        chosen = {
            place: (_ranked(figures)[0], population)
            for place, figures in self.figures.items()
            if figures and (population := self.population[place])
        }
        if province := chosen.pop(None, None):
            figure, population = province
            return {
                "figure": _number(figure.value),
                "persons": _number(population.value),
                "of": [_reference(figure), _reference(population)],
            }
        if not chosen:
            return None
        return {
            "figure": _number(sum((figure.value for figure, _ in chosen.values()), Decimal())),
            "persons": _number(sum((population.value for _, population in chosen.values()), Decimal())),
            "regencies": len(chosen),
        }


def _ranked(figures: Figures) -> Figures:
    """The figure to choose first: the surest, of these the newest. Equals stand by source, so the choice is reproducible."""
    by_source = sorted(figures, key=lambda figure: (figure.source, figure.value))
    return sorted(
        by_source, key=lambda figure: (CONFIDENCE.get(figure.confidence, 0), _end_of(figure.period)), reverse=True
    )


def _end_of(period: str) -> str:
    """The last day a period may mean, as sortable text: "2021" and "2021-08" and "2025-01..02"."""
    first, _, tail = period.partition("..")
    end = first[: len(first) - len(tail)] + tail
    return end + "-12-31"[len(end) - 4 :] if len(end) in {4, 7} else end


def _reported(indicator: str, figures: Figures) -> Basis:
    chosen, *others = _ranked(figures)
    return {
        "status": "reported",
        "indicator": indicator,
        "value": round(chosen.value if chosen.unit == TWELFTHS else chosen.value * UNIT),
        "chosen": _reference(chosen),
        "others": [_reference(other) for other in others],
    }


def _registered(registrants: Observation | None) -> Basis:
    indicator = Observation.Indicator.REGISTRANTS.value
    return _reported(indicator, [registrants]) if registrants else _unweighted("missing", indicator)


def _unweighted(status: str, indicator: str = "") -> Basis:
    return {"status": status, "indicator": indicator, "value": 0}


def _bounds(cell: Mapping[str, Observation | None]) -> Basis:
    """Floor and cap. Unknown seats are no seats: nobody may be promised a class that nobody has offered."""
    seats, eligible, granted = (
        cell.get(name)
        for name in (Observation.Indicator.OPEN_SEATS, Observation.Indicator.ELIGIBLE, Observation.Indicator.GRANTED)
    )
    cap = min(int(seats.value) if seats else 0, int(eligible.value) if eligible else np.iinfo(np.int64).max)
    policy = POLICY["floor"] if cap >= POLICY["floor"] else 0
    return {
        "floor": {
            "value": max(policy, int(granted.value) if granted else 0),
            "policy": policy,
            "granted": _reference(granted) if granted else None,
        },
        "cap": {
            "value": cap,
            "seats": _reference(seats) if seats else None,
            "eligible": _reference(eligible) if eligible else None,
        },
    }


def _reference(figure: Observation) -> Basis:
    return {
        "id": str(figure.pk),
        "indicator": figure.indicator,
        "value": _number(figure.value),
        "unit": figure.unit,
        "period": figure.period,
        "source": figure.source,
        "confidence": figure.confidence,
        "note": figure.note,
        "dataset": figure.dataset.name,
        "as_of": figure.as_of.isoformat(),
    }


def _number(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)


def _table(basis: Sequence[Sequence[Basis]], name: str) -> Counts:
    return np.array([[cell[name]["value"] for cell in row] for row in basis], dtype=np.int64).reshape(
        len(basis), len(basis[0]) if basis else 0
    )
