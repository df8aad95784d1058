"""A table whose columns hold their totals, and moves of places between its rows until they hold theirs.

Minimum-cost flow with convex separable costs: the k-th place of a cell of weight w costs log((2k - 1) / 2w), so the
cheapest table is the biproportional one. Since columns stay exact, the nodes are the rows alone (the caller
lays the shorter side there) and an arc from row i to row k is the cheapest column where i gains a place that k loses.
Successive shortest paths keep the table cheapest for the rows it has; what is left to floating point is
which of two costs that differ by less than NOISE is lower, and `multipliers` repairs that. Steps larger than one place
(scaling) bound the number of paths when the first guess is far off.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.apportionment.inputs import Counts

NOISE = 1e-12  # costs are logarithms up to about 70, sums of a few of them are off by less

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


class Stuck(Exception):
    """No row outside `reached` can give a place to the rows inside, which lack some."""

    def __init__(self, reached: NDArray[np.bool_]) -> None:
        super().__init__()
        self.reached = reached


class Table:
    """seats (r, c) within floor..top, every column at its total.

    rise, fall: (r, c), the cost of one step more in a cell, and of one step less; infinite beyond the bounds.
    """

    def __init__(self, weights: Counts | Floats, rows: Counts, columns: Counts, floor: Counts, top: Counts) -> None:
        self.weights, self.rows, self.floor, self.top = weights, rows, floor, top
        self.log_weights: Floats = np.log(np.where(weights > 0, 2 * weights, 1))
        claims, guess = _claims(weights, rows, columns, floor, top)
        self.seats = _by_column(
            weights.astype(np.float64) * np.exp(claims)[:, None], columns, floor, top, np.exp(guess)
        )
        self.rise, self.fall = np.empty((2, *weights.shape))
        self._exact_columns(columns, claims)
        self._settle(claims)

    def price(self, step: int = 1, columns: Indices | slice = slice(None)) -> None:
        """Bring rise and fall up to date in these columns."""
        seats, log_weights = self.seats[:, columns], self.log_weights[:, columns]
        rising, falling = seats + step <= self.top[:, columns], seats - step >= self.floor[:, columns]
        self.rise[:, columns] = np.where(rising, np.log(2 * seats + step) - log_weights, np.inf)
        self.fall[:, columns] = np.where(falling, log_weights - np.log(np.maximum(2 * seats - step, 1)), np.inf)

    def arcs(self) -> tuple[Floats, Indices]:
        """(r, r): the lowest cost at which row i gains a place that row k loses, and the column where it does."""
        via = np.stack([(row + self.fall).argmin(axis=1) for row in self.rise])
        every = np.arange(len(self.rows))
        return self.rise[every[:, None], via] + self.fall[every, via], via

    def move(self, arcs: list[tuple[int, int]], via: Indices, step: int = 1) -> None:
        columns = [int(via[arc]) for arc in arcs]
        for (gains, loses), column in zip(arcs, columns, strict=True):
            self.seats[gains, column] += step
            self.seats[loses, column] -= step
        self.price(step, np.array(sorted(set(columns))))

    def _exact_columns(self, columns: Counts, claims: Floats) -> None:
        self.price()
        lacking = columns - self.seats.sum(axis=0)
        while lacking.any():
            for sign, cost in ((1, self.rise - claims[:, None]), (-1, self.fall + claims[:, None])):
                chosen = np.flatnonzero(sign * lacking > 0)
                self.seats[cost[:, chosen].argmin(axis=0), chosen] += sign
            lacking -= np.sign(lacking)
            self.price()

    def _settle(self, claims: Floats) -> None:
        far = int(np.abs(self.rows - self.seats.sum(axis=1)).sum()) // sum(self.seats.shape)
        step = 1 << max(far.bit_length() - 1, 0)
        while step:
            self.price(step)
            self._even_out(claims, step)
            self._fill_rows(step)
            claims = -shortest(self.arcs()[0], np.zeros(len(self.rows)))[0]
            step //= 2

    def _even_out(self, claims: Floats, step: int) -> None:
        """Within columns, move steps to the cells that claim them more strongly."""
        while True:
            rise, fall = self.rise - claims[:, None], self.fall + claims[:, None]
            moves = np.flatnonzero(rise.min(axis=0) + fall.min(axis=0) < -NOISE)
            if not len(moves):
                return
            self.seats[rise[:, moves].argmin(axis=0), moves] += step
            self.seats[fall[:, moves].argmin(axis=0), moves] -= step
            self.price(step)

    def _fill_rows(self, step: int) -> None:
        while True:
            lacking = self.rows - self.seats.sum(axis=1)
            takes, gives = lacking >= step, lacking <= -step
            if not takes.any() or not gives.any():
                return
            costs, via = self.arcs()
            distance, before = shortest(costs, np.where(takes, 0, np.inf))
            ends = np.where(gives, distance, np.inf)
            if ends.min() < np.inf:
                self.move(chain(before, int(ends.argmin())), via, step)
            elif step == 1:
                raise Stuck(np.isfinite(distance))
            else:
                return


def shortest(costs: Floats, distance: Floats) -> tuple[Floats, Indices]:
    """Distances over the arcs from nodes at `distance`, and the node before each, -1 at a start (Bellman and Ford)."""
    before = np.full(len(costs), -1)
    for _ in range(len(costs)):
        through = distance[:, None] + costs
        nearest = through.argmin(axis=0)
        reached = through.min(axis=0)
        closer = reached < distance - NOISE
        if not closer.any():
            break
        distance, before = np.where(closer, reached, distance), np.where(closer, nearest, before)
    return distance, before


def chain(before: Indices, end: int) -> list[tuple[int, int]]:
    """The arcs of the path that leads to `end`; where it runs into a cycle, of negative cost then, the arcs of the cycle."""
    nodes = [end]
    while (node := int(before[nodes[-1]])) >= 0:
        if node in nodes:
            nodes = [*nodes[nodes.index(node) :], node]
            break
        nodes.append(node)
    return list(zip(nodes[1:], nodes, strict=False))


def _claims(
    weights: Counts | Floats, rows: Counts, columns: Counts, floor: Counts, top: Counts
) -> tuple[Floats, Floats]:
    """Logarithms of multipliers under which the table without rounding about holds its totals: damped Newton.

    A guess: what it misses costs time only.
    """
    persons = weights.astype(np.float64)
    a, b = np.zeros(len(rows)), np.log((columns + 0.5) / (persons.sum(axis=0) + 0.5))
    step, turn, slope = np.zeros(len(rows)), np.zeros(len(columns)), 0.0
    best, least = (a, b), np.inf
    for _ in range(60):
        quotients = persons * np.exp(a[:, None] + b)
        seats = np.clip(quotients, floor, top)
        short_rows, short_columns = rows - seats.sum(axis=1), columns - seats.sum(axis=0)
        missed = float(np.abs(short_rows).sum() + np.abs(short_columns).sum())
        if missed < least:
            best, least = (a, b), missed
        if missed < 0.5:
            break
        ahead = float(short_rows @ step + short_columns @ turn)
        if ahead < -0.5 * slope:  # the step went too far: back to about where the slope along it is 0
            back = min(0.9, ahead / (ahead - slope))
            a, b, step, turn = a - back * step, b - back * turn, (1 - back) * step, (1 - back) * turn
            continue
        free = np.where(seats == quotients, quotients, 0.0)
        by_row, by_column = free.sum(axis=1) + 1e-3, free.sum(axis=0) + 1e-3
        schur = np.diag(by_row) - (free / by_column) @ free.T
        step = np.linalg.solve(schur, short_rows - free @ (short_columns / by_column)).clip(-2, 2)
        turn = ((short_columns - step @ free) / by_column).clip(-2, 2)
        slope = float(short_rows @ step + short_columns @ turn)
        a, b = (a + step).clip(-200, 200), (b + turn).clip(-200, 200)
    return best


def _by_column(persons: Floats, columns: Counts, floor: Counts, top: Counts, guess: Floats) -> Counts:
    """Rounded seats with, in every column, one multiplier that gives about its total, not more; hopefully near its guess."""

    def rounded(multipliers: Floats) -> Floats:
        return np.clip(np.floor(persons * multipliers + 0.5), floor, top)

    low, high = guess / 1.001, guess * 1.001
    at_low = rounded(low).sum(axis=0)
    near = (at_low == columns) | ((at_low < columns) & (columns < rounded(high).sum(axis=0)))
    low, high = np.where(near, low, 1e-150), np.where(near, high, 1e150)
    for _ in range(20 if near.all() else 64):
        middle = np.sqrt(low) * np.sqrt(high)
        sums = rounded(middle).sum(axis=0)
        low, high = np.where(sums <= columns, middle, low), np.where(sums <= columns, high, middle)
        if (sums == columns).all():
            break
    return rounded(low).astype(np.int64)
