"""The examples beside the rules: each number worked by hand, and each of them moved by the rule it is about."""

import json

import pytest

from clusters.policy import CLUSTERS, SHIPPED, read_rules
from clusters.services.examples import EXAMPLES, examples, run_example, run_variant

CASES = {case.key: case for case in examples()}
# Places under the shipped rules (floor 16, demand by count), and under the case's variant.
SHIPPED_PLACES = {
    # Melati: 2,000 of 1,000,000 people x 200,000 = 400. Cempaka 16; the other 104 over 600 : 400 : 200 = 52, 34.7, 17.3.
    "angka-kosong": [52, 35, 17, 16],
    # 120 x 1,000 / 2,400 = 50, x 500 = 25, x 900 = 45.
    "kecil-terdampak": [50, 25, 45],
    # Anggrek stops at 32; 88 over 400 : 200 = 58.7, 29.3.
    "kursi-penuh": [32, 59, 29],
    # Melati 5 and Kenanga 2 rise to 16; 68 over 9,000 : 300 = 65.8, 2.2.
    "satu-kelas": [66, 16, 16, 2],
    # 240 over 600 : 1,800 = 60, 180. PMI: Melati 10 rises to 16, 44 over 300 : 200 = 26.4, 17.6. PHK: 90, 60, 30.
    "bagian-tetap": [26, 16, 18, 90, 60, 30],
    # 200 over 400 : 12,000 = 6.5, but the three floors of PMI are 48; 152 over 6,000 : 3,000 : 3,000.
    "faktor": [16, 16, 16, 76, 38, 38],
    # Two floors; nothing for who has no class; 68 are left.
    "belum-ada-angka": [16, 16, 0],
    # 120 over 400 : 600 : 200.
    "pita": [40, 60, 20],
    # Anggrek keeps 40; 60 over 500 : 400 = 33.3, 26.7.
    "sudah-diberikan": [40, 33, 27],
    # 120 over 200 : 300 : 100 registrants.
    "pendaftar": [40, 60, 20],
}
VARIANT_PLACES = {
    # Melati and Cempaka 16 each; 88 over 600 : 200 = 66, 22, but Anggrek stops at 64, so Kenanga takes 24.
    "angka-kosong": [64, 16, 24, 16],
    # 50, 500 and 100 per 100,000: Anggrek 9.2 rises to 16; 104 over 500 : 100 = 86.7, 17.3.
    "kecil-terdampak": [16, 87, 17],
    # 32 seats, 48 by the rule, the rest.
    "kursi-penuh": [32, 48, 40],
    # 100 over 9,000 : 500 : 200 : 300.
    "satu-kelas": [90, 5, 2, 3],
    # 120 over 300 : 100 : 200, and 120 over 900 : 600 : 300.
    "bagian-tetap": [60, 20, 40, 60, 40, 20],
    # 200 over 20 x 400 : 12,000 = 80, 120.
    "faktor": [40, 20, 20, 60, 30, 30],
    # At least 54, at most 44 and 22: together the 120.
    "pita": [54, 44, 22],
    # Granted places outdo the ceiling; Melati stops at 32.
    "sudah-diberikan": [40, 32, 28],
    "pendaftar": [40, 60, 20],
}


@pytest.mark.parametrize("key", CASES)
def test_each_example_under_the_shipped_rules(key: str) -> None:
    case, places = CASES[key], SHIPPED_PLACES[key]
    outcome = run_example(case, read_rules(SHIPPED))
    assert [cell.seats for cell in outcome.cells] == places
    assert outcome.unassigned == case.total - sum(places)
    assert [(cell.cluster, cell.place) for cell in outcome.cells] == [
        (cluster, place) for cluster in CLUSTERS if cluster in case.cells for place in case.places
    ]


@pytest.mark.parametrize("key", [key for key, case in CASES.items() if case.variant])
def test_each_variant(key: str) -> None:
    outcome = run_variant(CASES[key], SHIPPED)
    assert outcome
    assert [cell.seats for cell in outcome.cells] == VARIANT_PLACES[key]


def test_what_stands_behind_a_number_is_told() -> None:
    told = {
        key: [
            (cell.status, cell.persons, cell.per, cell.binds)
            for cell in run_example(CASES[key], read_rules(SHIPPED)).cells
        ]
        for key in ("angka-kosong", "kursi-penuh", "belum-ada-angka")
    }
    assert told == {
        "angka-kosong": [
            ("reported", 600, "count", ""), ("estimated", 400, "count", ""), ("entered", 200, "count", ""),
            ("missing", 0, "count", "floor"),
        ],
        "kursi-penuh": [
            ("reported", 800, "count", "cap"), ("reported", 400, "count", ""), ("reported", 200, "count", ""),
        ],
        "belum-ada-angka": [
            ("missing", 0, "count", "floor"), ("missing", 0, "count", "floor"), ("missing", 0, "count", ""),
        ],
    }  # fmt: skip
    head = run_variant(CASES["kecil-terdampak"], SHIPPED)
    assert head
    assert [(cell.persons, cell.per) for cell in head.cells] == [(50, "head"), (500, "head"), (100, "head")]


def test_rules_that_cannot_be_honoured_say_how_many_places_are_short() -> None:
    outcome = run_example(CASES["kecil-terdampak"], read_rules(SHIPPED, {"floor": 50}))
    assert (outcome.short, {cell.seats for cell in outcome.cells}, outcome.unassigned) == (30, {0}, 120)


def test_a_total_of_the_rules_does_not_replace_the_case_s() -> None:
    outcome = run_example(CASES["pita"], read_rules(SHIPPED, {"total": 60}))
    assert sum(cell.seats for cell in outcome.cells) == 120


def test_every_text_stands_in_both_languages_and_places_are_made_up() -> None:
    for case in json.loads(EXAMPLES.read_text()):
        texts = [case["name"], case["shows"], *([case["variant"]["name"]] if "variant" in case else [])]
        assert all(set(text) == {"id", "en"} and all(text.values()) for text in texts)
        assert {place.split()[1] for place in case["places"]} <= {"Anggrek", "Melati", "Kenanga", "Cempaka"}
