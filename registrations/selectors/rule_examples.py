"""The example cases that ship beside the rules, for people to read."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parents[1] / "data" / "rule_sets.json"


class Examples(NamedTuple):
    """Of one rule: who passes, who fails, and of whom it cannot be told yet."""

    passing: tuple[str, ...]
    failing: tuple[str, ...]
    open: tuple[str, ...]


@lru_cache
def examples_of(rule_set: str, language: str) -> Mapping[str, Examples]:
    """By rule; none for a rule set that does not ship with the portal. In English when `language` is "en"."""
    entries = json.loads(FILE.read_text(encoding="utf-8"))["rule_sets"]
    name = "name_en" if language == "en" else "name"
    cases = [case for entry in entries if entry["code"] == rule_set for case in entry["cases"] if "rule" in case]
    return {
        rule: Examples(
            tuple(c[name] for c in cases if c["rule"] == rule not in [*c["failures"], *c.get("unknown", [])]),
            tuple(c[name] for c in cases if c["rule"] == rule in c["failures"]),
            tuple(c[name] for c in cases if c["rule"] == rule in c.get("unknown", [])),
        )
        for rule in {case["rule"] for case in cases}
    }
