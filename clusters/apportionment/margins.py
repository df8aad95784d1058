"""Whether a table within its bounds can have given row and column totals, and what is in the way when it cannot."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clusters.apportionment.inputs import Counts, InfeasibleMargins, check_array, check_cells, checked_total


def checked_margins(weights: Counts, rows: Counts, columns: Counts, floor: Counts, cap: Counts) -> Counts:
    """The most each cell may hold: its cap, its floor where the weight is 0, nowhere out of all reach.

    Raises ValueError for malformed input; Infeasible for a floor above its cap; InfeasibleMargins when the totals
    differ or a row or a column alone cannot hold its total. What takes several of them, the flow finds (`cut`).
    """
    check_cells(weights, floor, cap, dimensions=2)
    for margin, size in zip((rows, columns), weights.shape, strict=True):
        check_array(margin, shape=(size,))
    by_row, by_column = sum(rows.tolist()), sum(columns.tolist())
    total = checked_total(max(by_row, by_column))
    if by_row != by_column:
        raise InfeasibleMargins(
            side="rows" if by_row > by_column else "columns",
            rows=range(len(rows)),
            columns=range(len(columns)),
            needs=total,
            short=abs(by_row - by_column),
        )
    # total + 1 is out of reach, so it may stand for larger floors and caps in sums; how much larger is a matter of `short`.
    least = floor if (floor <= total).all() else floor.astype(object)
    top = np.where(weights > 0, np.minimum(cap, total + 1), least)
    sides: tuple[Literal["rows", "columns"], ...] = ("rows", "columns")
    for axis, (margin, side) in enumerate(zip((rows, columns), sides, strict=True)):
        over = least.sum(axis=1 - axis) - margin
        if (over > 0).any():
            named = np.flatnonzero(over > 0).tolist()
            raise InfeasibleMargins(
                side=sides[1 - axis],
                rows=named if axis == 0 else [],
                columns=named if axis == 1 else [],
                needs=0,
                short=sum(over[named].tolist()),
            )
        under = margin - top.sum(axis=1 - axis)
        if (under > 0).any():
            named = np.flatnonzero(under > 0).tolist()
            raise InfeasibleMargins(
                side=side,
                rows=named if axis == 0 else [],
                columns=named if axis == 1 else [],
                needs=sum(margin[named].tolist()),
                short=sum(under[named].tolist()),
            )
    return top


def cut(
    inside: NDArray[np.bool_], rows: Counts, columns: Counts, floor: Counts, top: Counts, *, flipped: bool
) -> InfeasibleMargins:
    """The error that says why the rows `inside` cannot hold their totals, in the reading that names fewer rows and columns.

    flipped: rows and columns were exchanged by the caller.
    """
    by_totals, by_caps = columns - floor[~inside].sum(axis=0), top[inside].sum(axis=0)
    limited = by_totals <= by_caps
    needs = sum(rows[inside].tolist())
    short = needs - sum(np.minimum(by_totals, by_caps).tolist())
    named, others = inside, limited
    # Both totals being equal, "these rows hold too much" also reads "the other columns ask too much of the other rows".
    if complement := 2 * (inside.sum() + limited.sum()) > len(rows) + len(columns):
        named, others = ~inside, ~limited
        needs = sum(columns[others].tolist())
    of_rows, of_columns = np.flatnonzero(named).tolist(), np.flatnonzero(others).tolist()
    if flipped:
        of_rows, of_columns = of_columns, of_rows
    return InfeasibleMargins(
        side="rows" if complement == flipped else "columns", rows=of_rows, columns=of_columns, needs=needs, short=short
    )
