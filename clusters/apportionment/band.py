"""How far places move when the weights are off by their errors: worst cases, found without chance.

A figure with an error of 10 % does not support a split to the place; the band says what it does support.
Deterministic. Floating point: in sensitivity() a claim within 1e-12 of another counts as a tie, and a tie as moved, so
its bands are never too narrow; in sensitivity_two_way() a tie may fall either way.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.apportionment.biproportion import apportion_two_way
from clusters.apportionment.inputs import Counts, check_array
from clusters.apportionment.margins import checked_margins
from clusters.apportionment.transfers import Floats, Table
from clusters.apportionment.webster import apportion, apportion_table

TIE = 1e-12
CHUNK = 2_000_000  # numbers held at once: 16 MB


@dataclass(frozen=True, eq=False)
class Band:
    """low, high: places of each cell at the least and at the most; the split of the weights as given lies between."""

    low: Counts
    high: Counts


def sensitivity(
    weights: Counts,
    error: float | Floats,
    total: int,
    floor: Counts,
    cap: Counts,
    *,
    shares: Counts | None = None,
    row_totals: Counts | None = None,
    factors: Floats | None = None,
) -> Band:
    """The band of apportion() for weights (n,), of apportion_table() for weights (C, R).

    error: relative, 0 <= error < 1, one for all or one per cell: the true weight lies within weight * (1 +- error). Where
        a weight sums indicators, the largest of their errors holds for the sum. Weight 0 stays 0.
    shares: as in apportion_table(), without error. row_totals (C,): fixed places per cluster; total and shares have no say.
    factors (C,): a cluster claims its demand this many times; without effect beside shares and row_totals.

    Guaranteed, save by a tie: low is what the cell gets when it is overstated and all others are understated, high the other
    way round, and no errors within the limits, of all cells at once and each for itself, move it outside. In a table
    without shares and row_totals the cells of its own cluster have two effects, they compete with the cell and raise
    the claim of its cluster: there low and high hold for any errors of the cell and of the other clusters, and for errors of
    the rest of its cluster all upwards or all downwards, whichever is worse.

    Cost: the square of a row's length. Raises as apportion() and apportion_table(), ValueError for a bad error.
    """
    if weights.ndim == 1:
        apportion(weights, total, floor, cap)  # refuses what cannot be split
        errors = np.broadcast_to(np.asarray(error, dtype=np.float64), weights.shape)
        band = sensitivity(weights[None], errors[None], total, floor[None], cap[None], row_totals=np.array([total]))
        return Band(band.low[0], band.high[0])
    least, most = _within(weights, error)
    if row_totals is not None:
        check_array(row_totals, shape=weights.shape[:1])
        total = int(row_totals.sum())
        for line in zip(weights, row_totals.tolist(), floor, cap, strict=True):
            apportion(*line)
    else:
        clusters = apportion_table(weights, total, floor, cap, shares).clusters
        row_totals = None if shares is None else clusters.seats
    ceiling = np.minimum(cap, total + 1)
    top = np.where(weights > 0, ceiling, floor)
    bounds = floor.sum(axis=1), np.where(weights.any(axis=1), ceiling.sum(axis=1), floor.sum(axis=1))
    times = np.ones(len(weights)) if factors is None else factors
    low, high = np.empty((2, *weights.shape), dtype=np.int64)
    for row, cells in enumerate(zip(floor, top, strict=True)):
        for end, own, others, ends, choose in ((0, least, most, low, np.minimum), (1, most, least, high, np.maximum)):
            if row_totals is not None:
                ends[row] = _own(own[row], others[row], row_totals[row], *cells)[end]
                continue
            rivals = others.sum(axis=1) * times
            mine = times[row]
            ends[row] = choose(
                *(
                    _own(
                        own[row],
                        mates,
                        _places(row, own[row] * mine, mates * mine, rivals, total, *bounds)[end],
                        *cells,
                    )[end]
                    for mates in (least[row], most[row])
                )
            )
    return Band(low, high)


def sensitivity_two_way(
    weights: Counts, error: float | Floats, row_totals: Counts, column_totals: Counts, floor: Counts, cap: Counts
) -> Band:
    """The band of apportion_two_way(); error as in sensitivity().

    Guaranteed, save by a tie: no errors of the cell itself and of the cells in its row and in its column, within their limits
    and all at once, move it outside, and both ends are reached. Cells that share an end compete (they are substitutes
    in the sense of Granot & Veinott 1985), so low is the split with this cell overstated and those understated.
    Not included: errors in other rows and columns. They reach this cell only through its competitors, and by turns raise
    or lower it.

    Two splits per cell. Raises as apportion_two_way(), ValueError for a bad error.
    """
    least, most = _within(weights, error)
    seats = apportion_two_way(weights, row_totals, column_totals, floor, cap).seats
    top = checked_margins(weights, row_totals, column_totals, floor, cap)
    low, high = seats.copy(), seats.copy()
    for row, column in np.argwhere((floor < top) & (most > least).any()).tolist():
        for end, own, others, choose in ((low, least, most, min), (high, most, least, max)):
            off = weights.astype(np.float64)
            off[row], off[:, column], off[row, column] = others[row], others[:, column], own[row, column]
            found = Table(off, row_totals, column_totals, floor, top).seats[row, column]
            end[row, column] = choose(end[row, column], found)
    return Band(low, high)


def _within(weights: Counts, error: float | Floats) -> tuple[Floats, Floats]:
    check_array(weights, shape=weights.shape)
    errors = np.broadcast_to(np.asarray(error, dtype=np.float64), weights.shape)
    if not ((errors >= 0) & (errors < 1)).all():
        raise ValueError("an error must be at least 0 and less than 1")
    return weights * (1 - errors), weights * (1 + errors)


def _places(
    row: int, own: Floats, mates: Floats, rivals: Floats, total: int, floor: Counts, top: Counts
) -> tuple[Counts, Counts]:
    """Of a cluster, its places when one of its cells weighs `own`, the others `mates`, and other clusters claim `rivals`.

    One case per cell; with every tie lost, and with every tie won.
    """
    claims = np.tile(rivals, (len(own), 1))
    claims[:, row] = mates.sum() - mates + own
    return _bracketed(claims, np.full(len(own), row), total, floor, top)


def _own(own: Floats, others: Floats, totals: int | Counts, floor: Counts, top: Counts) -> tuple[Counts, Counts]:
    """Per cell its places when it weighs `own` and all others `others`: with every tie lost, and with every tie won.

    totals: the places to split, one number for all or one per cell.
    """
    size = len(own)
    lost, won = np.empty((2, size), dtype=np.int64)
    totals = np.broadcast_to(totals, size)
    rows = max(1, CHUNK // max(size, 1))
    for start in range(0, size, rows):
        cells = np.arange(start, min(start + rows, size))
        cases = np.tile(others, (len(cells), 1))
        cases[np.arange(len(cells)), cells] = own[cells]
        lost[cells], won[cells] = _bracketed(cases, cells, totals[cells], floor, top)
    return lost, won


def _bracketed(
    cases: Floats, cells: NDArray[np.intp], totals: int | Counts, floor: Counts, top: Counts
) -> tuple[Counts, Counts]:
    """Of every case (weights, one per row) the places of one cell: with every tie lost, and with every tie won."""
    live = cases[cases > 0]
    every = np.arange(len(cases))

    def rounded(multipliers: Floats) -> Floats:
        return np.clip(np.floor(cases * multipliers[:, None] + 0.5), floor, top)

    low = np.full(len(cases), 0.25 / live.max(initial=1))  # all at their floors
    high = np.full(len(cases), (np.max(totals, initial=0) + 1) / live.min(initial=1))  # all at their caps
    for _ in range(54):  # halves log(high / low) each time, to less than TIE
        middle = np.sqrt(low * high)
        fits = rounded(middle).sum(axis=1) <= totals
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    below = rounded(low * (1 - TIE))
    lost, won = below[every, cells], rounded(high * (1 + TIE))[every, cells]
    decided = below.sum(axis=1) == totals
    return lost.astype(np.int64), np.where(decided, lost, won).astype(np.int64)
