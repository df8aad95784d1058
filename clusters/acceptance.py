"""How many of those who registered may expect a place, before the draw. Pure."""

import numpy as np
from numpy.typing import NDArray

from clusters.apportionment import Counts

Persons = NDArray[np.float64]


def expected_places(seats: Counts, people: Persons) -> tuple[Persons, Persons]:
    """(people, expected), both in persons and (C + 1, R + 1, G + 1): the last of each axis is the sum over it.

    seats (C, R): places; people (C, R, G): persons by group, who fits k clusters being 1/k in each. Everybody in a cell has
    the same chance: places per person, at most 1. This hands the places out in parts of persons; the draw, which seats as
    many people as can be seated, seats in all at least as many as are expected here, as long as none of them insists on
    single classes. Guarantees for groups are left out.
    """
    in_cell = people.sum(axis=2)
    chance = np.divide(seats, in_cell, out=np.zeros(seats.shape), where=in_cell > 0).clip(max=1)
    return _with_sums(people), _with_sums(people * chance[:, :, np.newaxis])


def _with_sums(table: Persons) -> Persons:
    for axis in range(table.ndim):
        table = np.concatenate([table, table.sum(axis=axis, keepdims=True)], axis=axis)
    return table
