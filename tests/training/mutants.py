"""The allocation engine with one rule broken: each invariant's checker must notice its own mutant.

A mutant is the engine's source with one replacement, run undecorated.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from training import allocation

SOURCE = Path(allocation.__file__).read_text(encoding="utf-8")
PURE = ("    from numba import njit\n", "    raise ImportError\n")
PLACES = "places=np.minimum(quota, capacity)"
LAST_TURN = "released = _choose(state, d, turn[:count], guarded, slack, held)"
ONE_TURN = (LAST_TURN, f"{LAST_TURN} and False")  # nobody else gets what was given back

BROKEN: dict[str, tuple[str, str]] = {
    "I1 foreign cluster": ("if allowed >> int(state.class_cluster[k]) & 1:", "if allowed:"),
    "I2 other regency": ("state.class_regency[k] != d or ", ""),
    "I3 seats not counted": ("state.seats[chosen] -= 1", "state.seats[chosen] -= 0"),
    "I4 quota ignored": (PLACES, "places=capacity.copy()"),
    "I5 strict ignored": ("chosen < 0 and not state.strict[who]", "chosen < 0"),
    "I6 freed places lost": ONE_TURN,
    "I7 closed one too early": ("                if slack[s] == 0:\n", "                if slack[s] <= 1:\n"),
    "I8 sets in turn, not tickets": ("state.queue[i] < best", "mask == 0"),
    "I9 one guaranteed too many": ("held[t] < state.guarantee[d, t]", "held[t] <= state.guarantee[d, t]"),
    "I10 group asked of everybody": ("(t == everybody or state.groups", "(state.groups"),
    "I11 last wish wins": ("chosen, rank = k, w\n                break", "chosen, rank = k, w"),
    "I12 by row, not by ticket": ("for position in turn:", "for position in turn[np.argsort(state.order[turn])]:"),
    "I13 quota wraps around": (PLACES, f"{PLACES} % 3"),
    "I14 places depend on applicants": (PLACES, f"{PLACES} // (1 + order.size % 2)"),
    "I15 clusters from the last": (
        "in range(width):\n                if allowed",
        "in range(width)[::-1]:\n                if allowed",
    ),
}


def build(*replacements: tuple[str, str]) -> ModuleType:
    """The engine without numba and with these texts replaced, each found exactly once."""
    source = SOURCE
    for old, new in (PURE, *replacements):
        assert source.count(old) == 1, f"{old!r} occurs {source.count(old)} times"
        source = source.replace(old, new)
    module = ModuleType("mutant")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    exec(compile(source, "mutant", "exec"), module.__dict__)  # noqa: S102
    return module
