"""Demand, floors and caps of a wave's cells, from the figures of the day, the rules and the decrees.

Before registration closes demand is the labour figure that the rules name for the cluster; afterwards the verified
registrants. Only then do eligible people bound a cell: earlier those who have not come yet would close it.
Every choice is kept with the figures it was made from, so each number can be explained and recomputed.
A missing figure is missing: the cell has no weight and lives on its floor.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from hashlib import sha256
from math import ceil, floor
from typing import Any

import numpy as np
from django.db.models import Q

from clusters.apportionment import Counts
from clusters.models import (
    Cluster,
    ClusterArea,
    FigureChoice,
    Indicator,
    Observation,
    QuotaDecision,
    QuotaPolicy,
    QuotaSplit,
    Regency,
    Wave,
)
from clusters.policy import SHIPPED, Formula, Rules, read_rules
from clusters.selectors.figures import TWELFTHS, UNIT, Basis, Figures, Series, reference

__all__ = ["TWELFTHS", "UNIT", "SplitInputs", "split_inputs"]

NOT_DECISIVE = {"materiality", "errors"}  # rules that change no place
NO_CAP = np.iinfo(np.int64).max
WORST = ("missing", "estimated", "entered", "reported")  # a sum is no surer than its least sure part


@dataclass(frozen=True, eq=False)
class SplitInputs:
    """Everything a split is made of. weight (twelfths of persons), floor, cap: (C, R) in the order of the lists.

    basis[c][r] says where the three come from: {"weight": ..., "floor": ..., "cap": ...}, ready for JSON. A weight's
    status is "reported", "entered", "estimated", "missing", or "outside" where the cluster does not exist.
    cluster_totals, regency_totals: what decrees fix below the wave's own, None where they do not.
    overrides: what a scenario laid over the policy; rules: both together.
    """

    wave: Wave
    clusters: list[Cluster]
    regencies: list[Regency]
    weight: Counts
    floor: Counts
    cap: Counts
    basis: list[list[Basis]]
    policy: dict[str, Any]
    rules: Rules
    overrides: Mapping[str, Any] = field(default_factory=dict)
    cluster_totals: Sequence[int | None] = ()
    regency_totals: Sequence[int | None] = ()

    @property
    def total(self) -> int:
        return self.wave.decision.places if self.rules.total is None else self.rules.total

    @property
    def claims(self) -> Counts:
        """What each cluster claims of the total: its demand times its factor, or its share by policy."""
        if self.rules.shares is not None:
            return np.array([self.rules.shares[cluster.code] for cluster in self.clusters], dtype=np.int64)
        demand = [int(row.sum()) for row in self.weight]
        factors = [self.rules.factors.get(cluster.code, Fraction(1)) for cluster in self.clusters]
        return np.array([round(count * factor) for count, factor in zip(demand, factors, strict=True)], dtype=np.int64)

    @property
    def digest(self) -> str:
        """SHA-256 of the figures, rules and decrees that floors, caps and weights follow from; the order of reading does not
        matter. The version in force, which a band is laid around, is none of them: or each publication would ask for the next.
        """
        figures = [
            [{name: _figures_of(cell, name) for name in ("weight", "floor", "cap")} for cell in row]
            for row in self.basis
        ]
        content = [self.total, self.policy, self.weight.tolist(), figures]
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def current_policy() -> tuple[int, dict[str, Any]]:
    """Version and rules of the policy that counts: the province's newest, else the one that ships (version 0)."""
    stored = QuotaPolicy.objects.values_list("version", "rules").first()
    return stored or (0, SHIPPED)


