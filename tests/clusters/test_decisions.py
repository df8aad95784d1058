"""Decrees: a tree in which no part exceeds its whole, and a wave takes only what the province was given."""

from collections.abc import Callable
from datetime import date
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.scope import Scope
from clusters.models import QuotaDecision, Wave
from clusters.selectors.decisions import decision_tree
from clusters.selectors.demand import split_inputs
from clusters.selectors.waves import unused_decisions
from clusters.services.decisions import AlreadyDecided, MoreThanWhole, WrongParent, create_decision
from tests.clusters.quota_data import AFIRMASI, NOW, PHK, PMI, make_province, make_wave
from tests.factories.staff import make_user

SignIn = Callable[..., Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def planner() -> Scope:
    make_province()
    return Scope(user_id=make_user().pk, roles=frozenset({"planner"}))


def decide(scope: Scope, number: str, total: int | None, **given: Any) -> QuotaDecision:
    return create_decision(
        scope=scope, decree_number=number, decree_date=date(2026, 10, 1), author="Uji", total=total, now=NOW, **given
    )


def test_tree_lists_each_decree_after_its_whole_and_what_is_given(planner: Scope) -> None:
    country = decide(planner, "PUSAT/1", 500_000, level="national")
    province = decide(planner, "JATENG/1", None, parent=country)
    decide(planner, "JATENG/2", 300, level="cluster", parent=province, cluster_id=PMI)
    decide(planner, "JATENG/3", None, level="regency", parent=province, regency_id=3301)
    rows = [(node.decision.decree_number, node.depth, node.given) for node in decision_tree()]
    assert rows[:2] == [("PUSAT/1", 0, None), ("JATENG/1", 1, 300)]
    assert sorted(rows[2:]) == [("JATENG/2", 2, None), ("JATENG/3", 2, None)]


def test_parts_say_no_more_than_the_whole(planner: Scope) -> None:
    province = decide(planner, "JATENG/1", 1000)
    decide(planner, "K/1", 700, level="cluster", parent=province, cluster_id=PMI)
    with pytest.raises(MoreThanWhole) as refused:
        decide(planner, "K/2", 301, level="cluster", parent=province, cluster_id=PHK)
    assert refused.value.left == 300
    decide(planner, "K/2", 300, level="cluster", parent=province, cluster_id=PHK)
    decide(
        planner, "R/1", 1000, level="regency", parent=province, regency_id=3301
    )  # the other margin counts for itself


@pytest.mark.django_db(transaction=True)
def test_two_parts_at_once_do_not_exceed_the_whole_together(planner: Scope) -> None:
    province = decide(planner, "JATENG/1", 1000)
    start, refused = Barrier(2), []

    def record(cluster: int) -> None:
        start.wait()
        try:
            decide(planner, f"K/{cluster}", 600, level="cluster", parent=province, cluster_id=cluster)
        except MoreThanWhole as error:
            refused.append(error.left)
        finally:
            connection.close()

    threads = [Thread(target=record, args=(cluster,)) for cluster in (PMI, PHK)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [400]


def test_a_part_belongs_to_the_province_and_a_place_is_decided_once(planner: Scope) -> None:
    country = decide(planner, "PUSAT/1", 500_000, level="national")
    with pytest.raises(WrongParent):
        decide(planner, "K/1", 5, level="cluster", parent=country, cluster_id=PMI)
    province = decide(planner, "JATENG/1", 1000, parent=country)
    first = decide(planner, "K/1", 5, level="cluster", parent=province, cluster_id=PMI)
    with pytest.raises(AlreadyDecided):
        decide(planner, "K/2", 6, level="cluster", parent=province, cluster_id=PMI)
    second = decide(planner, "K/2", 1000, level="cluster", parent=province, cluster_id=PMI, replaces=first)
    with pytest.raises(AlreadyDecided):
        decide(planner, "K/3", 7, level="cluster", parent=province, cluster_id=PMI, replaces=first)
    assert list(QuotaDecision.objects.standing().filter(parent=province)) == [second]


@pytest.mark.parametrize("given", [{"level": "national", "total": 5}, {"total": None}])
def test_a_wave_takes_no_undecided_size_and_no_size_of_another_level(planner: Scope, given: dict[str, Any]) -> None:
    wave = make_wave()
    other = decide(planner, "LAIN/1", **given)
    assert other not in unused_decisions()
    with pytest.raises(IntegrityError, match="must be the province"), transaction.atomic():
        Wave.objects.filter(pk=wave.pk).update(decision=other)


def test_decreed_parts_reach_the_split(planner: Scope) -> None:
    wave = make_wave(total=400)
    decide(planner, "K/1", 120, level="cluster", parent=wave.decision, cluster_id=AFIRMASI)
    decide(planner, "R/1", None, level="regency", parent=wave.decision, regency_id=3301)
    inputs = split_inputs(wave=wave, today=NOW.date())
    assert inputs.cluster_totals == [None, None, None, 120]
    assert set(inputs.regency_totals) == {None}


@pytest.mark.parametrize(("typed", "total"), [("20.000", 20_000), ("20000", 20_000), ("", None)])
def test_a_total_is_read_as_it_is_written(as_role: SignIn, typed: str, total: int | None) -> None:
    decree = {"decree_number": "K/20", "decree_date": "2026-10-01", "author": "Gubernur", "total": typed}
    assert as_role("planner").post(reverse("decision-new"), decree).status_code == 302
    assert QuotaDecision.objects.get(decree_number="K/20").total == total


def test_page_keeps_what_was_typed_and_says_what_is_left(as_role: SignIn) -> None:
    wave = make_wave(total=400)
    client = as_role("planner")
    typed = {"decree_number": "K/9", "decree_date": "2026-10-01", "author": "Gubernur", "total": "500"}
    part = {"level": "cluster", "parent": wave.decision.pk, "cluster": PMI}
    answer = client.post(reverse("decision-new"), typed | part)
    assert answer.status_code == 422
    assert "Yang belum dibagi: 400 tempat" in answer.content.decode()
    assert 'value="K/9"' in answer.content.decode()
    without = client.post(reverse("decision-new"), typed | {"level": "cluster"})
    assert "Pilih yang dimaksud keputusan ini" in without.content.decode()
    assert client.post(reverse("decision-new"), typed | part | {"total": ""}).url == reverse("decisions")
    assert "belum ditetapkan" in client.get(reverse("decisions")).content.decode()
