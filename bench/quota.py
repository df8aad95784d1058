"""Time the split of places: `python -m bench.quota`. Synthetic tables; fails when a split is not exact."""

import sys
from statistics import median
from time import perf_counter

import numpy as np

from clusters.apportionment import apportion, apportion_table, is_webster

SIZES = {"province": (4, 35, 500_000), "nation": (10, 514, 5_000_000)}


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
        for level, split, arguments in (
            ("one_level", apportion, flat),
            ("two_stages", apportion_table, (weights, total, floor, cap)),
        ):
            seconds = []
            for _ in range(7):
                start = perf_counter()
                result = split(*arguments)
                seconds.append(perf_counter() - start)
            print(
                f"RESULT quota_{name}_{level} cells={weights.size} total={total} "
                f"unassigned={result.unassigned} seconds={median(seconds):.4f}"
            )
        exact &= is_webster(*flat[:2], apportion(*flat), *flat[2:])
    return 0 if exact else 1


if __name__ == "__main__":
    sys.exit(main())
