"""Eligibility: the example cases beside the rules, and what no example can show."""

import json
from dataclasses import fields, replace
from datetime import date
from itertools import combinations, product
from pathlib import Path

import pytest

import registrations
from registrations.eligibility import (
    ALTERNATIVES,
    CLUSTER_REASONS,
    CONDITIONS,
    ENTITLEMENTS,
    FAILURES,
    LIST_NAMES,
    LISTS,
    MISSING,
    RULES,
    Areas,
    Cluster,
    Facts,
    Group,
    Listing,
    RuleSet,
    Words,
    age_on,
    decide,
    explain,
)

DATA = json.loads(Path(registrations.__path__[0]).joinpath("data", "rule_sets.json").read_text())
AREAS = Areas(**{name: frozenset(ids) for name, ids in DATA["example_areas"].items()})
SETS = {entry["code"]: RuleSet.from_dict(entry) for entry in DATA["rule_sets"]}
DAY = date(2024, 6, 15)


def facts(**changes):
    values = DATA["example_person"] | changes
    born = values["birth_date"]
    listings = tuple(Listing(kind, source, date.fromisoformat(day)) for kind, source, day in values.get("listings", ()))
    return Facts(**values | {"birth_date": born and date.fromisoformat(born), "listings": listings})


def decision(**changes):
    return decide(facts(**changes), SETS["2023"], AREAS, DAY)


@pytest.mark.parametrize(
    ("rule_set", "case"),
    [
        pytest.param(entry, case, id=f"{entry['code']}: {case['name']}")
        for entry in DATA["rule_sets"]
        for case in entry["cases"]
    ],
)
def test_example_case(rule_set, case):
    rules = SETS[rule_set["code"]]
    result = decide(facts(**case["facts"]), rules, AREAS, date.fromisoformat(rule_set["example_day"]))
    assert result.failures == tuple((rule, rules.articles[rule]) for rule in case["failures"])
    assert [code for code, missing in result.unknown if missing] == case.get("unknown", [])
    rules_unknown = set(case.get("unknown", [])) & RULES.keys()
    assert result.answer == (False if case["failures"] else None if rules_unknown else True)
    assert result.eligible == (not case["failures"])
    if "clusters" in case:
        assert result.clusters == sum(Cluster[name] for name in case["clusters"])


@pytest.mark.parametrize("entry", DATA["rule_sets"], ids=lambda entry: entry["code"])
def test_each_rule_of_each_set_has_an_example_that_passes_and_one_that_fails(entry):
    cases = [case for case in entry["cases"] if "rule" in case]
    shown = {(c["rule"], c["rule"] not in c["failures"]) for c in cases if c["rule"] not in c.get("unknown", [])}
    assert shown == set(product(SETS[entry["code"]].active, (True, False)))
    assert all(case["name"] and case["name_en"] for case in entry["cases"])
    clusters = {name for case in entry["cases"] for name in case.get("clusters", [])}
    assert clusters == set(ALTERNATIVES["no_cluster"])


