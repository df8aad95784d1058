"""Rules as data: what is not understood is refused by name."""

from fractions import Fraction
from typing import Any

import pytest

from clusters.policy import CLUSTERS, SHIPPED, BadRules, read_rules


def test_overrides_replace_whole_keys_but_only_the_clusters_they_name() -> None:
    rules = read_rules(SHIPPED, {"floor": 8, "formulas": {"PMI": {"use": [{"pmi_placed": "0.5", "unemployed": "2"}]}}})
    assert rules.floor == 8
    assert rules.formulas["PMI"].use == ({"pmi_placed": Fraction(1, 2), "unemployed": Fraction(2)},)
    assert rules.formulas["BOROBUDUR"].by_area
    assert set(rules.formulas) == set(CLUSTERS)


def test_errors_that_nobody_named_are_those_that_ship() -> None:
    without = {key: rule for key, rule in SHIPPED.items() if key != "errors"}
    assert read_rules(without).errors == read_rules(SHIPPED).errors
    assert read_rules(without, {"errors": {"low": "1/3"}}).errors == read_rules(SHIPPED).errors | {
        "low": Fraction(1, 3)
    }


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"flor": 8}, "flor"),
        ({"floor": -1}, "floor"),
        ({"floor": "16"}, "floor"),
        ({"floor": True}, "floor"),
        ({"band": 101}, "band"),
        ({"total": 1.5}, "total"),
        ({"factors": {"PMI": 1.5}}, "factors.PMI"),
        ({"factors": {"PMI": "dua"}}, "factors.PMI"),
        ({"factors": {"PMI": "1/0"}}, "factors.PMI"),
        ({"factors": {"PMI": "1e999999999"}}, "factors.PMI"),
        ({"factors": {"PMI": "1001"}}, "factors.PMI"),
        ({"factors": {"X": "1"}}, "factors.X"),
        ({"errors": {"high": "1"}}, "errors.high"),
        ({"errors": {"low": "-0.1"}}, "errors.low"),
        ({"errors": {"low": 0.1}}, "errors.low"),
        ({"errors": {"sure": "0.1"}}, "errors.sure"),
        ({"errors": "0.1"}, "errors"),
        ({"shares": {"PMI": 1}}, "shares"),
        ({"shares": dict.fromkeys(CLUSTERS, 0)}, "shares"),
        ({"caps": {"3301-PMI": "7"}}, "caps.3301-PMI"),
        ({"formulas": {"PMI": {"use": []}}}, "formulas.PMI.use"),
        ({"formulas": {"PMI": {"use": [{"a": "1"}], "per": "km2"}}}, "formulas.PMI.per"),
        ({"formulas": {"PMI": {"use": [{"a": "1"}], "missing": "zero"}}}, "formulas.PMI.missing"),
        ({"formulas": {"PMI": {"use": [{"a": "1"}], "by_area": "no"}}}, "formulas.PMI.by_area"),
        ({"formulas": {"PMI": {"use": [{"a": "1"}], "wieght": 3}}}, "formulas.PMI"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(overrides: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRules) as refused:
        read_rules(SHIPPED, overrides)
    assert refused.value.field == field
