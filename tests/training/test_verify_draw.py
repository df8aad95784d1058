"""Packs and their verifier: an honest pack passes, any edit of it is refused and the place is named."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.allocation_oracle import Instance, instances
from tests.training.test_lottery import DICE, SIGNATURE
from training import verify_draw
from training.allocation import allocate
from training.lottery import (
    ClassRule,
    canonical_json,
    canonical_line,
    derive_seed,
    draw_order,
    leaf,
    list_digest,
    merkle_proof,
    merkle_root,
    rules_digest,
    rules_document,
    ticket,
)
from training.pack import build_pack, write_pack

Files = dict[str, bytes]
AUDIENCES = ["public", "auditors"]


def make_pack(audience: Any, x: Instance) -> Files:
    """The pack of an instance whose tickets come from the seed; its lists have no gaps, as on the portal."""
    people = tuple((*p[:3], (*(w := [k for k in p[3] if k >= 0]), *[-1] * (5 - len(w))), p[4]) for p in x.people)
    groups = len(x.guarantee[0]) if x.guarantee is not None else 4
    rules = rules_document(
        wave="contoh-1",
        mode=x.mode,  # type: ignore[arg-type]
        clusters=[f"C{c}" for c in range(len(x.quota[0]))],
        groups=[f"G{g}" for g in range(groups)],
        regencies=[f"33.{d:02}" for d in range(len(x.quota))],
        classes=[ClassRule(f"K{k}", f"33.{d:02}", f"C{c}", seats) for k, (d, c, seats) in enumerate(x.classes)],
        quota=x.quota,
        guarantee=x.guarantee,
        beacon_rounds=[4242, 4243],
        split_version="3",
        code_version="test",
    )
    numbers = [f"N{i:03}" for i in range(len(people))]
    lines = [
        canonical_line(numbers[i], f"33.{d:02}", clusters, traits, strict, [f"K{k}" for k in wishes if k >= 0])
        for i, (d, clusters, traits, wishes, strict) in enumerate(people)
    ]
    salts = [hashlib.sha256(line.encode()).digest()[:16] for line in lines]
    root = merkle_root([leaf(salt, line) for salt, line in zip(salts, lines, strict=True)]).hex()
    seed = derive_seed(rules_digest(rules), root, DICE, SIGNATURE)
    order = draw_order(seed, numbers)
    return build_pack(
        audience=audience,
        draw={
            "wave": "contoh-1",
            "rules_digest": rules_digest(rules),
            "list_sha256": list_digest(lines),
            "list_root": root,
            "dice": DICE,
            "beacon": {"round": 4243, "signature": SIGNATURE},
            "seed": seed.hex(),
        },
        rules=rules,
        lines=lines,
        salts=salts,
        order=order,
        allocation=allocate(**replace(x, people=people).arrays() | {"order": order}),
    )


def crowd() -> Instance:
    """40 people for 24 places in 2 regencies and 3 clusters, some strict, two guaranteed groups."""
    people = tuple((i % 2, 1 + i * 5 % 7, i * 3 % 4, (i % 9, i * 7 % 9, -1, -1, -1), i % 5 == 0) for i in range(40))
    classes = tuple((k % 2, k % 3, 3) for k in range(9))
    return Instance(tuple(range(40)), people, classes, ((4, 4, 4), (4, 4, 4)), ((2, 3), (0, 1)))


PACKS: dict[str, Files] = {audience: make_pack(audience, crowd()) for audience in AUDIENCES}
PLAIN: dict[str, Files] = {audience: make_pack(audience, replace(crowd(), guarantee=None)) for audience in AUDIENCES}


def verdict(files: Mapping[str, bytes]) -> str:
    """The failing line, or ok."""
    passed, lines = verify_draw.report(verify_draw.check_pack(files))
    assert passed == (not lines[-1].startswith("FAIL"))
    return "ok" if passed else lines[-1]


def resigned(files: Files, **changes: Any) -> Files:
    """draw.json with these members and with digests that fit again: what somebody who can write it would do."""
    draw = {key: value for key, value in json.loads(files["draw.json"]).items() if key != "digest"}
    names = {"winners.txt": "winners_sha256", "cutoffs.csv": "cutoffs_sha256", "results.txt": "result_sha256"}
    draw |= {key: hashlib.sha256(files[name]).hexdigest() for name, key in names.items() if name in files}
    draw |= changes
    digest = hashlib.sha256(canonical_json(draw)).hexdigest()
    return files | {"draw.json": canonical_json(draw | {"digest": digest})}


# --- honest packs ---


@pytest.mark.parametrize("audience", AUDIENCES)
def test_honest_pack_passes_as_folder_and_as_zip(audience: str, tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    for name, content in PACKS[audience].items():
        (folder / name).write_bytes(content)
    write_pack(tmp_path / "pack.zip", PACKS[audience])
    for source in (folder, tmp_path / "pack.zip"):
        done = subprocess.run(
            [sys.executable, "-I", verify_draw.__file__, source], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert all(line.startswith("ok   ") for line in done.stdout.splitlines())


@given(instances(), st.sampled_from(AUDIENCES))
@settings(deadline=None)
def test_every_draw_passes(x: Instance, audience: str) -> None:
    assert verdict(make_pack(audience, x)) == "ok"


@pytest.mark.parametrize("audience", AUDIENCES)
def test_equal_inputs_give_equal_bytes(audience: str) -> None:
    assert make_pack(audience, crowd()) == PACKS[audience]
    first, second = io.BytesIO(), io.BytesIO()
    write_pack(first, PACKS[audience])
    write_pack(second, dict(reversed(PACKS[audience].items())))
    assert first.getvalue() == second.getvalue()


def test_public_pack_names_winners_only() -> None:
    losers = [line.split("|")[0] for line in PACKS["auditors"]["results.txt"].decode().splitlines() if "|-|" in line]
    assert losers
    assert not any(number.encode() in content for content in PACKS["public"].values() for number in losers)


def test_public_pack_tells_neither_pass_nor_rank_nor_the_cutoffs_of_groups() -> None:
    assert all(re.fullmatch(r"N\d{3}\|K\d", row) for row in PACKS["public"]["winners.txt"].decode().splitlines())
    passes = {
        name: {row.split(",")[2] for row in PACKS["auditors"][name].decode().splitlines()[1:]}
        for name in ("cutoffs.csv", "cutoffs_all.csv")
    }
    assert passes == {"cutoffs.csv": {"2"}, "cutoffs_all.csv": {"1", "2"}}


def test_auditors_pack_holds_the_public_one_byte_for_byte() -> None:
    assert PACKS["public"].items() <= PACKS["auditors"].items()
    draw = json.loads(PACKS["public"]["draw.json"])
    names = {"winners.txt": "winners_sha256", "cutoffs.csv": "cutoffs_sha256", "results.txt": "result_sha256"}
    for name, member in names.items():
        assert draw[member] == hashlib.sha256(PACKS["auditors"][name]).hexdigest()


def test_report_of_the_public_pack_says_what_it_does_not_show() -> None:
    for packs, beyond in ((PACKS, "no more than places guaranteed"), (PLAIN, "none")):
        _, lines = verify_draw.report(verify_draw.check_pack(packs["public"]))
        assert [line.split("; ")[1] for line in lines if "; " in line] == [
            "not shown: that they are on the list",
            "not shown: that the draw stopped there",
            "not shown, but by auditors' pack or own receipt: that nobody is left out",
        ]
        assert f"{beyond} beyond the cut-offs" in lines[-1]
        assert "not shown" not in "".join(verify_draw.report(verify_draw.check_pack(packs["auditors"]))[1])


def test_verifier_needs_nothing_but_python_3_9() -> None:
    source = Path(verify_draw.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 9))
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


# --- edits ---


@given(st.sampled_from(AUDIENCES), st.data())
@settings(deadline=None, max_examples=400)
def test_any_changed_byte_is_refused_and_its_file_named(audience: str, data: st.DataObject) -> None:
    files = dict(PACKS[audience])
    name = data.draw(st.sampled_from(sorted(files)))
    at = data.draw(st.integers(0, len(files[name]) - 1))
    flip = data.draw(st.integers(1, 255))
    content = bytearray(files[name])
    content[at] ^= flip
    found = verdict(files | {name: bytes(content)})
    assert found.startswith("FAIL ")
    assert name in found


@given(st.sampled_from(AUDIENCES), st.data())
@settings(deadline=None)
def test_cut_or_lengthened_file_is_refused_and_named(audience: str, data: st.DataObject) -> None:
    files = PACKS[audience]
    name = data.draw(st.sampled_from(sorted(files)))
    cut = data.draw(st.integers(0, len(files[name]) - 1))
    for content in (files[name][:cut], files[name] + data.draw(st.binary(min_size=1, max_size=9))):
        assert name in verdict(files | {name: content})


@pytest.mark.parametrize("audience", AUDIENCES)
def test_missing_and_additional_files_are_named(audience: str) -> None:
    for name in PACKS[audience]:
        rest = {key: value for key, value in PACKS[audience].items() if key != name}
        assert verdict(rest) == f"FAIL {name}: missing"
    assert verdict(PACKS[audience] | {"notes.txt": b""}) == "FAIL notes.txt: does not belong to the pack"


def lines_changed(name: str, change: Callable[[list[bytes]], list[bytes]]) -> Files:
    files = PACKS["auditors"]
    return files | {name: b"".join(change(files[name].splitlines(keepends=True)))}


def swapped(lines: list[bytes]) -> list[bytes]:
    return [lines[1], lines[0], *lines[2:]]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (lines_changed("list.txt", swapped), "FAIL list.txt line 2: N000 is out of order"),
        (lines_changed("list.txt", lambda rows: [rows[0], *rows]), "FAIL list.txt line 2: N000 is out of order"),
        (lines_changed("list.txt", lambda rows: rows[:-1]), "FAIL list.txt: not the list that was frozen"),
        (
            lines_changed("list.txt", lambda rows: [rows[0], rows[1].replace(b"\n", b"\r\n"), *rows[2:]]),
            "FAIL list.txt line 2: only ASCII, lines ended by LF alone",
        ),
        (
            lines_changed("list.txt", lambda rows: [rows[0].replace(b"33.00", b"33.99"), *rows[1:]]),
            "FAIL list.txt line 1",
        ),
        (lines_changed("salts.txt", swapped), "FAIL salts.txt: not the list root"),
        (lines_changed("salts.txt", lambda rows: rows[1:]), "FAIL salts.txt line 39: 39 salts for 40 lines"),
        (lines_changed("salts.txt", lambda rows: [rows[0], b"\n", *rows[2:]]), "FAIL salts.txt line 2: salt"),
        (lines_changed("salts.txt", lambda rows: [rows[0].upper(), *rows[1:]]), "FAIL salts.txt line 1: salt"),
        (lines_changed("cutoffs_all.csv", lambda rows: [*rows[:3], *rows[4:]]), "FAIL cutoffs_all.csv line 4: recomp"),
        (lines_changed("cutoffs_all.csv", lambda rows: [*rows, rows[-1]]), "FAIL cutoffs_all.csv line"),
        (lines_changed("results.txt", swapped), "FAIL results.txt line 1: recomputed"),
        (
            lines_changed("results.txt", lambda rows: [*rows[:-1], rows[-1][:-1]]),
            "FAIL results.txt line 40: the last line",
        ),
    ],
)
def test_line_is_named(files: Files, expected: str) -> None:
    assert verdict(files).startswith(expected)


def test_list_edited_after_the_freeze_does_not_fit_the_published_root() -> None:
    files = lines_changed("list.txt", lambda rows: [rows[0].replace(b"|K0", b"|K2"), *rows[1:]])
    assert files["list.txt"] != PACKS["auditors"]["list.txt"]
    again = resigned(files, list_sha256=hashlib.sha256(files["list.txt"]).hexdigest())
    assert verdict(again) == "FAIL salts.txt: not the list root"


def test_database_edited_after_the_draw_shows_in_the_results() -> None:
    rows = PACKS["auditors"]["results.txt"].decode().splitlines()
    loser = next(i for i, row in enumerate(rows) if "|-|" in row)
    rows[loser] = rows[loser].split("|")[0] + "|K0|0|0"
    files = PACKS["auditors"] | {"results.txt": "".join(f"{row}\n" for row in rows).encode()}
    assert verdict(resigned(files)).startswith(f"FAIL results.txt line {loser + 1}: recomputed")


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"seed": "0" * 64}, "seed: recomputed"),
        ({"dice": DICE[::-1]}, "seed: recomputed"),
        ({"dice": "1" * 39}, "dice"),
        ({"list_root": "0" * 64}, "seed: recomputed"),
        ({"beacon": None}, "beacon: not as the rules say"),
        ({"beacon": {"round": 4244, "signature": SIGNATURE}}, "beacon: a round the rules do not name"),
        ({"beacon": {"round": 4243, "signature": SIGNATURE[:-2]}}, "beacon: not a whole signature"),
        ({"beacon": {"round": 4243, "signature": SIGNATURE.upper()}}, "beacon: not a whole signature"),
        ({"beacon": {"round": 4243, "signature": "cd" * 48}}, "seed: recomputed"),
        ({"counts": {"applicants": 40, "winners": 1}}, "counts"),
    ],
)
def test_resigned_draw_is_refused(audience: str, changes: dict[str, Any], expected: str) -> None:
    assert verdict(resigned(PACKS[audience])) == "ok"
    assert verdict(resigned(PACKS[audience], **changes)).startswith(f"FAIL draw.json: {expected}")


@pytest.mark.parametrize("name", ["list_sha256", "cutoffs_sha256", "result_sha256", "winners_sha256"])
def test_digest_of_another_file_is_refused(name: str) -> None:
    assert verdict(resigned(PACKS["auditors"], **{name: "0" * 64})).startswith("FAIL ")


def test_other_rules_are_refused() -> None:
    other = PACKS["auditors"]["rules.json"].replace(b'"guarded"', b'"sd"')
    files = PACKS["auditors"] | {"rules.json": other}
    assert verdict(files) == "FAIL rules.json: not the rules that draw.json names"
    assert verdict(resigned(files, rules_digest=rules_digest(other))).startswith("FAIL draw.json: seed: recomputed")


# --- files that are no pack, and the receipt ---


def run_main(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    status = verify_draw.main([str(argument) for argument in arguments])
    return status, capsys.readouterr().out


def test_unreadable_sources_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "pack.zip"
    target.write_bytes(b"no archive")
    assert run_main(capsys, target)[0] == 1
    assert run_main(capsys, tmp_path / "absent")[0] == 1
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(target, "w") as archive:
        archive.writestr("draw.json", b"1")
        archive.writestr("draw.json", b"2")
    assert run_main(capsys, target) == (1, "FAIL pack.zip: a file appears twice\n")


def receipt(i: int, **changes: Any) -> bytes:
    lines = PACKS["auditors"]["list.txt"].decode().splitlines()
    salts = [bytes.fromhex(salt) for salt in PACKS["auditors"]["salts.txt"].decode().splitlines()]
    tree = [leaf(salt, line) for salt, line in zip(salts, lines, strict=True)]
    content = {
        "line": lines[i],
        "salt": salts[i].hex(),
        "index": i,
        "proof": [sibling.hex() for sibling in merkle_proof(tree, i)],
        "ticket": ticket(bytes.fromhex(json.loads(PACKS["public"]["draw.json"])["seed"]), lines[i].split("|")[0]).hex(),
    }
    return json.dumps(content | changes).encode()


@pytest.mark.parametrize("i", [0, 31, 32, 39])
def test_receipt_of_an_applicant(i: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "draw.json").write_bytes(PACKS["public"]["draw.json"])
    (tmp_path / "receipt.json").write_bytes(receipt(i))
    status, text = run_main(capsys, "receipt", tmp_path / "receipt.json", tmp_path / "draw.json")
    assert (status, text.count("ok   ")) == (0, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"line": "N000|33.00|7|3|0|K0"},
        {"salt": "0" * 32},
        {"salt": "0" * 31},
        {"index": 1},
        {"proof": []},
        {"proof": ["00" * 32] * 6},
        {"ticket": "00" * 32},
        {"line": None},
    ],
)
def test_receipt_with_anything_else_is_refused(changes: dict[str, Any]) -> None:
    passed, lines = verify_draw.report(verify_draw.check_receipt(receipt(0, **changes), PACKS["public"]["draw.json"]))
    assert not passed
    assert lines[-1].startswith("FAIL ")


def test_receipt_before_the_draw_shows_the_place_on_the_list() -> None:
    draw = resigned({"draw.json": PACKS["public"]["draw.json"]}, seed=None)["draw.json"]
    passed, lines = verify_draw.report(verify_draw.check_receipt(receipt(5), draw))
    assert (passed, len(lines)) == (True, 1)
