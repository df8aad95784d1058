"""The invariants I1 to I15 of the allocation, and for each a broken engine that its checker catches."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from tests.training import allocation_oracle as oracle
from tests.training.allocation_oracle import Instance, instances
from tests.training.mutants import BROKEN, build
from training import allocation

PLAIN = instances(strict=False, guarantees=False, modes=("guarded",))


@st.composite
def with_other_list(draw: st.DrawFn) -> tuple[Any, ...]:
    x = draw(instances().filter(lambda x: any(not person[4] for person in x.people)))
    i = draw(st.sampled_from([i for i, person in enumerate(x.people) if not person[4]]))
    wish = st.integers(-1, len(x.classes) - 1)
    return x, i, draw(st.tuples(wish, wish, wish, wish, wish))


@st.composite
def with_shuffle(draw: st.DrawFn) -> tuple[Any, ...]:
    x = draw(instances())
    return x, draw(st.permutations(range(len(x.people))))


@st.composite
def with_cell(draw: st.DrawFn) -> tuple[Any, ...]:
    x = draw(PLAIN)
    return x, draw(st.integers(0, len(x.quota) - 1)), draw(st.integers(0, len(x.quota[0]) - 1))


@st.composite
def with_withdrawal(draw: st.DrawFn) -> tuple[Any, ...]:
    x = draw(PLAIN.filter(lambda x: x.people))
    return x, draw(st.integers(0, len(x.people) - 1))


def alone(strategy: st.SearchStrategy[Instance]) -> st.SearchStrategy[tuple[Any, ...]]:
    return strategy.map(lambda x: (x,))


INVARIANTS: dict[str, tuple[Callable[..., None], st.SearchStrategy[tuple[Any, ...]]]] = {
    "I1": (oracle.check_i1, alone(instances())),
    "I2": (oracle.check_i2, alone(instances())),
    "I3": (oracle.check_i3, alone(instances())),
    "I4": (oracle.check_i4, alone(instances())),
    "I5": (oracle.check_i5, alone(instances())),
    "I6": (oracle.check_i6, alone(instances())),
    "I7": (oracle.check_i7, alone(instances(strict=False, modes=("guarded",)))),
    "I8": (oracle.check_i8, alone(PLAIN)),
    "I9": (oracle.check_i9, alone(instances(strict=False, modes=("guarded",)))),
    "I10": (oracle.check_i10, alone(instances(strict=False, guarantees=False))),
    "I11": (oracle.check_i11, with_other_list()),
    "I12": (oracle.check_i12, with_shuffle()),
    "I13": (oracle.check_i13, with_cell()),
    "I14": (oracle.check_i14, with_withdrawal()),
    "I15": (oracle.check_i15, alone(instances())),
}


@pytest.mark.parametrize("name", [name for name in INVARIANTS if name != "I15"])
@given(data=st.data())
@settings(deadline=None, max_examples=200)
def test_invariant(name: str, data: st.DataObject) -> None:
    check, strategy = INVARIANTS[name]
    check(allocation, *data.draw(strategy))


@given(instances())
@settings(deadline=None, max_examples=1000)
def test_engine_and_verifier_agree_on_a_thousand_draws(x: Instance) -> None:
    oracle.check_i15(allocation, x)


@pytest.mark.parametrize("broken", BROKEN)
def test_invariant_fails_on_a_broken_engine(broken: str) -> None:
    check, strategy = INVARIANTS[broken.split()[0]]
    engine = build(BROKEN[broken])

    def violated(drawn: tuple[Any, ...]) -> bool:
        try:
            check(engine, *drawn)
        except AssertionError:
            return True
        except IndexError:  # a crash is no evidence that the invariant is checked
            return False
        return False

    try:
        find(
            strategy,
            violated,
            settings=settings(
                max_examples=5000,
                deadline=None,
                phases=[Phase.generate],
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except NoSuchExample:
        pytest.fail(f"{broken}: no violation found")


PURE = build()


@given(instances())
@settings(deadline=None, max_examples=300)
def test_compiled_and_pure_engine_agree(x: Instance) -> None:
    assert outcome(allocation, x) == outcome(PURE, x)


def outcome(engine: ModuleType, x: Instance) -> tuple[Any, ...]:
    return x.run(engine), engine.allocate(**x.arrays()).cutoffs


@given(instances())
@settings(deadline=None)
def test_cutoffs_decide_admission_by_one_comparison(x: Instance) -> None:
    result = allocation.allocate(**x.arrays())
    groups = len(x.guarantee[0]) if x.guarantee is not None else 0
    position = np.argsort(x.arrays()["order"]) if x.order else np.zeros(0)
    for i, (d, clusters, traits, _, _) in enumerate(x.people):
        passes = [t for t in range(groups) if traits >> t & 1] + [groups]
        admitted = any(position[i] <= result.cutoffs.get((d, clusters, t), -1) for t in passes)
        assert admitted == (result.admitted_pass[i] >= 0)


@given(instances())
@settings(deadline=None)
def test_inputs_are_left_as_they_were(x: Instance) -> None:
    arrays = x.arrays()
    for value in arrays.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    allocation.allocate(**arrays)
