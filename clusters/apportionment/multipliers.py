"""Multipliers that prove a table biproportional, in exact numbers, and the choice between tables that tie.

Floating point finds multipliers and which rows are bound to each other so closely that it cannot judge: those rows form
a group, and fractions decide inside it. A tie is a cycle of arcs of cost 0, hence inside a group; so is a mistake
of floating point, a cycle of negative cost, which is undone. Between groups there is room, used to keep the numbers short.
"""

from fractions import Fraction
from math import floor, inf, log

import numpy as np
from numpy.typing import NDArray

from clusters.apportionment.transfers import NOISE, Floats, Table, chain
from clusters.apportionment.webster import shortest_between

LN10 = log(10)


def certify(table: Table) -> tuple[list[Fraction], list[Fraction]]:
    """Multipliers of the rows and divisors of the columns that round every weight to its seats.

    The row of the largest total has multiplier 1. Moves places first wherever exact numbers show a better table.
    """
    largest_first = np.argsort(-table.rows, kind="stable").tolist()
    for tight in (1e-9, 1e-6, 1e-3, inf):
        while True:
            table.price()
            costs, _ = table.arcs()
            claims, _ = _centred(costs)
            groups = _groups(costs - claims[:, None] + claims < tight, largest_first)
            ratios = _ratios(table, groups, costs)
            if ratios is not None:
                break
        factors = _factors(costs, groups, ratios)
        if factors is not None:
            break
    assert factors is not None  # noqa: S101  # with `tight` infinite no cycle joins two groups
    return factors, _divisors(table, factors)


def _centred(costs: Floats) -> tuple[Floats, float]:
    """Logarithms of row multipliers that leave every arc between two rows the same room at least, and that room.

    The most possible is the least mean cost of a cycle (Karp); where there is no cycle, 1 is plenty.
    """
    size = len(costs)
    arcs = np.where(np.eye(size, dtype=bool), inf, costs)
    steps = [np.zeros(size)]
    for _ in range(size):
        steps.append((steps[-1][:, None] + arcs).min(axis=0))
    ends = np.isfinite(steps[-1])
    means = [(steps[-1][ends] - steps[k][ends]) / (size - k) for k in range(size)]
    room = min(float(np.max(means, axis=0).min(initial=inf)), 1.0)
    distance = steps[0]
    for _ in range(size):
        distance = np.minimum(distance, (distance[:, None] + arcs - room).min(axis=0))
    return -distance, room


def _groups(near: NDArray[np.bool_], leaders: list[int]) -> list[list[int]]:
    """The strongly connected parts, each with its leader first."""
    reach = near | np.eye(len(near), dtype=bool)
    for _ in range(len(near).bit_length()):
        reach = reach @ reach
    joined = reach & reach.T
    groups = []
    while leaders:
        groups.append([row for row in leaders if joined[leaders[0], row]])
        leaders = [row for row in leaders if not joined[leaders[0], row]]
    return groups


def _ratios(table: Table, groups: list[list[int]], costs: Floats) -> dict[int, Fraction] | None:
    """Each row's multiplier over its leader's, exact; None after undoing a cycle of negative cost.

    As logarithms: shortest paths (Bellman and Ford) over the exact arcs of the group.
    """
    ratios: dict[int, Fraction] = {}
    for group in groups:
        pairs = [(i, k) for i in group for k in group if i != k and costs[i, k] < inf]
        arcs = {(i, k): _exact_arc(table, i, k, costs[i, k]) for i, k in pairs}
        before = np.full(len(costs), -1)
        ratios[group[0]] = Fraction(1)
        for _ in group:
            last = None
            for (i, k), (price, _) in arcs.items():
                if i in ratios and (k not in ratios or ratios[i] > price * ratios[k]):
                    ratios[k], before[k], last = ratios[i] / price, i, k
            if last is None:
                break
        else:
            if last is not None:
                via = np.zeros(costs.shape, dtype=np.intp)
                for arc, (_, column) in arcs.items():
                    via[arc] = column
                table.move(chain(before, last), via)
                return None
    return ratios


def _exact_arc(table: Table, gains: int, loses: int, cost: float) -> tuple[Fraction, int]:
    """The least price at which one row gains a place that the other loses, and the column: exp of the arc's cost, exact."""
    close = np.flatnonzero(table.rise[gains] + table.fall[loses] <= cost + 2 * NOISE).tolist()
    prices = [
        (
            Fraction(
                (2 * int(table.seats[gains, j]) + 1) * int(table.weights[loses, j]),
                int(table.weights[gains, j]) * (2 * int(table.seats[loses, j]) - 1),
            ),
            j,
        )
        for j in close
    ]
    return min(prices)


