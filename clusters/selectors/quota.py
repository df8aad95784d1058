"""Splits for reading: versions, the matrix of places, and the reason of one number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any

from django.db.models import F, Func, JSONField, QuerySet, Value
from django.db.models.fields.json import KT

from accounts.scope import Scope
from clusters.changes import CELL_NAMES
from clusters.models import Cluster, QuotaCell, QuotaSplit, Wave
from clusters.selectors.demand import UNIT, SplitInputs
from records.models import Job

PROPOSE = "clusters.propose_split"  # task name


def proposal_jobs(wave: Wave) -> QuerySet[Job]:
    """The wave's requests for a proposal, newest first."""
    return Job.objects.filter(task=PROPOSE, payload__wave_id=str(wave.pk)).order_by("-created_at")


def splits_of(wave: Wave, *, scope: Scope) -> list[QuotaSplit]:
    """The versions this asker may see, highest first, without the names of people."""
    return list(QuotaSplit.objects.within(scope).filter(wave=wave).select_related("restores").order_by("-version"))


@dataclass(frozen=True, slots=True)
class Places:
    """Places in a cell, row or column. change: against the earlier version, None when there is none to compare with."""

    seats: int
    change: int | None = None
    key: str = ""
    status: str = ""
    binds: str = ""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    regency_id: int
    name: str
    tile_col: int
    tile_row: int
    cells: Sequence[Places]
    total: Places


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows by regency code, cells and totals in the order of clusters."""

    clusters: Sequence[Cluster]
    rows: Sequence[MatrixRow]
    totals: Sequence[Places]
    total: Places


def summed(places: Sequence[Places]) -> Places:
    changes = [place.change for place in places]
    return Places(
        seats=sum(place.seats for place in places),
        change=None if None in changes else sum(change or 0 for change in changes),
    )


def matrix_of(split: QuotaSplit, *, since: QuotaSplit | None = None) -> Matrix:
    """All places of a split, with the difference to an earlier one. Two queries, one more with `since`."""
    before: dict[tuple[int, int], int] = {}
    if since:
        before = {(c, r): seats for c, r, seats in since.cells.values_list("cluster_id", "regency_id", "seats")}

    def cell(found: Mapping[str, Any]) -> Places:
        earlier = before.get((found["cluster_id"], found["regency_id"]), 0)
        return Places(
            seats=found["seats"],
            change=found["seats"] - earlier if since else None,
            key=f"{found['regency_id']}-{found['cluster__code']}",
            status=found["status"],
            binds=found["binds"],
        )

    cells = split.cells.order_by("regency_id", "cluster_id").values(
        "regency_id",
        "cluster_id",
        "cluster__code",
        "seats",
        "binds",
        name=F("regency__name"),
        tile_col=F("regency__tile_col"),
        tile_row=F("regency__tile_row"),
        status=KT("basis__weight__status"),
    )
    rows = []
    for regency_id, group in groupby(cells, key=lambda found: found["regency_id"]):
        first, *others = group
        places = [cell(one) for one in (first, *others)]
        rows.append(
            MatrixRow(regency_id, first["name"], first["tile_col"], first["tile_row"], places, total=summed(places))
        )
    totals = [summed(column) for column in zip(*(row.cells for row in rows), strict=True)]
    return Matrix(clusters=list(Cluster.objects.all()), rows=rows, totals=totals, total=summed(totals))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a cell has its places: the stored cell and what follows from its numbers alone.

    persons: demand; per_cluster and per_regency: the parts of the divisor where both margins are decreed; divisor and
    next_price: persons per place; quotient: persons / divisor; rounded: to the nearest, and of exactly one half (is_tie) as
    the tie was decided. None where weight decided nothing, or no next place is to be had.
    """

    cell: QuotaCell
    persons: Fraction
    per_cluster: Fraction | None
    per_regency: Fraction | None
    divisor: Fraction | None
    quotient: Fraction | None
    rounded: int | None
    is_tie: bool
    next_price: Fraction | None


def reason_of(split: QuotaSplit, key: str) -> Reason | None:
    """`key` as in Places.key, "3301-PMI"; None when the split has no such cell. One query."""
    regency, _, code = key.partition("-")
    if not (regency.isascii() and regency.isdigit() and len(regency) <= 6):
        return None
    cell = split.cells.select_related("cluster", "regency").filter(regency_id=int(regency), cluster__code=code).first()
    if cell is None:
        return None
    persons = Fraction(cell.weight, UNIT)
    per_cluster, per_regency = (
        Fraction(*stored) if (stored := split.divisors.get(part)) else None for part in (code, regency)
    )
    match split.method:
        case QuotaSplit.Method.TWO_WAY:
            divisor = per_cluster * per_regency if per_cluster and per_regency else None
        case QuotaSplit.Method.BY_REGENCY:
            divisor = per_regency
        case _:
            divisor = per_cluster
    quotient = persons / divisor if divisor else None
    is_tie = quotient is not None and quotient % 1 == Fraction(1, 2)
    rounded = int(quotient + Fraction(1, 2)) if quotient is not None else None
    if is_tie and rounded is not None and not cell.binds:
        rounded = cell.seats
    return Reason(
        cell=cell,
        persons=persons,
        per_cluster=per_cluster,
        per_regency=per_regency,
        divisor=divisor,
        quotient=quotient,
        rounded=rounded,
        is_tie=is_tie,
        next_price=Fraction(cell.next_price) / UNIT if cell.next_price else None,
    )


def cells_for_export(split: QuotaSplit) -> QuerySet[QuotaCell]:
    return split.cells.select_related("cluster", "regency").order_by("regency_id", "cluster_id")


def versions_with_names(wave: Wave) -> list[QuotaSplit]:
    """All versions, highest first, with the names of who proposed and who published. For the province's page.

    `causes` of each: its changes (clusters.changes) but for the cells, which are many.
    """
    fields = ["wave", "version", "total", "unassigned", "reason", "inputs_digest", "divisors", "as_of", "published_at"]
    no_cell = " && ".join(f'@.name != "{name}"' for name in CELL_NAMES)
    causes = Func(
        F("changes"), Value(f"$[*] ? ({no_cell})"), function="jsonb_path_query_array", output_field=JSONField()
    )
    return list(
        wave.splits.select_related("proposed_by", "published_by", "restores")
        .only(*fields, "proposed_by__name", "published_by__name", "restores__version")
        .annotate(causes=causes)
        .order_by("-version")
    )


def demand_summary(inputs: SplitInputs) -> list[dict[str, Any]]:
    """Per cluster: how many cells stand on which kind of figure, how many have no seats known, and of which times.

    Keys: cluster, reported, entered, estimated, missing, outside, without_seats (counts of cells); indicators and periods (sorted
    lists); persons (int, the cluster's claim).
    """
    rows = []
    for cluster, basis, weight in zip(inputs.clusters, inputs.basis, inputs.weight, strict=True):
        demand = [cell["weight"] for cell in basis]
        parts = [part for cell in demand for part in cell.get("terms", [cell])]
        chosen = [part["chosen"] for part in parts if "chosen" in part]
        rows.append(
            {
                "cluster": cluster,
                **{
                    status: sum(cell["status"] == status for cell in demand)
                    for status in ("reported", "entered", "estimated", "missing", "outside")
                },
                "without_seats": sum(
                    cell["weight"]["status"] != "outside" and cell["cap"]["seats"] is None for cell in basis
                ),
                "indicators": sorted({part["indicator"] for part in parts} - {""}),
                "periods": sorted({figure["period"] for figure in chosen}),
                "persons": int(weight.sum()) // UNIT,
            }
        )
    return rows