def split_inputs(
    *,
    wave: Wave,
    today: date,
    overrides: Mapping[str, Any] | None = None,
    policy: tuple[int, dict[str, Any]] | None = None,
) -> SplitInputs:
    """Read the current figures and choose. A fixed number of queries, whatever the number of cells (`wave` with its
    decision). `overrides`: a scenario's; None takes those of the version in force. `policy`: as current_policy() would
    give it, of rules that are only tried; None takes those that count.

    Raises clusters.policy.BadRules for overrides that cannot be read.
    """
    in_force = QuotaSplit.objects.published().filter(wave=wave).order_by("-version").first()
    if overrides is None:
        overrides = in_force.overrides if in_force else {}
    version, stored = policy or current_policy()
    rules = read_rules(stored, overrides)
    clusters, regencies = list(Cluster.objects.all()), list(Regency.objects.all())
    published, counted = _current_figures(wave, rules)
    figures = Figures(
        published, FigureChoice.objects.all(), dict(Indicator.objects.exclude(of="").values_list("pk", "of"))
    )
    by_registrants = any(indicator == Observation.Indicator.REGISTRANTS for indicator, _, _ in counted)
    areas = _areas(today)
    basis = basis_of(
        clusters,
        regencies,
        rules,
        figures,
        areas=areas,
        counted=counted,
        by_registrants=by_registrants,
        before=_seats(in_force) if in_force and rules.band is not None else {},
    )
    decision = wave.decision
    parts = {
        (part.cluster_id, part.regency_id): part.total
        for part in QuotaDecision.objects.standing().filter(parent=decision, total__isnull=False)
    }
    cluster_totals = [parts.get((cluster.pk, None)) for cluster in clusters]
    regency_totals = [parts.get((None, regency.pk)) for regency in regencies]
    return SplitInputs(
        wave=wave,
        clusters=clusters,
        regencies=regencies,
        weight=table_of(basis, "weight"),
        floor=table_of(basis, "floor"),
        cap=table_of(basis, "cap"),
        basis=basis,
        rules=rules,
        overrides=overrides,
        cluster_totals=cluster_totals,
        regency_totals=regency_totals,
        policy={
            **{key: rule for key, rule in {**stored, **overrides}.items() if key not in NOT_DECISIVE},
            "formulas": {**stored["formulas"], **overrides.get("formulas", {})},
            "version": version,
            "weights": "registrants" if by_registrants else "indicators",
            "decree": decision.decree_number,
            "decree_date": decision.decree_date.isoformat(),
            "decreed": {
                "clusters": {c.code: n for c, n in zip(clusters, cluster_totals, strict=True) if n is not None},
                "regencies": {str(r.pk): n for r, n in zip(regencies, regency_totals, strict=True) if n is not None},
            },
        },
    )


def basis_of(
    clusters: Sequence[Cluster],
    regencies: Sequence[Regency],
    rules: Rules,
    figures: Figures,
    *,
    areas: Mapping[tuple[int, int], int],
    counted: Mapping[tuple[str, int, int], Observation],
    by_registrants: bool,
    before: Mapping[tuple[int, int], int],
) -> list[list[Basis]]:
    """Weight, floor and cap of every cell, as SplitInputs.basis. No queries, so that examples run through it as well.

    areas, before: by cluster and regency; areas as 0 for a whole regency, else how many of its villages; before: the
    places in force, for a band. counted: this wave's own figures by (indicator, cluster, regency).
    """
    places = [regency.pk for regency in regencies]
    basis: list[list[Basis]] = []
    for cluster in clusters:
        formula = rules.formulas[cluster.code]
        demand = _Demand(formula, figures, places)
        row = []
        for regency in regencies:
            place = (cluster.pk, regency.pk)
            if formula.by_area and place not in areas:
                row.append({"weight": _unweighted("outside"), **_bounds(Rules({}), "", {})})
                continue
            cell = {name: counted.get((name, *place)) for name in Observation.Indicator.values}
            weight = (
                _registered(cell[Observation.Indicator.REGISTRANTS])
                if by_registrants
                else demand.of(regency.pk, villages=areas.get(place, 0))
            )
            row.append({"weight": weight, **_bounds(rules, f"{regency.pk}-{cluster.code}", cell, before.get(place))})
        basis.append(row)
    return basis


def _current_figures(wave: Wave, rules: Rules) -> tuple[list[Observation], dict[tuple[str, int, int], Observation]]:
    """Published figures, and those the portal counted for this wave by (indicator, cluster, regency).

    People count once registration is closed, and no longer when it is opened again.
    """
    counts = {Observation.Indicator.OPEN_SEATS, Observation.Indicator.GRANTED}
    if wave.state not in {Wave.State.DRAFT, Wave.State.OPEN}:
        counts |= {Observation.Indicator.REGISTRANTS, Observation.Indicator.ELIGIBLE}
    named = {name for formula in rules.formulas.values() for use in formula.use for name in use}
    bases = Indicator.objects.filter(pk__in=named).exclude(of="").values("of")
    found = (
        Observation.objects.current()
        .filter(
            Q(wave=wave, indicator__in=counts)
            | Q(wave=None, cluster=None, sex="", with_disability=None)
            & (Q(indicator__in=named | {"population"}) | Q(indicator__in=bases))
        )
        .select_related("dataset")
    )
    published = [figure for figure in found if figure.wave_id is None]
    counted = {
        (figure.indicator, figure.cluster_id, figure.regency_id): figure
        for figure in found
        if figure.wave_id and figure.cluster_id is not None and figure.regency_id is not None
    }
    return published, counted


