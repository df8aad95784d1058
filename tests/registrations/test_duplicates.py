"""Registrations of one wave that may be of one person: found once, decided by whom it concerns, and taken back."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import Wave
from mentoring.selectors import duplicates as selectors
from records.models import Message
from registrations.models import Applicant, DuplicateDecision, DuplicatePair, Registration
from registrations.services.duplicates import DecidedMeanwhile, ListFrozen, decide_pair, find_duplicates
from registrations.services.intake import join
from registrations.services.recheck import recheck
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_list, make_registration
from tests.factories.staff import make_staff
from tests.prakerja.database import ask, refused
from tests.registrations.races import race
from tests.registrations.test_corrections import own, signed

pytestmark = pytest.mark.django_db(transaction=True)

OFFICE = 3374


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def office(regency: int = OFFICE) -> Scope:
    return Scope(make_staff("mentor", regency).pk, frozenset({"mentor"}), frozenset({regency}))


def twins(wave: Wave, *, other: int = OFFICE) -> tuple[Registration, Registration, DuplicatePair]:
    """The same name, birth date and village under two numbers; in another regency by the same phone."""
    first = make_registration(wave, name="Kenari Semarangan")
    same: dict[str, Any] = {"name": "KENARI semarangan", "birth_date": first.applicant.birth_date}
    if other != OFFICE:
        same = {"phone": first.applicant.phone.open()}
    second = make_registration(wave, regency=other, **same)
    find_duplicates(now=timezone.now())
    return first, second, DuplicatePair.objects.get()


def decided(pair: DuplicatePair, verdict: str, *, scope: Scope | None = None) -> None:
    """As a web request of the office does it."""
    scope = scope or office()
    shown = DuplicatePair.objects.get(pk=pair.pk).verdict
    with transaction.atomic():
        enter_scope(scope, web_role=True)
        decide_pair(
            scope=scope, pair_id=pair.pk, shown=shown, verdict=verdict, reason="Dicocokkan di loket", now=timezone.now()
        )


def state_of(registration: Registration) -> str:
    return Registration.objects.get(pk=registration.pk).state


class TestFinding:
    def test_each_kind_once_however_often_it_is_searched(self, wave: Wave) -> None:
        first, second, pair = twins(wave)
        assert (pair.older, pair.younger, pair.kinds) == (first, second, ["name"])
        assert find_duplicates(now=timezone.now()) == 0
        Applicant.objects.filter(pk=second.applicant_id).update(phone_index=first.applicant.phone_index)
        assert find_duplicates(now=timezone.now()) == 1
        assert DuplicatePair.objects.get().kinds == ["name", "phone"]

    def test_a_family_that_shares_a_phone_is_none(self, wave: Wave) -> None:
        first = make_registration(wave)
        make_registration(wave, phone=first.applicant.phone.open(), kk=first.applicant.kk.open())
        assert find_duplicates(now=timezone.now()) == 0

    def test_a_phone_of_many_gives_a_pair_less_than_people(self, wave: Wave) -> None:
        first = make_registration(wave)
        for _ in range(4):
            make_registration(wave, phone=first.applicant.phone.open())
        assert find_duplicates(now=timezone.now()) == 4
        assert set(DuplicatePair.objects.values_list("older", flat=True)) == {first.pk}

    def test_more_on_a_card_than_its_limit(self, wave: Wave) -> None:
        people = [make_registration(wave) for _ in range(3)]
        index = people[0].applicant.kk_index
        Applicant.objects.update(kk_index=index)  # as by an import
        assert find_duplicates(now=timezone.now()) == 1
        pair = DuplicatePair.objects.get()
        assert (pair.kinds, pair.younger) == (["household"], people[2])

    def test_neither_who_withdrew_nor_another_wave_nor_one_that_is_frozen(self, wave: Wave) -> None:
        first = make_registration(wave)
        Registration.objects.update(state="withdrawn")
        same: dict[str, Any] = {"name": first.name, "birth_date": date(1995, 3, 10)}
        Applicant.objects.update(birth_date=date(1995, 3, 10))
        make_registration(wave, **same)
        make_registration(make_wave(), **same)
        assert find_duplicates(now=timezone.now()) == 0
        Registration.objects.update(state="joined", joined_at=timezone.now())
        for state in ("closed", "frozen"):
            Wave.objects.update(state=state)
        assert find_duplicates(now=timezone.now()) == 0

    def test_one_statement_a_wave(self, wave: Wave) -> None:
        for _ in range(30):
            make_registration(wave)
        with CaptureQueriesContext(connection) as queries:
            find_duplicates(now=timezone.now())
        assert len(queries) == 2


class TestDeciding:
    def test_the_same_person_stops_the_younger_one_and_undoing_brings_it_back(self, wave: Wave) -> None:
        first, second, pair = twins(wave)
        join(scope=own(second), registration_id=second.pk, now=timezone.now())
        decided(pair, "same")
        assert (state_of(first), state_of(second)) == ("registered", "ineligible")
        told = Message.objects.filter(template__name="eligibility_changed")
        assert told.get().recipient_id == second.applicant_id
        page = signed(second).get("/status/").content.decode()
        assert "menemukan pendaftaran Anda yang lain" in page
        decided(pair, "undone")
        assert state_of(second) == "joined"
        assert list(DuplicateDecision.objects.order_by("at").values_list("verdict", flat=True)) == ["same", "undone"]

    def test_no_list_brings_back_who_is_the_same_person(self, wave: Wave) -> None:
        _first, second, pair = twins(wave)
        make_list("cpmi", second.applicant.nik.open())
        decided(pair, "same")
        recheck(wave=wave, now=timezone.now())
        assert state_of(second) == "ineligible"

    def test_two_decisions_at_once_are_one(self, wave: Wave) -> None:
        _first, _second, pair = twins(wave)

        def act(verdict: str) -> Callable[[], None]:
            scope = office()

            def deciding() -> None:
                enter_scope(scope)
                decide_pair(scope=scope, pair_id=pair.pk, shown="", verdict=verdict, reason="Loket", now=timezone.now())

            return deciding

        first, second = race(act("same"), act("different"))
        assert first is None and isinstance(second, DecidedMeanwhile)
        assert DuplicateDecision.objects.count() == 1

    def test_across_offices_the_province_decides_and_neither_office_sees_it(self, wave: Wave) -> None:
        _first, second, pair = twins(wave, other=3301)
        for regency in (OFFICE, 3301):
            scope = office(regency)
            assert not DuplicatePair.objects.within(scope).exists()
            with transaction.atomic():
                enter_scope(scope, web_role=True)
                assert not DuplicatePair.objects.exists()
            with refused("row-level security"):
                enter_scope(scope, web_role=True)
                DuplicateDecision.objects.create(
                    pair_id=pair.pk, was="", verdict="same", reason="x", actor_id=scope.user_id, actor_role="mentor",
                    at=timezone.now(),
                )  # fmt: skip
        planner = Scope(make_staff("planner").pk, frozenset({"planner"}))
        decided(pair, "same", scope=planner)
        assert state_of(second) == "ineligible"

    def test_the_province_leaves_an_office_its_own(self, wave: Wave) -> None:
        pair = twins(wave)[2]
        for role in ("planner", "auditor"):
            with pytest.raises(PermissionDenied):
                decided(pair, "same", scope=Scope(make_staff(role).pk, frozenset({role})))

    def test_a_frozen_list_stands(self, wave: Wave) -> None:
        _first, second, pair = twins(wave)
        decided(pair, "same")
        for state in ("closed", "frozen"):
            Wave.objects.update(state=state)
        with pytest.raises(ListFrozen):
            decided(pair, "undone")
        assert state_of(second) == "ineligible"

    def test_no_decision_is_changed_or_deleted(self, wave: Wave) -> None:
        decided(twins(wave)[2], "unsure")
        with refused("append-only"):
            DuplicateDecision.objects.update(reason="lain")
        with refused("append-only"):
            ask("DELETE FROM registrations_duplicatepair")


class TestPages:
    def test_side_by_side_masked_and_a_second_press_changes_nothing(
        self, wave: Wave, as_role: Callable[..., Client]
    ) -> None:
        first, second, pair = twins(wave)
        client = as_role("mentor", regency=OFFICE)
        assert first.number[:4] in client.get("/kantor/ganda/").content.decode()
        address = f"/kantor/ganda/{pair.pk}/"
        page = client.get(address).content.decode()
        for one in (first, second):
            nik = one.applicant.nik.open()
            assert nik not in page and f"{nik[:4]}********{nik[12:]}" in page
            assert one.applicant.phone.open() not in page
        typed = {"verdict": "same", "reason": "Dicocokkan dengan KTP", "shown": ""}
        for _ in range(2):
            assert client.post(address, typed).status_code == 302
        assert DuplicateDecision.objects.count() == 1
        assert "Tidak ada yang menunggu" in client.get("/kantor/ganda/").content.decode()
        typed = {"verdict": "undone", "reason": "", "shown": "same"}
        assert "supaya rekan Anda" in client.post(address, typed).content.decode()

    def test_the_queue_goes_on_where_the_page_ends(self, wave: Wave, monkeypatch: pytest.MonkeyPatch) -> None:
        first = make_registration(wave)
        for _ in range(5):
            make_registration(wave, phone=first.applicant.phone.open())
        find_duplicates(now=timezone.now())
        monkeypatch.setattr(selectors, "PAGE_SIZE", 2)
        scope, seen, after = office(), [], None
        for _ in range(3):
            with CaptureQueriesContext(connection) as queries:
                queue = selectors.queue_of(scope=scope, after=after)
            assert len(queries) <= 2
            seen += [pair.pk for pair in queue.rows]
            after = queue.after
        assert len(seen) == len(set(seen)) == 5 and after is None
