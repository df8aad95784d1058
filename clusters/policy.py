"""The rules of a split as data: which figures speak for a cluster, and what bounds its cells. Pure.

Rules come as JSON from a stored version of the policy, with the overrides of a scenario laid over it. Every split keeps the rules
it was made by, so they are read again later: a key that is not known is refused, never ignored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, get_args

Per = Literal["count", "head"]
Missing = Literal["rate", "leave_out"]
MAX_PLACES = 10**9
MAX_FACTOR = 1000
FACTOR = re.compile(
    r"\d{1,4}(?:\.\d{1,4}|/\d{1,4})?", re.ASCII
)  # an exponent could make one short text a long computation

# What the sources leave open. Version 0 of the policy: it counts until the province has stored one of its own.
SHIPPED: dict[str, Any] = {
    "floor": 16,  # one class, where the cell has seats for one
    "materiality": 1,  # of 16,000 places one class
    # Assumptions, none of them measured: no source publishes the error of its figures. What is estimated by the province's rate
    # misses published figures by a sixth (unemployment) to a half (PMI) at the median, where clusters/data has both.
    "errors": {"high": "0.05", "medium": "0.15", "low": "0.3", "entered": "0.15", "estimated": "0.5", "counted": "0"},
    "formulas": {
        "PMI": {"use": [{"pmi_placed": "1"}]},
        "BOROBUDUR": {"use": [{"population": "1"}], "by_area": True},
        "PHK": {"use": [{"phk_workers": "1"}]},
        "AFIRMASI": {"use": [{"unemployed_female": "1"}, {"population_female": "1"}]},
    },
}
CLUSTERS = tuple(SHIPPED["formulas"])


class BadRules(ValueError):
    """A rule that cannot be read. field: where it stands, as a path ("formulas.PMI.use"); code: what is wrong with it."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field, self.code = field, code


