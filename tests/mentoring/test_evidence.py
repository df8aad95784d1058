"""An office opens photographed papers on the record, judges them, and the person reads what to do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.scope import Scope
from clusters.models import Wave
from mentoring.services import evidence as opening
from mentoring.services.reveal import REVEALS_PER_DAY
from records.models import Event, Read
from registrations.models import Evidence, Registration
from registrations.services.evidence import add_evidence
from tests.factories.people import make_region, make_wave
from tests.factories.pictures import photo
from tests.factories.registered import make_registration
from tests.mentoring.test_office import text_of

pytestmark = pytest.mark.django_db
OFFICE, OTHER = 3374, 3301


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def brought(wave: Wave, *, regency: int = OFFICE, colour: str = "red") -> Evidence:
    registration = make_registration(wave, regency=regency, laid_off=True)
    scope = Scope().as_applicant(registration.applicant_id)
    return add_evidence(
        scope=scope, owner=registration, claim="laid_off", data=photo(colour=colour), now=timezone.now()
    )


def decide(client: Client, evidence: Evidence, verdict: str, reason: str = "", shown: str = "") -> Any:
    data = {"verdict": verdict, "reason": reason, "shown": shown}
    return client.post(f"/kantor/bukti/{evidence.pk}/putuskan/", data)


def status_of(registration: Registration) -> str:
    client = Client()
    session = client.session
    session["applicant"] = str(registration.applicant_id)
    session.save()
    client.cookies["sessionid"] = session.session_key
    return text_of(client.get("/status/"))


def test_opening_is_recorded_and_told_to_the_person(as_role: Callable[..., Client], wave: Wave) -> None:
    evidence = brought(wave)
    client = as_role("mentor", OFFICE)
    assert client.get(f"/kantor/bukti/{evidence.pk}/buka/").status_code == 405
    answer = client.post(f"/kantor/bukti/{evidence.pk}/buka/")
    assert answer.content == evidence.content.open_bytes() and "attachment" in answer["Content-Disposition"]
    assert "sandbox" in answer["Content-Security-Policy"] and "no-store" in answer["Cache-Control"]
    line = Read.objects.get()
    assert (line.person_id, line.field, line.regency_id) == (evidence.registration.applicant_id, "evidence", OFFICE)
    assert "Foto bukti" in (told := status_of(evidence.registration)) and "Memeriksa bukti" in told
    assert "foto bukti" in text_of(client.get(f"/kantor/peserta/{evidence.registration_id}/"))


def test_another_office_the_province_and_the_operator_see_none(as_role: Callable[..., Client], wave: Wave) -> None:
    evidence = brought(wave, regency=OTHER)
    for role, status in (("mentor", 404), ("office_head", 404), ("planner", 403), ("operator", 403)):
        client = as_role(role, OFFICE if role in ("mentor", "office_head") else None)
        assert client.post(f"/kantor/bukti/{evidence.pk}/buka/").status_code == status
        assert decide(client, evidence, "accepted").status_code == status
    planner = as_role("planner")
    assert "Surat PHK" not in text_of(planner.get(f"/kantor/peserta/{evidence.registration_id}/"))
    assert not Read.objects.exists()
    auditor = as_role("auditor")
    assert auditor.post(f"/kantor/bukti/{evidence.pk}/buka/").status_code == 200
    assert decide(auditor, evidence, "accepted").status_code == 403


def test_so_many_a_day(as_role: Callable[..., Client], wave: Wave, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "OPENED_A_DAY", 1)
    evidence, client = brought(wave), as_role("mentor", OFFICE)
    assert client.post(f"/kantor/bukti/{evidence.pk}/buka/").status_code == 200
    assert client.post(f"/kantor/bukti/{evidence.pk}/buka/").status_code == 302
    assert Read.objects.count() == 1


def test_papers_do_not_use_up_the_numbers_of_a_day(as_role: Callable[..., Client], wave: Wave) -> None:
    evidence, client = brought(wave), as_role("mentor", OFFICE)
    client.post(f"/kantor/bukti/{evidence.pk}/buka/")
    line = Read.objects.get()
    Read.objects.bulk_create(
        Read(
            at=line.at, actor_id=line.actor_id, actor_role="mentor", person_id=line.person_id, regency_id=OFFICE,
            field="evidence", reason="x",
        ) for _ in range(REVEALS_PER_DAY)
    )  # fmt: skip
    page = client.post(
        f"/kantor/peserta/{evidence.registration_id}/nomor/",
        {"field": "nik", "purpose": "identity", "note": "Datang ke loket"},
    )
    assert page.status_code == 200 and "Lengkap" in page.content.decode()


def test_judged_told_and_judged_anew(as_role: Callable[..., Client], wave: Wave) -> None:
    evidence, one, two = brought(wave), as_role("mentor", OFFICE), as_role("office_head", OFFICE)
    clusters = evidence.registration.clusters
    assert decide(one, evidence, "refused", "Foto kabur, kirim ulang halaman pertama").status_code == 302
    evidence.refresh_from_db()
    assert (evidence.verdict, evidence.decided_by) == ("refused", User.objects.get(pk=evidence.decided_by_id))
    told = status_of(evidence.registration)
    assert (
        "Tidak sesuai" in told
        and "Foto kabur, kirim ulang halaman pertama" in told
        and "Kantor memerlukan foto lain" in told
    )
    # a colleague whose page is older than this decision is asked to look again; then it may be changed
    decide(two, evidence, "accepted", shown="")
    evidence.refresh_from_db()
    assert evidence.verdict == "refused"
    decide(two, evidence, "accepted", shown=evidence.decided_at.isoformat())
    evidence.refresh_from_db()
    assert (evidence.verdict, evidence.reason) == ("accepted", "")
    assert "Kantor memerlukan foto lain" not in status_of(evidence.registration)
    kinds = list(Event.objects.filter(kind__startswith="evidence.").order_by("id").values_list("kind", flat=True))
    assert kinds == ["evidence.added", "evidence.refused", "evidence.accepted"]
    assert Registration.objects.get(pk=evidence.registration_id).clusters == clusters


def test_pressed_twice_is_decided_once(as_role: Callable[..., Client], wave: Wave) -> None:
    evidence, client = brought(wave), as_role("mentor", OFFICE)
    for _ in range(2):
        decide(client, evidence, "accepted")
    assert Event.objects.filter(kind="evidence.accepted").count() == 1


def test_a_refusal_says_what_is_to_be_sent(as_role: Callable[..., Client], wave: Wave) -> None:
    evidence, client = brought(wave), as_role("mentor", OFFICE)
    for verdict, reason, words in (
        ("refused", "", "Tulis mengapa tidak sesuai"), ("refused", "NIK 337499", "Jangan tulis NIK"), ("", "", "Pilih sesuai"),
    ):  # fmt: skip
        answer = decide(client, evidence, verdict, reason)
        assert answer.status_code == 422 and words in answer.content.decode()
        assert reason in answer.content.decode()
    assert Evidence.objects.get().verdict == "waiting"


def test_the_same_file_of_two_people_is_pointed_out(as_role: Callable[..., Client], wave: Wave) -> None:
    one, two, other = brought(wave), brought(wave), brought(wave, colour="blue")
    client = as_role("mentor", OFFICE)
    for evidence, twice in ((one, True), (two, True), (other, False)):
        page = text_of(client.get(f"/kantor/peserta/{evidence.registration_id}/"))
        assert ("Berkas yang sama persis" in page) == twice


def test_the_office_sees_what_is_missing_but_no_disability(as_role: Callable[..., Client], wave: Wave) -> None:
    registration = make_registration(wave, laid_off=True, disability=True)
    page = text_of(as_role("mentor", OFFICE).get(f"/kantor/peserta/{registration.pk}/"))
    assert "Belum ada: Surat PHK" in page and "Kartu penyandang" not in page
    assert "Kartu penyandang" in status_of(registration)
