"""A full number: once, with a reason, on the record, so many a day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.scope import Scope
from mentoring.services import reveal as service
from mentoring.services.reveal import RevealsSpent, reveal
from records.models import Event, Read
from registrations.models import Applicant, Registration
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration
from tests.factories.staff import make_user

pytestmark = pytest.mark.django_db
NIK = "3374995003950042"
FORM = {"field": "nik", "purpose": "identity", "note": "Datang ke loket 2"}


@pytest.fixture
def registration() -> Registration:
    make_region()
    return make_registration(make_wave(), nik=NIK, name="Sri")


def path_of(registration: Registration) -> str:
    return f"/kantor/peserta/{registration.pk}/nomor/"


def test_it_is_shown_once_and_recorded(as_role: Callable[..., Client], registration: Registration) -> None:
    client = as_role("mentor", 3374)
    answer = client.post(path_of(registration), FORM)
    assert "3374 9950 0395 0042" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    read = Read.objects.get()
    assert (read.person_id, read.field, read.actor_role, read.regency_id) == (
        registration.applicant_id,
        "nik",
        "mentor",
        3374,
    )
    assert read.reason == "Mencocokkan dengan KTP di loket: Datang ke loket 2"
    again = client.get(f"/kantor/peserta/{registration.pk}/").content.decode()
    assert "3374 9950" not in again and "Datang ke loket 2" in again
    assert NIK not in str(list(Event.objects.values()) + list(Read.objects.values()))


def test_the_birth_date_is_shown_and_recorded_alike(as_role: Callable[..., Client], registration: Registration) -> None:
    client = as_role("mentor", 3374)
    file = client.get(f"/kantor/peserta/{registration.pk}/").content.decode()
    assert "Maret 1995" not in file and "1995-03-10" not in file
    answer = client.post(path_of(registration), FORM | {"field": "birth_date"}).content.decode()
    assert "Lengkap: tanggal lahir" in answer and "10 Maret 1995" in answer
    assert Read.objects.get().field == "birth_date"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"purpose": ""}, "Alasan"),
        ({"note": ""}, "Keterangan"),
        ({"note": "nomornya 337499"}, "Jangan tulis NIK"),
        ({"field": "code"}, "Yang ditampilkan"),
    ],
)
def test_without_a_reason_nothing_is_shown(
    as_role: Callable[..., Client], registration: Registration, change: dict[str, str], words: str
) -> None:
    answer = as_role("mentor", 3374).post(path_of(registration), FORM | change)
    text = answer.content.decode()
    assert words in text and "3374 9950" not in text and "error-summary" in text
    assert not Read.objects.exists()


def test_the_province_has_no_need_of_numbers(as_role: Callable[..., Client], registration: Registration) -> None:
    planner = as_role("planner")
    assert planner.post(path_of(registration), FORM).status_code == 403
    assert "Tampilkan nomor atau" not in planner.get(f"/kantor/peserta/{registration.pk}/").content.decode()
    assert as_role("mentor", 3301).post(path_of(registration), FORM).status_code == 404
    assert not Read.objects.exists()


def scope_of(user: Any, regency: int = 3374) -> Scope:
    return Scope(user.pk, frozenset({"mentor"}), frozenset({regency}))


def test_the_budget_is_a_days_and_a_persons(registration: Registration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "REVEALS_PER_DAY", 2)
    sri, budi = scope_of(make_user()), scope_of(make_user())
    late = datetime(2026, 11, 24, 16, 59, tzinfo=UTC)  # 23.59 WIB

    def show(scope: Scope, now: datetime = late) -> str:
        return reveal(scope=scope, registration_id=registration.pk, field="nik", reason="Alasan", now=now)

    assert [show(sri), show(sri)] == [NIK, NIK]
    with pytest.raises(RevealsSpent):
        show(sri)
    assert show(budi) == NIK
    assert show(sri, late + timedelta(minutes=1)) == NIK


def test_a_spent_budget_is_said(
    as_role: Callable[..., Client], registration: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "REVEALS_PER_DAY", 0)
    answer = as_role("mentor", 3374).post(path_of(registration), FORM)
    assert answer.status_code == 429 and "sehari sudah terpakai" in answer.content.decode()


def test_another_offices_person_does_not_exist(registration: Registration) -> None:
    with pytest.raises(Applicant.DoesNotExist):
        reveal(
            scope=scope_of(make_user(), 3301),
            registration_id=registration.pk,
            field="nik",
            reason="Alasan",
            now=datetime.now(UTC),
        )
    assert not Read.objects.exists()
