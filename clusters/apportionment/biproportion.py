"""Split places over a table whose row and column totals are both fixed: bounded biproportional Webster, exact."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from clusters.apportionment.inputs import Bound, Counts, check_array
from clusters.apportionment.margins import checked_margins, cut
from clusters.apportionment.multipliers import break_ties, certify
from clusters.apportionment.transfers import Stuck, Table
from clusters.apportionment.webster import binding_bound


@dataclass(frozen=True, eq=False)
class TwoWayApportionment:
    """Both margins fixed. Every row and every column of seats holds exactly its total.

    seats: (r, c), places; floor <= seats <= cap, and seats == floor where the weight is 0.
    row_multipliers, column_multipliers: positive. Every cell has seats == median(floor, round(weight * row * column), cap);
        where weight * row * column ends in exactly one half either rounding may stand. No other table with these totals
        does so for any multipliers, except by the other rounding of such halves: the multipliers are the proof.
        One side, that of fewer cells, is relative to its largest total (multiplier 1); a multiplier of the other is 1 over
        persons per place.
    binding: (r, c), per cell the bound that replaces round(weight * row * column), "" where none does.
    """

    seats: Counts
    row_multipliers: tuple[Fraction, ...]
    column_multipliers: tuple[Fraction, ...]
    binding: tuple[tuple[Bound, ...], ...]


def apportion_two_way(
    weights: Counts, row_totals: Counts, column_totals: Counts, floor: Counts, cap: Counts
) -> TwoWayApportionment:
    """The table proportional to the weights by rows and by columns at once that has these totals within these bounds.

    weights, floor, cap: (r, c) int64; row_totals (r,), column_totals (c,) int64, their sums equal. Scaling the weights of
    a row or a column changes no place, since its total says how much it gets. Not house monotone: with
    other totals a cell may lose a place although its row and its column gain one.
    Ties: of the tables that tie, the one with most places in the first cell, then in the second, and so on, row by row. So
    the result depends on the numbers alone, not on the machine.

    Raises InfeasibleMargins, naming rows and columns, when no table has these totals within these bounds (or their sums
    differ); Infeasible, naming cells, for a floor above its cap; ValueError as apportion().

    After Balinski & Demange (1989), Rote & Zachariasen (2007) and Gaffke & Pukelsheim (2008); see clusters/README.md.
    """
    top = checked_margins(weights, row_totals, column_totals, floor, cap)
    if not weights.size:
        factors, divisors = ([Fraction(1)] * size for size in sorted(weights.shape))
        flipped, seats = weights.shape[0] > weights.shape[1], weights
    else:
        flipped = weights.shape[0] > weights.shape[1]
        cells = [array.T if flipped else array for array in (weights, floor, top)]
        totals = (column_totals, row_totals) if flipped else (row_totals, column_totals)
        try:
            table = Table(cells[0], *totals, *cells[1:])
        except Stuck as stuck:
            raise cut(stuck.reached, *totals, *cells[1:], flipped=flipped) from None
        factors, divisors = certify(table)
        break_ties(table, factors, divisors, by_column=flipped)
        seats = np.ascontiguousarray(table.seats.T if flipped else table.seats)
    scales = tuple(factors), tuple(1 / divisor for divisor in divisors)
    rows, columns = scales[::-1] if flipped else scales
    return TwoWayApportionment(
        seats=seats,
        row_multipliers=rows,
        column_multipliers=columns,
        binding=_binding(weights, seats, rows, columns, floor, cap),
    )


def is_biproportional(
    weights: Counts,
    row_totals: Counts,
    column_totals: Counts,
    result: TwoWayApportionment,
    floor: Counts,
    cap: Counts,
) -> bool:
    """Check a split from weights, totals, bounds and its multipliers alone: exact, by integers only.

    True when every row and column holds its total, every cell lies within its bounds, cells of weight 0 stand on their
    floors, and every other cell is weight * row multiplier * column multiplier rounded, or the bound that stops it. That
    proves the seats optimal; either side of a tie passes. Raises ValueError for malformed arrays, as apportion().
    """
    for array in (weights, result.seats, floor, cap):
        check_array(array, shape=weights.shape)
    for margin, size in zip((row_totals, column_totals), weights.shape, strict=True):
        check_array(margin, shape=(size,))
    seats, multipliers = result.seats, (result.row_multipliers, result.column_multipliers)
    if tuple(map(len, multipliers)) != weights.shape or any(each <= 0 for side in multipliers for each in side):
        return False
    if any(
        sum(line) != total
        for lines, margin in ((seats, row_totals), (seats.T, column_totals))
        for line, total in zip(lines.tolist(), margin.tolist(), strict=True)
    ):
        return False
    cells = zip(weights.tolist(), seats.tolist(), floor.tolist(), cap.tolist(), multipliers[0], strict=True)
    return all(
        _is_rounded(w, s, low, high, row.numerator * column.numerator, row.denominator * column.denominator)
        for ws, ss, lows, highs, row in cells
        for w, s, low, high, column in zip(ws, ss, lows, highs, multipliers[1], strict=True)
    )


def _is_rounded(w: int, s: int, low: int, high: int, places: int, per: int) -> bool:
    """Whether s is w * places / per rounded, an exact half either way, or the bound that stops it. 0 never rounds up."""
    return (
        low <= s <= high
        and (s == low or (2 * s - 1) * per <= 2 * w * places)
        and (s == high or 2 * w * places <= (2 * s + 1) * per)
    )


def _binding(
    weights: Counts,
    seats: Counts,
    rows: tuple[Fraction, ...],
    columns: tuple[Fraction, ...],
    floor: Counts,
    cap: Counts,
) -> tuple[tuple[Bound, ...], ...]:
    cells = zip(weights.tolist(), seats.tolist(), floor.tolist(), cap.tolist(), rows, strict=True)
    return tuple(
        tuple(
            binding_bound(w, s, low, high, row.numerator * column.numerator, row.denominator * column.denominator)
            for w, s, low, high, column in zip(ws, ss, lows, highs, columns, strict=True)
        )
        for ws, ss, lows, highs, row in cells
    )
