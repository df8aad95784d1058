"""The band of places: no weights within the errors lead outside it, and its ends are reached."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.apportionment import (
    Infeasible,
    apportion,
    apportion_table,
    apportion_two_way,
    sensitivity,
    sensitivity_two_way,
)
from tests.clusters.test_apportionment import README, counts, tables, worked_rows

PARTS = 1000  # weights count thousandths of a person here, so that a weight off by its error is still whole
ERRORS = st.lists(st.integers(0, 999), min_size=12, max_size=12)


def off(weights, errors, ups):
    """Weights in thousandths, each off by its error (in thousandths) times a number from -1 to 1."""
    moved = weights * PARTS + np.rint(weights * errors * ups).astype(np.int64)
    return np.clip(moved, weights * (PARTS - errors), weights * (PARTS + errors))


def small(table, shape):
    weights, total, floor, cap = table
    return np.minimum(weights, 10**9).reshape(shape), total, floor.reshape(shape), cap.reshape(shape)


UPS = st.lists(st.floats(-1, 1), min_size=12, max_size=12)


class TestOneLevel:
    @given(tables(shape=(12,)), ERRORS, UPS)
    def test_no_errors_lead_outside(self, table, errors, ups):
        weights, total, floor, cap = small(table, 12)
        errors = counts(*errors)
        band = sensitivity(weights, errors / PARTS, total, floor, cap)
        for true in (off(weights, errors, np.array(ups)), off(weights, errors, np.sign(ups)), weights):
            seats = apportion(true, total, floor, cap).seats
            assert (band.low <= seats).all() and (seats <= band.high).all()

    @given(tables(shape=(5,)), ERRORS)
    def test_both_ends_are_reached(self, table, errors):
        weights, total, floor, cap = small(table, 5)
        errors = counts(*errors[:5])
        band = sensitivity(weights, errors / PARTS, total, floor, cap)
        for cell in range(5):
            alone = np.where(np.arange(5) == cell, -1, 1)
            others = [k for k in range(5) if k != cell]
            last, first = [*others, cell], [cell, *others]  # a tie goes to whoever stands first
            lost = apportion(off(weights, errors, alone)[last], total, floor[last], cap[last])
            won = apportion(off(weights, errors, -alone)[first], total, floor[first], cap[first])
            assert (lost.seats[-1], won.seats[0]) == (band.low[cell], band.high[cell])

    def test_without_error_only_ties_move(self):
        floor, cap = counts(0, 0, 0), counts(9, 9, 9)
        tied, clear = (sensitivity(weights, 0, 5, floor, cap) for weights in (counts(7, 7, 7), counts(7, 8, 20)))
        assert (tied.low.tolist(), tied.high.tolist()) == ([1, 1, 1], [2, 2, 2])
        assert clear.low.tolist() == clear.high.tolist() == [1, 1, 3]

    def test_worked_table_of_the_readme(self):
        text = README.read_text()
        weights, floor, cap, seats = (counts(*(int(row[k]) for row in worked_rows(text, "cell"))) for k in (1, 2, 3, 6))
        band = sensitivity(weights, 0.1, 100, floor, cap)
        assert [[int(field) for field in row[1:]] for row in worked_rows(text, "cell within 10 %")] == [
            list(row) for row in zip(band.low.tolist(), seats.tolist(), band.high.tolist(), strict=True)
        ]

    @pytest.mark.parametrize("error", [-0.1, 1, 1.5, float("nan"), np.array([0.1, 0.1, 2.0])])
    def test_an_error_must_be_a_share(self, error):
        with pytest.raises(ValueError, match="at least 0 and less than 1"):
            sensitivity(counts(1, 2, 3), error, 3, counts(0, 0, 0), counts(9, 9, 9))

    def test_what_cannot_be_split_has_no_band(self):
        with pytest.raises(Infeasible):
            sensitivity(counts(1, 2), 0.1, 3, counts(2, 2), counts(9, 9))

    @pytest.mark.parametrize("weights", [counts(), counts(0, 0)])
    def test_nobody(self, weights):
        band = sensitivity(weights, 0.1, 5, weights, weights + 9)
        assert band.low.tolist() == band.high.tolist() == weights.tolist()


class TestTwoStages:
    @given(tables(shape=(3, 4)), ERRORS, UPS, st.lists(st.integers(1, 5), min_size=3, max_size=3))
    def test_with_shares_no_errors_lead_outside(self, table, errors, ups, shares):
        weights, total, floor, cap = small(table, (3, 4))
        errors = counts(*errors).reshape(3, 4)
        band = sensitivity(weights, errors / PARTS, total, floor, cap, shares=counts(*shares))
        true = off(weights, errors, np.array(ups).reshape(3, 4))
        seats = apportion_table(true, total, floor, cap, counts(*shares)).seats
        assert (band.low <= seats).all() and (seats <= band.high).all()

    @given(tables(shape=(3, 4)), ERRORS, UPS, st.sampled_from([-1, 1]), st.sampled_from([(1, 1, 1), (3, 0, 1)]))
    def test_by_demand_no_errors_lead_outside_with_the_rest_of_the_cluster_off_one_way(
        self, table, errors, ups, way, factors
    ):
        weights, total, floor, cap = small(table, (3, 4))
        errors, ups = counts(*errors).reshape(3, 4), np.array(ups).reshape(3, 4)
        band = sensitivity(weights, errors / PARTS, total, floor, cap, factors=np.array(factors, dtype=float))
        for row, column in np.ndindex(3, 4):
            here = ups.copy()
            here[row] = way
            here[row, column] = ups[row, column]
            true = off(weights, errors, here)
            seats = apportion_table(true, total, floor, cap, true.sum(axis=1) * counts(*factors)).seats
            assert band.low[row, column] <= seats[row, column] <= band.high[row, column]

    @given(tables(shape=(3, 4)), ERRORS)
    def test_fixed_totals_of_clusters_are_rows_of_their_own(self, table, errors):
        weights, _, floor, cap = small(table, (3, 4))
        errors = counts(*errors).reshape(3, 4) / PARTS
        totals = floor.sum(axis=1) + counts(2, 5, 9)
        band = sensitivity(weights, errors, 1, floor, cap, row_totals=totals)
        for row in range(3):
            one = sensitivity(weights[row], errors[row], int(totals[row]), floor[row], cap[row])
            assert (band.low[row].tolist(), band.high[row].tolist()) == (one.low.tolist(), one.high.tolist())


class TestTwoWay:
    @pytest.mark.parametrize("shape", [(3, 4), (4, 3), (2, 6)])
    @pytest.mark.parametrize("seed", range(6))
    def test_errors_of_the_cell_its_row_and_its_column_do_not_lead_outside(self, seed, shape):
        rng = np.random.default_rng(seed)
        weights = np.floor(rng.lognormal(12, 1.5, shape)).astype(np.int64)  # large and unrelated: no ties
        seats = rng.integers(0, 60, shape)
        floor, cap = np.maximum(seats - rng.integers(0, 30, shape), 0), seats + rng.integers(0, 30, shape)
        problem = seats.sum(axis=1), seats.sum(axis=0), floor, cap
        errors = rng.integers(0, 400, shape)
        band = sensitivity_two_way(weights, errors / PARTS, *problem)
        now = apportion_two_way(weights, *problem).seats
        assert (band.low <= now).all() and (now <= band.high).all()
        for _ in range(40):
            row, column = (int(rng.integers(size)) for size in shape)
            ups = rng.uniform(-1, 1, shape)
            nearby = np.zeros(shape, bool)
            nearby[row], nearby[:, column] = True, True
            found = apportion_two_way(off(weights, errors, np.where(nearby, ups, 0)), *problem).seats[row, column]
            assert band.low[row, column] <= found <= band.high[row, column]
            ups[nearby], ups[row, column] = -1, 1
            found = apportion_two_way(off(weights, errors, np.where(nearby, ups, 0)), *problem).seats[row, column]
            assert found == band.high[row, column]

    def test_margins_without_a_table_have_no_band(self):
        one = np.ones((2, 2), np.int64)
        with pytest.raises(Infeasible):
            sensitivity_two_way(one, 0.1, counts(9, 1), counts(5, 5), 0 * one, one)
