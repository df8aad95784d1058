"""Whose data did not match: found by the office, settled by two persons, told to the applicant without what differs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import LabourOffice, Wave
from records.models import Event
from records.services.constraints import violated
from registrations.models import IdentityCheck, Registration
from registrations.services.sighting import DecidedMeanwhile, confirm, give_back, shown_sighting, sight
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration
from tests.factories.staff import make_user
from tests.mentoring.test_office import names_in, text_of
from tests.prakerja.database import refused

pytestmark = pytest.mark.django_db
OFFICE, OTHER = 3374, 3301
SEEN = {"step": "sight", "reason": "Nama di KTP disingkat", "seen": "on"}


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def answered(registration: Registration, *differs: str) -> IdentityCheck:
    """As the registry's answer is written down."""
    changes = {"state": "not_matched" if differs else "matched", "differs": list(differs), "next_try": None}
    IdentityCheck.objects.filter(pk=registration.pk).update(**changes, checked_at=timezone.now())
    return registration.identity


def post(client: Client, registration: Registration, **data: str) -> Any:
    return client.post(f"/kantor/peserta/{registration.pk}/kependudukan/", data)


def test_today_counts_whom_the_list_shows_and_their_files_say_what_differs(
    as_role: Callable[..., Client], wave: Wave
) -> None:
    client = as_role("mentor", OFFICE)
    for name, differs in (("Ani", ["kk", "name"]), ("Budi", []), ("Cici", ["nik"])):
        answered(make_registration(wave, name=name), *differs)
    answered(make_registration(wave, regency=OTHER, name="Orang Lain"), "name")
    make_registration(wave, name="Dewi")
    today = text_of(client.get("/kantor/"))
    assert "Data kependudukan tidak padan dengan Dukcapil" in today and "Ani, Cici" in today
    assert names_in(client.get(f"/kantor/peserta/?gelombang={wave.slug}&kependudukan=not_matched")) == ["Ani", "Cici"]
    assert names_in(client.get("/kantor/peserta/?kependudukan=pending")) == ["Dewi"]
    assert client.get("/kantor/peserta/?kependudukan=x").status_code == 404
    ani = Registration.objects.get(name="Ani")
    assert "Nomor KK, nama" in text_of(client.get(f"/kantor/peserta/{ani.pk}/"))
    assert "2 peserta" in text_of(client.get("/kantor/peserta/unduh/?kependudukan=not_matched"))


def test_one_person_sees_the_papers_and_another_one_signs(as_role: Callable[..., Client], wave: Wave) -> None:
    registration = make_registration(wave, name="Ani")
    answered(registration, "name")
    first, second = as_role("mentor", OFFICE), as_role("office_head", OFFICE)
    page = f"/kantor/peserta/{registration.pk}/"
    for missing in ({"reason": "Nama disingkat"}, {"seen": "on"}, {"reason": "NIK 3374990101", "seen": "on"}):
        answer = post(first, registration, step="sight", **missing)
        assert answer.status_code == 422 and "Ada yang perlu diperbaiki" in answer.content.decode()
    assert post(first, registration, **SEEN).status_code == 302
    assert "menunggu orang kedua" in text_of(second.get("/kantor/"))
    assert names_in(second.get("/kantor/peserta/?kependudukan=sighted")) == ["Ani"]
    own = text_of(first.get(page))
    assert 'value="confirm"' not in own and "yang melihat KTP tidak mengesahkan sendiri" in own

    shown = text_of(second.get(page)).partition('name="shown" value="')[2].partition('"')[0]
    post(first, registration, step="confirm", shown=shown)
    assert IdentityCheck.objects.get().state == "not_matched"
    post(second, registration, step="confirm", shown="lain")
    assert IdentityCheck.objects.get().state == "not_matched", "not what was shown"
    post(second, registration, step="confirm", shown=shown)
    check = IdentityCheck.objects.get()
    assert (check.state, check.sight_reason, check.differs) == ("confirmed", "Nama di KTP disingkat", ["name"])
    told = Event.objects.filter(kind__startswith="identity.").order_by("number")
    assert list(told.values_list("kind", "actor_role", "reason", "fields")) == [
        ("identity.sighted", "mentor", "Nama di KTP disingkat", ["name"]),
        ("identity.confirmed", "office_head", "", ["name"]),
    ]
    assert told[0].actor_id == check.sighted_by_id != told[1].actor_id == check.confirmed_by_id
    text = text_of(first.get(page))
    assert "Disahkan kantor" in text and "KTP dan KK asli dilihat" in text


