"""The definition itself, slowly: places are given one by one to the strongest claim."""

from collections.abc import Sequence


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