def _areas(today: date) -> dict[tuple[int, int], int]:
    """Where a cluster has an area today: 0 for a whole regency, else how many of its villages."""
    areas = ClusterArea.objects.in_force(today).values_list("cluster_id", "regency_id", "village__district__regency_id")
    villages = Counter((cluster, of_village) for cluster, _, of_village in areas if of_village is not None)
    return villages | {(cluster, regency): 0 for cluster, regency, _ in areas if regency is not None}


def _figures_of(cell: Basis, name: str) -> Basis:
    return {key: found for key, found in cell[name].items() if key != "value"}


def _seats(split: QuotaSplit) -> dict[tuple[int, int], int]:
    return {(c, r): seats for c, r, seats in split.cells.values_list("cluster_id", "regency_id", "seats")}


class _Demand:
    """A cluster's formula on the figures of the day."""

    def __init__(self, formula: Formula, figures: Figures, regencies: Sequence[int]) -> None:
        def serves(indicator: str) -> bool:
            return figures.knows(indicator, None) or all(figures.knows(indicator, place) for place in regencies)

        *preferred, last = formula.use
        self.per, self.figures = formula.per, figures
        self.terms = next((use for use in preferred if all(map(serves, use))), last)
        self.series = {name: Series(figures, name, regencies, formula.missing) for name in self.terms}

    def of(self, place: int, *, villages: int = 0) -> Basis:
        parts = {name: series.of(place, villages=villages) for name, series in self.series.items()}
        status = min((part["status"] for part in parts.values()), key=WORST.index)
        if status == "missing":
            return _unweighted("missing", " + ".join(self.terms))
        persons = sum((self.terms[name] * part.pop("figure") for name, part in parts.items()), Fraction())
        if self.per == "count" and list(self.terms.values()) == [Fraction(1)]:
            [part] = parts.values()
            return part | {"value": round(persons * UNIT)}
        basis: Basis = {
            "status": status,
            "indicator": " + ".join(self.terms),
            "per": self.per,
            "terms": [{"factor": str(self.terms[name]), **part} for name, part in parts.items()],
        }
        if self.per == "head":
            inhabitants = self.figures.of("population", place)
            if inhabitants is None or not inhabitants["figure"]:
                return _unweighted("missing", "population")
            persons = persons * 100_000 / inhabitants.pop("figure")
            basis["inhabitants"] = inhabitants
        return basis | {"value": round(persons * UNIT)}


def _registered(registrants: Observation | None) -> Basis:
    indicator = Observation.Indicator.REGISTRANTS.value
    found = Figures([registrants]).of(indicator, registrants.regency_id) if registrants else None
    return found | {"value": round(found.pop("figure") * UNIT)} if found else _unweighted("missing", indicator)


def _unweighted(status: str, indicator: str = "") -> Basis:
    return {"status": status, "indicator": indicator, "value": 0}


def _bounds(
    rules: Rules, key: str, cell: Mapping[str, Observation | None], before: int | None = None
) -> dict[str, Basis]:
    """Floor and cap. Unknown seats are no seats: nobody may be promised a class that nobody has offered.

    Seats and granted places are facts. The policy's bounds and the band yield to them, and the band to the policy's.
    """
    seats, eligible, granted = (
        cell.get(name)
        for name in (Observation.Indicator.OPEN_SEATS, Observation.Indicator.ELIGIBLE, Observation.Indicator.GRANTED)
    )
    given = int(granted.value) if granted else 0
    room = min(int(seats.value) if seats else 0, int(eligible.value) if eligible else NO_CAP)
    own_floor, own_cap = rules.floors.get(key), rules.caps.get(key)
    ceiling = min((bound for bound in (rules.ceiling, own_cap) if bound is not None), default=None)
    cap = room if ceiling is None else min(room, max(ceiling, given))
    policy = rules.floor if own_floor is None else own_floor
    policy = policy if cap >= policy else 0
    least = max(policy, given)
    basis: Basis = {
        "floor": {"policy": policy, "granted": reference(granted) if granted else None},
        "cap": {"seats": reference(seats) if seats else None, "eligible": reference(eligible) if eligible else None},
    }
    if ceiling is not None and ceiling < room:
        basis["cap"]["policy"] = ceiling
    if before is not None and rules.band is not None:
        low, high = ceil(before * (1 - Fraction(rules.band, 100))), floor(before * (1 + Fraction(rules.band, 100)))
        cap = max(min(cap, high), min(cap, least))
        least = max(least, min(low, cap))
        basis["band"] = {"before": before, "low": low, "high": high}
    basis["floor"]["value"], basis["cap"]["value"] = least, cap
    return basis


def table_of(basis: Sequence[Sequence[Basis]], name: str) -> Counts:
    return np.array([[cell[name]["value"] for cell in row] for row in basis], dtype=np.int64).reshape(
        len(basis), len(basis[0]) if basis else 0
    )
