"""The split with both margins fixed: optimal by its definition, exact, explained when impossible, and as the README says."""

import re
from dataclasses import replace
from fractions import Fraction
from math import gcd, log, prod

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clusters.apportionment import (
    InfeasibleMargins,
    apportion_two_way,
    is_biproportional,
)
from tests.clusters.apportion_oracle import cheapest, first_best_table
from tests.clusters.test_apportionment import README, counts, worked_rows

FEW = st.integers(0, 4)
PERSONS = FEW | st.integers(0, 10**12)


@st.composite
def cells(draw, least=1, most=(4, 5), persons=PERSONS, room=6):
    """(weights, floor, cap); ties and zeros are frequent."""
    shape = draw(st.integers(least, most[0])), draw(st.integers(least, most[1]))
    size = int(np.prod(shape))

    def column(values):
        return np.array(draw(st.lists(values, min_size=size, max_size=size)), np.int64).reshape(shape)

    floor = column(st.one_of(st.just(0), st.integers(0, 3)))
    cap = floor + column(st.one_of(st.integers(0, room), st.just(room)))
    return column(persons), floor, cap


@st.composite
def problems(draw, **kwargs):
    """(weights, row totals, column totals, floor, cap) that some table fits."""
    weights, floor, cap = draw(cells(**kwargs))
    top = np.where(weights > 0, cap, floor)
    flat = [
        draw(st.integers(low, high)) for low, high in zip(floor.ravel().tolist(), top.ravel().tolist(), strict=True)
    ]
    seats = np.array(flat, np.int64).reshape(weights.shape)
    return weights, seats.sum(axis=1), seats.sum(axis=0), floor, cap


