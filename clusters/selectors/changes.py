"""The inputs of a version beside those of another (clusters.changes)."""

from clusters.changes import Change, Stated, StatedCell, changes_between, is_decided, moved_places
from clusters.division import Division
from clusters.models import QuotaSplit
from clusters.selectors.demand import SplitInputs

__all__ = ["Change", "changes_between", "is_decided", "moved", "moved_by", "stated", "stated_by"]


def stated(split: QuotaSplit) -> Stated:
    """The inputs that a stored version was made from. One query."""
    cells = split.cells.values_list("regency_id", "cluster__code", "weight", "floor", "cap", "basis")
    return Stated(split.total, split.policy, {(regency, code): StatedCell(*inputs) for regency, code, *inputs in cells})


def stated_by(inputs: SplitInputs) -> Stated:
    """The inputs of the day. No query."""
    cells = {
        (regency.pk, cluster.code): StatedCell(
            int(inputs.weight[i, j]), int(inputs.floor[i, j]), int(inputs.cap[i, j]), inputs.basis[i][j]
        )
        for i, cluster in enumerate(inputs.clusters)
        for j, regency in enumerate(inputs.regencies)
    }
    return Stated(inputs.total, inputs.policy, cells)


def moved(before: QuotaSplit, after: QuotaSplit) -> int:
    """How many places stand elsewhere. Two queries."""
    return moved_places(_places(before), _places(after))


def moved_by(before: QuotaSplit, inputs: SplitInputs, division: Division) -> int:
    """How many places of a stored version a new table moves. One query."""
    after = {
        (cluster.pk, regency.pk): int(division.seats[i, j])
        for i, cluster in enumerate(inputs.clusters)
        for j, regency in enumerate(inputs.regencies)
    }
    return moved_places(_places(before), after)


def _places(split: QuotaSplit) -> dict[tuple[int, int], int]:
    return {(c, r): seats for c, r, seats in split.cells.values_list("cluster_id", "regency_id", "seats")}
