"""Eligibility: the example cases beside the rules, and what no example can show."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from registrations import eligibility
from registrations.eligibility import (
    CLUSTER_REASONS,
    ENTITLEMENTS,
    FAILURES,
    Areas,
    Cluster,
    Facts,
    Group,
    RuleSet,
    age_on,
    decide,
    explain,
)

DATA = json.loads(Path(eligibility.__file__).with_name("data").joinpath("rule_sets.json").read_text())
AREAS = Areas(**{name: frozenset(ids) for name, ids in DATA["example_areas"].items()})
RULES = {entry["code"]: RuleSet.from_dict(entry) for entry in DATA["rule_sets"]}
DAY = date(2024, 6, 15)


def facts(**changes):
    values = DATA["example_person"] | changes
    return Facts(**values | {"birth_date": date.fromisoformat(values["birth_date"])})


def decision(**changes):
    return decide(facts(**changes), RULES["2023"], AREAS, DAY)


@pytest.mark.parametrize(
    ("rule_set", "case"),
    [
        pytest.param(entry, case, id=f"{entry['code']}: {case['name']}")
        for entry in DATA["rule_sets"]
        for case in entry["cases"]
    ],
)
def test_example_case(rule_set, case):
    rules = RULES[rule_set["code"]]
    result = decide(facts(**case["facts"]), rules, AREAS, date.fromisoformat(rule_set["example_day"]))
    assert result.failures == tuple((rule, rules.articles[rule]) for rule in case["failures"])
    assert result.eligible == (not case["failures"])
    if "clusters" in case:
        assert result.clusters == sum(Cluster[name] for name in case["clusters"])


@pytest.mark.parametrize("entry", DATA["rule_sets"], ids=lambda entry: entry["code"])
def test_each_rule_with_an_article_has_an_example_that_fails_and_one_that_passes(entry):
    failed = {rule for case in entry["cases"] for rule in case["failures"]}
    assert failed == RULES[entry["code"]].articles.keys()
    assert any(not case["failures"] for case in entry["cases"])


def test_rule_sets_follow_each_other():
    assert not RULES["2020"].in_force(date(2023, 1, 1))
    assert RULES["2020"].in_force(date(2022, 12, 31))
    assert RULES["2023"].in_force(date(2023, 1, 1))
    assert not RULES["2023"].in_force(date(2022, 12, 31))
    assert (RULES["2020"].offer_days, RULES["2020"].min_hours) == (30, 6)
    assert (RULES["2023"].offer_days, RULES["2023"].min_hours) == (15, 15)


class TestDecide:
    @pytest.mark.parametrize("lost", [{"laid_off": True}, {"occupation": "laid_off"}, {"occupation": "furloughed"}])
    def test_lost_work_in_any_of_its_forms(self, lost):
        result = decision(**lost)
        assert result.clusters == Cluster.PMI | Cluster.PHK
        assert result.groups == Group.LAID_OFF
        assert result.cluster_reasons[2] == "phk_person"

    @pytest.mark.parametrize(
        ("changes", "groups"),
        [
            ({}, 0),
            ({"sex": "F"}, 1),
            ({"disabled": True}, 2),
            ({"laid_off": True}, 4),
            ({"village_is_blank_spot": True}, 8),
            ({"remote_statement": True}, 8),
            ({"sex": "F", "disabled": True, "laid_off": True, "remote_statement": True}, 15),
        ],
    )
    def test_groups(self, changes, groups):
        assert decision(**changes).groups == groups

    def test_bits_follow_the_index_of_the_clusters(self):
        assert [int(cluster) for cluster in Cluster] == [1, 2, 4, 8]
        assert [cluster.name for cluster in Cluster] == ["PMI", "BOROBUDUR", "PHK", "AFIRMASI"]

    def test_reasons_for_and_against_each_cluster(self):
        assert decision().cluster_reasons == ("pmi_candidate", "borobudur_not", "phk_not", "afirmasi_not")
        other = decision(pmi_candidate=False, regency_id=11, disabled=True)
        assert other.cluster_reasons == ("pmi_not", "borobudur_regency", "phk_not", "afirmasi_disability")

    def test_without_a_reason_for_the_offline_route_every_cluster_is_closed(self):
        result = decision(unfamiliar_digital=False, sex="F", laid_off=True, village_id=1)
        assert (result.clusters, result.cluster_reasons) == (0, ("not_entitled",) * 4)
        assert [rule for rule, _article in result.failures] == ["offline_entitlement"]

    def test_all_reasons_for_the_offline_route_are_kept(self):
        result = decision(village_is_blank_spot=True, remote_statement=True)
        assert result.entitlement == ("blank_spot", "remote_statement", "unfamiliar_digital")

    def test_a_misspelt_office_is_refused(self):
        with pytest.raises(ValueError, match="'ans'"):
            decision(occupation="ans")

    def test_an_office_that_a_rule_set_allows_is_no_failure(self):
        rules = replace(RULES["2023"], excluded_offices=frozenset({"asn"}))
        assert decide(facts(occupation="village_head"), rules, AREAS, DAY).eligible

    def test_a_rule_set_decides_only_while_in_force(self):
        with pytest.raises(ValueError, match="2020 is not in force on 2024-06-15"):
            decide(facts(), RULES["2020"], AREAS, DAY)


class TestRuleSet:
    def entry(self, **rules):
        entry = next(entry for entry in DATA["rule_sets"] if entry["code"] == "2023")
        return entry | {"rules": entry["rules"] | rules}

    def test_every_rule_names_its_article(self):
        articles = dict(RULES["2023"].articles)
        del articles["citizen"], articles["max_age"]
        with pytest.raises(ValueError, match="no article for: citizen, max_age"):
            RuleSet.from_dict(self.entry(articles=articles))

    def test_aid_list_needs_an_article_when_it_excludes(self):
        with pytest.raises(ValueError, match="no article for: aid_list"):
            RuleSet.from_dict(self.entry(excludes_aid_recipients=True))

    def test_unknown_office(self):
        with pytest.raises(ValueError, match="unknown offices"):
            RuleSet.from_dict(self.entry(excluded_offices=["camat"]))

    def test_unknown_rule(self):
        with pytest.raises(TypeError, match="max_wage"):
            RuleSet.from_dict(self.entry(max_wage=3_500_000))


class TestExplain:
    def test_eligible(self):
        assert explain(decision()) == [
            "Anda memenuhi syarat kuota luring.",
            "Anda menyatakan belum terbiasa dengan perangkat digital.",
            "Klaster PMI: ya, Anda calon pekerja migran Indonesia.",
            "Klaster Borobudur: tidak, tempat tinggal Anda di luar kawasan Borobudur.",
            "Klaster PHK: tidak, Anda tidak terkena PHK atau dirumahkan dan tidak tinggal di daerah PHK.",
            "Klaster afirmasi: tidak, klaster ini untuk perempuan dan penyandang disabilitas.",
        ]

    def test_each_failure_says_number_article_and_next_step(self):
        sentences = explain(decision(birth_date="2008-01-01", unfamiliar_digital=False))
        assert sentences[:2] == [
            "Anda belum memenuhi syarat kuota luring.",
            "Peserta paling muda 18 tahun. Anda dapat mendaftar mulai ulang tahun ke-18. "
            "Dasar: Permenko Perekonomian 11/2020 Pasal 2 ayat (4).",
        ]
        assert len(sentences) == 3

    def test_is_translated_before_the_numbers_are_filled_in(self):
        asked = []
        explain(decision(household_members_registered=2), lambda msgid: asked.append(msgid) or msgid)
        assert FAILURES["household_limit"] in asked
        assert "Dasar: {article}." in asked

    def test_every_code_has_a_sentence(self):
        seen = [decision(), decision(unfamiliar_digital=False)]
        for changes in (
            {"pmi_candidate": False, "village_id": 1, "laid_off": True, "sex": "F", "village_is_blank_spot": True},
            {"regency_id": 11, "disabled": True, "remote_statement": True},
            {"regency_id": 12},
        ):
            seen.append(decision(**changes))
        assert {code for one in seen for code in one.cluster_reasons} == CLUSTER_REASONS.keys()
        assert {code for one in seen for code in one.entitlement} == ENTITLEMENTS.keys()


@pytest.mark.parametrize(
    ("on", "age"),
    [
        (date(2022, 2, 28), 17),
        (date(2022, 3, 1), 18),
        (date(2024, 2, 28), 19),
        (date(2024, 2, 29), 20),
    ],
)
def test_age_of_someone_born_on_29_february(on, age):
    assert age_on(date(2004, 2, 29), on) == age
