"""Scenarios for reading: their list, and what the rules of one would do to the places."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from django.db.models import QuerySet

from accounts.scope import Scope
from clusters.acceptance import Persons
from clusters.division import Division
from clusters.models import Observation, QuotaSplit, Scenario, ScenarioComment, Wave
from clusters.selectors.demand import UNIT, SplitInputs
from clusters.selectors.quota import Matrix, MatrixRow, Places, summed

Seats = Mapping[tuple[int, int], int]  # by cluster and regency id
GROUPS = tuple(product(Observation.Sex.values, (False, True)))  # sex, and whether with a disability
FIELDS = [field.attname for field in Scenario._meta.concrete_fields]


def with_author(scope: Scope) -> QuerySet[Scenario]:
    """The scenarios this asker may see, each with its author's name; web requests read no more of a user."""
    return Scenario.objects.within(scope).select_related("author").only(*FIELDS, "author__name")


def scenarios_of(wave: Wave, *, scope: Scope) -> list[Scenario]:
    """With their authors; those in use first, each kind by its last change."""
    return list(with_author(scope).filter(wave=wave).order_by("archived", "-changed_at", "-id"))


def comments_on(scenario: Scenario) -> list[ScenarioComment]:
    """In the order they were written, with their authors' names."""
    return list(scenario.comments.select_related("author").only("scenario", "text", "created_at", "author__name"))


@dataclass(frozen=True, slots=True)
class InForce:
    """The published version that counts now, and its places."""

    split: QuotaSplit
    seats: Seats


def in_force(wave: Wave) -> InForce | None:
    """Two queries; None when no version of the wave is published."""
    split = wave.splits.filter(published_at__isnull=False).order_by("-version").first()
    if split is None:
        return None
    cells = split.cells.values_list("cluster_id", "regency_id", "seats")
    return InForce(split, {(cluster, regency): seats for cluster, regency, seats in cells})


def matrix_of_division(inputs: SplitInputs, division: Division, since: Seats | None) -> Matrix:
    """As selectors.quota.matrix_of, of a division that is not stored. No queries."""

    def cell(row: int, column: int) -> Places:
        cluster, regency = inputs.clusters[row], inputs.regencies[column]
        seats = int(division.seats[row, column])
        return Places(
            seats=seats,
            change=None if since is None else seats - since.get((cluster.pk, regency.pk), 0),
            key=f"{regency.pk}-{cluster.code}",
            status=inputs.basis[row][column]["weight"]["status"],
            binds=division.binding[row][column],
        )

    rows = []
    for column, regency in enumerate(inputs.regencies):
        cells = [cell(row, column) for row in range(len(inputs.clusters))]
        rows.append(MatrixRow(regency.pk, regency.name, regency.tile_col, regency.tile_row, cells, total=summed(cells)))
    totals = [summed(places) for places in zip(*(row.cells for row in rows), strict=True)]
    return Matrix(clusters=inputs.clusters, rows=rows, totals=totals, total=summed(totals))


def registrants_by_group(inputs: SplitInputs, *, scope: Scope) -> Persons | None:
    """Who takes part (C, R, len(GROUPS)) as last counted, in parts of persons; None where nobody does. One query."""
    rows = {cluster.pk: row for row, cluster in enumerate(inputs.clusters)}
    columns = {regency.pk: column for column, regency in enumerate(inputs.regencies)}
    people = np.zeros((len(rows), len(columns), len(GROUPS)))
    counted = Observation.objects.within(scope).current()
    for cluster, regency, *group, count in counted.filter(
        wave=inputs.wave, indicator=Observation.Indicator.BY_GROUP
    ).values_list("cluster_id", "regency_id", "sex", "with_disability", "value"):
        people[rows[cluster], columns[regency], GROUPS.index(tuple(group))] = count / UNIT
    return people if people.any() else None


def stuck_cells(inputs: SplitInputs, division: Division) -> list[dict[str, Any]]:
    """Per cluster, the cells that take no more places, and why.

    Keys: cluster; full: (regency name, cap) where the cap binds; unknown: names of regencies with room but no known demand;
    without_seats: how many have no class at all.
    """
    found = []
    for row, cluster in enumerate(inputs.clusters):
        exists = [
            (regency.name, int(division.seats[row, column]), int(inputs.cap[row, column]), inputs.weight[row, column])
            for column, regency in enumerate(inputs.regencies)
            if inputs.basis[row][column]["weight"]["status"] != "outside"
        ]
        found.append(
            {
                "cluster": cluster,
                "full": [(name, cap) for name, seats, cap, _weight in exists if 0 < cap == seats],
                "unknown": [name for name, seats, cap, weight in exists if seats < cap and not weight],
                "without_seats": sum(not cap for _name, _seats, cap, _weight in exists),
            }
        )
    return found
