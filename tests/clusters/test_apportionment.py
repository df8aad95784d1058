"""The split of places: equal to its definition, monotone, exact at the edges, and as the README says."""

import re
from fractions import Fraction
from math import gcd
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clusters import apportionment
from clusters.apportionment import Infeasible, apportion, apportion_table, is_webster
from tests.clusters.apportion_oracle import give_one_by_one

README = Path(apportionment.__file__).parents[1] / "README.md"


def counts(*numbers):
    return np.array(numbers, dtype=np.int64)


def worked_rows(text, first_column):
    """The fields of the README's table whose first heading is this."""
    table = re.search(rf"^\| {first_column} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [[field.strip() for field in line.strip("|").split("|")] for line in table[1].splitlines()]


@st.composite
def tables(draw, shape=None):
    """(weights, total, floor, cap) with floor <= cap and sum(floor) <= total; ties and zeros are frequent."""
    shape = shape or (draw(st.integers(1, 8)),)
    size = int(np.prod(shape))

    def column(values):
        return np.array(draw(st.lists(values, min_size=size, max_size=size)), np.int64).reshape(shape)

    floor = column(st.one_of(st.just(0), st.integers(0, 6)))
    cap = floor + column(st.integers(0, 25))
    total = int(floor.sum()) + draw(st.integers(0, 60))
    weights = column(st.one_of(st.integers(0, 12), st.integers(0, 10**12)))
    return weights, total, floor, cap


def rounds_to(quotient, seats):
    """Whether seats is a rounding of quotient, an exact half being free to go either way."""
    return abs(quotient - seats) <= Fraction(1, 2)


def tied(quotient):
    return quotient.denominator == 2


@given(tables())
def test_equals_the_unit_by_unit_definition(table):
    weights, total, floor, cap = table
    result = apportion(*table)
    seats, unassigned = give_one_by_one(weights.tolist(), total, floor.tolist(), cap.tolist())
    assert result.seats.tolist() == seats
    assert result.unassigned == unassigned
    assert is_webster(weights, total, result, floor, cap)


@given(tables())
def test_divisor_binding_and_price_explain_every_cell(table):
    weights, _, floor, cap = table
    result = apportion(*table)
    rows = zip(
        weights.tolist(),
        result.seats.tolist(),
        floor.tolist(),
        cap.tolist(),
        result.binding,
        result.next_price,
        strict=True,
    )
    for weight, seats, low, high, binding, price in rows:
        assert price == (Fraction(2 * weight, 2 * seats + 1) if weight and seats < high else None)
        if result.divisor is None:
            continue
        quotient = weight / result.divisor
        if binding == "floor":
            assert seats == low and quotient < low and not rounds_to(quotient, low)
        elif binding == "cap":
            assert seats == high and quotient > high and not rounds_to(quotient, high)
        else:
            assert rounds_to(quotient, seats)
        if not tied(quotient):
            assert seats == sorted((low, int(quotient + Fraction(1, 2)), high))[1]


@given(tables())
def test_without_a_divisor_nothing_was_decided_by_weight(table):
    weights, _, floor, cap = table
    result = apportion(*table)
    at_floor = (result.seats == floor).all()
    at_top = (result.seats == np.where(weights > 0, cap, floor)).all()
    assert (result.divisor is None) == (at_floor or at_top)


@given(tables())
def test_one_place_more_lowers_no_cell(table):
    weights, total, floor, cap = table
    before = apportion(weights, total, floor, cap)
    after = apportion(weights, total + 1, floor, cap)
    assert (after.seats >= before.seats).all()
    assert after.seats.sum() - before.seats.sum() == (0 if before.unassigned or after.unassigned else 1)


@given(tables(), st.integers(2, 1000))
def test_scaling_the_weights_changes_nothing(table, factor):
    weights, total, floor, cap = table
    result = apportion(weights, total, floor, cap)
    scaled = apportion(weights * factor, total, floor, cap)
    assert scaled.seats.tolist() == result.seats.tolist()
    assert scaled.unassigned == result.unassigned


@given(tables(), st.randoms(use_true_random=False))
def test_order_of_the_cells_decides_ties_only(table, random):
    weights, total, floor, cap = table
    order = list(range(len(weights)))
    random.shuffle(order)
    result = apportion(weights, total, floor, cap)
    shuffled = apportion(weights[order], total, floor[order], cap[order])
    assert shuffled.unassigned == result.unassigned
    for place, cell in enumerate(order):
        difference = abs(int(shuffled.seats[place]) - int(result.seats[cell]))
        assert difference == 0 or (difference == 1 and tied(int(weights[cell]) / result.divisor))


@given(tables())
def test_is_webster_rejects_every_move_of_one_place_that_is_no_tie(table):
    weights, total, floor, cap = table
    seats = apportion(*table).seats
    assume(len(seats) > 1)
    for giver in range(len(seats)):
        for taker in range(len(seats)):
            if giver == taker or not seats[giver]:
                continue
            moved = seats.copy()
            moved[giver] -= 1
            moved[taker] += 1
            tie = int(weights[taker]) * (2 * int(seats[giver]) - 1) == int(weights[giver]) * (2 * int(seats[taker]) + 1)
            allowed = weights[taker] and seats[giver] > floor[giver] and seats[taker] < cap[taker]
            assert is_webster(weights, total, moved, floor, cap) == bool(allowed and tie)


@pytest.mark.parametrize(
    ("weights", "total", "seats", "cap", "verdict"),
    [
        ((5, 3), 8, (5, 3), (9, 9), True),
        ((5, 3), 9, (5, 3), (9, 9), False),  # a place kept back although both could take it
        ((5, 3), 7, (5, 3), (9, 9), False),  # one too many
        ((5, 3), 17, (9, 9), (9, 9), False),  # one too many, everybody full
        ((5, 0), 10, (9, 0), (9, 9), True),  # the rest has nowhere to go
        ((5, 0), 10, (9, 1), (9, 9), False),  # forced on a cell without demand
        ((5, 3), 12, (10, 2), (9, 9), False),  # above the cap
    ],
)
def test_is_webster_on_missing_surplus_and_forced_places(weights, total, seats, cap, verdict):
    assert is_webster(counts(*weights), total, counts(*seats), counts(0, 0), counts(*cap)) == verdict


class TestEdges:
    def test_no_places(self):
        result = apportion(counts(3, 5), 0, counts(0, 0), counts(9, 9))
        assert (result.seats.tolist(), result.unassigned, result.divisor) == ([0, 0], 0, None)

    def test_fewer_places_than_cells(self):
        result = apportion(counts(1, 5, 3), 2, counts(0, 0, 0), counts(9, 9, 9))
        assert result.seats.tolist() == [0, 1, 1]

    def test_floors_beyond_the_total(self):
        with pytest.raises(Infeasible, match=r"floors need 7 places, 2 more than the total of 5; .*: 0, 2$") as caught:
            apportion(counts(1, 1, 1), 5, counts(3, 0, 4), counts(9, 9, 9))
        assert (caught.value.rows, caught.value.columns, caught.value.short) == ([0, 2], [], 2)

    def test_caps_below_the_total_leave_a_rest(self):
        result = apportion(counts(1, 9), 20, counts(0, 0), counts(4, 5))
        assert (result.seats.tolist(), result.unassigned) == ([4, 5], 11)
        assert (result.divisor, result.binding) == (None, ("cap", "cap"))

    def test_granted_places_above_a_new_cap(self):
        with pytest.raises(Infeasible, match=r"floor above cap by 5 place\(s\) in cell\(s\) 1, 3") as caught:
            apportion(counts(1, 1, 1, 1), 99, counts(0, 4, 0, 6), counts(9, 2, 9, 3))
        assert (caught.value.rows, caught.value.short) == ([1, 3], 5)

    def test_weight_zero_keeps_its_floor(self):
        result = apportion(counts(0, 7), 12, counts(3, 0), counts(50, 50))
        assert result.seats.tolist() == [3, 9]
        assert result.binding == ("floor", "")

    def test_no_weight_at_all(self):
        result = apportion(counts(0, 0), 12, counts(3, 0), counts(50, 50))
        assert (result.seats.tolist(), result.unassigned, result.divisor) == ([3, 0], 9, None)
        assert result.binding == ("floor", "")

    def test_equal_weights_favour_the_lowest_index(self):
        result = apportion(counts(7, 7, 7), 5, counts(0, 0, 0), counts(9, 9, 9))
        assert result.seats.tolist() == [2, 2, 1]
        assert result.divisor == Fraction(14, 3)  # 7 / (14/3) = 1.5: the tie shows

    def test_one_cell(self):
        assert apportion(counts(1), 5, counts(0), counts(9)).seats.tolist() == [5]

    def test_no_cell(self):
        assert apportion(counts(), 5, counts(), counts()).unassigned == 5

    def test_cap_zero_is_a_cluster_that_does_not_exist(self):
        assert apportion(counts(9, 1), 4, counts(0, 0), counts(0, 9)).seats.tolist() == [0, 4]

    def test_no_ceiling(self):
        endless = np.iinfo(np.int64).max
        assert apportion(counts(9, 1), 10, counts(0, 0), counts(endless, endless)).seats.tolist() == [9, 1]

    def test_a_place_is_a_lot_for_a_small_cell_beside_a_huge_one(self):
        result = apportion(counts(10**12, 1), 5_000_000, counts(0, 0), counts(10, 5_000_000))
        assert result.seats.tolist() == [10, 4_999_990]

    @pytest.mark.parametrize("cells", [140, 5140])
    def test_national_size_is_exact(self, cells):
        # Weights near 10**12 that differ by 1: floats cannot tell their quotients apart.
        weights = 10**12 - np.arange(cells, dtype=np.int64)[::-1] // 2
        floor, cap = np.zeros(cells, np.int64), np.full(cells, 5_000_000)
        result = apportion(weights, 5_000_000, floor, cap)
        assert is_webster(weights, 5_000_000, result, floor, cap)
        assert result.seats.sum() == 5_000_000

    def test_claims_closer_than_a_float_can_tell(self):
        # strong / (2t + 1) exceeds weak / (2s + 1) by 1 / ((2s + 1)(2t + 1)), 1e-18 of itself: the float
        # guess gives some of these places to the weaker claim.
        floor, cap = counts(0, 0), counts(2**40, 2**40)
        for s, t in zip(range(1000, 1200), range(1700, 2100, 2), strict=True):
            if gcd(2 * s + 1, 2 * t + 1) > 1:
                continue
            strong = pow(2 * s + 1, -1, 2 * t + 1) + (2 * t + 1) * (10**15 // (2 * t + 1) // 2)
            weak = (strong * (2 * s + 1) - 1) // (2 * t + 1)
            assert apportion(counts(weak, strong), s + t + 1, floor, cap).seats.tolist() == [s, t + 1]


class TestRefusedInput:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"weights": np.array([1.0, 2.0])}, "int64"),
            ({"cap": np.array([9, 9], np.int32)}, "int64"),
            ({"floor": [0, 0]}, "int64"),
            ({"cap": counts(9)}, "shape"),
            ({"weights": counts(1, -2)}, r"negative number in cell \[1\]"),
            ({"floor": counts(-1, 0)}, r"negative number in cell \[0\]"),
            ({"total": -1}, "total must"),
            ({"total": 2**40 + 1}, "total must"),
            ({"weights": counts(1, 10**15 + 1)}, "weight"),
            (dict.fromkeys(("weights", "floor", "cap"), np.zeros((1, 2), np.int64)), "dimension"),
        ],
    )
    def test_is_named(self, change, message):
        good = {"weights": counts(1, 2), "total": 3, "floor": counts(0, 0), "cap": counts(9, 9)}
        with pytest.raises(ValueError, match=message):
            apportion(**(good | change))

    def test_total_is_a_whole_number(self):
        with pytest.raises(TypeError):
            apportion(counts(1), 3.5, counts(0), counts(9))