@dataclass(frozen=True, slots=True)
class Formula:
    """Demand of one cluster.

    use: alternatives, best first; each a sum of indicators with factors. One alternative serves the whole cluster: the first
        whose indicators the province or every regency has, else the last.
    per: "count" takes the figures as persons; "head" divides by population, so that a small regency hit hard comes first:
        the weight is persons per 100,000 inhabitants.
    missing: "rate" estimates a missing figure by the province's rate times population; "leave_out" gives the cell no weight.
        A figure entered by a planner is a figure.
    by_area: the cluster exists only where an area of it is switched on.
    """

    use: tuple[Mapping[str, Fraction], ...]
    per: Per = "count"
    missing: Missing = "rate"
    by_area: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that decides a split besides figures and decrees.

    floor, ceiling: places of every cell that exists, at least (where it has the seats) and at most.
    band: a cell stays within this many per cent of the version in force, where seats and granted places allow it.
    factors: a cluster's claim among the clusters counts this many times; the cells inside it keep their proportions.
    shares: fixed claims of the clusters, in place of their demand.
    floors, caps: bounds of single cells, by "3301-PMI".
    total: places to split in a what-if; None takes the decree's.
    materiality: of the counts that change all day, the clock proposes by day what moves at least so many places per
        thousand of the total; 0 proposes every difference. It says when to propose and not what, so no version keeps it.
    errors: how far a demand may be off, as a share of it, below 1, by what its least sure figure is: of "high", "medium" or
        "low" confidence, "entered" by a planner, "estimated", or "counted" by the portal itself. Assumed, not measured. They
        say how far the places carry (clusters.division.band) and not what they are, so no version keeps them as a rule.
    """

    formulas: Mapping[str, Formula]
    floor: int = 0
    ceiling: int | None = None
    band: int | None = None
    factors: Mapping[str, Fraction] = field(default_factory=dict)
    shares: Mapping[str, int] | None = None
    floors: Mapping[str, int] = field(default_factory=dict)
    caps: Mapping[str, int] = field(default_factory=dict)
    total: int | None = None
    materiality: int = 1
    errors: Mapping[str, Fraction] = field(default_factory=dict)


def read_rules(stored: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Rules:
    """Rules from JSON; `overrides` replace whole keys, but of "formulas" only the clusters they name. Errors that are not named
    are those that ship.

    Raises BadRules, naming the field, for an unknown key and for anything that is not of its kind.
    """
    overrides = overrides or {}
    formulas = {**_mapping(stored, "formulas"), **_mapping(overrides, "formulas")}
    given = {**stored, **overrides}
    if unknown := given.keys() - Rules.__dataclass_fields__.keys():
        raise BadRules(min(unknown), "unknown")
    if missing := set(CLUSTERS) - formulas.keys():
        raise BadRules(f"formulas.{min(missing)}", "missing")
    shares = given.get("shares")
    if shares is not None:
        shares = {code: _whole(shares.get(code), f"shares.{code}") for code in _codes(given, "shares")}
        if not any(shares.values()):
            raise BadRules("shares", "all_zero")
        if set(shares) != set(CLUSTERS):
            raise BadRules("shares", "incomplete")
    return Rules(
        formulas={code: _formula(found, f"formulas.{code}") for code, found in formulas.items()},
        floor=_whole(given.get("floor", 0), "floor"),
        ceiling=_optional(given, "ceiling"),
        band=_optional(given, "band", most=100),
        factors={
            code: _factor(_mapping(given, "factors")[code], f"factors.{code}") for code in _codes(given, "factors")
        },
        shares=shares,
        floors={key: _whole(places, f"floors.{key}") for key, places in _mapping(given, "floors").items()},
        caps={key: _whole(places, f"caps.{key}") for key, places in _mapping(given, "caps").items()},
        total=_optional(given, "total"),
        materiality=_whole(given.get("materiality", SHIPPED["materiality"]), "materiality", 1000),
        errors=_errors(_mapping(given, "errors")),
    )


def _errors(given: Mapping[str, Any]) -> Mapping[str, Fraction]:
    if unknown := given.keys() - SHIPPED["errors"].keys():
        raise BadRules(f"errors.{min(unknown)}", "unknown")
    errors = {kind: _factor(error, f"errors.{kind}") for kind, error in {**SHIPPED["errors"], **given}.items()}
    for kind, error in errors.items():
        if error >= 1:
            raise BadRules(f"errors.{kind}", "below_one")
    return errors


def _formula(found: Any, field: str) -> Formula:
    if not isinstance(found, Mapping) or found.keys() - Formula.__dataclass_fields__.keys():
        raise BadRules(field, "unknown")
    use = found.get("use")
    if not isinstance(use, list) or not use or not all(isinstance(each, Mapping) and each for each in use):
        raise BadRules(f"{field}.use", "missing")
    per, missing, by_area = found.get("per", "count"), found.get("missing", "rate"), found.get("by_area", False)
    if per not in get_args(Per):
        raise BadRules(f"{field}.per", "choice")
    if missing not in get_args(Missing):
        raise BadRules(f"{field}.missing", "choice")
    if not isinstance(by_area, bool):
        raise BadRules(f"{field}.by_area", "choice")
    return Formula(
        use=tuple({name: _factor(value, f"{field}.use.{name}") for name, value in each.items()} for each in use),
        per=per,
        missing=missing,
        by_area=by_area,
    )


def _mapping(given: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = given.get(key) or {}
    if not isinstance(found, Mapping):
        raise BadRules(key, "unknown")
    return found


def _codes(given: Mapping[str, Any], key: str) -> list[str]:
    found = _mapping(given, key)
    if unknown := found.keys() - set(CLUSTERS):
        raise BadRules(f"{key}.{min(unknown)}", "unknown")
    return [code for code in CLUSTERS if code in found]


def _optional(given: Mapping[str, Any], key: str, most: int = MAX_PLACES) -> int | None:
    return None if given.get(key) is None else _whole(given[key], key, most)


def _whole(value: Any, field: str, most: int = MAX_PLACES) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise BadRules(field, "whole_number")
    return value


def _factor(value: Any, field: str) -> Fraction:
    """Written as text, "1.5", so that what was typed is what counts."""
    try:
        factor = Fraction(value) if isinstance(value, str) and FACTOR.fullmatch(value) else None
    except ZeroDivisionError:
        factor = None
    if factor is None or factor > MAX_FACTOR:
        raise BadRules(field, "factor")
    return factor
