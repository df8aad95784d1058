"""Who gets a place, and in which class: priority matching, then guarded serial dictatorship.

Pure: arrays in, arrays out; no clock, no hidden randomness. Regencies are independent of each other.

Hall's theorem: a set of people of one regency is seatable iff for every set S of clusters the number of
people whose eligible clusters all lie in S is at most the places of S. slack[S] = free places of S minus the
people within S who are admitted and have not chosen yet. One table of 2**C numbers serves both steps:
admission must leave every slack >= 0, and so must every choice. slack is submodular, so the union of full
sets (slack 0) is full: the closed eligibility sets are exactly the subsets of one union.
(Lovasz & Plummer, Matching Theory, chapter 1.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict, TypeVar, Unpack, cast

import numpy as np
from numpy.typing import NDArray

try:
    from numba import njit
except ImportError:  # the same functions run undecorated, slower, with equal results
    njit = None  # type: ignore[assignment]

Function = TypeVar("Function", bound=Callable[..., Any])
Mode = Literal["guarded", "sd"]

MAX_CLUSTERS = 8
MAX_GROUPS = 16
WISHES = 5
INT32 = 1 << 31
FALLBACK = 5  # the wish rank of a class that was not on the list


@dataclass(frozen=True, eq=False)
class Allocation:
    """The outcome, row by row as the input arrays.

    class_index    int32[n]: the class given, -1 none
    wish_rank      int8[n]: 0..4 the column of the list, 5 not on the list, -1 no class
    admitted_pass  int8[n]: t < G admitted by the guarantee of group t; G (0 without guarantees) by the pass
                   for everybody; -1 not admitted. Admitted without a class: the place was given back.
    cutoffs        (regency, cluster set, pass) -> last admitted position in `order`. A person was admitted
                   iff the own position is at most the cut-off of the own regency and cluster set, either
                   for everybody or for one of the own groups.
    """

    class_index: NDArray[np.int32]
    wish_rank: NDArray[np.int8]
    admitted_pass: NDArray[np.int8]
    cutoffs: Mapping[tuple[int, int, int], int]


class ClosedClass(NamedTuple):
    """A class closed for being too small: its index, the people it had then, the minimum it missed."""

    class_index: int
    people: int
    minimum: int


class Inputs(TypedDict):
    """The arguments of `allocate`, for the functions that pass them on."""

    order: NDArray[np.int64]
    regency: NDArray[np.int16]
    clusters: NDArray[np.uint16]
    groups: NDArray[np.uint16]
    wishes: NDArray[np.int32]
    strict: NDArray[np.bool_]
    class_regency: NDArray[np.int16]
    class_cluster: NDArray[np.int8]
    seats: NDArray[np.int32]
    quota: NDArray[np.int32]
    guarantee: NDArray[np.int32] | None
    mode: NotRequired[Mode]


def allocate(
    order: NDArray[np.int64],
    regency: NDArray[np.int16],
    clusters: NDArray[np.uint16],
    groups: NDArray[np.uint16],
    wishes: NDArray[np.int32],
    strict: NDArray[np.bool_],
    class_regency: NDArray[np.int16],
    class_cluster: NDArray[np.int8],
    seats: NDArray[np.int32],
    quota: NDArray[np.int32],
    guarantee: NDArray[np.int32] | None,
    mode: Mode = "guarded",
) -> Allocation:
    """Give the places of every regency by one lottery order.

    n people, k classes, D regencies, C <= 8 clusters, G <= 16 groups; every index starts at 0.
    order (n,): order[r] is the person with the r-th best ticket. clusters, groups (n,): bit masks. wishes
    (n, 5): classes, best first, -1 = none; a repeated class counts once. strict (n,): only the listed
    classes. seats (k,), quota (D, C), guarantee (D, G): places; without guarantees groups are ignored.
    mode "guarded": no choice may cost another admitted person the place; "sd": it may.

    ValueError naming the argument when a dtype, shape or range is wrong. O(n * (2**C + G)) time.
    """
    _validate(Inputs(
        order=order, regency=regency, clusters=clusters, groups=groups, wishes=wishes, strict=strict,
        class_regency=class_regency, class_cluster=class_cluster, seats=seats,
        quota=quota, guarantee=guarantee, mode=mode,
    ))  # fmt: skip
    regencies, width = quota.shape
    cell = class_regency.astype(np.int64) * width + class_cluster
    by_cell = np.argsort(cell, kind="stable")
    capacity = np.bincount(cell, weights=seats, minlength=quota.size).astype(np.int64).reshape(quota.shape)
    kind = (regency.astype(np.int32) << width | clusters)[order]
    queue = np.argsort(kind.astype(np.uint16) if regencies << width <= 1 << 16 else kind, kind="stable")
    reserve = np.zeros((regencies, 0), np.int32) if guarantee is None else guarantee
    row = partial(np.require, requirements=("C", "W"))  # one kind of array, so one compiled version
    state = _State(
        row(order), row(clusters), row(groups), row(wishes), row(strict),
        row(class_regency), row(class_cluster), row(reserve),
        queue=queue, start=np.searchsorted(kind[queue], np.arange((regencies << width) + 1)),
        by_cell=by_cell, first=np.searchsorted(cell[by_cell], np.arange(quota.size)).reshape(quota.shape),
        seats=seats.copy(), places=np.minimum(quota, capacity),
        class_index=np.full(order.size, -1, np.int32),
        wish_rank=np.full(order.size, -1, np.int8), admitted_pass=np.full(order.size, -1, np.int8),
    )  # fmt: skip
    _run(state, mode == "guarded")
    cutoffs = _cutoffs(kind, state.admitted_pass[order], width)
    return Allocation(state.class_index, state.wish_rank, state.admitted_pass, cutoffs)


def refill(*, holding: NDArray[np.int32], waiting: NDArray[np.bool_], **draw: Unpack[Inputs]) -> Allocation:
    """Places that came free go on down the same list: `allocate` with what the live placements leave.

    holding (n,): class of the live placement, -1 none; who holds a class keeps it. waiting (n,): who may still
    be given a place (not withdrawn). Quota, seats and guarantees in `draw` are the full ones. The result holds
    the new placements only; its cut-offs are positions in the full order. A cancelled class: seats 0, holding
    -1 for its people, and only they are waiting.
    """
    _validate(draw)
    rows, kinds, quota, guarantee = draw["order"].size, draw["seats"].size, draw["quota"], draw["guarantee"]
    _check("holding", holding, np.int32, (rows,), -1, kinds)
    _check("waiting", waiting, np.bool_, (rows,), 0, 2)
    held = holding >= 0
    taken = np.bincount(holding[held], minlength=kinds)
    of_cell = np.zeros(quota.shape, np.int64)
    np.add.at(of_cell, (draw["class_regency"], draw["class_cluster"]), taken)
    if guarantee is not None:
        of_group = np.zeros(guarantee.shape, np.int64)
        member = draw["groups"][held, None] >> np.arange(guarantee.shape[1]) & 1
        np.add.at(of_group, draw["regency"][held], member)
        guarantee = np.maximum(guarantee - of_group, 0).astype(np.int32)

    candidate = waiting & ~held
    rank = np.flatnonzero(candidate[draw["order"]])  # positions in the full order
    columns = ("regency", "clusters", "groups", "wishes", "strict")
    rest: dict[str, Any] = {name: cast(Any, draw)[name][candidate] for name in columns}
    rest["order"] = (np.cumsum(candidate) - 1)[draw["order"][rank]]
    rest["seats"] = np.maximum(draw["seats"] - taken, 0).astype(np.int32)
    rest["quota"] = np.maximum(quota - of_cell, 0).astype(np.int32)
    rest["guarantee"] = guarantee
    given = allocate(**{**draw, **rest})
    spread = np.full((3, rows), -1, np.int32)
    spread[:, candidate] = given.class_index, given.wish_rank, given.admitted_pass
    cutoffs = {key: int(rank[position]) for key, position in given.cutoffs.items()}
    return Allocation(spread[0], spread[1].astype(np.int8), spread[2].astype(np.int8), cutoffs)


def close_small_classes(*, minimum: NDArray[np.int32], **draw: Unpack[Inputs]) -> tuple[Allocation, list[ClosedClass]]:
    """Allocate; while a class is below its minimum, close the emptiest one of a regency and allocate again.

    minimum (k,): people. Ties: lowest index. Regencies are independent, so closing one in each per turn is the
    same as one by one. A class without seats counts as closed. Returns the last allocation and the log.
    """
    _validate(draw)
    _check("minimum", minimum, np.int32, draw["seats"].shape, 0, INT32)
    seats, log = draw["seats"].copy(), list[ClosedClass]()
    while True:
        inputs: Inputs = {**draw, "seats": seats}
        given = allocate(**inputs)
        people = np.bincount(given.class_index[given.class_index >= 0], minlength=seats.size)
        small = np.flatnonzero((seats > 0) & (people < minimum))
        if not small.size:
            return given, log
        small = small[np.argsort(people[small], kind="stable")]
        emptiest = small[np.unique(draw["class_regency"][small], return_index=True)[1]]
        log += [ClosedClass(int(c), int(people[c]), int(minimum[c])) for c in emptiest]
        seats[emptiest] = 0


# --- validation: nothing unchecked reaches compiled code, which has no bounds of its own ---


def _check(name: str, value: object, dtype: type, shape: tuple[int, ...], low: int, high: int) -> None:
    """ValueError unless value is an array of this dtype and shape (-1 = any) with low <= entries < high."""
    if not isinstance(value, np.ndarray) or value.dtype != np.dtype(dtype):
        raise ValueError(f"{name}: must be an array of {np.dtype(dtype)}")
    if len(value.shape) != len(shape) or not all(map(lambda a, b: b in (-1, a), value.shape, shape)):
        raise ValueError(f"{name}: shape {value.shape}, expected {shape}")
    if value.size and not low <= value.min() <= value.max() < high:
        raise ValueError(f"{name}: {value.min()} to {value.max()}, expected {low} to {high - 1}")


def _validate(given: Inputs) -> None:
    quota, guarantee = given["quota"], given["guarantee"]
    _check("quota", quota, np.int32, (-1, -1), 0, INT32)
    regencies, width = quota.shape
    if not 1 <= width <= MAX_CLUSTERS:
        raise ValueError(f"quota: {width} clusters, expected 1 to {MAX_CLUSTERS}")
    group_bits = MAX_GROUPS
    if guarantee is not None:
        _check("guarantee", guarantee, np.int32, (regencies, -1), 0, INT32)
        group_bits = guarantee.shape[1]
        if group_bits > MAX_GROUPS:
            raise ValueError(f"guarantee: {group_bits} groups, expected at most {MAX_GROUPS}")
    _check("seats", given["seats"], np.int32, (-1,), 0, INT32)
    kinds = given["seats"].size
    _check("class_regency", given["class_regency"], np.int16, (kinds,), 0, regencies)
    _check("class_cluster", given["class_cluster"], np.int8, (kinds,), 0, width)
    _check("regency", given["regency"], np.int16, (-1,), 0, regencies)
    rows = given["regency"].size
    _check("order", given["order"], np.int64, (rows,), 0, rows)
    seen = np.zeros(rows, np.bool_)
    seen[given["order"]] = True
    if not seen.all():
        raise ValueError("order: must be a permutation of the people")
    _check("clusters", given["clusters"], np.uint16, (rows,), 0, 1 << width)
    _check("groups", given["groups"], np.uint16, (rows,), 0, 1 << group_bits)
    _check("wishes", given["wishes"], np.int32, (rows, WISHES), -1, kinds)
    _check("strict", given["strict"], np.bool_, (rows,), 0, 2)
    if given.get("mode", "guarded") not in ("guarded", "sd"):
        raise ValueError("mode: must be 'guarded' or 'sd'")


def _cutoffs(kind: NDArray[np.int32], passes: NDArray[np.int8], width: int) -> dict[tuple[int, int, int], int]:
    """kind (regency << C | cluster set) and pass, by position -> last position per regency, set and pass."""
    positions = np.flatnonzero(passes >= 0)[::-1]
    key = kind[positions].astype(np.int64) << 8 | passes[positions]
    keys, last = np.unique(key, return_index=True)  # the first in descending order is the last admitted
    d, mask, t = keys >> 8 >> width, keys >> 8 & (1 << width) - 1, keys & 255
    return dict(zip(zip(d.tolist(), mask.tolist(), t.tolist(), strict=True), positions[last].tolist(), strict=True))


# --- the engine ---


class _State(NamedTuple):
    order: NDArray[np.int64]
    clusters: NDArray[np.uint16]
    groups: NDArray[np.uint16]
    wishes: NDArray[np.int32]
    strict: NDArray[np.bool_]
    class_regency: NDArray[np.int16]
    class_cluster: NDArray[np.int8]
    guarantee: NDArray[np.int32]
    queue: NDArray[np.int64]  # positions sorted by kind (regency << C | cluster set), then position
    start: NDArray[np.int64]  # the positions of kind j lie in queue[start[j] : start[j + 1]]
    by_cell: NDArray[np.int64]  # classes sorted by cell, then number
    first: NDArray[np.int64]  # (D, C): where in by_cell the search for a free seat starts; only moves on
    seats: NDArray[np.int32]  # free seats, counted down
    places: NDArray[np.int64]  # (D, C): free places of the cell, counted down from min(quota, seats)
    class_index: NDArray[np.int32]
    wish_rank: NDArray[np.int8]
    admitted_pass: NDArray[np.int8]


def _compiled(function: Function) -> Function:
    if njit is None:
        return function
    try:
        return cast(Function, njit(cache=True)(function))
    except RuntimeError:  # no folder to keep the compiled code in: compile in every process
        return cast(Function, njit(function))


@_compiled
def _admit(
    state: _State,
    d: int,
    head: NDArray[np.int64],
    slack: NDArray[np.int64],
    held: NDArray[np.int64],
    turn: NDArray[np.int64],
) -> int:
    """Step 1: walk the tickets upwards, pass by pass; returns how many positions were written to `turn`."""
    sets, everybody, count, full = slack.size, held.size, 0, 0
    for s in range(sets):
        if slack[s] == 0:
            full |= s
    for t in range(everybody + 1):
        while t == everybody or held[t] < state.guarantee[d, t]:
            best, mask = state.queue.size, 0
            for m in range(1, sets):
                if m & ~full == 0:
                    continue
                i, end = head[t, m], state.start[d * sets + m + 1]
                while i < end:
                    who = state.order[state.queue[i]]
                    if state.admitted_pass[who] < 0 and (t == everybody or state.groups[who] >> t & 1):
                        break
                    i += 1
                head[t, m] = i
                if i < end and state.queue[i] < best:
                    best, mask = state.queue[i], m
            if mask == 0:
                break
            who = state.order[best]
            state.admitted_pass[who] = t
            turn[count] = best
            count += 1
            for g in range(everybody):
                held[g] += state.groups[who] >> g & 1
            s = mask
            while s < sets:  # the supersets of mask
                slack[s] -= 1
                if slack[s] == 0:
                    full |= s
                s = (s + 1) | mask
    return count


@_compiled
def _choose(
    state: _State,
    d: int,
    turn: NDArray[np.int64],
    guarded: bool,
    slack: NDArray[np.int64],
    held: NDArray[np.int64],
) -> bool:
    """Step 2: the newly admitted choose by ticket; returns whether a place was given back."""
    sets, width, released = slack.size, state.places.shape[1], False
    for position in turn:
        who = state.order[position]
        mask = int(state.clusters[who])
        blocked = 0
        for s in range(sets):
            if guarded and slack[s] == 0 and mask & ~s:  # its places are all owed to people within s
                blocked |= s
        for c in range(width):
            if not guarded and state.places[d, c] == 0:
                blocked |= 1 << c
        allowed = mask & ~blocked

        chosen, rank = -1, -1
        for w in range(WISHES):
            k = int(state.wishes[who, w])
            if k < 0 or state.class_regency[k] != d or state.seats[k] == 0:
                continue
            if allowed >> int(state.class_cluster[k]) & 1:
                chosen, rank = k, w
                break
        if chosen < 0 and not state.strict[who]:
            for c in range(width):
                if allowed >> c & 1:
                    while state.seats[state.by_cell[state.first[d, c]]] == 0:
                        state.first[d, c] += 1
                    chosen, rank = int(state.by_cell[state.first[d, c]]), FALLBACK
                    break

        if chosen < 0:  # gives the place back
            released = True
            for g in range(held.size):
                held[g] -= state.groups[who] >> g & 1
            for s in range(sets):
                if mask & ~s == 0:
                    slack[s] += 1
            continue
        state.class_index[who] = chosen
        state.wish_rank[who] = rank
        taken = int(state.class_cluster[chosen])
        state.seats[chosen] -= 1
        state.places[d, taken] -= 1
        for s in range(sets):  # a superset of mask loses a place and a waiting person: no change
            if s >> taken & 1 and mask & ~s:
                slack[s] -= 1
    return released


@_compiled
def _run(state: _State, guarded: bool) -> None:
    regencies, width = state.places.shape
    sets, groups = 1 << width, state.guarantee.shape[1]
    slack, turn = np.empty(sets, np.int64), np.empty(state.order.size, np.int64)
    head = np.empty((groups + 1, sets), np.int64)
    for d in range(regencies):
        held = np.zeros(groups, np.int64)
        for s in range(sets):
            head[:, s] = state.start[d * sets + s]
            slack[s] = 0
            for c in range(width):
                slack[s] += state.places[d, c] * (s >> c & 1)
        released = True
        while released:  # every turn admits people never admitted before, so the loop ends
            count = _admit(state, d, head, slack, held, turn)
            turn[:count].sort()
            released = _choose(state, d, turn[:count], guarded, slack, held)