@st.composite
def ties(draw):
    """Weights that are products of a row's and a column's, so that a single place is often anybody's."""
    rows, columns = (draw(st.lists(st.integers(1, 2), min_size=2, max_size=3)) for _ in range(2))
    shape = len(rows), len(columns)
    flat = draw(st.lists(st.integers(0, 2), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
    seats = np.array(flat, np.int64).reshape(shape)
    weights = np.multiply.outer(counts(*rows), counts(*columns))
    return weights, seats.sum(axis=1), seats.sum(axis=0), 0 * seats, np.maximum(seats, draw(st.integers(1, 3)))


def proved(problem, result):
    weights, rows, columns, floor, cap = problem
    return is_biproportional(weights, rows, columns, result, floor, cap)


def cost(weights, seats, floor):
    """The product of (2k - 1) / weight over the places above the floors; the best table has the least."""
    return prod(
        (
            Fraction(2 * k - 1, int(weights[cell]))
            for cell in np.ndindex(seats.shape)
            for k in range(int(floor[cell]) + 1, int(seats[cell]) + 1)
        ),
        start=Fraction(1),
    )


@given(problems())
def test_costs_what_the_linear_program_costs_and_is_proved(problem):
    weights, rows, columns, floor, _ = problem
    result = apportion_two_way(*problem)
    assert result.seats.sum(axis=1).tolist() == rows.tolist()
    assert result.seats.sum(axis=0).tolist() == columns.tolist()
    least = cost(weights, result.seats, floor)
    assert log(least.numerator) - log(least.denominator) == pytest.approx(cheapest(*problem), abs=1e-6)
    assert proved(problem, result)


@given(problems(most=(3, 3), persons=FEW, room=3) | ties())
def test_of_all_best_tables_it_is_the_first(problem):
    assert apportion_two_way(*problem).seats.tolist() == first_best_table(*problem)


@given(problems())
def test_multipliers_and_binding_explain_every_cell(problem):
    weights, _, _, floor, cap = problem
    result = apportion_two_way(*problem)
    for i, j in np.ndindex(weights.shape):
        quotient = int(weights[i, j]) * result.row_multipliers[i] * result.column_multipliers[j]
        seats, low, high = int(result.seats[i, j]), int(floor[i, j]), int(cap[i, j])
        match result.binding[i][j]:
            case "floor":
                assert seats == low and (quotient < low - Fraction(1, 2) or weights[i, j] == 0)
            case "cap":
                assert seats == high and quotient > high + Fraction(1, 2)
            case _:
                assert abs(quotient - seats) <= Fraction(1, 2)


@given(problems(), st.data())
def test_scaling_all_weights_or_one_row_or_column_changes_nothing(problem, data):
    weights, *rest = problem
    by_row = np.array([data.draw(st.integers(1, 30)) for _ in weights])[:, None]
    by_column = np.array([data.draw(st.integers(1, 30)) for _ in weights.T])
    before, after = apportion_two_way(*problem), apportion_two_way(weights * by_row * by_column, *rest)
    assert before.seats.tolist() == after.seats.tolist()


@given(problems(), st.randoms(use_true_random=False))
def test_order_of_rows_and_columns_decides_ties_only(problem, random):
    weights, rows, columns, floor, cap = problem
    order, across = list(range(len(rows))), list(range(len(columns)))
    random.shuffle(order)
    random.shuffle(across)
    cell = np.ix_(order, across)
    shuffled = apportion_two_way(weights[cell], rows[order], columns[across], floor[cell], cap[cell])
    back = np.empty_like(weights)
    back[cell] = shuffled.seats
    result = apportion_two_way(*problem)
    assert cost(weights, back, floor) == cost(weights, result.seats, floor)
    assert proved(problem, replace(result, seats=back))  # where they differ, both roundings are right


@given(problems())
def test_exchanging_rows_and_columns_decides_ties_only(problem):
    weights, rows, columns, floor, cap = problem
    result = apportion_two_way(*problem)
    other = apportion_two_way(*(np.ascontiguousarray(array) for array in (weights.T, columns, rows, floor.T, cap.T)))
    assert proved(problem, replace(result, seats=np.ascontiguousarray(other.seats.T)))


class TestCheck:
    @given(problems(least=2), st.data())
    def test_refuses_every_exchange_that_is_no_tie(self, problem, data):
        weights, _, _, floor, cap = problem
        result = apportion_two_way(*problem)
        held = np.argwhere(result.seats).tolist()
        exchanges = [((i, m), (k, j)) for i, m in held for k, j in held if i != k and m != j]
        assume(exchanges)
        (i, m), (k, j) = data.draw(st.sampled_from(exchanges))
        moved = result.seats.copy()
        moved[[i, k], [j, m]] += 1
        moved[[i, k], [m, j]] -= 1
        top = np.where(weights > 0, cap, floor)
        allowed = ((moved >= floor) & (moved <= top)).all()
        tie = allowed and cost(weights, moved, floor) == cost(weights, result.seats, floor)
        assert proved(problem, replace(result, seats=moved)) == tie

    GOOD = (
        np.array([[50, 20], [30, 90]]),
        counts(7, 12),
        counts(8, 11),
        np.array([[0, 0], [0, 0]]),
        np.array([[99, 99], [99, 8]]),
    )

    def test_accepts_the_result(self):
        assert proved(self.GOOD, apportion_two_way(*self.GOOD))

    @pytest.mark.parametrize(
        "tampered",
        [
            np.array([[4, 3], [5, 7]]),  # the total of a column
            np.array([[5, 3], [4, 8]]),  # the total of a row
            np.array([[3, 4], [5, 7]]),  # an exchange
            np.array([[5, 2], [3, 9]]),  # above the cap
        ],
    )
    def test_refuses_other_seats(self, tampered):
        assert not proved(self.GOOD, replace(apportion_two_way(*self.GOOD), seats=tampered))

    def test_refuses_seats_below_zero(self):
        result = apportion_two_way(*self.GOOD)
        with pytest.raises(ValueError, match="negative"):
            proved(self.GOOD, replace(result, seats=np.array([[8, -1], [0, 12]])))

    @pytest.mark.parametrize("factor", [2, Fraction(1, 2)])
    def test_refuses_other_multipliers(self, factor):
        result = apportion_two_way(*self.GOOD)
        scaled = tuple(each * factor for each in result.row_multipliers)
        assert not proved(self.GOOD, replace(result, row_multipliers=scaled))

    def test_refuses_multipliers_that_are_negative_or_too_few(self):
        result = apportion_two_way(*self.GOOD)
        rows, columns = (tuple(-each for each in side) for side in (result.row_multipliers, result.column_multipliers))
        assert not proved(self.GOOD, replace(result, row_multipliers=rows, column_multipliers=columns))
        assert not proved(self.GOOD, replace(result, row_multipliers=result.row_multipliers[:1]))

    def test_refuses_other_totals(self):
        weights, rows, columns, floor, cap = self.GOOD
        result = apportion_two_way(*self.GOOD)
        assert not is_biproportional(weights, rows + counts(1, -1), columns, result, floor, cap)
        assert not is_biproportional(weights, rows, columns + counts(1, -1), result, floor, cap)

    def test_refuses_a_cell_without_weight_above_its_floor(self):
        weights, zero = np.array([[0, 0], [0, 5]]), np.zeros((2, 2), np.int64)
        result = apportion_two_way(weights, counts(0, 3), counts(0, 3), zero, zero + 9)
        lifted = replace(result, seats=np.array([[1, 0], [0, 3]]))
        assert not is_biproportional(weights, counts(1, 3), counts(1, 3), lifted, zero, zero + 9)

    def test_refuses_other_bounds_than_those_it_was_made_for(self):
        weights, rows, columns, floor, cap = self.GOOD
        result = apportion_two_way(*self.GOOD)
        assert result.binding[1][1] == "cap"
        one = np.array([[True, False], [False, False]])
        assert not is_biproportional(weights, rows, columns, result, floor, cap + 1)
        assert not is_biproportional(weights, rows, columns, result, floor, np.where(one, result.seats - 1, cap))
        assert not is_biproportional(weights, rows, columns, result, np.where(one, result.seats + 1, floor), cap)


class TestEdges:
    def test_no_places(self):
        zero = np.zeros((2, 3), np.int64)
        result = apportion_two_way(zero + 5, zero[:, 0], zero[0], zero, zero + 9)
        assert result.seats.tolist() == zero.tolist()

    @pytest.mark.parametrize("shape", [(0, 0), (0, 3), (2, 0)])
    def test_no_cell(self, shape):
        zero = np.zeros(shape, np.int64)
        rows, columns = np.zeros(shape[0], np.int64), np.zeros(shape[1], np.int64)
        assert is_biproportional(zero, rows, columns, apportion_two_way(zero, rows, columns, zero, zero), zero, zero)

    def test_one_cell(self):
        one = np.ones((1, 1), np.int64)
        assert apportion_two_way(one, counts(5), counts(5), 0 * one, 9 * one).seats.tolist() == [[5]]

    def test_one_row_is_its_column_totals(self):
        zero = np.zeros((1, 3), np.int64)
        assert apportion_two_way(zero + 7, counts(6), counts(1, 2, 3), zero, zero + 9).seats.tolist() == [[1, 2, 3]]

    def test_fewer_places_than_cells(self):
        weights, zero = np.array([[9, 1, 1], [1, 9, 1]]), np.zeros((2, 3), np.int64)
        result = apportion_two_way(weights, counts(1, 1), counts(1, 1, 0), zero, zero + 9)
        assert result.seats.tolist() == [[1, 0, 0], [0, 1, 0]]

    def test_equal_weights_favour_the_first_cell(self):
        one = np.ones((2, 2), np.int64)
        result = apportion_two_way(one, counts(1, 1), counts(1, 1), 0 * one, 9 * one)
        assert result.seats.tolist() == [[1, 0], [0, 1]]
        assert set(result.row_multipliers + result.column_multipliers) == {Fraction(1), Fraction(1, 2)}  # 1/2: the tie

    def test_ties_go_row_by_row_in_a_table_with_more_rows_than_columns_too(self):
        one = np.ones((4, 3), np.int64)
        problem = one, counts(2, 1, 2, 0), counts(2, 1, 2), 0 * one, one
        first = [[1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 0, 0]]  # column by column it would be another
        assert apportion_two_way(*problem).seats.tolist() == first == first_best_table(*problem)

    def test_nearly_tied_all_over(self):
        # Cycles cost about 1e-9 here: some lie in a group of rows judged by fractions, some lead out of it without
        # leaving room for the other rows, so the group has to grow.
        rng = np.random.default_rng(397)
        size = int(rng.integers(6, 13))
        weights = 10**12 - rng.integers(0, int(10 ** rng.uniform(2.5, 4.5)), (size, size))
        zero = np.zeros((size, size), np.int64)
        problem = weights, counts(*[size * 10**8] * size), counts(*[size * 10**8] * size), zero, zero + 2**40
        assert proved(problem, apportion_two_way(*problem))

    def test_no_ceiling(self):
        weights, endless = np.array([[3, 1], [1, 3]]), np.full((2, 2), np.iinfo(np.int64).max)
        assert apportion_two_way(weights, counts(4, 4), counts(4, 4), 0 * endless, endless).seats.sum() == 8

    def test_a_row_and_a_column_with_cap_zero(self):
        cap = np.array([[9, 9, 0], [0, 0, 0], [9, 9, 0]])
        result = apportion_two_way(np.ones((3, 3), np.int64), counts(4, 0, 6), counts(5, 5, 0), 0 * cap, cap)
        assert result.seats.tolist() == [[2, 2, 0], [0, 0, 0], [3, 3, 0]]

    def test_weight_zero_keeps_its_floor_although_another_table_would_fit(self):
        weights, floor, cap = np.array([[0, 5], [5, 5]]), np.array([[2, 0], [0, 0]]), np.full((2, 2), 9)
        assert apportion_two_way(weights, counts(6, 6), counts(6, 6), floor, cap).seats.tolist() == [[2, 4], [4, 2]]
        with pytest.raises(InfeasibleMargins):
            apportion_two_way(weights, counts(12, 0), counts(6, 6), floor, cap)

    def test_all_weights_zero(self):
        zero = np.zeros((2, 2), np.int64)
        floor = np.array([[1, 2], [3, 4]])
        result = apportion_two_way(zero, counts(3, 7), counts(4, 6), floor, floor + 9)
        assert result.binding == (("floor",) * 2,) * 2
        with pytest.raises(InfeasibleMargins):
            apportion_two_way(zero, counts(4, 7), counts(5, 6), floor, floor + 9)

    def test_a_positive_weight_forced_to_stay_empty(self):
        weights, zero = np.array([[1, 999], [5, 7]]), np.zeros((2, 2), np.int64)
        problem = (weights, counts(8, 4), counts(8, 4), zero, np.array([[9, 9], [0, 9]]))
        result = apportion_two_way(*problem)
        assert result.seats.tolist() == [[8, 0], [0, 4]]
        assert proved(problem, result)

    @pytest.mark.parametrize("seed", range(8))
    @pytest.mark.parametrize("shape", [(4, 35), (35, 4), (10, 514)])
    def test_real_size_is_exact_where_floats_cannot_tell(self, shape, seed):
        rng = np.random.default_rng(seed)
        weights = 10**12 - rng.integers(0, 3, shape)
        seats = rng.integers(0, 1000, shape)
        problem = weights, seats.sum(axis=1), seats.sum(axis=0), 0 * seats, seats + 10**6
        assert proved(problem, apportion_two_way(*problem))

    def test_costs_closer_than_a_float_can_tell(self):
        # As in the test of the same name of one level: the first row's claims differ by 1e-18 of themselves, the second row's
        # are equal, so a float takes some of these cycles of negative cost for ties.
        for s, t, k in zip(range(1000, 1200), range(1700, 2100, 2), range(500, 700), strict=True):
            if gcd(2 * s + 1, 2 * t + 1) > 1:
                continue
            strong = pow(2 * s + 1, -1, 2 * t + 1) + (2 * t + 1) * (10**15 // (2 * t + 1) // 2)
            weak = (strong * (2 * s + 1) - 1) // (2 * t + 1)
            weights = np.array([[weak, strong], [10**12, 10**12]])
            zero = np.zeros((2, 2), np.int64)
            problem = weights, counts(s + t + 1, 2 * k + 1), counts(s + k + 1, t + k + 1), zero, zero + 2**40
            result = apportion_two_way(*problem)
            assert result.seats.tolist() == [[s, t + 1], [k + 1, k]]
            assert proved(problem, result)

    @pytest.mark.parametrize("seed", range(20))
    def test_far_from_any_guess(self, seed):
        # Weights and places over many powers of ten, most cells without weight: millions of places have to move.
        rng = np.random.default_rng(seed)
        shape = (6, 20)
        seats = np.floor(np.exp(rng.uniform(0, 25, shape))).astype(np.int64)
        weights = np.exp(rng.uniform(0, 34, shape)).astype(np.int64)
        weights[rng.random(shape) < 0.6] = 0
        seats[weights == 0] = 0
        problem = weights, seats.sum(axis=1), seats.sum(axis=0), 0 * seats, seats + rng.integers(0, 10**9, shape)
        assert proved(problem, apportion_two_way(*problem))


class TestReadme:
    """The worked table of clusters/README.md, number by number."""

    @pytest.fixture
    def text(self):
        return README.read_text()

    @pytest.fixture
    def rows(self, text):
        return worked_rows(text, r"cluster \(total, multiplier\)")

    def problem(self, text, rows, after):
        totals = [int(re.search(r"\((\d+),", row[0])[1]) for row in rows[::3]]
        regencies = re.search(after + r" P (\d+), Q (\d+),\s+R (\d+)", text).groups()
        weights, floor, cap = (counts(*(int(row[k]) for row in rows)).reshape(3, 3) for k in (2, 3, 4))
        return weights, counts(*totals), counts(*map(int, regencies)), floor, cap

    def test_worked_table(self, text, rows):
        weights, *rest = self.problem(text, rows, "Totals of regencies:")
        result = apportion_two_way(weights, *rest)
        per_place = re.search(r"Persons per place: P ([\d.]+), Q ([\d.]+), R ([\d.]+)\.\n", text).groups()
        assert [1 / each for each in result.column_multipliers] == [Fraction(each) for each in per_place]
        assert [re.search(r", ([\d.]+)\)", row[0])[1] for row in rows[::3]] == [
            f"{float(each):g}" for each in result.row_multipliers
        ]
        quotients = [
            float(int(weights[i, j]) * result.row_multipliers[i] * result.column_multipliers[j])
            for i, j in np.ndindex(3, 3)
        ]
        bindings = [binding or "-" for line in result.binding for binding in line]
        assert [row[5:] for row in rows] == [
            [f"{quotient:.2f}", f"{quotient:.0f}", str(seats), binding]
            for quotient, seats, binding in zip(quotients, result.seats.ravel(), bindings, strict=True)
        ]
        assert f"310 x {float(result.row_multipliers[2])} / {per_place[2]} = {quotients[-1]:.2f}, hence 14" in text

    def test_impossible_totals(self, text, rows):
        with pytest.raises(InfeasibleMargins) as caught:
            apportion_two_way(*self.problem(text, rows, r"With\s+the totals"))
        error = caught.value
        assert (error.side, error.rows, error.columns, error.needs, error.short) == ("rows", [0], [1], 40, 2)
