"""Both margins fixed where no table can have them: a cut says which rows and columns, and how many places short."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.apportionment import Infeasible, InfeasibleMargins, apportion_two_way
from tests.clusters.apportion_oracle import cheapest, least_relaxation
from tests.clusters.test_apportionment import counts
from tests.clusters.test_two_way import cells, proved


@st.composite
def any_margins(draw):
    """Totals of equal sums, drawn without regard to the bounds."""
    weights, floor, cap = draw(cells())
    total = draw(st.integers(int(floor.sum()), int(cap.sum())))

    def margin(size):
        marks = sorted(draw(st.lists(st.integers(0, total), min_size=size - 1, max_size=size - 1)))
        return np.diff(counts(0, *marks, total))

    return weights, margin(weights.shape[0]), margin(weights.shape[1]), floor, cap


@given(any_margins())
def test_margins_without_a_table_name_a_cut_that_cannot_hold(problem):
    weights, rows, columns, floor, cap = problem
    try:
        result = apportion_two_way(*problem)
    except InfeasibleMargins as error:
        assert cheapest(*problem) is None
        top = np.where(weights > 0, cap, floor)
        named, others = np.zeros(len(rows), bool), np.zeros(len(columns), bool)
        named[error.rows], others[error.columns] = True, True
        if error.side == "columns":
            rows, columns, floor, top, named, others = columns, rows, floor.T, top.T, others, named
        fits = columns[others].sum() - floor[~named][:, others].sum() + top[named][:, ~others].sum()
        assert rows[named].sum() == error.needs == fits + error.short
        assert 0 < error.short <= least_relaxation(*problem)
    else:
        assert cheapest(*problem) is not None
        assert proved(problem, result)


class TestInfeasible:
    ONE = np.ones((2, 2), np.int64)

    def caught(self, rows, columns, floor, cap, weights=ONE):
        with pytest.raises(Infeasible) as caught:
            apportion_two_way(weights, counts(*rows), counts(*columns), np.array(floor), np.array(cap))
        return caught.value

    def test_totals_that_differ(self):
        error = self.caught((5, 4), (5, 6), 0 * self.ONE, 9 * self.ONE)
        assert (error.side, error.rows, error.columns, error.short) == ("columns", [0, 1], [0, 1], 2)

    def test_granted_places_above_a_new_cap_name_the_cells(self):
        error = self.caught((5, 5), (5, 5), [[0, 4], [0, 0]], [[9, 2], [9, 9]])
        assert (type(error), error.rows, error.columns, error.short) == (Infeasible, [0], [1], 2)

    def test_floors_above_the_total_of_a_row(self):
        error = self.caught((3, 9), (6, 6), [[2, 2], [0, 0]], 9 * self.ONE)
        assert (error.side, error.rows, error.columns, error.needs, error.short) == ("columns", [0], [], 0, 1)

    def test_floors_without_limit(self):
        huge = np.iinfo(np.int64).max
        error = self.caught((3, 9), (6, 6), [[huge, huge], [0, 0]], [[huge, huge], [9, 9]])
        assert (error.rows, error.short) == ([0], 2 * huge - 3)

    def test_caps_below_the_total_of_a_column(self):
        error = self.caught((6, 6), (10, 2), 0 * self.ONE, [[4, 9], [5, 9]])
        assert (error.side, error.rows, error.columns, error.needs, error.short) == ("columns", [], [0], 10, 1)

    def test_a_cluster_that_cannot_use_its_places_where_there_are_some(self):
        # Row 0 must hold 8; column 0 has room for 3 of them by its cap, column 1 for 4 by its total.
        error = self.caught((8, 2), (6, 4), 0 * self.ONE, [[3, 9], [9, 9]])
        assert (error.side, error.rows, error.columns, error.needs, error.short) == ("rows", [0], [1], 8, 1)
        assert str(error) == (
            "row(s) 0 need 8 places, 1 more than fit: in column(s) 1 by the totals, elsewhere by the caps"
        )

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"weights": np.ones((2, 2))}, "int64"),
            ({"row_totals": counts(2)}, "shape"),
            ({"column_totals": counts(3, -1)}, r"negative number in cell \[1\]"),
            ({"row_totals": counts(2**40, 1), "column_totals": counts(2**40, 1)}, "total must"),
            ({"weights": np.array([[1, 1], [1, 10**15 + 1]])}, "weight"),
            (dict.fromkeys(("weights", "floor", "cap"), counts(1, 1)), "dimension"),
        ],
    )
    def test_malformed_input_is_named(self, change, message):
        good = {
            "weights": self.ONE,
            "row_totals": counts(1, 1),
            "column_totals": counts(1, 1),
            "floor": 0 * self.ONE,
            "cap": self.ONE,
        }
        with pytest.raises(ValueError, match=message):
            apportion_two_way(**(good | change))
