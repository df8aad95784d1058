"""Public files that were edited and given fitting digests: which edits the public check sees, and which it cannot.

The auditors' check sees them all. Whoever compares the digest of draw.json with the announced one sees them too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest

from tests.training.test_verify_draw import PACKS, PLAIN, Files, resigned, verdict

Rows = list[list[str]]
Forgery = Callable[[Rows, Rows], None]


def forged(pack: Files, forgery: Forgery) -> Files:
    """The pack with edited winners and cut-offs (its heading apart), fitting digests and counts."""
    winners = [row.split("|") for row in pack["winners.txt"].decode().splitlines()]
    heading, *rows = pack["cutoffs.csv"].decode().splitlines()
    marks = [row.split(",") for row in rows]
    forgery(winners, marks)
    files = pack | {
        "winners.txt": "".join("|".join(row) + "\n" for row in winners).encode(),
        "cutoffs.csv": "".join(f"{row}\n" for row in [heading, *(",".join(mark) for mark in marks)]).encode(),
    }
    return resigned(files, counts={"applicants": 40, "winners": len(winners)})


def ticket_of(number: str, pack: Files) -> str:
    seed = bytes.fromhex(json.loads(pack["draw.json"])["seed"])
    return hashlib.sha256(seed + b"\0" + number.encode()).hexdigest()


def everybody_into(code: str) -> Forgery:
    def forgery(winners: Rows, _: Rows) -> None:
        for row in winners:
            row[1] = code

    return forgery


def one_twice(winners: Rows, _: Rows) -> None:
    winners.insert(1, winners[0])


def with_pass(winners: Rows, _: Rows) -> None:
    winners[0].append("1")


def cutoff_of_a_group(_: Rows, marks: Rows) -> None:
    marks[0][2] = "1"


def cutoff_twice(_: Rows, marks: Rows) -> None:
    marks.append(marks[0])


def cutoff_elsewhere(_: Rows, marks: Rows) -> None:
    marks[0][0] = "33.99"


def cutoff_beyond_everybody(_: Rows, marks: Rows) -> None:
    max(marks, key=lambda mark: mark[4])[3] = "41"


def cutoffs_too_early(_: Rows, marks: Rows) -> None:
    marks[:] = [min(marks, key=lambda mark: mark[4])]


def no_cutoffs(_: Rows, marks: Rows) -> None:
    marks.clear()


@pytest.mark.parametrize(
    ("forgery", "expected"),
    [
        (everybody_into("K77"), "unknown class K77"),
        (everybody_into("K0"), "more winners than places in K0"),
        (one_twice, "is out of order"),
        (with_pass, "malformed content"),
        (cutoff_of_a_group, "the last"),
        (cutoff_twice, "do not ascend together"),
        (cutoff_elsewhere, "malformed content"),
        (cutoff_beyond_everybody, "winners up to its ticket"),
        (cutoffs_too_early, "beyond every cut-off"),
        (no_cutoffs, "beyond every cut-off"),
    ],
)
@pytest.mark.parametrize("packs", [PACKS, PLAIN], ids=["guarantees", "plain"])
def test_seen_by_everybody(packs: dict[str, Files], forgery: Forgery, expected: str) -> None:
    assert expected in verdict(forged(packs["public"], forgery))
    assert verdict(forged(packs["auditors"], forgery)).startswith("FAIL ")


def test_more_winners_than_the_quota_of_their_cell() -> None:
    """K0 and K6 are one cell of 6 seats and quota 4."""
    cell = [row for row in PLAIN["public"]["winners.txt"].decode().splitlines() if row.endswith(("|K0", "|K6"))]
    assert len(cell) == 4

    def forgery(winners: Rows, _: Rows) -> None:
        code = "K0" if sum(row.endswith("|K0") for row in cell) < 3 else "K6"
        next(row for row in winners if row[1] not in {"K0", "K6"})[1] = code

    assert "or in its cell" in verdict(forged(PLAIN["public"], forgery))


def test_a_winner_with_a_late_ticket() -> None:
    """Without guarantees nobody wins beyond the cut-offs; with them so many may as are guaranteed."""
    latest = max((f"N{i:03}A" for i in range(40)), key=lambda number: ticket_of(number, PLAIN["public"]))

    def forgery(winners: Rows, _: Rows) -> None:
        winners[0] = [latest, winners[0][1]]
        winners.sort()

    assert "beyond every cut-off" in verdict(forged(PLAIN["public"], forgery))
    assert verdict(forged(PACKS["public"], forgery)) == "ok"


def winner_removed(winners: Rows, _: Rows) -> None:
    del winners[len(winners) // 2]


def classes_exchanged(winners: Rows, _: Rows) -> None:
    """Two winners of one cell change classes."""
    first = next(row for row in winners if row[1] == "K0")
    second = next(row for row in winners if row[1] == "K6")
    first[1], second[1] = second[1], first[1]


def winner_invented(winners: Rows, _: Rows) -> None:
    """A number that never applied, with a ticket as early as anybody's, in place of a winner."""
    winners[0][0] = min((f"N000-{i}" for i in range(99)), key=lambda number: ticket_of(number, PLAIN["public"]))


@pytest.mark.parametrize("forgery", [winner_removed, classes_exchanged, winner_invented])
def test_seen_by_auditors_only(forgery: Forgery) -> None:
    assert verdict(forged(PLAIN["public"], forgery)) == "ok"
    found = verdict(forged(PLAIN["auditors"], forgery))
    assert found.startswith("FAIL winners.txt line ")


def test_unforged_packs_pass() -> None:
    for packs in (PACKS, PLAIN):
        for pack in packs.values():
            assert verdict(forged(pack, lambda winners, marks: None)) == "ok"