def _factors(costs: Floats, groups: list[list[int]], ratios: dict[int, Fraction]) -> list[Fraction] | None:
    """Row multipliers with the fewest digits per group that leave room for the columns; None where groups leave none."""
    inner = np.array([_log(ratios[row]) for row in range(len(costs))])
    relative = costs - inner[:, None] + inner
    between = np.array([[relative[np.ix_(group, other)].min() for other in groups] for group in groups])
    np.fill_diagonal(between, inf)
    claims, room = _centred(between)
    if room < 50 * NOISE:
        return None
    claims -= claims[0]  # the first group is led by the row of the largest total
    for digits in range(1, 16):
        chosen = [_decimal(claim, digits) for claim in claims.tolist()]
        logs = np.array([_log(each) for each in chosen])
        if (between - logs[:, None] + logs > room / 2).all():
            break
    factors = {row: ratios[row] * factor for group, factor in zip(groups, chosen, strict=True) for row in group}
    return [factors[row] for row in range(len(costs))]


def _divisors(table: Table, factors: list[Fraction]) -> list[Fraction]:
    """For every column the shortest number inside its room; the only one there is where cells tie; 1 without any limit."""
    claims = np.array([_log(each) for each in factors])[:, None]
    lows, highs = (claims - table.rise).max(axis=0).tolist(), (claims + table.fall).min(axis=0).tolist()
    divisors = []
    for column, (low, high) in enumerate(zip(lows, highs, strict=True)):
        if low == -inf and high == inf:
            divisors.append(Fraction(1))
        elif high - low > 4 * NOISE:
            low, high = low if low > -inf else high - 1, high if high < inf else low + 1
            divisors.append(shortest_between(_decimal(low + NOISE, 17), _decimal(high - NOISE, 17)))
        else:
            rising, falling = _exact_limits(table, factors, column)
            divisors.append(shortest_between(max(rising), min(falling)))
    return divisors


def _exact_limits(table: Table, factors: list[Fraction], column: int) -> tuple[list[Fraction], list[Fraction]]:
    cells = [
        (2 * w * factor, s, low < s, s < high)
        for w, factor, s, low, high in zip(
            table.weights[:, column].tolist(),
            factors,
            table.seats[:, column].tolist(),
            table.floor[:, column].tolist(),
            table.top[:, column].tolist(),
            strict=True,
        )
    ]
    rising = [claim / (2 * s + 1) for claim, s, _, can_rise in cells if can_rise]
    falling = [claim / (2 * s - 1) for claim, s, can_fall, _ in cells if can_fall]
    return rising, falling


def break_ties(table: Table, factors: list[Fraction], divisors: list[Fraction], *, by_column: bool) -> None:
    """Of the tables that tie, choose the one that gives most to the first cell, then to the second, and so on.

    The cells stand row by row, or column by column. Only cells whose quotient ends in exactly one half, and which their
    bounds let go either way, can differ; they are kept as sets of columns, a bit each.
    """
    rising, falling = [0] * len(factors), [0] * len(factors)
    quotients = np.array([_log(each) for each in factors])[:, None] - [_log(each) for each in divisors]
    near = np.minimum(table.rise - quotients, table.fall + quotients) < 20 * NOISE
    tied = []
    for row, column in np.argwhere(near).tolist():
        claim = 2 * int(table.weights[row, column]) * factors[row] / divisors[column]
        seats = int(table.seats[row, column])
        if claim == 2 * seats + 1 and seats < table.top[row, column]:
            rising[row] |= 1 << column
        elif claim == 2 * seats - 1 and seats > table.floor[row, column]:
            falling[row] |= 1 << column
        else:
            continue
        tied.append((row, column))
    for row, column in sorted(tied, key=lambda cell: cell[::-1]) if by_column else tied:
        bit = 1 << column
        if falling[row] & bit:
            falling[row] ^= bit  # it has the place and keeps it
        elif rising[row] & bit:
            for gains, loses, at in _exchange(rising, falling, row, bit):
                for each, sign in ((gains, 1), (loses, -1)):
                    table.seats[each, at.bit_length() - 1] += sign
                    rising[each] ^= at
                    falling[each] ^= at
            rising[row] &= ~bit
            falling[row] &= ~bit


def _exchange(rising: list[int], falling: list[int], row: int, bit: int) -> list[tuple[int, int, int]]:
    """Moves (row that gains, row that loses, column) that give the cell a place and change no total; empty if there are none."""
    found = {k: (row, k, bit) for k in range(len(falling)) if falling[k] & bit}
    queue = list(found)
    for gains in queue:
        for loses in range(len(falling)):
            shared = rising[gains] & falling[loses]
            if shared and loses not in found:
                found[loses] = (gains, loses, shared & -shared)
                queue.append(loses)
    moves = []
    end = row if row in found else None
    while end is not None:
        moves.append(found[end])
        end = None if found[end][2] == bit and found[end][0] == row else found[end][0]
    return moves


def _decimal(logarithm: float, digits: int) -> Fraction:
    whole = floor(logarithm / LN10)
    leading = round(10 ** (logarithm / LN10 - whole + digits - 1))
    return leading * Fraction(10) ** (whole - digits + 1)


def _log(number: Fraction) -> float:
    return log(number.numerator) - log(number.denominator)
