"""Worked examples of the rules: made-up places run through the very functions of a real split, without a database.

A changed rule shows in them before it is stored. The cases are data (data/policy_examples.json), as the rules are.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from clusters.models import Cluster, Dataset, FigureChoice, Observation, QuotaDecision, Regency, Wave
from clusters.models.places import in_language
from clusters.policy import CLUSTERS, Rules, read_rules
from clusters.selectors.demand import SplitInputs, basis_of, table_of
from clusters.selectors.figures import Figures, number
from clusters.services.quota import Unsplittable, evaluate

EXAMPLES = Path(__file__).parents[1] / "data" / "policy_examples.json"
DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Example:
    """A case: places with figures, seats and what is granted. All made up.

    figures, entered: by indicator and place, "" being the province; entered are a planner's. cells: by cluster and place,
    counts of Observation.Indicator, and "before": places in force. Clusters that are not named have no classes.
    variant: overrides that show what the case is about.
    """

    key: str
    names: Mapping[str, str]
    explanations: Mapping[str, str]
    total: int
    places: Sequence[str]
    figures: Mapping[str, Mapping[str, float]]
    entered: Mapping[str, Mapping[str, float]]
    cells: Mapping[str, Mapping[str, Mapping[str, int]]]
    variant_names: Mapping[str, str]
    variant: Mapping[str, Any]

    @property
    def name(self) -> str:
        return in_language(self.names["id"], self.names["en"])

    @property
    def shows(self) -> str:
        return in_language(self.explanations["id"], self.explanations["en"])

    @property
    def variant_name(self) -> str:
        return in_language(self.variant_names["id"], self.variant_names["en"]) if self.variant else ""


@dataclass(frozen=True, slots=True)
class Cell:
    """Places of one cluster in one place. status: as SplitInputs' weights; persons: its weight; binds: "floor", "cap", "".

    per: what the weight counts, "count" (persons) or "head" (persons per 100,000 inhabitants).
    """

    cluster: str
    place: str
    status: str
    persons: int | float
    per: str
    floor: int
    cap: int
    seats: int
    binds: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """cells: in the case's order of clusters and places. short: by how many places the rules cannot be honoured; then no cell
    has any.
    """

    cells: Sequence[Cell]
    unassigned: int
    short: int = 0


@cache
def examples() -> tuple[Example, ...]:
    """All cases, in the order in which they explain the rules."""
    return tuple(
        Example(
            key=case["key"],
            names=case["name"],
            explanations=case["shows"],
            total=case["total"],
            places=case["places"],
            figures=case["figures"],
            entered=case.get("entered", {}),
            cells=case["cells"],
            variant_names=case.get("variant", {}).get("name", {}),
            variant=case.get("variant", {}).get("overrides", {}),
        )
        for case in json.loads(EXAMPLES.read_text())
    )


def run_example(case: Example, rules: Rules) -> Outcome:
    """What these rules give the case's places. No queries.

    The case's total stands for the decree's; a total of the rules' own does not count.
    """
    inputs = _inputs(case, rules)
    try:
        division, _unit = evaluate(inputs)
    except Unsplittable as error:
        seats, binding, unassigned, short = None, None, case.total, error.short
    else:
        seats, binding, unassigned, short = division.seats, division.binding, division.unassigned, 0
    cells = []
    for row, cluster in enumerate(inputs.clusters):
        if cluster.code not in case.cells:
            continue
        for column, place in enumerate(case.places):
            weight = inputs.basis[row][column]["weight"]
            cells.append(
                Cell(
                    cluster=cluster.code,
                    place=place,
                    status=weight["status"],
                    persons=number(Decimal(weight["value"]) / 12),
                    per=weight.get("per", "count"),
                    floor=int(inputs.floor[row, column]),
                    cap=int(inputs.cap[row, column]),
                    seats=0 if seats is None else int(seats[row, column]),
                    binds="" if binding is None else binding[row][column],
                )
            )
    return Outcome(cells, unassigned, short)


def run_variant(case: Example, stored: Mapping[str, Any]) -> Outcome | None:
    """The case with its own change laid over these rules; None where it has none. Raises clusters.policy.BadRules."""
    return run_example(case, read_rules(stored, case.variant)) if case.variant else None


def _inputs(case: Example, rules: Rules) -> SplitInputs:
    clusters = [Cluster(pk=index, code=code) for index, code in enumerate(CLUSTERS)]
    regencies = [Regency(pk=index, name=name) for index, name in enumerate(case.places, start=1)]
    places = {"": None} | {regency.name: regency.pk for regency in regencies}
    dataset = Dataset(name="Data contoh")

    def figure(indicator: str, place: str, value: float) -> Observation:
        return Observation(
            dataset=dataset, indicator=indicator, regency_id=places[place], value=Decimal(str(value)), as_of=DAY,
            period="2025", unit="persons", source="Data contoh", confidence="high",
        )  # fmt: skip

    figures = Figures(
        [figure(name, place, value) for name, by_place in case.figures.items() for place, value in by_place.items()],
        [
            FigureChoice(
                indicator_id=name, regency_id=places[place], value=Decimal(str(value)), reason="Contoh", chosen_at=DAY
            )
            for name, by_place in case.entered.items()
            for place, value in by_place.items()
        ],
    )
    counted: dict[tuple[str, int, int], Observation] = {}
    before: dict[tuple[int, int], int] = {}
    for cluster in clusters:
        for place, counts in case.cells.get(cluster.code, {}).items():
            regency = places[place] or 0
            for name, count in counts.items():
                if name == "before":
                    before[cluster.pk, regency] = count
                else:
                    counted[name, cluster.pk, regency] = figure(name, place, count)
    basis = basis_of(
        clusters,
        regencies,
        rules,
        figures,
        areas={},
        counted=counted,
        by_registrants=any(name == Observation.Indicator.REGISTRANTS for name, _, _ in counted),
        before=before if rules.band is not None else {},
    )
    decision = QuotaDecision(total=case.total, decree_number="Data contoh", decree_date=date(2026, 1, 1))
    return SplitInputs(
        wave=Wave(slug=case.key, decision=decision),
        clusters=clusters,
        regencies=regencies,
        weight=table_of(basis, "weight"),
        floor=table_of(basis, "floor"),
        cap=table_of(basis, "cap"),
        basis=basis,
        policy={},
        rules=replace(rules, total=None),
    )
