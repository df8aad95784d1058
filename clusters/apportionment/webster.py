"""Split a number of places over cells by weight: bounded Webster (Sainte-Laguë), exact.

Method, terms and a worked table: clusters/README.md. After Balinski & Young, *Fair Representation*
(1982), and Pukelsheim, *Proportional Representation* (2017), chapters 4, 8 and 12. Numbers decide in
integers and fractions; floating point only guesses where the exact search starts.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from clusters.apportionment.inputs import (
    Bound,
    Counts,
    Infeasible,
    cells_named,
    check_array,
    check_cells,
    checked_total,
)


@dataclass(frozen=True, eq=False)
class Apportionment:
    """One level. seats.sum() + unassigned == total.

    seats: (n,), places; floor <= seats <= cap, and seats == floor where the weight is 0.
    unassigned: places that no cell with weight may take, because all of them stand at their caps.
    divisor: persons per place. Every cell has seats == median(floor, round(weight / divisor), cap);
        only where weight / divisor ends in exactly one half (a tie for the last place) the cells of
        lowest index were rounded up and the others down. Of the numbers that do so it has the fewest digits.
        None when weight decided nothing: no cell stands above its floor, or none with weight below its cap.
    binding: per cell the bound that replaces round(weight / divisor), "" where none does. Without a
        divisor: "floor" for every positive floor, or "cap" for every cell with weight that its cap stopped.
    next_price: per cell the divisor at which it would get one place more; the next place of all goes to
        the highest. None when the cell stands at its cap or has weight 0.
    """

    seats: Counts
    unassigned: int
    divisor: Fraction | None
    binding: tuple[Bound, ...]
    next_price: tuple[Fraction | None, ...]


@dataclass(frozen=True, eq=False)
class TableApportionment:
    """Two stages. seats.sum() + unassigned == total.

    seats: (C, R), places of cluster i in regency j.
    unassigned: the rest of the first stage plus the rests of the clusters (clusters.unassigned,
        regencies[i].unassigned).
    clusters: the first stage, total over clusters. regencies: the second, one per cluster.
    """

    seats: Counts
    unassigned: int
    clusters: Apportionment
    regencies: tuple[Apportionment, ...]


def apportion(weights: Counts, total: int, floor: Counts, cap: Counts) -> Apportionment:
    """Give `total` places to n cells by bounded Webster; ties go to the lowest index.

    The same places as giving them one by one, from the floors up, to the cell with the largest
    weight / (2 * seats + 1) among those below their caps; hence one place more never lowers a cell.
    All arrays (n,) int64; O(n log n). A cap may be as large as int64 allows ("no ceiling").

    Raises Infeasible when a floor exceeds its cap or the floors exceed the total; ValueError for wrong
    types, shapes, negative numbers and numbers above MAX_WEIGHT and MAX_TOTAL.
    """
    total = _validated(weights, total, floor, cap, dimensions=1)
    # Weight 0 never rises above its floor; total + 1 is out of reach, so limiting caps to it changes nothing.
    top = np.where(weights > 0, np.minimum(cap, total + 1), floor)
    target = min(total, int(top.sum()))
    persons, least, most = weights.tolist(), floor.tolist(), top.tolist()
    seats: list[int] = _start(weights, target, floor, top).tolist()

    # Two different quotients w / (2s + 1) with s <= target differ by at least 1 / (2 * target + 1)**2,
    # so after this shift their integer parts differ too: exact order with plain integers.
    shift = 2 * (2 * target + 1).bit_length()

    def claim(cell: int) -> tuple[int, int]:
        return -((persons[cell] << shift) // (2 * seats[cell] + 1)), cell

    heap = [claim(cell) for cell in range(len(seats)) if seats[cell] < most[cell]]
    heapq.heapify(heap)
    for _ in range(target - sum(seats)):
        _, cell = heap[0]
        seats[cell] += 1
        if seats[cell] < most[cell]:
            heapq.heapreplace(heap, claim(cell))
        else:
            heapq.heappop(heap)

    next_price = tuple(
        Fraction(2 * w, 2 * s + 1) if s < m else None for w, s, m in zip(persons, seats, most, strict=True)
    )
    rising = [price for price in next_price if price is not None]
    falling = [Fraction(2 * w, 2 * s - 1) for w, s, low in zip(persons, seats, least, strict=True) if s > low]
    divisor = shortest_between(max(rising), min(falling)) if rising and falling else None
    return Apportionment(
        seats=np.array(seats, dtype=np.int64),
        unassigned=total - target,
        divisor=divisor,
        binding=_binding(persons, seats, least, cap.tolist(), divisor, can_rise=bool(rising)),
        next_price=next_price,
    )


def apportion_table(
    weights: Counts, total: int, floor: Counts, cap: Counts, shares: Counts | None = None
) -> TableApportionment:
    """Split over clusters first, then inside each cluster over its regencies.

    weights, floor, cap: (C, R) int64. A cluster's weight is the sum of its row, or shares[i] (C,) int64
    when policy fixes shares; its floor and cap are the sums of its cells' floors and caps. House
    monotone per cell, since both stages are.

    A cluster may be given more than its cells of positive weight can take, since the caps of its cells
    of weight 0 count in its own cap. That rest stays with the cluster, as regencies[i].unassigned: the
    weights say nothing about who in the cluster should have it, so it is a decision, not arithmetic.

    Raises as apportion(); Infeasible names clusters (rows) and regencies (columns).
    """
    total = _validated(weights, total, floor, cap, dimensions=2)
    ceiling = np.minimum(cap, total + 1)  # out of reach: the sums stay inside int64, no result changes
    claims = weights.sum(axis=1) if shares is None else shares
    clusters = apportion(claims, total, floor.sum(axis=1), ceiling.sum(axis=1))
    regencies = tuple(apportion(*row) for row in zip(weights, clusters.seats.tolist(), floor, cap, strict=True))
    return TableApportionment(
        seats=np.stack([row.seats for row in regencies]),
        unassigned=clusters.unassigned + sum(row.unassigned for row in regencies),
        clusters=clusters,
        regencies=regencies,
    )


def is_webster(weights: Counts, total: int, result: Counts | Apportionment, floor: Counts, cap: Counts) -> bool:
    """Check a split without knowing how it was made: exact, by integers and divisions only.

    True when every cell lies within its bounds, cells of weight 0 stand on their floors, places are
    missing only when no cell with weight can take one, and no place would be claimed more strongly by
    another cell (max-min inequality: no next price exceeds a last price). Either side of a tie passes.
    Raises ValueError for malformed arrays, as apportion().
    """
    seats = result.seats if isinstance(result, Apportionment) else result
    for array in (weights, seats, floor, cap):
        check_array(array, shape=weights.shape)
    cells = list(zip(weights.tolist(), seats.tolist(), floor.tolist(), cap.tolist(), strict=True))
    if any(not low <= s <= high or (w == 0 and s > low) for w, s, low, high in cells):
        return False
    rising = [Fraction(w, 2 * s + 1) for w, s, _, high in cells if w and s < high]
    falling = [Fraction(w, 2 * s - 1) for w, s, low, _ in cells if s > low]
    missing = total - sum(s for _, s, _, _ in cells)
    if missing < 0 or (missing and rising):
        return False
    return not rising or not falling or max(rising) <= min(falling)


def _validated(weights: Counts, total: int, floor: Counts, cap: Counts, *, dimensions: int) -> int:
    total = checked_total(total)
    check_cells(weights, floor, cap, dimensions=dimensions)
    short = sum(floor.ravel().tolist()) - total
    if short > 0:
        floored = np.argwhere(floor > 0)
        raise Infeasible(
            f"the floors need {total + short} places, {short} more than the total of {total}; "
            f"cell(s) with a floor: {cells_named(floored)}",
            cells=floored,
            short=short,
        )
    return total


def _start(weights: Counts, target: int, floor: Counts, top: Counts) -> Counts:
    """Seats that no cell's exact result falls below, at most about two places per cell away from it.

    At the multiplier found, the float split holds at most `target` places. The exact split at a
    multiplier 2**-48 smaller (relatively) is nowhere larger, so it holds no more than `target` either and
    the result is nowhere below it; and since quotients stay below 2**41, it is nowhere more than one
    place below the float split. Hence the minus one. Bad convergence would cost time, never exactness.
    """
    live = weights[weights > 0]
    if not live.size:
        return floor
    persons = weights.astype(np.float64)

    def rounded(multiplier: float) -> NDArray[np.float64]:
        return np.clip(np.floor(persons * multiplier + 0.5), floor, top)

    low, high = 0.25 / float(live.max()), (target + 1) / float(live.min())  # all at floor; all at top
    for _ in range(64):  # halves log(high / low) each time: down to the last bits of a double
        middle = sqrt(low * high)
        if rounded(middle).sum() <= target:
            low = middle
        else:
            high = middle
    return np.maximum(floor, rounded(low).astype(np.int64) - 1)


def shortest_between(low: Fraction, high: Fraction) -> Fraction:
    """The decimal number of fewest digits strictly between low and high; low when there is none (a tie)."""
    if low >= high:
        return low
    step = Fraction(10) ** len(str(int(high)))
    while (candidate := (low // step + 1) * step) >= high:
        step /= 10
    return candidate


def _binding(
    weights: Sequence[int],
    seats: Sequence[int],
    floor: Sequence[int],
    cap: Sequence[int],
    divisor: Fraction | None,
    *,
    can_rise: bool,
) -> tuple[Bound, ...]:
    # Without a divisor everything stands at its floor (as if it were infinite) or at its cap (as if 0).
    per, places = divisor.as_integer_ratio() if divisor else ((1, 0) if can_rise else (0, 1))
    return tuple(
        binding_bound(w, s, low, high, places, per) for w, s, low, high in zip(weights, seats, floor, cap, strict=True)
    )


def binding_bound(w: int, s: int, low: int, high: int, places: int, per: int) -> Bound:
    """The bound that keeps a cell from being w * places / per rounded."""
    if s == low > 0 and (w == 0 or 2 * w * places < per * (2 * low - 1)):
        return "floor"
    if s == high and 2 * w * places > per * (2 * high + 1):
        return "cap"
    return ""
