"""Worked examples and edge cases of the allocation, and what is refused before any compiled code runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.allocation_oracle import Instance
from training import allocation
from training.allocation import allocate

A, B, BOTH = 1, 2, 3  # cluster sets
NOTHING = (-1, -1, -1)


def person(
    clusters: int, *wishes: int, regency: int = 0, groups: int = 0, strict: bool = False
) -> tuple[int, int, int, tuple[int, ...], bool]:
    return regency, clusters, groups, (*wishes, *[-1] * (5 - len(wishes))), strict


def run(*people: Any, classes: Any, quota: Any, guarantee: Any = None, **more: Any) -> list[tuple[int, int, int]]:
    """(class, wish rank, pass) of each; people are given by ticket, the best first."""
    return Instance(tuple(range(len(people))), people, classes, quota, guarantee, **more).run(allocation)


ONE_EACH = {"classes": ((0, 0, 1), (0, 1, 1)), "quota": ((1, 1),)}


def test_a_wish_may_not_cost_somebody_else_the_place() -> None:
    both, only_a = person(BOTH, 0, 1), person(A)
    assert run(both, only_a, **ONE_EACH) == [(1, 1, 0), (0, 5, 0)]
    assert run(both, only_a, mode="sd", **ONE_EACH) == [(0, 0, 0), (-1, -1, 0)]


def test_displaced_people_free_their_place_for_others_in_plain_serial_dictatorship() -> None:
    people = (person(BOTH, 0), person(A), person(B))
    assert run(*people, mode="sd", **ONE_EACH) == [(0, 0, 0), (-1, -1, 0), (1, 5, 0)]


def test_better_ticket_wins_within_the_same_set_whatever_the_wishes() -> None:
    people = (person(A, 1, 1, 1), person(A, 0), person(A, 0))
    assert run(*people, classes=((0, 0, 2), (0, 1, 2)), quota=((2, 2),)) == [(0, 5, 0), (0, 0, 0), NOTHING]


def test_strict_person_gives_the_place_back_and_it_goes_on_down_the_list() -> None:
    people = (person(A, 1, strict=True), person(A, strict=True), person(A), person(A))
    assert run(*people, classes=((0, 0, 1), (0, 1, 1)), quota=((1, 1),)) == [
        (-1, -1, 0),
        (-1, -1, 0),
        (0, 5, 0),
        NOTHING,
    ]


def test_everybody_strict_and_every_list_exhausted() -> None:
    people = [person(A, 0, strict=True)] + [person(A, strict=True)] * 40
    assert run(*people, classes=((0, 0, 2),), quota=((2, 0),))[1:] == [(-1, -1, 0)] * 40


def test_guarantee_takes_the_best_tickets_of_the_group_and_one_person_counts_for_all_traits() -> None:
    people = (person(A), person(A, groups=1), person(A, groups=3), person(A, groups=2))
    result = run(*people, classes=((0, 0, 3),), quota=((3, 0),), guarantee=((2, 1),))
    assert result == [(0, 5, 2), (0, 5, 0), (0, 5, 0), NOTHING]


def test_unused_guarantee_is_open_to_all() -> None:
    result = run(person(A), person(A), classes=((0, 0, 2),), quota=((2, 0),), guarantee=((9,),))
    assert result == [(0, 5, 1), (0, 5, 1)]


def test_guarantee_above_quota_gives_the_quota() -> None:
    people = (person(A), person(A, groups=1), person(A, groups=1))
    assert run(*people, classes=((0, 0, 9),), quota=((1, 0),), guarantee=((9,),)) == [NOTHING, (0, 5, 0), NOTHING]


@pytest.mark.parametrize(
    ("person_", "expected"),
    [
        (person(0, 0), NOTHING),  # eligible nowhere
        (person(BOTH, 3, 2, 0), (0, 2, 0)),  # other regency, foreign cluster, then the own class
        (person(A, 0, 0, 0), (0, 0, 0)),  # a repeated class counts once
        (person(A, -1, -1, 0), (0, 2, 0)),  # gaps keep the column
        (person(A, 1), (0, 5, 0)),  # a class without seats is passed over
        (person(A), (0, 5, 0)),  # empty list
        (person(A, strict=True), (-1, -1, 0)),  # empty list, strict
    ],
)
def test_lists(person_: Any, expected: tuple[int, int, int]) -> None:
    classes = ((0, 0, 1), (0, 0, 0), (0, 2, 1), (1, 0, 1))
    assert run(person_, classes=classes, quota=((1, 1, 1), (1, 1, 1))) == [expected]


@pytest.mark.parametrize(("quota", "seats", "placed"), [(5, 2, 2), (2, 5, 2), (0, 5, 0), (5, 0, 0)])
def test_the_smaller_of_quota_and_seats_binds(quota: int, seats: int, placed: int) -> None:
    result = run(*[person(A)] * 4, classes=((0, 0, seats),), quota=((quota,),))
    assert [k for k, _, _ in result] == [0] * placed + [-1] * (4 - placed)


def test_fallback_is_by_cluster_then_number() -> None:
    classes = ((0, 1, 1), (0, 0, 1), (0, 0, 1))
    assert [k for k, _, _ in run(*[person(BOTH)] * 3, classes=classes, quota=((2, 1),))] == [1, 2, 0]


def test_nobody_and_no_classes() -> None:
    assert run(classes=((0, 0, 1),), quota=((1,),)) == []
    assert run(person(A, -1), classes=(), quota=((5,),)) == [NOTHING]


def arrays(**changes: Any) -> dict[str, Any]:
    people = (person(A, 0), person(BOTH, 1), person(B, 0, 1))
    return Instance((2, 0, 1), people, ((0, 0, 1), (0, 1, 2)), ((1, 1),), ((1,),)).arrays() | changes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order", np.array([0, 1, 1])),
        ("order", np.array([0, 1, -1])),  # would pass for 2 by wrapping around
        ("order", np.array([0, 1, 3])),
        ("order", np.array([0, 1], np.int64)),
        ("order", np.array([0, 1, 2], np.int32)),
        ("order", [0, 1, 2]),
        ("regency", np.array([0, 0, 1], np.int16)),
        ("regency", np.array([0, 0, -1], np.int16)),
        ("clusters", np.array([1, 2, 4], np.uint16)),
        ("clusters", np.array([1, 2, 3], np.int64)),
        ("groups", np.array([0, 1, 2], np.uint16)),
        ("wishes", np.full((3, 5), 2, np.int32)),
        ("wishes", np.full((3, 5), -2, np.int32)),
        ("wishes", np.full((3, 4), -1, np.int32)),
        ("strict", np.array([0, 1, 0], np.int8)),
        ("class_regency", np.array([0, 1], np.int16)),
        ("class_cluster", np.array([0, 2], np.int8)),
        ("class_cluster", np.array([0, -1], np.int8)),
        ("seats", np.array([1, -1], np.int32)),
        ("seats", np.array([1.0, 2.0])),
        ("quota", np.array([[1, -1]], np.int32)),
        ("quota", np.array([1, 1], np.int32)),
        ("quota", np.ones((1, 9), np.int32)),
        ("quota", np.ones((1, 2), ">i4")),
        ("guarantee", np.array([[-1]], np.int32)),
        ("guarantee", np.ones((2, 1), np.int32)),
        ("guarantee", np.ones((1, 17), np.int32)),
        ("mode", "boston"),
    ],
)
def test_wrong_input_is_refused_by_name_before_the_engine_runs(
    name: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def engine(*_: object) -> None:
        raise AssertionError("unchecked input reached the engine")

    monkeypatch.setattr(allocation, "_run", engine)
    with pytest.raises(ValueError, match=f"^{name}: "):
        allocate(**arrays(**{name: value}))


def test_any_memory_layout_gives_the_same_result() -> None:
    given = arrays()
    wide = np.asfortranarray(np.repeat(given["wishes"], 2, axis=1))[:, ::2]
    assert not wide.flags.c_contiguous
    expected = allocate(**given).class_index.tolist()
    assert allocate(**arrays(wishes=wide)).class_index.tolist() == expected


def test_compiles_where_nothing_can_be_cached(tmp_path: Path) -> None:
    """Without a folder for compiled code numba refuses at the decorator; the engine must still come up."""
    shutil.copy(Path(allocation.__file__), tmp_path / "engine.py")
    (tmp_path / "__pycache__").write_text("a file, so that no folder can be made here")
    blocked = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null", "NUMBA_CACHE_DIR": "/dev/null/cache"}
    code = "import engine, numba; print(type(engine._run) is not type(lambda: 0))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | blocked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("True", "")
