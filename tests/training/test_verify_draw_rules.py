"""Edits that fit every digest, so that only the reading of the content can refuse them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.training.test_verify_draw import PACKS, lines_changed, resigned, verdict
from training.lottery import canonical_json, rules_digest


def with_rules(**changes: Any) -> str:
    """The verdict on a pack whose rules were edited, and whose draw.json names the edited file."""
    rules = canonical_json(json.loads(PACKS["public"]["rules.json"]) | changes)
    return verdict(resigned(PACKS["public"] | {"rules.json": rules}, rules_digest=rules_digest(rules)))


@pytest.mark.parametrize("changes", [{"version": "jateng-offline-v2"}, {"wave": "contoh-2"}, {"mode": "boston"}])
def test_rules_of_another_kind(changes: dict[str, Any]) -> None:
    assert with_rules(**changes).startswith("FAIL rules.json: version, wave, known mode")


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("clusters", ["C0", "C0", "C2"]),
        ("groups", ["G0", "G0"]),
        ("regencies", ["33.00", "33.00"]),
        ("classes", [{"code": "K0", "regency": "33.00", "cluster": "C0", "seats": 1}] * 2),
    ],
)
def test_repeated_codes(name: str, codes: list[Any]) -> None:
    assert with_rules(**{name: codes}) == f"FAIL rules.json: {name}: repeated code"


@pytest.mark.parametrize("edit", [(b"|1|0|1|", b"|8|0|1|"), (b"|1|0|1|", b"|1|4|1|")])
def test_masks_beyond_the_rules(edit: tuple[bytes, bytes]) -> None:
    files = lines_changed("list.txt", lambda rows: [rows[0].replace(*edit), *rows[1:]])
    assert files["list.txt"] != PACKS["auditors"]["list.txt"]
    assert verdict(files) == "FAIL list.txt line 1: unknown code, cluster or group"


def test_same_content_in_other_bytes() -> None:
    other = PACKS["public"]["draw.json"].replace(b"contoh-1", rb"c\u006fntoh-1")
    assert json.loads(other) == json.loads(PACKS["public"]["draw.json"])
    assert verdict(PACKS["public"] | {"draw.json": other}) == "FAIL draw.json: not canonical JSON"
