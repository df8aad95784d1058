"""What differs between the inputs of two versions of a split. Pure, and ready for JSON: codes and numbers, no words.

Causes come first, each a mapping with a "name":
    total, decree, policy    before, after: places, the decree's number, the policy's version
    decreed                  cluster (code) or regency (id), before, after; None where nothing is decreed
    weights                  before, after: "indicators" or "registrants"
    rule                     rule ("floor", "formulas.PMI"), before, after
    dataset                  dataset, as_of, indicators: a delivery with published figures that the former version did not know
    choice                   before or after: the reason of a planner's choice that went or came
    open_seats, registrants, eligible_people, granted_places, lapsed_places
                             cells, before, after: sums over the cells whose count changed (registrants in twelfths of persons)
    areas                    cells where a cluster begins or ceases to exist
Then the cells: name "weight" (twelfths of persons), "floor" or "cap"; cluster (code), regency (id), before, after, and figures:
those used whose value changed (indicator, before, after, dataset). A figure that is known and not used changes no cell.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

CELL_NAMES = ("weight", "floor", "cap")
COUNTED = (
    "open_seats",
    "registrants",
    "eligible_people",
    "granted_places",
)  # by the portal itself; other figures are published
NO_RULES = {"version", "weights", "decree", "decree_date", "decreed", "formulas"}

Change = dict[str, Any]
Key = tuple[int, str]  # regency id, cluster code


class StatedCell(NamedTuple):
    weight: int
    floor: int
    cap: int
    basis: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stated:
    """The inputs of a version, as QuotaSplit and QuotaCell keep them."""

    total: int
    policy: Mapping[str, Any]
    cells: Mapping[Key, StatedCell]


def changes_between(before: Stated, after: Stated) -> list[Change]:
    """Empty for the same inputs. In one order for the same numbers, whatever the order of reading."""
    cells = list(_cells(before, after))
    return [
        *_values({"total": before.total}, {"total": after.total}, "name"),
        *_rules(before.policy, after.policy),
        *_datasets(before, after),
        *_choices(before, after),
        *_counts(cells),
        *cells,
    ]


def is_decided(change: Change) -> bool:
    """Whether somebody decided or delivered this, so that it is news however few places it moves."""
    return change["name"] in {"total", "decree", "decreed", "weights", "policy", "rule", "dataset", "choice", "areas"}


def moved_places(before: Mapping[Any, int], after: Mapping[Any, int]) -> int:
    """How many places stand elsewhere. Those that come from or go to nowhere (total, unassigned) count as well."""
    moves = [after.get(key, 0) - before.get(key, 0) for key in before.keys() | after.keys()]
    return max(sum(move for move in moves if move > 0), -sum(move for move in moves if move < 0))


def _values(before: Mapping[str, Any], after: Mapping[str, Any], key: str, **fixed: Any) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield {**fixed, key: name, "before": before.get(name), "after": after.get(name)}


def _rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name, kept in (("decree", "decree"), ("weights", "weights"), ("policy", "version")):
        yield from _values({name: before.get(kept)}, {name: after.get(kept)}, "name")
    decreed, now_decreed = before.get("decreed", {}), after.get("decreed", {})
    yield from _values(decreed.get("clusters", {}), now_decreed.get("clusters", {}), "cluster", name="decreed")
    for change in _values(decreed.get("regencies", {}), now_decreed.get("regencies", {}), "regency", name="decreed"):
        yield change | {"regency": int(change["regency"])}
    yield from _values(_plain(before), _plain(after), "rule", name="rule")


def _plain(policy: Mapping[str, Any]) -> dict[str, Any]:
    formulas = policy.get("formulas", {})
    return {
        **{key: rule for key, rule in policy.items() if key not in NO_RULES},
        **{f"formulas.{code}": formula for code, formula in formulas.items()},
    }


def _datasets(before: Stated, after: Stated) -> Iterator[Change]:
    known = {figure.get("id") for figure in _figures(_bases(before), others=True)}
    new: dict[tuple[str, str], set[str]] = {}
    for figure in _figures(_bases(after), others=True):
        if figure.get("id") not in known and "id" in figure and figure["indicator"] not in COUNTED:
            new.setdefault((figure["dataset"], figure["as_of"]), set()).add(figure["indicator"])
    for (name, as_of), indicators in sorted(new.items(), key=lambda each: each[0][::-1]):
        yield {"name": "dataset", "dataset": name, "as_of": as_of, "indicators": sorted(indicators)}


def _choices(before: Stated, after: Stated) -> Iterator[Change]:
    yield from (
        {"name": "choice", "before": change["before"], "after": change["after"]}
        for change in _values(dict(_chosen(_bases(before))), dict(_chosen(_bases(after))), "choice")
    )


def _counts(cells: list[Change]) -> Iterator[Change]:
    counts: dict[str, list[Change]] = {name: [] for name in (*COUNTED, "lapsed_places")}
    for cell in cells:
        for figure in cell["figures"]:
            name = figure["indicator"]
            if name == "granted_places" and (figure["after"] or 0) < (figure["before"] or 0):
                name = "lapsed_places"
            if name in counts:
                counts[name].append(figure)
    for name, found in counts.items():
        if found:
            sums = {side: sum(figure[side] or 0 for figure in found) for side in ("before", "after")}
            yield {"name": name, "cells": len(found), **sums}
    if moved := [cell for cell in cells if "outside" in cell.get("status", ())]:
        yield {"name": "areas", "cells": len(moved)}


def _cells(before: Stated, after: Stated) -> Iterator[Change]:
    for key in sorted(before.cells.keys() | after.cells.keys()):
        was, now = before.cells.get(key), after.cells.get(key)
        for name in CELL_NAMES:
            old, new = (_part(cell, name) for cell in (was, now))
            change: Change = {
                "name": name,
                "cluster": key[1],
                "regency": key[0],
                "before": was and getattr(was, name),
                "after": now and getattr(now, name),
                "figures": _changed_figures(old, new),
            }
            if name == "weight" and old.get("status") != new.get("status"):
                change["status"] = [old.get("status"), new.get("status")]
            if change["before"] != change["after"] or change["figures"] or "status" in change:
                yield change


def _part(cell: StatedCell | None, name: str) -> Mapping[str, Any]:
    part: Mapping[str, Any] = cell.basis.get(name, {}) if cell else {}
    return part


def _changed_figures(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    old, new = _used(before), _used(after)
    changed = []
    for indicator, is_rate in sorted(old.keys() | new.keys()):
        was, now = old.get((indicator, is_rate)), new.get((indicator, is_rate))
        if (was and was["value"]) != (now and now["value"]):
            change = {"indicator": indicator, "before": was and was["value"], "after": now and now["value"]}
            changed.append(change | {"dataset": now and now.get("dataset")} | ({"rate": True} if is_rate else {}))
    return changed


def _used(part: Mapping[str, Any]) -> dict[tuple[str, bool], Mapping[str, Any]]:
    """The figures a number was made from, by indicator and whether it is the province's, taken as a rate."""
    rate = {(figure["indicator"], True): figure for figure in _figures(part.get("rate"))}
    terms = [term.get("rate") for term in part.get("terms", [])]
    rate |= {(figure["indicator"], True): figure for figure in _figures(terms)}
    return rate | {(figure["indicator"], False): figure for figure in _figures(part, rates=False)}


def _bases(stated: Stated) -> list[Mapping[str, Any]]:
    return [cell.basis for cell in stated.cells.values()]


def _figures(found: Any, *, others: bool = False, rates: bool = True) -> Iterator[Mapping[str, Any]]:
    """Every figure that a basis refers to: published (with "id") or a planner's own. others: also those not used."""
    match found:
        case {"indicator": _, "value": _, "unit": _}:
            yield found
        case {"entered": value, "indicator": indicator}:
            yield {"indicator": indicator, "value": value}
            if others:
                yield from _figures(found["others"])
        case dict():
            for key, inner in found.items():
                if (others or key != "others") and (rates or key != "rate"):
                    yield from _figures(inner, others=others, rates=rates)
        case list():
            for inner in found:
                yield from _figures(inner, others=others, rates=rates)


def _chosen(found: Any) -> Iterator[tuple[str, str]]:
    """Id and reason of every choice of a planner that a basis rests on."""
    match found:
        case {"choice": str(choice), "reason": reason}:
            yield choice, reason
        case dict():
            for inner in found.values():
                yield from _chosen(inner)
        case list():
            for inner in found:
                yield from _chosen(inner)
