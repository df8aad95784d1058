"""What those who registered may expect of a split."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from clusters.acceptance import expected_places
from tests.clusters.test_apportionment import README, worked_rows

CLUSTERS, REGENCIES = 3, 2


def test_a_cell_shares_its_places_among_its_people() -> None:
    """The worked table of clusters/README.md, number by number."""
    rows = worked_rows(README.read_text(), "cell by group")
    table = np.array([[float(row[k]) for k in (1, 2, 3, 5, 6)] for row in rows])
    people, expected = expected_places(table[:, :1].astype(int), table[:, np.newaxis, 1:3])
    assert expected[:-1, 0, :-1].tolist() == table[:, 3:].tolist()
    assert [row[4] for row in rows] == [
        f"{got / of:g}" if of else "-" for got, of in zip(expected[:-1, 0, -1], people[:-1, 0, -1], strict=True)
    ]


def test_the_last_of_each_axis_sums_over_it() -> None:
    people, expected = expected_places(np.array([[1, 0], [4, 2]]), np.ones((2, 2, 1)))
    assert expected[..., -1].tolist() == [[1, 0, 1], [1, 1, 2], [2, 1, 3]]
    assert people[-1, -1].tolist() == [4, 4]


@given(
    people=st.lists(
        st.tuples(st.integers(0, REGENCIES - 1), st.integers(1, 2**CLUSTERS - 1), st.integers(0, 1)), max_size=25
    ),
    places=st.lists(st.integers(0, 6), min_size=CLUSTERS * REGENCIES, max_size=CLUSTERS * REGENCIES),
)
def test_the_draw_can_seat_at_least_as_many(people: list[tuple[int, int, int]], places: list[int]) -> None:
    seats = np.array(places).reshape(CLUSTERS, REGENCIES)
    table = np.zeros((CLUSTERS, REGENCIES, 2))
    for regency, fits, group in people:
        for cluster in (c for c in range(CLUSTERS) if fits >> c & 1):
            table[cluster, regency, group] += 1 / fits.bit_count()
    persons, expected = expected_places(seats, table)
    assert (expected <= persons + 1e-9).all()
    assert (expected[:-1, :-1, -1] <= seats + 1e-9).all()
    assert abs(persons[-1, -1, -1] - len(people)) < 1e-9, "nobody counts twice"
    single = [(c, r) for c in range(CLUSTERS) for r in range(REGENCIES) for _ in range(int(seats[c, r]))]
    fits_in = [[r == regency and fits >> c & 1 for c, r in single] for regency, fits, _group in people]
    graph = csr_array(np.array(fits_in, dtype=np.int8).reshape(len(people), len(single)))
    assert expected[-1, -1, -1] <= (maximum_bipartite_matching(graph) >= 0).sum() + 1e-9
