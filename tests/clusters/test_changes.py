"""What differs between the inputs of two versions: by kind, cell and figure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from clusters.changes import Change, Stated, StatedCell, changes_between, is_decided, moved_places


def figure(indicator: str, value: float, *, dataset: str = "BPS 2025", day: str = "2026-01-05") -> dict[str, Any]:
    return {
        "id": f"{indicator}-{dataset}",
        "indicator": indicator,
        "value": value,
        "unit": "persons",
        "dataset": dataset,
        "as_of": f"{day}T00:00:00+07:00",
        "period": "2025",
        "note": "",
    }


def cell(
    weight: Mapping[str, Any] | None = None,
    *,
    persons: int = 100,
    floor: int = 16,
    cap: int = 64,
    granted: int | None = None,
    seats: int | None = 64,
) -> StatedCell:
    found = weight or {"status": "reported", "indicator": "pmi", "chosen": figure("pmi", persons), "others": []}
    basis = {
        "weight": {**found, "value": persons * 12},
        "floor": {"policy": 16, "granted": granted and figure("granted_places", granted, dataset="Tempat"), "value": floor},
        "cap": {"seats": seats and figure("open_seats", seats, dataset="Kursi"), "eligible": None, "value": cap},
    }  # fmt: skip
    return StatedCell(persons * 12, floor, cap, basis)


def stated(cells: Mapping[str, StatedCell] | None = None, *, total: int = 400, **policy: Any) -> Stated:
    rules = {"version": 0, "weights": "indicators", "decree": "CONTOH/1", "floor": 16, "formulas": {"PMI": {"a": "1"}}}
    return Stated(
        total,
        {**rules, "decreed": {"clusters": {}, "regencies": {}}, **policy},
        {(3301, code): found for code, found in (cells or {"PMI": cell()}).items()},
    )


def of(name: str, changes: list[Change]) -> list[Change]:
    return [change for change in changes if change["name"] == name]


def test_same_inputs_differ_in_nothing() -> None:
    assert changes_between(stated(), stated()) == []


def test_new_seats_name_the_cell_the_count_and_its_data_set() -> None:
    changes = changes_between(stated(), stated({"PMI": cell(seats=128, cap=128)}))
    assert changes == [
        {"name": "open_seats", "cells": 1, "before": 64, "after": 128},
        {
            "name": "cap",
            "cluster": "PMI",
            "regency": 3301,
            "before": 64,
            "after": 128,
            "figures": [{"indicator": "open_seats", "before": 64, "after": 128, "dataset": "Kursi"}],
        },
    ]
    assert not any(is_decided(change) for change in changes)


def test_a_count_that_moves_no_bound_is_told_too() -> None:
    [summary, cap] = changes_between(stated(), stated({"PMI": cell(seats=128, cap=64)}))
    assert (summary["after"], cap["before"], cap["after"]) == (128, 64, 64)


def test_places_granted_and_places_lapsed_are_two_things() -> None:
    before = {"PMI": cell(granted=20, floor=20), "PHK": cell(granted=30, floor=30)}
    after = {"PMI": cell(granted=24, floor=24), "PHK": cell(granted=18, floor=18)}
    changes = changes_between(stated(before), stated(after))
    assert changes[:2] == [
        {"name": "granted_places", "cells": 1, "before": 20, "after": 24},
        {"name": "lapsed_places", "cells": 1, "before": 30, "after": 18},
    ]
    assert [(c["cluster"], c["before"], c["after"]) for c in of("floor", changes)] == [
        ("PHK", 30, 18),
        ("PMI", 20, 24),
    ]


def test_a_data_set_is_named_once_with_its_indicators() -> None:
    new = figure("pmi", 150, dataset="BP2MI 2026", day="2026-03-01")
    weight = {"status": "reported", "indicator": "pmi", "chosen": new, "others": [figure("pmi", 100)]}
    changes = changes_between(stated(), stated({"PMI": cell(weight, persons=150)}))
    assert changes[0] == {
        "name": "dataset",
        "dataset": "BP2MI 2026",
        "as_of": "2026-03-01T00:00:00+07:00",
        "indicators": ["pmi"],
    }
    [moved] = of("weight", changes)
    assert (moved["before"], moved["after"]) == (1200, 1800)
    assert moved["figures"] == [{"indicator": "pmi", "before": 100, "after": 150, "dataset": "BP2MI 2026"}]
    assert is_decided(changes[0])


def test_a_data_set_whose_figures_are_not_used_is_told_and_changes_no_cell() -> None:
    doubtful = figure("pmi", 900, dataset="Berita", day="2026-03-01")
    weight = {"status": "reported", "indicator": "pmi", "chosen": figure("pmi", 100), "others": [doubtful]}
    [change] = changes_between(stated(), stated({"PMI": cell(weight)}))
    assert (change["name"], change["dataset"]) == ("dataset", "Berita")


def test_the_provinces_rate_is_a_figure_of_the_cell_that_it_stands_in_for() -> None:
    def estimated(province: int) -> StatedCell:
        rate = {"figure": province, "persons": 1000, "of": [figure("pmi", province), figure("population", 1000)]}
        weight = {"status": "estimated", "indicator": "pmi", "population": figure("population", 200), "rate": rate}
        return cell(weight, persons=province // 5)

    [moved] = changes_between(stated({"PMI": estimated(500)}), stated({"PMI": estimated(600)}))
    assert moved["figures"] == [{"indicator": "pmi", "before": 500, "after": 600, "dataset": "BPS 2025", "rate": True}]


def test_a_planners_own_figure_comes_with_his_reason_and_goes_with_it() -> None:
    choice = {"choice": "c1", "reason": "Survei dinas", "as_of": "2026-02-01"}
    weight = {"status": "entered", "indicator": "pmi", "entered": 130, "choice": choice, "others": [figure("pmi", 100)]}
    came, moved = changes_between(stated(), stated({"PMI": cell(weight, persons=130)}))
    assert came == {"name": "choice", "before": None, "after": "Survei dinas"}
    assert moved["figures"] == [{"indicator": "pmi", "before": 100, "after": 130, "dataset": None}]
    assert moved["status"] == ["reported", "entered"]
    went, _moved = changes_between(stated({"PMI": cell(weight, persons=130)}), stated())
    assert went == {"name": "choice", "before": "Survei dinas", "after": None}


def test_a_cell_that_enters_the_area() -> None:
    outside = cell({"status": "outside", "indicator": ""}, persons=0, floor=0, cap=0, seats=None)
    changes = changes_between(stated({"PMI": outside}), stated())
    assert of("areas", changes) == [{"name": "areas", "cells": 1}]


@pytest.mark.parametrize(
    ("after", "change"),
    [
        (stated(total=500), {"name": "total", "before": 400, "after": 500}),
        (stated(decree="CONTOH/2"), {"name": "decree", "before": "CONTOH/1", "after": "CONTOH/2"}),
        (stated(version=1), {"name": "policy", "before": 0, "after": 1}),
        (stated(weights="registrants"), {"name": "weights", "before": "indicators", "after": "registrants"}),
        (stated(floor=8), {"name": "rule", "rule": "floor", "before": 16, "after": 8}),
        (stated(band=10), {"name": "rule", "rule": "band", "before": None, "after": 10}),
        (
            stated(formulas={"PMI": {"a": "2"}}),
            {"name": "rule", "rule": "formulas.PMI", "before": {"a": "1"}, "after": {"a": "2"}},
        ),
        (
            stated(decreed={"clusters": {"PMI": 90}, "regencies": {}}),
            {"name": "decreed", "cluster": "PMI", "before": None, "after": 90},
        ),
        (
            stated(decreed={"clusters": {}, "regencies": {"3301": 90}}),
            {"name": "decreed", "regency": 3301, "before": None, "after": 90},
        ),
    ],
)
def test_what_was_decided_is_told_and_always_matters(after: Stated, change: Change) -> None:
    assert changes_between(stated(), after) == [change]
    assert is_decided(change)


def test_the_order_of_reading_does_not_matter() -> None:
    before = stated({"PMI": cell(), "PHK": cell()})
    after = stated({"PMI": cell(seats=20, cap=20), "PHK": cell(seats=30, cap=30)})
    turned = replace(after, cells=dict(reversed(list(after.cells.items()))))
    assert changes_between(before, after) == changes_between(before, turned)


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ({"a": 5, "b": 5}, {"a": 5, "b": 5}, 0),
        ({"a": 5, "b": 5}, {"a": 3, "b": 7}, 2),
        ({"a": 5, "b": 5}, {"a": 3, "b": 5}, 2),
        ({"a": 5}, {"a": 5, "b": 4}, 4),
        ({}, {}, 0),
    ],
)
def test_moved_places(before: dict[str, int], after: dict[str, int], moved: int) -> None:
    assert moved_places(before, after) == moved
