"""What decrees fix decides the form of the split."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from clusters.apportionment import Counts, Infeasible, apportion_table
from clusters.division import Division, MarginsDisagree, band, divide

WEIGHTS = np.array([[900, 300, 50], [400, 0, 200]], dtype=np.int64)
FLOOR = np.array([[0, 0, 2], [0, 1, 0]], dtype=np.int64)
CAP = np.array([[20, 30, 10], [15, 30, 12]], dtype=np.int64)


def given(**margins: object) -> dict[str, object]:
    return {"weights": WEIGHTS, "floor": FLOOR, "cap": CAP, "total": 60, **margins}


def test_without_decrees_it_is_the_two_stage_split() -> None:
    division, table = divide(**given()), apportion_table(WEIGHTS, 60, FLOOR, CAP)  # type: ignore[arg-type]
    assert (division.method, division.unassigned) == ("two_stages", table.unassigned)
    assert division.seats.tolist() == table.seats.tolist()
    assert division.divisor(0, 1) == table.regencies[0].divisor


def test_a_decreed_cluster_gets_its_own_and_the_others_share_the_rest() -> None:
    division = divide(**given(cluster_totals=[12, None]))  # type: ignore[arg-type]
    assert division.seats.sum(axis=1).tolist() == [12, 28]
    assert division.unassigned == 20


def test_what_a_decreed_cluster_cannot_use_flows_to_nobody() -> None:
    division = divide(**given(cluster_totals=[None, 58]))  # type: ignore[arg-type]
    assert division.seats.sum(axis=1).tolist() == [2, 28]
    assert division.unassigned == 30


def test_decreed_regencies_alone_turn_the_stages_round() -> None:
    division = divide(**given(regency_totals=[30, 20, 10]))  # type: ignore[arg-type]
    assert division.method == "by_regency"
    assert division.seats.sum(axis=0).tolist() == [30, 20, 10]
    assert division.divisor(0, 0) == division.regencies[0]


def test_both_margins_hold_exactly_and_the_product_explains_a_cell() -> None:
    division = divide(**given(cluster_totals=[40, 20], regency_totals=[30, 20, 10]))  # type: ignore[arg-type]
    assert division.method == "two_way"
    assert (division.seats.sum(axis=1).tolist(), division.seats.sum(axis=0).tolist()) == ([40, 20], [30, 20, 10])
    for row in range(2):
        for column in range(3):
            divisor = division.divisor(row, column)
            if division.binding[row][column] or not WEIGHTS[row, column] or divisor is None:
                continue
            assert abs(Fraction(int(WEIGHTS[row, column])) / divisor - int(division.seats[row, column])) <= Fraction(
                1, 2
            )


@pytest.mark.parametrize(
    ("clusters", "regencies", "code"),
    [
        ([40, 21], [], "total"),
        ([40, 19], [], "total"),
        ([40, 20], [30, None, 10], "partial"),
        ([61, None], [], "total"),
    ],
)
def test_decrees_that_cannot_hold_together_are_named(clusters: list[int], regencies: list[int], code: str) -> None:
    with pytest.raises(MarginsDisagree) as refused:
        divide(**given(cluster_totals=clusters, regency_totals=regencies))  # type: ignore[arg-type]
    assert refused.value.code == code


def test_a_decree_below_the_floors_names_its_cells() -> None:
    with pytest.raises(Infeasible) as refused:
        divide(**given(cluster_totals=[1, None]))  # type: ignore[arg-type]
    assert (refused.value.rows, refused.value.columns, refused.value.short) == ([0], [2], 1)


class TestBand:
    """The ends of the band are splits by divide() of weights off by their errors; no other arithmetic stands in between."""

    PARTS = 1000
    WEIGHT = np.array([[914, 337, 58, 221], [402, 611, 207, 0], [173, 95, 449, 388]], dtype=np.int64)
    ERROR = np.array([[50, 150, 300, 500], [50, 0, 150, 500], [500, 300, 50, 150]], dtype=np.int64)
    FLOOR = np.array([[0, 4, 2, 0], [0, 0, 0, 1], [3, 0, 0, 0]], dtype=np.int64)
    CAP = np.array([[35, 60, 40, 60], [60, 28, 60, 60], [60, 60, 60, 60]], dtype=np.int64)

    def split(self, weights: Counts, shares: object = None, factors: object = None, **margins: object) -> Division:
        claims = shares if factors is None else weights.sum(axis=1) * np.array(factors, dtype=np.int64)
        return divide(
            weights=weights, floor=self.FLOOR, cap=self.CAP, total=120, claims=claims, **margins  # type: ignore[arg-type]
        )  # fmt: skip

    def true(self, row: int, column: int, way: int) -> Iterator[Counts]:
        """The cell off in one way and all others in the other, but for its row or its column."""
        for mates in (np.s_[0:0, :], np.s_[row, :], np.s_[:, column]):
            ways = np.full(self.WEIGHT.shape, -way)
            ways[mates] = way
            ways[row, column] = way
            yield self.WEIGHT * (self.PARTS + ways * self.ERROR)

    @pytest.mark.parametrize(
        "form",
        [
            {},
            {"factors": [3, 0, 1]},
            {"shares": np.array([1, 2, 1], dtype=np.int64)},
            {"cluster_totals": [None, 37, None]},
            {"cluster_totals": [None, 37, None], "factors": [3, 1, 1]},
            {"cluster_totals": [50, 37, 33]},
            {"regency_totals": [None, 29, None, 21]},
            {"regency_totals": [37, 33, 29, 21]},
            {"cluster_totals": [50, 37, 33], "regency_totals": [37, 33, 29, 21]},
        ],
        ids=lambda form: "-".join(form) or "demand",
    )
    def test_of_every_form_both_ends_are_splits_and_the_seats_between(self, form: dict[str, Any]) -> None:
        now = self.split(self.WEIGHT, **form)
        options = form | ({"factors": np.array(form["factors"], dtype=np.float64)} if "factors" in form else {})
        error = self.ERROR / self.PARTS
        found = band(now, weights=self.WEIGHT, error=error, total=120, floor=self.FLOOR, cap=self.CAP, **options)
        assert (found.low <= now.seats).all()
        assert (now.seats <= found.high).all()
        assert (found.low < found.high).sum() > 5
        for row, column in np.ndindex(self.WEIGHT.shape):
            ends = []
            for way, choose in ((-1, min), (1, max)):
                tables = list(self.true(row, column, way))
                if now.method == "two_way":  # what lies in other rows and columns is left out there
                    here = np.zeros(self.WEIGHT.shape, dtype=bool)
                    here[row], here[:, column] = True, True
                    tables = [np.where(here, table, self.WEIGHT * self.PARTS) for table in tables]
                ends.append(choose(int(self.split(table, **form).seats[row, column]) for table in tables))
            assert ends == [found.low[row, column], found.high[row, column]], (row, column)

    def test_registrants_who_are_counted_leave_nothing_open(self) -> None:
        now = self.split(self.WEIGHT)
        found = band(now, weights=self.WEIGHT, error=0.0 * self.ERROR, total=120, floor=self.FLOOR, cap=self.CAP)
        assert found.low.tolist() == found.high.tolist() == now.seats.tolist()
