"""Random draws, slow independent oracles and one checker per invariant.

A checker takes an engine (a module with `allocate`) and an instance and raises AssertionError when the invariant is
violated; the mutants show that each can.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from training import verify_draw


@dataclass(frozen=True)
class Instance:
    """A draw in plain Python. people: (regency, clusters, groups, wishes, strict); classes: (regency, cluster, seats)."""

    order: tuple[int, ...]
    people: tuple[tuple[int, int, int, tuple[int, ...], bool], ...]
    classes: tuple[tuple[int, int, int], ...]
    quota: tuple[tuple[int, ...], ...]
    guarantee: tuple[tuple[int, ...], ...] | None
    mode: str = "guarded"

    def arrays(self) -> dict[str, Any]:
        regency, clusters, groups, wishes, strict = ([p[i] for p in self.people] for i in range(5))
        class_regency, class_cluster, seats = ([c[i] for c in self.classes] for i in range(3))
        return {
            "order": np.array(self.order, np.int64),
            "regency": np.array(regency, np.int16),
            "clusters": np.array(clusters, np.uint16),
            "groups": np.array(groups, np.uint16),
            "wishes": np.array(wishes, np.int32).reshape(-1, 5),
            "strict": np.array(strict, np.bool_),
            "class_regency": np.array(class_regency, np.int16),
            "class_cluster": np.array(class_cluster, np.int8),
            "seats": np.array(seats, np.int32),
            "quota": np.array(self.quota, np.int32),
            "guarantee": None if self.guarantee is None else np.array(self.guarantee, np.int32),
            "mode": self.mode,
        }

    def capacity(self, d: int, c: int) -> int:
        return min(self.quota[d][c], sum(seats for r, cluster, seats in self.classes if (r, cluster) == (d, c)))

    def run(self, engine: Any) -> list[tuple[int, int, int]]:
        """(class, wish rank, pass) of every person."""
        given = engine.allocate(**self.arrays())
        columns = (given.class_index, given.wish_rank, given.admitted_pass)
        return list(zip(*(column.tolist() for column in columns), strict=True))


@st.composite
def instances(
    draw: st.DrawFn, *, strict: bool = True, guarantees: bool = True, modes: tuple[str, ...] = ("guarded", "sd")
) -> Instance:
    """Any draw of up to 14 people, 8 classes, 2 regencies, 8 clusters, 3 groups: small, so that the rules bind."""
    regencies, width, groups = draw(st.integers(1, 2)), draw(st.sampled_from([1, 2, 3, 4, 8])), draw(st.integers(0, 3))
    places = st.integers(0, 4)
    classes = draw(st.lists(st.tuples(st.integers(0, regencies - 1), st.integers(0, width - 1), places), max_size=8))
    wish = st.integers(-1, len(classes) - 1)
    person = st.tuples(
        st.integers(0, regencies - 1),
        st.integers(0, (1 << width) - 1),
        st.integers(0, (1 << groups) - 1),
        st.tuples(wish, wish, wish, wish, wish),
        st.booleans() if strict else st.just(False),
    )
    people = draw(st.lists(person, max_size=14))
    table = [[draw(places) for _ in range(width)] for _ in range(regencies)]
    reserve = [[draw(places) for _ in range(groups)] for _ in range(regencies)]
    return Instance(
        order=tuple(draw(st.permutations(range(len(people))))),
        people=tuple(people),
        classes=tuple(classes),
        quota=tuple(map(tuple, table)),
        guarantee=tuple(map(tuple, reserve)) if guarantees and draw(st.booleans()) else None,
        mode=draw(st.sampled_from(modes)),
    )


# --- oracles: a maximum matching of people to single places, by scipy ---


def largest_seating(instance: Instance, people: list[int]) -> int:
    """How many of these people can have a place at once."""
    places = [
        (d, c) for d, row in enumerate(instance.quota) for c in range(len(row)) for _ in range(instance.capacity(d, c))
    ]
    if not people or not places:
        return 0
    edges = np.zeros((len(people), len(places)), np.int8)
    for row, i in enumerate(people):
        for column, (d, c) in enumerate(places):
            edges[row, column] = instance.people[i][0] == d and instance.people[i][1] >> c & 1
    return int((maximum_bipartite_matching(csr_array(edges), perm_type="column") >= 0).sum())


def greedy(instance: Instance) -> list[int]:
    """The pass that admits each person (-1 none): walk the tickets, keep who can be seated beside those kept."""
    passes = [-1] * len(instance.people)
    guarantee = instance.guarantee or ((),) * len(instance.quota)
    for t in range(len(guarantee[0]) + 1):
        for i in instance.order:
            d, _, groups, _, _ = instance.people[i]
            if passes[i] >= 0:
                continue
            kept = [j for j, t in enumerate(passes) if t >= 0]
            if t < len(guarantee[0]):
                held = sum(1 for j in kept if instance.people[j][0] == d and instance.people[j][2] >> t & 1)
                if not groups >> t & 1 or held >= guarantee[d][t]:
                    continue
            if largest_seating(instance, [*kept, i]) == len(kept) + 1:
                passes[i] = t
    return passes


# --- checkers ---


def check_i1(engine: Any, x: Instance) -> None:
    for i, (k, _, _) in enumerate(x.run(engine)):
        assert k < 0 or x.people[i][1] >> x.classes[k][1] & 1, f"person {i}: class {k} of a foreign cluster"


def check_i2(engine: Any, x: Instance) -> None:
    for i, (k, _, _) in enumerate(x.run(engine)):
        assert k < 0 or x.people[i][0] == x.classes[k][0], f"person {i}: class {k} of another regency"


def check_i3(engine: Any, x: Instance) -> None:
    given = [k for k, _, _ in x.run(engine)]
    assert all(given.count(k) <= seats for k, (_, _, seats) in enumerate(x.classes)), "more people than seats"


def check_i4(engine: Any, x: Instance) -> None:
    cells = [x.classes[k][:2] for k, _, _ in x.run(engine) if k >= 0]
    for d, row in enumerate(x.quota):
        assert all(cells.count((d, c)) <= quota for c, quota in enumerate(row)), "more people than quota"


def check_i5(engine: Any, x: Instance) -> None:
    for i, (k, rank, t) in enumerate(x.run(engine)):
        wishes, strict = x.people[i][3:]
        assert (k < 0) == (rank < 0) and (k < 0 or t >= 0), "class, rank and pass disagree"
        assert not strict or k < 0 or k in wishes, f"person {i}: strict, but given class {k}"
        assert rank < 0 or rank == (wishes.index(k) if k in wishes else 5), f"person {i}: wrong rank"


def check_i6(engine: Any, x: Instance) -> None:
    given = x.run(engine)
    held = [k for k, _, _ in given]
    for i, (d, clusters, _, _, strict) in enumerate(x.people):
        for c in range(len(x.quota[d])):
            used = sum(1 for k in held if k >= 0 and x.classes[k][:2] == (d, c))
            free = x.capacity(d, c) - used if clusters >> c & 1 else 0
            assert strict or held[i] >= 0 or free == 0, f"person {i}: nothing, but cell {d}, {c} is free"


def check_i7(engine: Any, x: Instance) -> None:
    placed = sum(1 for k, _, _ in x.run(engine) if k >= 0)
    assert placed == largest_seating(x, list(range(len(x.people)))), "not the largest number of people"


def check_i8(engine: Any, x: Instance) -> None:
    """Without guarantees: the winners are the lexicographically best set of tickets."""
    assert [k >= 0 for k, _, _ in x.run(engine)] == [t >= 0 for t in greedy(x)]


def check_i9(engine: Any, x: Instance) -> None:
    """With guarantees: the same, pass by pass."""
    assert [t for _, _, t in x.run(engine)] == greedy(x)


def check_i10(engine: Any, x: Instance) -> None:
    given, refused = x.run(engine), set()
    for i in x.order:
        kind = x.people[i][:2]
        assert given[i][0] < 0 or kind not in refused, f"person {i} passed a better ticket of the same set"
        if given[i][0] < 0:
            refused.add(kind)


def check_i11(engine: Any, x: Instance, i: int, wishes: tuple[int, ...]) -> None:
    """x: person i is not strict; `wishes` is the list they might hand in instead."""
    truth = x.people[i][3]
    other = replace(x, people=(*x.people[:i], (*x.people[i][:3], wishes, False), *x.people[i + 1 :]))
    honest, feigned = x.run(engine)[i], other.run(engine)[i]

    def rank(k: int) -> int:
        return truth.index(k) if k in truth else 5

    assert honest[2] == feigned[2] and (honest[0] < 0) == (feigned[0] < 0), "the list changed the place"
    assert honest[0] < 0 or rank(honest[0]) <= rank(feigned[0]), "another list gave a better class"


def check_i12(engine: Any, x: Instance, shuffle: list[int]) -> None:
    """shuffle: new row -> old row."""
    new_row = {old: new for new, old in enumerate(shuffle)}
    other = replace(x, people=tuple(x.people[i] for i in shuffle), order=tuple(new_row[i] for i in x.order))
    before, after = x.run(engine), other.run(engine)
    assert [before[old] for old in shuffle] == after, "the order of the rows changed the outcome"


def check_i13(engine: Any, x: Instance, d: int, c: int) -> None:
    quota = [list(row) for row in x.quota]
    quota[d][c] += 1
    more = replace(x, quota=tuple(map(tuple, quota))).run(engine)
    for i, (k, _, _) in enumerate(x.run(engine)):
        assert k < 0 or more[i][0] >= 0, f"more quota removed person {i}"


def check_i14(engine: Any, x: Instance, i: int) -> None:
    order = tuple(j - (j > i) for j in x.order if j != i)
    without = replace(x, people=x.people[:i] + x.people[i + 1 :], order=order).run(engine)
    before = x.run(engine)
    was = [k >= 0 for k, _, _ in before[:i] + before[i + 1 :]]
    now = [k >= 0 for k, _, _ in without]
    assert all(n for w, n in zip(was, now, strict=True) if w), "a withdrawal removed somebody else"
    assert sum(now) <= sum(was) + 1, "a withdrawal admitted more than one"


def check_i15(engine: Any, x: Instance) -> None:
    """The engine equals the stand-alone verifier on every person and on the cut-offs."""
    rules = {
        "mode": x.mode,
        "regencies": [f"R{d}" for d in range(len(x.quota))],
        "clusters": [f"C{c}" for c in range(len(x.quota[0]))],
        "classes": [
            {"code": f"K{k}", "regency": f"R{d}", "cluster": f"C{c}", "seats": seats}
            for k, (d, c, seats) in enumerate(x.classes)
        ],
        "quota": x.quota,
        "guarantee": x.guarantee,
    }
    people = [
        verify_draw.Person(str(i), d, clusters, groups, list(wishes), strict)
        for i, (d, clusters, groups, wishes, strict) in enumerate(x.people)
    ]
    outcome, cutoffs = verify_draw.allocate(rules, people, list(x.order))
    assert x.run(engine) == outcome
    assert engine.allocate(**x.arrays()).cutoffs == cutoffs
