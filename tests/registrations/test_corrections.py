"""Correcting one's own data: what stays as history, what is asked again, and what the database refuses."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import Wave
from records.models import Event
from registrations.models import (
    Applicant,
    Disability,
    Draft,
    EligibilityDecision,
    FormerValue,
    IdentityCheck,
    Registration,
)
from registrations.services.corrections import Correction, ListStands, correct
from registrations.services.intake import HouseholdFull, NotEligible, WaveNotOpen
from registrations.services.validation import Answers
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration
from tests.prakerja.database import refused
from tests.registrations.races import race

pytestmark = pytest.mark.django_db(transaction=True)

OTHER_VILLAGE = 3301011001


@pytest.fixture
def wave() -> Wave:
    make_region()
    make_region(OTHER_VILLAGE)
    return make_wave()


def own(registration: Registration) -> Scope:
    return Scope().as_applicant(registration.applicant_id)


def answers_of(registration: Registration, **over: Any) -> Answers:
    return Answers(**{name: getattr(registration, name) for name in Answers.__dataclass_fields__} | over)


def store(registration: Registration, *, key: Any = None, **what: Any) -> frozenset[str]:
    """As a web request of the person does it."""
    with transaction.atomic():
        enter_scope(own(registration), web_role=True)
        return correct(
            scope=own(registration),
            correction=Correction(**what),
            key=key or uuid4(),
            now=timezone.now(),
            language="id",
        )


def signed(registration: Registration) -> Client:
    client = Client()
    session = client.session
    session["applicant"] = str(registration.applicant_id)
    session.save()
    client.cookies["sessionid"] = session.session_key
    return client


class TestHistory:
    def test_every_former_value_stays_with_its_span(self, wave: Wave) -> None:
        registration = make_registration(wave)
        person = registration.applicant
        card, first, second = person.kk.open(), "3374990101200777", "3374990101200778"
        assert store(registration, details={"kk": first}) == {"kk"}
        assert store(registration, details={"kk": second, "address": person.address}) == {"kk"}
        rows = list(FormerValue.objects.order_by("until"))
        assert [json.loads(row.former.open()) for row in rows] == [card, first]
        assert rows[0].since == person.created_at and rows[0].until == rows[1].since
        person.refresh_from_db()
        assert person.kk.open() == second

    def test_the_same_sending_once_more_changes_nothing(self, wave: Wave) -> None:
        registration, key = make_registration(wave), uuid4()
        assert store(registration, key=key, details={"address": "Dusun Baru RT 02 RW 03"})
        assert not store(registration, key=key, details={"address": "Dusun Lain RT 02 RW 03"})
        assert FormerValue.objects.count() == 1
        assert Applicant.objects.get().address == "Dusun Baru RT 02 RW 03"

    def test_two_at_once_with_one_key(self, wave: Wave) -> None:
        registration, key = make_registration(wave), uuid4()
        scope = own(registration)

        def act() -> frozenset[str]:
            enter_scope(scope)
            change = Correction(details={"address": "Dusun Baru RT 02 RW 03"})
            return correct(scope=scope, correction=change, key=key, now=timezone.now(), language="id")

        assert race(act, act) == ({"address"}, frozenset())
        assert FormerValue.objects.count() == 1

    def test_no_former_value_is_changed_or_deleted(self, wave: Wave) -> None:
        store(make_registration(wave), details={"address": "Dusun Baru RT 02 RW 03"})
        with refused("only former of registrations_formervalue may change"):
            FormerValue.objects.update(reason="lain")
        with refused("append-only"):
            FormerValue.objects.all().delete()

    def test_of_disability_nothing_is_kept(self, wave: Wave) -> None:
        registration = make_registration(wave, disability=True, disability_need="Kursi roda", sex="F")
        assert store(registration, disability=(None, "")) == {"disability"}
        assert not Disability.objects.exists() and not FormerValue.objects.exists()
        assert "disability" not in str(list(Event.objects.values_list("fields", flat=True)))


class TestRules:
    def test_answers_are_decided_again_and_only_in_the_open_wave(self, wave: Wave) -> None:
        registration = make_registration(wave)
        before = registration.clusters
        assert store(registration, answers=answers_of(registration, pmi_candidate=True)) == {"pmi_candidate"}
        registration.refresh_from_db()
        assert registration.clusters == before | 1 and registration.pmi_candidate
        assert EligibilityDecision.objects.filter(registration=registration).count() == 2
        Wave.objects.update(state="closed")
        with pytest.raises(WaveNotOpen):
            store(registration, answers=answers_of(registration))

    def test_what_no_rule_lets_pass_changes_nothing(self, wave: Wave) -> None:
        registration = make_registration(wave)
        with pytest.raises(NotEligible):
            store(
                registration,
                details={"address": "Dusun Baru RT 02 RW 03"},
                answers=answers_of(registration, in_education=True),
            )
        assert Applicant.objects.get().address != "Dusun Baru RT 02 RW 03"
        assert not FormerValue.objects.exists()

    def test_a_family_card_has_places_for_two_also_by_a_change(self, wave: Wave) -> None:
        card = "3374990101200777"
        for _ in range(2):
            make_registration(wave, kk=card)
        third = make_registration(wave)
        with pytest.raises(HouseholdFull):
            store(third, details={"kk": card})

    def test_two_changes_to_one_card_at_once_fill_it_once(self, wave: Wave) -> None:
        card = "3374990101200777"
        make_registration(wave, kk=card)
        one, other = make_registration(wave), make_registration(wave)

        def move(registration: Registration) -> Any:
            def act() -> frozenset[str]:
                enter_scope(own(registration))
                change = Correction(details={"kk": card})
                return correct(
                    scope=own(registration), correction=change, key=uuid4(), now=timezone.now(), language="id"
                )

            return act

        first, second = race(move(one), move(other))
        assert first == {"kk"} and isinstance(second, HouseholdFull)

    def test_a_move_takes_the_registration_and_its_check_to_the_new_office(self, wave: Wave) -> None:
        registration = make_registration(wave)
        store(registration, details={"village_id": OTHER_VILLAGE})
        registration.refresh_from_db()
        assert registration.regency_id == 3301
        assert IdentityCheck.objects.get().regency_id == 3301

    def test_a_list_that_has_closed_stays_until_it_is_announced(self, wave: Wave) -> None:
        registration = make_registration(wave)
        for state in ("closed", "frozen", "drawn"):
            Wave.objects.filter(pk=wave.pk).update(state=state)
            with pytest.raises(ListStands):
                store(registration, details={"kk": "3374990101200777"})
            assert store(registration, details={"address": f"Dusun {state} RT 02 RW 03"})
        Wave.objects.filter(pk=wave.pk).update(state="published")
        assert store(registration, details={"village_id": OTHER_VILLAGE}) == {"village_id"}
        registration.refresh_from_db()
        assert registration.regency_id == 3374


class TestIdentity:
    @pytest.mark.parametrize("state", ["pending", "matched", "not_matched"])
    def test_a_new_card_is_asked_about_again(self, wave: Wave, state: str) -> None:
        registration = make_registration(wave)
        checks = IdentityCheck.objects.filter(pk=registration.pk)
        if state == "pending":
            checks.update(attempts=1)  # a worker is asking at this moment
        else:
            checked = {"state": state, "checked_at": timezone.now(), "next_try": None}
            checks.update(**checked, attempts=1, differs=["kk"] if state == "not_matched" else [])
        store(registration, details={"kk": "3374990101200777"})
        check = checks.get()
        assert check.state == "pending" and check.differs == []
        assert check.attempts != 1  # what that worker brings back is about the former card, and left aside

    def test_not_about_what_the_registry_is_not_asked(self, wave: Wave) -> None:
        registration = make_registration(wave)
        matched = {"state": "matched", "checked_at": timezone.now(), "next_try": None}
        IdentityCheck.objects.update(**matched)
        store(registration, details={"address": "Dusun Baru RT 02 RW 03"})
        assert IdentityCheck.objects.get().state == "matched"


def test_the_database_takes_no_late_correction_of_a_request(wave: Wave) -> None:
    registration = make_registration(wave)
    Wave.objects.update(state="closed")
    with refused("takes no corrections"):
        enter_scope(own(registration), web_role=True)
        Registration.objects.filter(pk=registration.pk).update(clusters=15)


def test_the_database_lets_nobody_else_correct_an_answer(wave: Wave) -> None:
    registration = make_registration(wave)
    with refused("only its own person corrects a registration"):
        enter_scope(Scope(roles=frozenset({"mentor"}), regency_ids=frozenset({3374})), web_role=True)
        Registration.objects.filter(pk=registration.pk).update(clusters=15)


class TestPages:
    def test_from_the_status_to_a_stored_correction(self, wave: Wave) -> None:
        registration = make_registration(wave, disability=True, disability_need="Kursi roda")
        client = signed(registration)
        assert "Periksa dan perbaiki jawaban" in client.get("/status/").content.decode()
        assert client.post("/daftar/perbaiki/").url == "/daftar/periksa/"
        page = client.get("/daftar/periksa/")
        assert page.status_code == 200
        text = page.content.decode()
        assert "Dusun Contoh RT 01 RW 02" in text and "Kursi roda" in text and "Simpan perbaikan" in text
        assert registration.applicant.nik.open() not in text

        revision = client.get("/daftar/isi/klaster/").context["revision"]
        answer = client.post("/daftar/isi/klaster/", {"pmi_candidate": "ya", "laid_off": "tidak", "revision": revision})
        assert answer.url == "/daftar/periksa/"
        registration.refresh_from_db()
        assert not registration.pmi_candidate  # nothing counts before it is sent
        revision = client.get("/daftar/periksa/").context["journey"].draft.revision
        for _ in range(2):  # a second press is no second correction
            assert client.post("/daftar/perbaiki/kirim/", {"revision": revision}).url == "/status/"
        registration.refresh_from_db()
        assert registration.pmi_candidate
        assert not Draft.objects.exists() and FormerValue.objects.count() == 1

    def test_a_refused_correction_says_why_and_that_the_old_answers_stand(self, wave: Wave) -> None:
        registration = make_registration(wave)
        client = signed(registration)
        client.post("/daftar/perbaiki/")
        page = client.get("/daftar/isi/keadaan/")
        given = {"occupation": "jobseeker", "education": "sma", "marital_status": "single", "dependants": "0"}
        client.post("/daftar/isi/keadaan/", given | {"in_education": "ya", "revision": page.context["revision"]})
        revision = client.get("/daftar/periksa/").context["journey"].draft.revision
        answer = client.post("/daftar/perbaiki/kirim/", {"revision": revision})
        assert "pendaftaran Anda tetap seperti semula" in answer.content.decode()
        registration.refresh_from_db()
        assert not registration.in_education

    def test_a_correction_that_is_not_sent_in_time_ends(self, wave: Wave) -> None:
        registration = make_registration(wave)
        client = signed(registration)
        client.post("/daftar/perbaiki/")
        Wave.objects.update(state="closed", closes_at=timezone.now() - timedelta(minutes=1))
        assert client.get("/daftar/periksa/").url == "/status/"
        assert "Gelombang itu sudah ditutup" in client.get("/status/").content.decode()

    def test_the_next_wave_takes_the_old_answers_and_a_new_statement(self, wave: Wave) -> None:
        registration = make_registration(wave, pmi_candidate=True)
        client = signed(registration)
        for state in ("closed", "frozen", "drawn", "published"):
            Wave.objects.update(state=state)
        later = make_wave(name="Gelombang berikut")
        page = client.get("/status/").content.decode()
        assert "Ikut Gelombang berikut tanpa mengisi ulang" in page
        answer = client.post("/daftar/ikut-lagi/", follow=True)
        assert answer.redirect_chain[-1][0] == "/daftar/isi/pernyataan/"
        statement = {"citizen": "ya", "received_before": "tidak", "consent": "on"}
        revision = answer.context["revision"]
        assert client.post("/daftar/isi/pernyataan/", statement | {"revision": revision}).url == "/daftar/periksa/"
        revision = client.get("/daftar/periksa/").context["journey"].draft.revision
        client.post("/daftar/periksa/", {"action": "join", "revision": revision})
        again = Registration.objects.get(wave=later)
        assert again.applicant_id == registration.applicant_id and again.state == "joined" and again.pmi_candidate