def test_rule_sets_follow_each_other():
    assert not SETS["2020"].in_force(date(2023, 1, 1))
    assert SETS["2020"].in_force(date(2022, 12, 31))
    assert SETS["2023"].in_force(date(2023, 1, 1))
    assert not SETS["2023"].in_force(date(2022, 12, 31))
    assert (SETS["2020"].offer_days, SETS["2020"].min_hours) == (30, 6)
    assert (SETS["2023"].offer_days, SETS["2023"].min_hours) == (15, 15)


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

    def test_a_list_weighs_more_than_the_own_statement_and_is_named(self):
        laid_off, student = Listing("laid_off", "Disnaker", DAY), Listing("in_education", "Dapodik", DAY)
        result = decide(replace(facts(), listings=(student, laid_off)), SETS["2023"], AREAS, DAY)
        assert (result.clusters, result.groups) == (Cluster.PMI | Cluster.PHK, Group.LAID_OFF)
        assert [rule for rule, _article in result.failures] == ["in_education"]
        assert result.lists == (student, laid_off)

    def test_a_list_that_the_rule_set_does_not_look_at_is_not_named(self):
        aid = Listing("aid_recipient", "Kemensos", DAY)
        result = decide(replace(facts(), listings=(aid,)), SETS["2023"], AREAS, DAY)
        assert (result.answer, result.lists) == (True, ())

    def test_an_unknown_kind_of_list_is_refused(self):
        with pytest.raises(ValueError, match="unknown kinds of list: dtks"):
            decide(replace(facts(), listings=(Listing("dtks", "Kemensos", DAY),)), SETS["2023"], AREAS, DAY)

    def test_nothing_known_fails_nothing_and_says_what_is_missing(self):
        empty = Facts(**{field.name: None for field in fields(Facts)} | {"listings": ()})
        day = date(2021, 6, 15)
        result = decide(empty, SETS["2020"], AREAS, day)
        assert (result.failures, result.answer, result.clusters, result.groups) == ((), None, 0, 0)
        assert {code for code, _missing in result.unknown} == {*SETS["2020"].active, *ALTERNATIVES["no_cluster"]}
        assert {fact for _code, missing in result.unknown for fact in missing} == MISSING.keys()
        assert MISSING.keys() == {field.name for field in fields(Facts)} - {"listings"}

    def test_what_is_known_later_decides_what_was_open_and_nothing_else(self):
        """Every fact alone withheld: no rule answers otherwise than with it, or it cannot tell."""
        for case in DATA["rule_sets"][1]["cases"]:
            known = facts(**case["facts"])
            whole = decide(known, SETS["2023"], AREAS, DAY)
            for name in MISSING:
                part = decide(replace(known, **{name: None}), SETS["2023"], AREAS, DAY)
                assert set(part.failures) <= set(whole.failures), (case["name"], name)
                assert part.clusters | whole.clusters == whole.clusters, (case["name"], name)
                assert part.answer in (None, whole.answer), (case["name"], name)

    def test_the_named_changes_are_the_fewest_that_make_it_a_yes(self):
        """By trying all of them: each thing is one change of one fact."""
        things = {
            "citizen": {"citizen": True},
            "min_age": {"birth_date": date(1995, 3, 10)},
            "in_education": {"in_education": False},
            "received_before": {"received_before": False},
            "household_limit": {"household_members_registered": 0},
            "blank_spot": {"village_is_blank_spot": True},
            "remote_statement": {"remote_statement": True},
            "unfamiliar_digital": {"unfamiliar_digital": True},
            "PMI": {"pmi_candidate": True},
            "BOROBUDUR": {"village_id": 1},
            "PHK": {"laid_off": True},
            "AFIRMASI": {"disabled": True},
        }
        wrong = [
            {"citizen": False},
            {"birth_date": "2010-01-01", "in_education": True},
            {"received_before": True, "pmi_candidate": False},
            {"household_members_registered": 2, "unfamiliar_digital": False},
            {"unfamiliar_digital": False, "pmi_candidate": False},
            {},
        ]
        for changes in wrong:
            person = facts(**changes)

            def eligible(names, person=person):
                other = {name: value for thing in names for name, value in things[thing].items()}
                return decide(replace(person, **other), SETS["2023"], AREAS, DAY).eligible

            named = set(map(frozenset, product(*decide(person, SETS["2023"], AREAS, DAY).changes)))
            size = next(size for size in range(len(things)) if any(map(eligible, combinations(things, size))))
            assert named == {frozenset(names) for names in combinations(things, size) if eligible(names)}, changes

    def test_a_misspelt_office_is_refused(self):
        with pytest.raises(ValueError, match="'ans'"):
            decision(occupation="ans")

    def test_an_office_that_a_rule_set_allows_is_no_failure(self):
        rules = replace(SETS["2023"], excluded_offices=frozenset({"asn"}))
        assert decide(facts(occupation="village_head"), rules, AREAS, DAY).eligible

    def test_a_rule_set_decides_only_while_in_force(self):
        with pytest.raises(ValueError, match="2020 is not in force on 2024-06-15"):
            decide(facts(), SETS["2020"], AREAS, DAY)


