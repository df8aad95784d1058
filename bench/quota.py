"""Time the split of places: `python -m bench.quota`. Synthetic tables; fails when a split is not exact.

HiGHS (scipy) solves the same problem in the same run, as a linear program with one variable per place: told most of the answer,
since a cell may only hold SPAN places more or fewer than the split gave it. So its figure is a lower limit. ratio = ours / HiGHS.
"""

import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from clusters.apportionment import (
    apportion,
    apportion_table,
    apportion_two_way,
    is_biproportional,
    is_webster,
    sensitivity,
    sensitivity_two_way,
)

SIZES = {"province": (4, 35, 500_000), "nation": (10, 514, 5_000_000)}
SPAN = 3


def timed(split: Callable[..., Any], *arguments: Any, times: int = 7) -> tuple[Any, float]:
    seconds = []
    for _ in range(times):
        start = perf_counter()
        result = split(*arguments)
        seconds.append(perf_counter() - start)
    return result, median(seconds)


def highs(weights: Any, seats: Any, floor: Any, cap: Any, ends: Any) -> tuple[bool, float]:
    """Whether HiGHS agrees that these seats are the cheapest near them, and its time. ends: the constraints of each cell."""
    low, high = np.maximum(floor, seats - SPAN), np.minimum(np.where(weights > 0, cap, floor), seats + SPAN)
    cells = np.repeat(np.arange(seats.size), (high - low).ravel())
    first = np.repeat(np.cumsum((high - low).ravel()) - (high - low).ravel(), (high - low).ravel())
    place = low.ravel()[cells] + 1 + np.arange(len(cells)) - first
    costs = np.log((2 * place - 1) / weights.ravel()[cells])
    of_place = ends[cells]
    shape = int(ends.max()) + 1, len(cells)
    matrix = csr_array(
        (np.ones(of_place.size), (of_place.ravel(), np.repeat(np.arange(len(cells)), ends.shape[1]))), shape
    )
    given = (place <= seats.ravel()[cells]).astype(float)
    found, seconds = timed(lambda: linprog(costs, A_eq=matrix, b_eq=matrix @ given, bounds=(0, 1)), times=3)
    return found.status == 0 and abs(found.fun - costs @ given) < 1e-6, seconds


def main() -> int:
    exact = True
    for name, (clusters, regencies, total) in SIZES.items():
        rng = np.random.default_rng(1)
        shape = (clusters, regencies)
        weights = np.floor(rng.lognormal(9, 1.5, shape)).astype(np.int64)
        weights[rng.random(shape) < 0.05] = 0
        floor = rng.integers(0, 20, shape)
        cap = floor + rng.integers(0, 4 * total // weights.size, shape)
        flat = weights.ravel(), total, floor.ravel(), cap.ravel()
        # Margins that some table fits: those of a split by other weights.
        favours = rng.lognormal(0, 0.3, (clusters, 1)) * rng.lognormal(0, 0.3, regencies)
        decreed = apportion((weights * favours).astype(np.int64).ravel(), *flat[1:]).seats.reshape(shape)
        margins = decreed.sum(axis=1), decreed.sum(axis=0)
        rows, columns = np.indices(shape).reshape(2, -1)

        one_level, seconds = timed(apportion, *flat)
        exact &= is_webster(*flat[:2], one_level, *flat[2:])
        agrees, highs_seconds = highs(weights, one_level.seats.reshape(shape), floor, cap, 0 * rows[:, None])
        exact &= agrees
        line(f"{name}_one_level", weights.size, total, seconds, one_level.unassigned, highs_seconds)

        table, seconds = timed(apportion_table, weights, total, floor, cap)
        line(f"{name}_two_stages", weights.size, total, seconds, table.unassigned)

        two_way, seconds = timed(apportion_two_way, weights, *margins, floor, cap)
        exact &= is_biproportional(weights, *margins, two_way, floor, cap)
        ends = np.column_stack([rows, clusters + columns])
        agrees, highs_seconds = highs(weights, two_way.seats, floor, cap, ends)
        exact &= agrees
        line(f"{name}_two_way", weights.size, int(decreed.sum()), seconds, 0, highs_seconds)

        if name == "province":  # pages show these
            for form, band, arguments in (
                ("two_stages", sensitivity, (total, floor, cap)),
                ("two_way", sensitivity_two_way, (*margins, floor, cap)),
            ):
                _, seconds = timed(band, weights, 0.1, *arguments, times=3)
                print(f"RESULT quota_{name}_band_{form} cells={weights.size} total={total} seconds={seconds:.4f}")
    return 0 if exact else 1


def line(name: str, cells: int, total: int, seconds: float, unassigned: int, of_highs: float | None = None) -> None:
    beside = f" highs_seconds={of_highs:.4f} ratio={seconds / of_highs:.3f}" if of_highs else ""
    print(f"RESULT quota_{name} cells={cells} total={total} unassigned={unassigned} seconds={seconds:.4f}{beside}")


if __name__ == "__main__":
    sys.exit(main())
