"""After the draw: refills, withdrawals, cancelled and too small classes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.allocation_oracle import Instance, check_i9, instances
from tests.training.mutants import ONE_TURN, build
from tests.training.test_allocation_examples import A, person
from training import allocation
from training.allocation import ClosedClass, allocate, close_small_classes, refill

ONE_TURN_ENGINE = build(ONE_TURN)


@given(instances())
@settings(deadline=None, max_examples=300)
def test_rounds_of_places_given_back_are_refills(x: Instance) -> None:
    """One turn, then refills over those never admitted until nothing is given back = the whole engine."""
    inputs = x.arrays()
    turn = ONE_TURN_ENGINE.allocate(**inputs)
    holding, passes, cutoffs = turn.class_index.copy(), turn.admitted_pass.copy(), dict(turn.cutoffs)
    while ((turn.admitted_pass >= 0) & (turn.class_index < 0)).any():
        turn = ONE_TURN_ENGINE.refill(holding=holding, waiting=passes < 0, **inputs)
        holding = np.maximum(holding, turn.class_index)
        passes = np.maximum(passes, turn.admitted_pass)
        cutoffs |= {key: max(position, cutoffs.get(key, -1)) for key, position in turn.cutoffs.items()}
    whole = allocate(**inputs)
    assert holding.tolist() == whole.class_index.tolist()
    assert passes.tolist() == whole.admitted_pass.tolist()
    assert cutoffs == whole.cutoffs


@given(instances(), st.data())
@settings(deadline=None)
def test_refill_takes_from_nobody_and_stays_within_what_is_left(x: Instance, data: st.DataObject) -> None:
    inputs = x.arrays()
    first = allocate(**inputs).class_index
    gone = np.array(data.draw(st.lists(st.booleans(), min_size=len(first), max_size=len(first))), np.bool_)
    holding = np.where(gone, np.int32(-1), first)
    more = refill(holding=holding, waiting=~gone, **inputs)
    assert not (more.class_index[(holding >= 0) | gone] >= 0).any()
    live = [k for k in np.maximum(holding, more.class_index).tolist() if k >= 0]
    cells = Counter(x.classes[k][:2] for k in live)
    assert all(live.count(k) <= seats for k, (_, _, seats) in enumerate(x.classes))
    assert all(cells[d, c] <= quota for d, row in enumerate(x.quota) for c, quota in enumerate(row))


TWO_PLACES = {"classes": ((0, 0, 2),), "quota": ((2,),), "guarantee": ((1, 1),)}
X, Y, Z1, Z2 = person(A, groups=3), person(A), person(A, groups=1), person(A, groups=2)


def test_a_withdrawal_leads_to_a_refill_because_a_new_draw_could_take_a_place_away() -> None:
    """X < Y < Z1 < Z2, two places, one guaranteed to each of two groups, X in both: X withdraws and Y would lose."""
    x = Instance((0, 1, 2, 3), (X, Y, Z1, Z2), **TWO_PLACES)
    assert [k for k, _, _ in x.run(allocation)] == [0, 0, -1, -1]
    redrawn = Instance((0, 1, 2), (Y, Z1, Z2), **TWO_PLACES)
    assert [k for k, _, _ in redrawn.run(allocation)] == [-1, 0, 0]

    holding = np.array([-1, 0, -1, -1], np.int32)
    more = refill(holding=holding, waiting=np.array([False, True, True, True]), **x.arrays())
    assert more.class_index.tolist() == [-1, -1, 0, -1]
    assert more.admitted_pass.tolist() == [-1, -1, 0, -1]
    assert more.cutoffs == {(0, A, 0): 2}  # a position in the full order


def test_guarantee_already_held_is_not_given_twice() -> None:
    x = Instance((0, 1, 2), (person(A, groups=1), person(A), person(A, groups=1)), ((0, 0, 2),), ((2,),), ((1,),))
    more = refill(holding=np.array([0, -1, -1], np.int32), waiting=np.ones(3, np.bool_), **x.arrays())
    assert more.class_index.tolist() == [-1, 0, -1]


def test_cancelled_class_moves_its_people_only() -> None:
    x = Instance(
        (0, 1, 2, 3), (person(A, 0), person(A, 0), person(A, 1), person(A)), ((0, 0, 2), (0, 0, 2)), ((3,),), None
    )
    before = allocate(**x.arrays()).class_index
    assert before.tolist() == [0, 0, 1, -1]
    inputs = x.arrays() | {"seats": np.array([0, 2], np.int32)}
    moved = refill(holding=np.where(before == 0, np.int32(-1), before), waiting=before == 0, **inputs)
    assert moved.class_index.tolist() == [1, -1, -1, -1]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("holding", {"holding": np.array([0], np.int32)}),
        ("holding", {"holding": np.array([0, 1, -1, -1], np.int32)}),
        ("waiting", {"waiting": np.ones(3, np.bool_)}),
        ("order", {"order": np.array([0, 0, 1, 2])}),
    ],
)
def test_refill_checks_what_it_is_given(name: str, change: dict[str, Any]) -> None:
    inputs = Instance((0, 1, 2, 3), (X, Y, Z1, Z2), **TWO_PLACES).arrays()
    inputs |= {"holding": np.full(4, -1, np.int32), "waiting": np.ones(4, np.bool_)}
    with pytest.raises(ValueError, match=f"^{name}: "):
        refill(**inputs | change)


def test_emptiest_class_is_closed_and_its_people_move() -> None:
    people = (person(A, 0), person(A, 0), person(A, 1))
    x = Instance((0, 1, 2), people, ((0, 0, 3), (0, 0, 3), (0, 0, 3)), ((9,),), None)
    given_, log = close_small_classes(minimum=np.array([2, 2, 2], np.int32), **x.arrays())
    assert log == [ClosedClass(2, 0, 2), ClosedClass(1, 1, 2)]
    assert given_.class_index.tolist() == [0, 0, 0]


def test_ties_close_the_lowest_class_and_people_may_end_without_one() -> None:
    x = Instance((0, 1), (person(A, 0), person(A, 1)), ((0, 0, 1), (0, 0, 1)), ((9,),), None)
    given_, log = close_small_classes(minimum=np.array([2, 2], np.int32), **x.arrays())
    assert log == [ClosedClass(0, 1, 2), ClosedClass(1, 1, 2)]
    assert given_.class_index.tolist() == [-1, -1]


@pytest.mark.parametrize("minimum", [np.array([-1], np.int32), np.array([1, 1], np.int32), np.array([1.0])])
def test_minimum_is_checked(minimum: Any) -> None:
    with pytest.raises(ValueError, match=r"^minimum: "):
        close_small_classes(minimum=minimum, **Instance((0, 1, 2, 3), (X, Y, Z1, Z2), **TWO_PLACES).arrays())


@given(instances(), st.data())
@settings(deadline=None)
def test_closing_regency_by_regency_and_class_by_class_gives_the_same(x: Instance, data: st.DataObject) -> None:
    minimum = data.draw(st.lists(st.integers(0, 5), min_size=len(x.classes), max_size=len(x.classes)))
    given_, log = close_small_classes(minimum=np.array(minimum, np.int32), **x.arrays())

    slow, closed = x, []
    for d in range(len(x.quota)):
        while True:
            filled = Counter(k for k, _, _ in slow.run(allocation))
            small = [
                (filled[k], k) for k, c in enumerate(slow.classes) if c[0] == d and c[2] and filled[k] < minimum[k]
            ]
            if not small:
                break
            people, k = min(small)
            closed.append(ClosedClass(k, people, minimum[k]))
            slow = replace(slow, classes=(*slow.classes[:k], (*slow.classes[k][:2], 0), *slow.classes[k + 1 :]))
    assert sorted(log) == sorted(closed)
    assert given_.class_index.tolist() == [k for k, _, _ in slow.run(allocation)]


def test_overlapping_groups_are_seated_pass_by_pass() -> None:
    people = [person(A, groups=g) for g in (0, 3, 1, 2, 3, 0, 2)]
    check_i9(allocation, Instance(tuple(range(7)), tuple(people), ((0, 0, 5),), ((5,),), ((2, 3),)))