class TestRuleSet:
    def entry(self, **rules):
        entry = next(entry for entry in DATA["rule_sets"] if entry["code"] == "2023")
        return entry | {"rules": entry["rules"] | rules}

    def test_every_rule_names_its_article(self):
        articles = dict(SETS["2023"].articles)
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

    def test_each_failure_says_number_article_next_step_and_office_then_the_fewest_changes(self):
        sentences = explain(decision(birth_date="2008-01-01", unfamiliar_digital=False), Words(office="Dinas Contoh"))
        assert sentences == [
            "Anda belum memenuhi syarat kuota luring.",
            "Peserta paling muda 18 tahun. Anda dapat mendaftar mulai ulang tahun ke-18. Tanggal lahir di KTP keliru? "
            "Perbaiki di Dinas Kependudukan dan Pencatatan Sipil (Dukcapil). "
            "Dasar: Permenko Perekonomian 11/2020 Pasal 2 ayat (4).",
            "Kuota luring untuk warga desa terpencil atau tanpa sinyal, atau yang belum terbiasa dengan perangkat digital. "
            "Anda dapat mendaftar lewat jalur daring. Isian keliru? Perbaiki, atau tanyakan kepada Dinas Contoh. "
            "Dasar: Ketentuan kuota luring provinsi: alasan jalur luring.",
            "Supaya Anda memenuhi syarat, 2 hal ini harus berbeda: Usia Anda paling sedikit 18 tahun; Salah satu dari ini "
            "cukup: Desa Anda ada di daftar desa terpencil atau tanpa sinyal / Anda menyatakan tinggal di tempat terpencil "
            "atau tanpa sinyal / Anda menyatakan belum terbiasa dengan perangkat digital.",
        ]

    def test_a_list_is_named_with_its_source_and_day(self):
        listed = replace(facts(), listings=(Listing("in_education", "Dapodik", date(2024, 5, 1)),))
        refused = explain(decide(listed, SETS["2023"], AREAS, DAY), Words(day=lambda day: f"{day:%d/%m/%Y}"))[1]
        assert "Daftar “Sedang bersekolah atau kuliah (Dapodik, EMIS, PDDikti)” dari Dapodik" in refused
        assert "keadaan per 01/05/2024" in refused

    def test_what_is_missing_is_said_with_how_to_supply_it(self):
        sentences = explain(decision(birth_date=None, laid_off=None))
        assert sentences[0] == "Syarat kuota luring belum dapat dipastikan semuanya."
        assert "Klaster PHK: belum dapat dipastikan." in sentences
        assert sentences[-2:] == [
            "Isi tanggal lahir Anda seperti di KTP.",
            "Jawab apakah Anda terkena PHK, atau tunjukkan suratnya kepada dinas tenaga kerja di kabupaten atau kota Anda.",
        ]

    def test_is_translated_before_the_numbers_are_filled_in(self):
        asked = []
        explain(decision(household_members_registered=2), Words(lambda msgid: asked.append(msgid) or msgid))
        assert FAILURES["household_limit"] in asked
        assert "Dasar: {article}." in asked

    def test_every_code_has_a_sentence(self):
        seen = [decision(**case["facts"]) for case in DATA["rule_sets"][1]["cases"]]
        seen.append(decision(sex=None, disabled=None, village_id=None, pmi_candidate=None, regency_id=None))
        seen.append(decision(village_is_blank_spot=True))
        codes = {code for one in seen for code in one.cluster_reasons}
        assert codes == CLUSTER_REASONS.keys()
        assert {code for one in seen for code in one.entitlement} == ENTITLEMENTS.keys()
        assert FAILURES.keys() == RULES.keys()
        assert CONDITIONS.keys() >= {*RULES, *(code for codes in ALTERNATIVES.values() for code in codes)}
        assert LIST_NAMES.keys() == LISTS.keys()


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
