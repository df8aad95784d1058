"""What decrees fix decides the form of the split."""

from fractions import Fraction

import numpy as np
import pytest

from clusters.apportionment import Infeasible, apportion_table
from clusters.division import MarginsDisagree, divide

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
