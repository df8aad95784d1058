"""The tally says at every moment what counting would, whoever inserts, moves or folds meanwhile."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F

from accounts.scope import Scope
from clusters.models import Wave
from registrations.models import Registration, Tally
from registrations.services.tally import fold_tally
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration

GROUP = ("wave_id", "regency_id", "state", "clusters")
PROVINCE = Scope(roles=frozenset({"planner"}))


def tallied() -> list[Any]:
    return list(Tally.objects.within(PROVINCE).counts(*GROUP))


def counted() -> list[Any]:
    return list(Registration.objects.values(*GROUP).annotate(people=Count("pk")).order_by(*GROUP))


@pytest.mark.django_db
def test_insert_change_and_delete_are_counted_and_a_fold_changes_no_number() -> None:
    make_region()
    wave = make_wave()
    people = [make_registration(wave, regency=regency) for regency in (3374, 3374, 3374, 3301)]
    Registration.objects.filter(pk=people[0].pk).update(state="joined", joined_at=wave.opens_at)
    Registration.objects.update(clusters=F("clusters").bitor(1))
    assert tallied() == counted() and sum(row["people"] for row in tallied()) == 4
    before = tallied()
    fold_tally()
    assert tallied() == before
    assert Tally.objects.count() == len(before)
    ids = set(Tally.objects.values_list("pk", flat=True))
    fold_tally()
    assert set(Tally.objects.values_list("pk", flat=True)) == ids, "folding what is folded writes nothing"


@pytest.mark.django_db
def test_groups_that_came_to_nothing_leave_no_row() -> None:
    make_region()
    registration = make_registration(make_wave())
    for state in ("joined", "withdrawn"):
        Registration.objects.filter(pk=registration.pk).update(state=state, joined_at=registration.created_at)
    fold_tally()
    assert [(row.state, row.change) for row in Tally.objects.all()] == [("withdrawn", 1)]


@pytest.mark.django_db(transaction=True)
def test_counts_are_exact_under_concurrent_inserts_and_folds() -> None:
    make_region()
    wave = make_wave()
    seen: list[int] = []

    def insert() -> None:
        for _ in range(15):
            make_registration(wave)

    def fold() -> None:
        for _ in range(40):
            fold_tally()
            seen.append(sum(row["people"] for row in tallied()))

    def thread_of(work: Callable[[], None]) -> Thread:
        def run() -> None:
            try:
                work()
            finally:
                connection.close()

        return Thread(target=run)

    threads = [thread_of(work) for work in (insert, insert, fold, fold)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tallied() == counted()
    assert Registration.objects.filter(wave=Wave.objects.get()).count() == 30
    assert len(seen) == 80 and max(seen) <= 30
