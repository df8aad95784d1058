"""What a split is asked for: its types, limits and checks, and why it may have no answer."""

from collections.abc import Sequence
from operator import index
from typing import Literal

import numpy as np
from numpy.typing import NDArray

MAX_TOTAL = 2**40  # the guess of _start() may err by less than one place up to here
MAX_WEIGHT = 10**15  # sums over a table stay inside int64

Counts = NDArray[np.int64]
Bound = Literal["floor", "cap", ""]


class Infeasible(ValueError):
    """No split respects every floor and cap.

    rows, columns: the cells at fault, as parallel lists of indices (columns is empty for one level).
    short: how many places are missing to honour the floors.
    """

    rows: list[int]
    columns: list[int]
    short: int

    def __init__(self, message: str, *, cells: NDArray[np.intp], short: int) -> None:
        super().__init__(message)
        self.rows = cells[:, 0].tolist()
        self.columns = cells[:, 1].tolist() if cells.shape[1] == 2 else []
        self.short = short


class InfeasibleMargins(Infeasible):
    """No table within floors and caps has these row and column totals.

    side "rows": the named rows must hold `needs` places, their totals. At most needs - short fit: in the named columns
        the totals of the columns less the floors of the rows not named, in the other columns up to the caps (a cell
        of weight 0 counts its floor as its cap).
    side "columns": the same with rows and columns exchanged.
    rows, columns: indices, each list ascending and possibly empty; not pairs.
    short: by how many places that inequality fails, so that many places at least have to be found.
    """

    def __init__(
        self, *, side: Literal["rows", "columns"], rows: Sequence[int], columns: Sequence[int], needs: int, short: int
    ) -> None:
        named, others = (f"row(s) {listed(rows)}", f"column(s) {listed(columns)}")[:: 1 if side == "rows" else -1]
        ValueError.__init__(
            self,
            f"{named} need {needs} places, {short} more than fit: in {others} by the totals, elsewhere by the caps",
        )
        self.side, self.needs, self.short = side, needs, short
        self.rows, self.columns = list(rows), list(columns)


def check_array(array: Counts, *, shape: tuple[int, ...]) -> None:
    """Raises ValueError unless the array holds non-negative int64 numbers in this shape."""
    if not isinstance(array, np.ndarray) or array.dtype != np.int64 or array.shape != shape:
        raise ValueError(f"expected an int64 array of shape {shape}")
    if (array < 0).any():
        raise ValueError(f"negative number in cell {np.argwhere(array < 0)[0].tolist()}")


def check_cells(weights: Counts, floor: Counts, cap: Counts, *, dimensions: int) -> None:
    """Raises ValueError for malformed arrays and weights above MAX_WEIGHT; Infeasible for a floor above its cap."""
    for array in (weights, floor, cap):
        check_array(array, shape=weights.shape)
    if weights.ndim != dimensions:
        raise ValueError(f"expected {dimensions} dimension(s), got {weights.ndim}")
    if (weights > MAX_WEIGHT).any():
        raise ValueError(f"a weight exceeds {MAX_WEIGHT}")
    crossed = np.argwhere(floor > cap)
    if len(crossed):
        short = sum((floor - cap)[floor > cap].tolist())
        raise Infeasible(
            f"floor above cap by {short} place(s) in cell(s) {cells_named(crossed)}", cells=crossed, short=short
        )


def checked_total(total: int) -> int:
    """The total as an int. Raises TypeError unless it is whole, ValueError outside 0..MAX_TOTAL."""
    total = index(total)
    if not 0 <= total <= MAX_TOTAL:
        raise ValueError(f"the total must lie between 0 and {MAX_TOTAL}")
    return total


def cells_named(cells: NDArray[np.intp]) -> str:
    return listed([cell[0] if len(cell) == 1 else tuple(cell) for cell in cells.tolist()])


def listed(names: Sequence[object]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return (", ".join(map(str, names[:20])) or "(none)") + more
