"""The definitions themselves, slowly: places given one by one, all tables looked at, and linear programs."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import log, prod

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array


def give_one_by_one(
    weights: Sequence[int], total: int, floor: Sequence[int], cap: Sequence[int]
) -> tuple[list[int], int]:
    """Seats and the places nobody can take. Claim of the next place: w / (2s + 1); ties: lowest index."""
    seats = list(floor)
    for left in range(total - sum(floor), 0, -1):
        best = None
        for cell, weight in enumerate(weights):
            if weight == 0 or seats[cell] >= cap[cell]:
                continue
            # w / (2s + 1) compared by cross-multiplication; ">" keeps the lowest index.
            if best is None or weight * (2 * seats[best] + 1) > weights[best] * (2 * seats[cell] + 1):
                best = cell
        if best is None:
            return seats, left
        seats[best] += 1
    return seats, 0


def places_of(weights, floor, cap):
    """Every place above the floors that a table may give, as (row, column, cost): cost log((2k - 1) / weight) of the k-th."""
    return [
        (row, column, log((2 * k - 1) / weights[row, column]))
        for row, column in np.argwhere(weights > 0).tolist()
        for k in range(int(floor[row, column]) + 1, int(cap[row, column]) + 1)
    ]


def cheapest(weights, row_totals, column_totals, floor, cap):
    """The least cost of a table with these totals by linear programming (HiGHS), or None where there is no such table.

    Convex costs take the places of a cell in order, and the constraints of a bipartite graph have whole vertices.
    """
    places = places_of(weights, floor, cap)
    left = [*(row_totals - floor.sum(axis=1)).tolist(), *(column_totals - floor.sum(axis=0)).tolist()]
    if not places:
        return None if any(left) else 0.0
    ends = np.array([(row, len(row_totals) + column) for row, column, _ in places])
    incidence = csr_array(
        (np.ones(ends.size), (ends.ravel(), np.repeat(np.arange(len(ends)), 2))), (len(left), len(ends))
    )
    found = linprog([cost for *_, cost in places], A_eq=incidence, b_eq=left, bounds=(0, 1))
    assert found.status in (0, 2)
    return found.fun if found.status == 0 else None


def least_relaxation(weights, row_totals, column_totals, floor, cap):
    """By how many places in all the bounds of cells must give way until a table has these totals (equal sums)."""
    top = np.where(weights > 0, cap, floor)
    rows, columns = weights.shape
    one_cell = np.vstack([np.kron(np.eye(rows), np.ones(columns)), np.kron(np.ones(rows), np.eye(columns))])
    found = linprog(
        np.repeat([0.0, 1.0, 1.0], weights.size),  # within the bounds, above the top, below the floor
        A_eq=np.hstack([one_cell, one_cell, -one_cell]),
        b_eq=np.concatenate([row_totals, column_totals]),
        bounds=[*zip(floor.ravel(), top.ravel(), strict=True), *[(0, None)] * (2 * weights.size)],
    )
    return round(found.fun)


def first_best_table(weights, row_totals, column_totals, floor, cap):
    """Of all tables with these totals the one of least cost, exactly; of several, the one with most in the first cells."""
    top = np.where(weights > 0, cap, floor)

    def tables(row, left):
        if row == len(weights):
            if not any(left):
                yield Fraction(1), []
            return
        choices = [range(low, min(high, most) + 1) for low, high, most in zip(floor[row], top[row], left, strict=True)]
        for seats in product(*choices):
            if sum(seats) == row_totals[row]:
                cost = prod(
                    (
                        Fraction(2 * k - 1, int(weight))
                        for weight, low, high in zip(weights[row], floor[row], seats, strict=True)
                        for k in range(low + 1, high + 1)
                    ),
                    start=Fraction(1),
                )
                for rest, below in tables(row + 1, [a - b for a, b in zip(left, seats, strict=True)]):
                    yield cost * rest, [list(seats), *below]

    everything = tables(0, column_totals.tolist())
    best = min(everything, key=lambda each: (each[0], [[-s for s in row] for row in each[1]]), default=None)
    return best and best[1]
