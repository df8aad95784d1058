"""What a device sends that was filled in without a network: the same rules, once, all or nothing."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.services import enter_scope
from clusters.models import Wave
from clusters.selectors.offices import scope_of
from mentoring.forms.offline import filled
from records.models import Event
from registrations.forms.pages import PAGES, entered
from registrations.models import Applicant, Assistance, Draft, Registration
from registrations.services import assistance as service
from registrations.services.consents import CONSENT_VERSION
from registrations.services.validation import Person
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_list
from tests.factories.staff import make_staff
from tests.mentoring.test_assistance import OFFICE, claim, counter
from tests.registrations.journey import TYPED
from tests.registrations.races import race

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "/kantor/luar-jaringan/kirim/"


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def captured(**over: Any) -> dict[str, Any]:
    """An entry of a device: the village says where, and nobody chose a regency."""
    answers = {
        name: text for page in TYPED.values() for name, text in page.items() if name not in ("regency", "district")
    }
    answers |= {"consent_text": CONSENT_VERSION} | over
    at = timezone.now() - timedelta(days=3)
    return {"id": str(uuid4()), "captured_at": at.isoformat(), "agreed": True, "answers": answers}


def post(client: Client, entry: Any) -> Any:
    body = entry if isinstance(entry, str) else json.dumps(entry)
    return client.post(ADDRESS, body, content_type="application/json")


def test_registered_joined_and_on_record(wave: Wave) -> None:
    staff, entry = make_staff("mentor", OFFICE), captured()
    answer = post(counter(user=staff), entry)
    assert (answer.status_code, answer.json()) == (201, {"created": True})
    registration, row = Registration.objects.get(), Assistance.objects.get()
    assert (registration.channel, registration.state, registration.name) == ("office", "joined", "Siti Contoh")
    assert (str(row.pk), row.registration, row.assistant, row.holder) == (entry["id"], registration, staff, None)
    assert row.captured_at and row.captured_at.isoformat() == entry["captured_at"]
    assert not Draft.objects.exists()
    assert Event.objects.get(kind="registration.created").actor == staff
    assert claim(Client()).status_code == 302  # as what was filled in at the counter


def test_a_lost_answer_and_a_retry_are_one_registration(wave: Wave) -> None:
    client, entry = counter(), captured()
    assert [post(client, entry).status_code for _ in range(3)] == [201, 200, 200]
    assert claim(Client()).status_code == 302
    assert post(client, entry).status_code == 200
    assert Registration.objects.count() == Applicant.objects.count() == 1


def test_two_at_once_are_one(wave: Wave) -> None:
    scope, entry = scope_of(make_staff("mentor", OFFICE)), captured()
    pages = filled(entry["answers"], timezone.localdate())
    assert all(page.is_valid() for page in pages)
    person = entered(pages)
    assert isinstance(person, Person)

    def send() -> bool:
        enter_scope(scope)
        now = timezone.now()
        return service.capture(
            scope=scope, key=entry["id"], captured_at=now, person=person, wave=wave, now=now, language="id"
        )

    assert race(send, send) == (True, False)
    assert Registration.objects.count() == 1


def test_another_colleague_gets_nothing_out_of_the_id(wave: Wave) -> None:
    entry = captured()
    post(counter(), entry)
    for other in (counter(), counter(3301)):
        assert post(other, entry).status_code == 409
    assert Registration.objects.count() == 1


@pytest.mark.parametrize(
    ("over", "field"), [({"nik": "123"}, "nik"), ({"village_id": "1"}, "village_id"), ({"consent": ""}, "consent")]
)
def test_what_is_wrong_names_the_field(wave: Wave, over: dict[str, str], field: str) -> None:
    answer = post(counter(), captured(**over))
    assert answer.status_code == 422 and answer["Content-Type"] == "application/problem+json"
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not Assistance.objects.exists()


def test_consent_to_a_text_that_no_longer_stands_is_asked_for_again(wave: Wave) -> None:
    answer = post(counter(), captured(consent_text="2025-01"))
    assert [error["field"] for error in answer.json()["errors"]] == ["consent"]


def test_nothing_without_the_persons_word(wave: Wave) -> None:
    answer = post(counter(), captured() | {"agreed": False})
    assert [error["field"] for error in answer.json()["errors"]] == ["agreed"]


def test_refused_by_the_rules_leaves_nothing_behind(wave: Wave) -> None:
    answer = post(counter(), captured(occupation="asn"))
    assert answer.status_code == 422 and "Pasal" in answer.json()["detail"]
    assert not Assistance.objects.exists() and not Applicant.objects.exists() and not Draft.objects.exists()


def test_being_told_who_is_known_costs_the_budget(wave: Wave, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mentoring.views.offline.PER_ASSISTANT", 1)
    client = counter()
    post(client, captured())
    assert [post(client, captured()).status_code for _ in range(2)] == [409, 429]


def test_on_a_list_is_told_within_the_budget_too(wave: Wave, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mentoring.views.offline.PER_ASSISTANT", 1)
    make_list("excluded", TYPED["ktp"]["nik"].replace(" ", ""))
    client = counter()
    assert [post(client, captured()).status_code for _ in range(2)] == [422, 429]


def test_while_no_wave_is_open() -> None:
    make_region()
    answer = post(counter(), captured())
    assert answer.status_code == 409 and "tidak dibuka" in answer.json()["detail"]


@pytest.mark.parametrize("body", ["", "[]", "{", '"x"', "\x00", '{"id": "' + "x" * 20_000 + '"}'])
def test_what_cannot_be_read(wave: Wave, body: str) -> None:
    assert post(counter(), body).status_code == 400


def test_a_form_is_not_what_a_device_sends(wave: Wave) -> None:
    assert counter().post(ADDRESS, {"id": str(uuid4())}).status_code == 400


@pytest.mark.parametrize("answers", [None, [], {"nik": 5}, {"nik": "\x00" * 3}, {"village_id": "9" * 400}])
def test_answers_of_another_shape_are_wrong_and_no_fault(wave: Wave, answers: Any) -> None:
    assert post(counter(), captured() | {"answers": answers}).status_code == 422


def test_nobody_sends_from_another_site(wave: Wave) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = counter().cookies
    assert post(client, captured()).status_code == 403
    assert not Registration.objects.exists()


class TestPage:
    def test_every_question_and_nobodys_data(self, wave: Wave) -> None:
        staff = make_staff("mentor", OFFICE, name="Kutilang Emas")
        page = counter(user=staff).get("/kantor/luar-jaringan/").content.decode()
        asked = {name for each in PAGES for name in each.form.base_fields} - {"regency", "district", "birth_date"}
        assert {name for name in asked if f'name="{name}"' not in page} == set()
        assert "Kutilang" not in page

    def test_the_worker_may_only_speak_for_this_page(self, wave: Wave) -> None:
        answer = Client().get("/kantor/luar-jaringan/pekerja.js")
        assert "Service-Worker-Allowed" not in answer and answer["Content-Type"] == "text/javascript"
        assert Client().get("/kantor/luar-jaringan/aplikasi.webmanifest").json()["scope"] == "/kantor/luar-jaringan/"