def test_a_sighting_is_given_back_and_the_registry_asked_again(as_role: Callable[..., Client], wave: Wave) -> None:
    registration = make_registration(wave)
    answered(registration, "name")
    first, second = as_role("mentor", OFFICE), as_role("mentor", OFFICE)
    post(first, registration, **SEEN)
    post(first, registration, step="ask_again")
    assert IdentityCheck.objects.get().state == "not_matched", "while a colleague is to sign"
    post(second, registration, step="give_back")
    assert IdentityCheck.objects.get().sighted_by_id is None
    post(second, registration, step="ask_again")
    check = IdentityCheck.objects.get()
    assert (check.state, check.differs, check.attempts, check.checked_at) == ("pending", [], 0, None)
    assert check.next_try <= timezone.now()
    kinds = Event.objects.filter(kind__startswith="identity.").order_by("number").values_list("kind", flat=True)
    assert list(kinds) == ["identity.sighted", "identity.given_back", "identity.asked_again"]


def test_the_database_holds_the_two_persons(wave: Wave) -> None:
    registration = make_registration(wave)
    check, (one, two, third) = answered(registration, "nik"), (make_user(), make_user(), make_user())
    scopes = [Scope(user.pk, frozenset({"mentor"}), frozenset({OFFICE})) for user in (one, two)]
    here: dict[str, Any] = {"registration_id": registration.pk, "now": timezone.now()}
    with pytest.raises(DecidedMeanwhile):
        confirm(scope=scopes[1], shown="", **here)
    sight(scope=scopes[0], reason="KTP asli dilihat", **here)
    with pytest.raises(DecidedMeanwhile):
        sight(scope=scopes[1], reason="KTP asli dilihat", **here)
    check.refresh_from_db()
    signed = {"state": "confirmed", "confirmed_at": timezone.now()}
    rows = IdentityCheck.objects.filter(pk=check.pk)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        rows.update(**signed, confirmed_by=one)
    assert violated(error.value) == "registrations_identitycheck_two_persons"
    with refused("leaves the sighting as it stands"):
        rows.update(**signed, confirmed_by=two, sight_reason="lain")
    with transaction.atomic():
        enter_scope(scopes[1], web_role=True)
        for forged in (
            {**signed, "confirmed_by": third},
            {"sighted_by": one, "sighted_at": timezone.now()},
            {**signed, "confirmed_by": two, "confirmed_at": timezone.now() - timedelta(days=1)},
        ):
            with refused("row-level security"):
                rows.update(**forged)
        transaction.set_rollback(True)
    confirm(scope=scopes[1], shown=shown_sighting(check), **here)
    with pytest.raises(DecidedMeanwhile):
        give_back(scope=scopes[1], **here)


@pytest.mark.parametrize(
    ("differs", "words"),
    [
        (None, "sedang diperiksa di Dukcapil"),
        ([], "Padan"),
        (["kk"], "Bawa KTP dan KK asli ke:"),
    ],
)
def test_the_applicant_is_told_what_to_do_and_not_what_differs(
    wave: Wave, differs: list[str] | None, words: str
) -> None:
    registration = make_registration(wave)
    LabourOffice.objects.update_or_create(regency_id=OFFICE, defaults={"long_name": "Dinas Tenaga Kerja Contoh"})
    if differs is not None:
        answered(registration, *differs)
    client = Client()
    session = client.session
    session["applicant"] = str(registration.applicant_id)
    session.save()
    client.cookies["sessionid"] = session.session_key
    page = text_of(client.get("/status/"))
    assert words in page
    assert ("Dinas Tenaga Kerja Contoh</strong>" in page) == bool(differs)
    assert "nomor KK berbeda" not in page.lower() and "Yang berbeda" not in page
