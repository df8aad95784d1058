"""The README's worked example and figures are what the code gives."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.training.allocation_oracle import Instance
from training import allocation
from training.lottery import ticket

README = (Path(allocation.__file__).parent / "README.md").read_text(encoding="utf-8")


def table(first_column: str) -> list[list[str]]:
    """The rows of the table whose header begins with this column."""
    block = README[README.index(f"\n| {first_column} |") + 1 :].split("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in block.splitlines()[2:]]


CLUSTERS = ["PMI", "PHK"]


def mask(names: str) -> int:
    return sum(1 << CLUSTERS.index(name) for name in names.split("+"))


def test_worked_example() -> None:
    classes, people, cutoffs = table("class"), table("person"), table("clusters")
    codes = [row[0] for row in classes]
    quota = {row[1]: int(row[3]) for row in classes}
    lists = [[codes.index(code) for code in row[2].split(",") if code != "-"] for row in people]
    x = Instance(
        order=tuple(range(len(people))),
        people=tuple(
            (0, mask(row[1]), 0, (*wishes, *[-1] * (5 - len(wishes))), row[3] == "yes")
            for row, wishes in zip(people, lists, strict=True)
        ),
        classes=tuple((0, CLUSTERS.index(row[1]), int(row[2])) for row in classes),
        quota=(tuple(quota[name] for name in CLUSTERS),),
        guarantee=None,
    )
    assert [((codes[k] if k >= 0 else "-"), str(rank)) for k, rank, _ in x.run(allocation)] == [
        (row[4], row[5]) for row in people
    ]
    expected = {(0, mask(names), int(t)): int(position) - 1 for names, t, position in cutoffs}
    assert allocation.allocate(**x.arrays()).cutoffs == expected


def test_seed_and_ticket_of_the_readme() -> None:
    command, seed, number, drawn = re.search(
        r"(printf .* \| sha256sum).*?prints `([0-9a-f]{64})`.*?`(JT-\w+)` is\n`([0-9a-f]{64})`", README, re.DOTALL
    ).groups()  # type: ignore[union-attr]
    assert subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout.split()[0] == seed
    assert ticket(bytes.fromhex(seed), number).hex() == drawn