def largest_remainder(weights, total):
    """Hamilton's method, the naive twin: kept to show why the product does not use it."""
    seats = [w * total // sum(weights) for w in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(weights[i] * total % sum(weights)))
    for cell in by_remainder[: total - sum(seats)]:
        seats[cell] += 1
    return seats


def test_largest_remainder_takes_a_place_away_when_there_is_one_more():
    weights = [6, 6, 2]
    assert largest_remainder(weights, 10) == [4, 4, 2]
    assert largest_remainder(weights, 11) == [5, 5, 1]
    none, endless = counts(0, 0, 0), counts(99, 99, 99)
    ten, eleven = (apportion(counts(*weights), total, none, endless).seats for total in (10, 11))
    assert (eleven >= ten).all()


class TestTable:
    @given(tables(shape=(3, 4)), st.none() | st.lists(st.integers(0, 5), min_size=3, max_size=3))
    def test_each_stage_is_webster_and_nothing_is_lost(self, table, shares):
        weights, total, floor, cap = table
        shares = shares and counts(*shares)
        result = apportion_table(weights, total, floor, cap, shares)
        claims = weights.sum(axis=1) if shares is None else shares
        assert is_webster(claims, total, result.clusters, floor.sum(axis=1), cap.sum(axis=1))
        for i, row in enumerate(result.regencies):
            assert is_webster(weights[i], int(result.clusters.seats[i]), row, floor[i], cap[i])
            assert result.seats[i].tolist() == row.seats.tolist()
            assert row.seats.sum() + row.unassigned == result.clusters.seats[i]
        assert result.seats.sum() + result.unassigned == total

    @given(tables(shape=(3, 4)))
    def test_one_place_more_lowers_no_cell(self, table):
        weights, total, floor, cap = table
        before = apportion_table(weights, total, floor, cap)
        after = apportion_table(weights, total + 1, floor, cap)
        assert (after.seats >= before.seats).all()

    def test_floors_beyond_the_total_name_clusters_and_regencies(self):
        floor = np.array([[0, 3], [4, 0]])
        with pytest.raises(Infeasible, match=r"2 more than the total of 5; .*\(0, 1\), \(1, 0\)") as caught:
            apportion_table(np.ones((2, 2), np.int64), 5, floor, floor + 9)
        assert (caught.value.rows, caught.value.columns, caught.value.short) == ([0, 1], [1, 0], 2)

    def test_floor_above_cap_names_the_cell(self):
        floor, cap = np.array([[0, 0], [0, 4]]), np.array([[9, 9], [9, 3]])
        with pytest.raises(Infeasible, match=r"\(1, 1\)"):
            apportion_table(np.ones((2, 2), np.int64), 50, floor, cap)

    def test_no_ceiling(self):
        cap = np.full((2, 2), np.iinfo(np.int64).max)
        result = apportion_table(np.ones((2, 2), np.int64), 8, np.zeros((2, 2), np.int64), cap)
        assert result.seats.tolist() == [[2, 2], [2, 2]]

    def test_a_regency_or_cluster_with_cap_zero(self):
        cap = np.array([[0, 9, 9], [0, 0, 0]])
        result = apportion_table(np.ones((2, 3), np.int64), 30, np.zeros((2, 3), np.int64), cap)
        assert result.seats.tolist() == cap.tolist()
        assert result.unassigned == 12

    def test_shares_of_the_wrong_length_are_refused(self):
        zero = np.zeros((2, 3), np.int64)
        with pytest.raises(ValueError, match="shape"):
            apportion_table(zero, 0, zero, zero, counts(1, 1, 1))


class TestReadme:
    """The worked tables of clusters/README.md, number by number."""

    @pytest.fixture
    def text(self):
        return README.read_text()

    def test_one_level(self, text):
        total, divisor, unassigned = map(
            int, re.search(r"(\d+) places\. Divisor: (\d+) .*Unassigned: (\d+)", text).groups()
        )
        rows = worked_rows(text, "cell")
        weights, floor, cap = (counts(*(int(row[k]) for row in rows)) for k in (1, 2, 3))
        result = apportion(weights, total, floor, cap)
        assert (result.divisor, result.unassigned) == (divisor, unassigned)
        computed = [
            [f"{w / divisor:.2f}", f"{w / divisor:.0f}", str(seats), binding or "-", price]
            for w, seats, binding, price in zip(
                weights.tolist(),
                result.seats.tolist(),
                result.binding,
                ["-" if price is None else f"{float(price):.2f}" for price in result.next_price],
                strict=True,
            )
        ]
        assert [row[4:] for row in rows] == computed
        assert f"above {float(max(filter(None, result.next_price))):.2f}" in text
        assert f"below {2030 / 19.5:.2f}" in text

    def test_two_stages(self, text):
        total, unassigned = map(int, re.search(r"(\d+) places, shares 1 : 1\. Unassigned: (\d+)", text).groups())
        rows = worked_rows(text, "cluster")
        weights, floor, cap, seats = (np.array([int(row[k]) for row in rows]).reshape(2, 3) for k in (2, 3, 4, 5))
        result = apportion_table(weights, total, floor, cap, counts(1, 1))
        assert result.seats.tolist() == seats.tolist()
        assert result.unassigned == result.regencies[1].unassigned == unassigned
        cap[1, 1] = floor[1, 1]  # "lower the cap of Q": the places flow to PHK
        flowed = apportion_table(weights, total, floor, cap, counts(1, 1))
        assert flowed.unassigned == 0
        assert flowed.seats[0].sum() == result.seats[0].sum() + unassigned

    def test_demand_divisor_of_the_sentence(self, text):
        rows = worked_rows(text, "cluster")
        weights, floor, cap = (np.array([int(row[k]) for row in rows]).reshape(2, 3) for k in (2, 3, 4))
        result = apportion_table(weights, 40, floor, cap)
        assert f'"one place per {result.regencies[0].divisor} persons' in text

    def test_alabama_example(self, text):
        assert "weights 6, 6, 2 get 4, 4, 2 of 10 places, but 5, 5, 1 of 11" in text
