#!/usr/bin/env python3
"""Recompute a published split of places from its JSON file. Python 3.10+, standard library only.

    python recompute_split.py kuota-2026-7-v2.json

Prints the matrix of places. Exit status 0 when every cell is what weights, floors, caps, claims and decreed totals give; 1
when one is not, naming the first that differs, or when the file was changed since it was made.

A second implementation on purpose: it imports nothing of the portal and gives places one by one to the highest average
(Sainte-Laguë 1910, Webster), in whole numbers and fractions. Where totals of clusters and of regencies are both
decreed it does not search: the published divisors prove the table, by one division per cell; of an exact half either
rounding passes.
Not checked: whether the figures behind weights, floors and caps are true. Each stands in the file with its source.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import sys
from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = "prakerja-split-1"
UNIT = 12  # a weight counts twelfths of a person
Json = dict[str, Any]


class Differs(Exception):
    """What is published is not what the numbers of the file give."""


class Cell(NamedTuple):
    weight: int
    least: int
    most: int


Table = list[list[Cell]]


def webster(cells: Sequence[Cell], total: int) -> list[int]:
    """From the floors up, each place to the highest weight / (2 * seats + 1) below its cap; ties to the first."""
    seats = [cell.least for cell in cells]
    left = total - sum(seats)
    if left < 0 or any(cell.least > cell.most for cell in cells):
        raise Differs("the floors exceed the caps or the total")
    queue = [
        (Fraction(-cell.weight, 2 * cell.least + 1), at)
        for at, cell in enumerate(cells)
        if cell.weight and cell.least < cell.most
    ]
    heapq.heapify(queue)
    while left and queue:
        at = queue[0][1]
        seats[at] += 1
        left -= 1
        if seats[at] < cells[at].most:
            heapq.heapreplace(queue, (Fraction(-cells[at].weight, 2 * seats[at] + 1), at))
        else:
            heapq.heappop(queue)
    return seats


def two_stages(table: Table, total: int, claims: Sequence[int], decreed: Sequence[int | None]) -> list[list[int]]:
    """The total over the rows by their claims, then each row over its cells. A decreed row has its own places."""
    free = [at for at, fixed in enumerate(decreed) if fixed is None]
    rows = [Cell(claims[at], sum(c.least for c in table[at]), sum(c.most for c in table[at])) for at in free]
    places = {at: fixed for at, fixed in enumerate(decreed) if fixed is not None}
    places.update(zip(free, webster(rows, total - sum(places.values())), strict=True))
    return [webster(row, places[at]) for at, row in enumerate(table)]


def rounded(cell: Cell, divisor: Fraction, published: int) -> int:
    """weight / divisor to the nearest, within floor and cap; of an exact half the published side."""
    quotient = Fraction(cell.weight, UNIT) / divisor
    half = Fraction(1, 2)
    low, high = (sorted([cell.least, n, cell.most])[1] for n in (ceil(quotient - half), floor(quotient + half)))
    return published if published in (low, high) else high


def read(entry: Json, key: str) -> int | None:
    return None if entry[key] is None else int(entry[key])


def fraction(entry: Json) -> Fraction | None:
    return None if entry["divisor"] is None else Fraction(entry["divisor"])


class Split:
    """A published file. Rows are clusters, columns regencies, in the order of the file's lists."""

    def __init__(self, data: Json) -> None:
        if data["format"] != FORMAT:
            raise Differs(f"not a file of the format {FORMAT}")
        self.data, self.total, self.method = data, int(data["total"]), data["method"]
        self.clusters, self.regencies = data["clusters"], data["regencies"]
        cells = {(cell["cluster"], cell["regency"]): cell for cell in data["cells"]}
        grid = [[cells.pop((c["code"], r["id"])) for r in self.regencies] for c in self.clusters]
        if cells or len(data["cells"]) != len(self.clusters) * len(self.regencies):
            raise Differs("a cell stands twice or belongs to no cluster and regency of the file")
        self.table = [[Cell(int(c["weight"]), int(c["floor"]), int(c["cap"])) for c in row] for row in grid]
        self.published = [[int(c["seats"]) for c in row] for row in grid]

    def claims(self) -> list[int]:
        """Of each cluster: its demand times its factor, or its fixed share."""
        found = []
        for cluster, row in zip(self.clusters, self.table, strict=True):
            share = read(cluster, "share")
            claim = round(sum(c.weight for c in row) * Fraction(cluster["factor"])) if share is None else share
            if claim != int(cluster["claim"]):
                raise Differs(f"{cluster['code']}: published claim {cluster['claim']}, recomputed {claim}")
            found.append(claim)
        return found

    def recompute(self) -> list[list[int]]:
        by_cluster = [read(cluster, "decreed") for cluster in self.clusters]
        by_regency = [read(regency, "decreed") for regency in self.regencies]
        if self.method == "two_stages":
            return two_stages(self.table, self.total, self.claims(), by_cluster)
        if self.method == "by_regency":
            columns = [list(column) for column in zip(*self.table, strict=True)]
            claims = [sum(cell.weight for cell in column) for column in columns]
            by_column = two_stages(columns, self.total, claims, by_regency)
            return [list(row) for row in zip(*by_column, strict=True)]
        if self.method != "two_way":
            raise Differs(f"unknown method {self.method}")
        return [
            [
                rounded(
                    self.table[i][j], Fraction(cluster["divisor"]) * Fraction(regency["divisor"]), self.published[i][j]
                )
                for j, regency in enumerate(self.regencies)
            ]
            for i, cluster in enumerate(self.clusters)
        ]

    def check(self, recomputed: list[list[int]]) -> None:
        """Raises Differs for the first thing that does not hold."""
        self.compare(recomputed, "recomputed")
        if self.method == "two_way":
            self.check_margins()
        else:
            self.compare(self.explain(), "by its divisor")
        unassigned = self.total - sum(map(sum, recomputed))
        if unassigned != int(self.data["unassigned"]):
            raise Differs(f"unassigned: published {self.data['unassigned']}, recomputed {unassigned}")

    def compare(self, table: list[list[int]], word: str) -> None:
        for j, regency in enumerate(self.regencies):
            for i, cluster in enumerate(self.clusters):
                if table[i][j] != self.published[i][j]:
                    where = f"{regency['code']} {regency['name']}, {cluster['code']}"
                    raise Differs(f"{where}: published {self.published[i][j]}, {word} {table[i][j]}")

    def explain(self) -> list[list[int]]:
        """What each cell gets by its published divisor; itself where no divisor decides."""
        divisors = [
            [fraction(cluster if self.method == "two_stages" else regency) for regency in self.regencies]
            for cluster in self.clusters
        ]
        return [
            [n if (d := divisors[i][j]) is None else rounded(self.table[i][j], d, n) for j, n in enumerate(row)]
            for i, row in enumerate(self.published)
        ]

    def check_margins(self) -> None:
        columns = zip(*self.published, strict=True)
        for entry, line in [
            *zip(self.clusters, self.published, strict=True),
            *zip(self.regencies, columns, strict=True),
        ]:
            if sum(line) != read(entry, "decreed"):
                raise Differs(f"{entry['code']}: its places add up to {sum(line)}, decreed are {entry['decreed']}")

    def shown(self, table: list[list[int]]) -> str:
        """One line per regency, and the totals."""
        codes = [cluster["code"] for cluster in self.clusters]
        lines = [["", "", *codes, "total"]]
        for j, regency in enumerate(self.regencies):
            row = [places[j] for places in table]
            lines.append([regency["code"], regency["name"], *map(str, [*row, sum(row)])])
        totals = [sum(row) for row in table]
        lines.append(["", "", *map(str, [*totals, sum(totals)])])
        width = max(len(line[1]) for line in lines)
        return "\n".join(
            f"{code:6} {name:{width}}" + "".join(f"{number:>11}" for number in numbers)
            for code, name, *numbers in lines
        )


def digest(data: Json) -> str:
    """SHA-256 of everything in the file but the digest itself, in one agreed way of writing it."""
    content = {key: value for key, value in data.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print(__doc__)
        return 2
    try:
        data = json.loads(Path(arguments[0]).read_bytes())
        split = Split(data)
        matrix = split.recompute()
        print(split.shown(matrix))
        split.check(matrix)
        if digest(data) != data["sha256"]:
            raise Differs("the file was changed since it was made: its SHA-256 differs")
    except Differs as error:
        print(f"DIFFERS: {error}")
        return 1
    except (OSError, KeyError, TypeError, ValueError, ZeroDivisionError, AttributeError, IndexError) as error:
        print(f"DIFFERS: the file cannot be read as a split: {error!r}")
        return 1
    print(f"EQUAL: {len(data['cells'])} cells, {data['total']} places, {data['unassigned']} of them unassigned")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
