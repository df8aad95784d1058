"""The auditor's page over both logs, the heads everybody may note, and what applicants see of who opened their file."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.scope import Scope
from accounts.services import enter_scope
from prakerja.audit import trail
from prakerja.audit.trail import PAGE_SIZE, READ, Wanted, events_of, page_of, reads_of
from prakerja.audit.words import kind_words
from records.models import Event, Read, Seal
from records.services.log import record_event, record_read
from records.services.seals import seal_logs
from registrations.models import Registration
from tests.factories.people import make_wave
from tests.factories.registered import make_registration
from tests.factories.staff import make_staff, make_user
from tests.prakerja.world import make_world

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def event(kind: str = "wave.changed", **over: Any) -> None:
    fields: dict[str, Any] = {
        "actor_id": None, "actor_role": "system", "subject_type": "wave", "subject_id": uuid4(), "at": NOW
    }  # fmt: skip
    record_event(kind=kind, **fields | over)


def read(registration: Registration, **over: Any) -> None:
    fields: dict[str, Any] = {
        "actor_id": make_user().pk, "actor_role": "mentor", "person_id": registration.applicant_id,
        "regency_id": registration.regency_id, "field": "nik", "reason": "Menghubungi pendaftar: lewat Ibu Tetangga",
        "at": timezone.now(),
    }  # fmt: skip
    record_read(**fields | over)


@pytest.fixture
def registration() -> Registration:
    return make_registration(make_wave())


@pytest.fixture
def auditor(as_role: Callable[..., Client]) -> Client:
    return as_role("auditor")


def shown(client: Client, **query: object) -> str:
    answer = client.get("/provinsi/jejak/", query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_events_and_reads_stand_together_in_words_newest_first(registration: Registration, auditor: Client) -> None:
    clerk = make_user(name="Bu Kenari")
    event("quota.published", actor_id=clerk.pk, actor_role="approver", at=timezone.now())
    read(registration, actor_id=clerk.pk)
    page = shown(auditor)
    words = ("Melihat lengkap: NIK", "Pembagian kuota disahkan", "Mendaftar")
    places = [page.index(word, page.index("<tbody>")) for word in words]
    assert places == sorted(places)
    assert "Bu Kenari</a>, Pendamping" in page and "lewat Ibu Tetangga" in page and "WIB" in page


def test_a_person_is_found_by_number_or_nik_and_neither_gets_into_the_address(
    registration: Registration, auditor: Client
) -> None:
    other = make_registration(registration.wave)
    read(registration, reason="Pemeriksaan: yang dicari")
    read(other, reason="Pemeriksaan: orang lain")
    nik = registration.applicant.nik.open()
    for typed in (registration.number, f"{nik[:4]} {nik[4:8]} {nik[8:12]} {nik[12:]}"):
        answer = auditor.post("/provinsi/jejak/cari/", {"orang": typed})
        assert answer.status_code == 302 and "".join(typed.split()) not in answer["Location"]
        page = auditor.get(answer["Location"]).content.decode()
        assert "yang dicari" in page and "orang lain" not in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"orang": "12"}, "Isi NIK (16 angka)"),
        ({"orang": "999999999999"}, "Tidak ada peserta dengan nomor itu"),
        ({"pelaku": "Tak ada"}, "Tidak ada petugas"),
        ({"dari": "2026-11-24", "sampai": "2026-11-01"}, "Tanggal akhir"),
        ({"jenis": "karangan"}, "jenis"),
    ],
)
def test_what_cannot_be_searched_is_explained_and_kept(auditor: Client, typed: dict[str, str], words: str) -> None:
    answer = auditor.post("/provinsi/jejak/cari/", typed)
    page = answer.content.decode()
    assert answer.status_code == 422 and words in page
    if "orang" in typed or "pelaku" in typed:
        assert f'value="{next(iter(typed.values()))}"' in page


def test_by_who_acted_by_kind_and_by_day(auditor: Client) -> None:
    kenari, merpati = make_user(name="Kenari Satu"), make_user(name="Kenari Dua")
    event("wave.extended", actor_id=kenari.pk, reason="alasan kenari")
    event("wave.extended", actor_id=merpati.pk, reason="alasan merpati")
    event("class.added", actor_id=kenari.pk, reason="alasan kelas", at=NOW - timedelta(days=9))
    answer = auditor.post("/provinsi/jejak/cari/", {"pelaku": "kenari s"})
    page = auditor.get(answer["Location"]).content.decode()
    assert "alasan kenari" in page and "alasan kelas" in page and "alasan merpati" not in page
    several = auditor.post("/provinsi/jejak/cari/", {"pelaku": "Kenari"})
    assert several.status_code == 422
    assert {f"?pelaku={user.pk}" for user in (kenari, merpati)} <= set(
        re.findall(r"\?pelaku=[\w-]+", several.content.decode())
    )
    page = shown(auditor, jenis="class.added")
    assert "alasan kelas" in page and "alasan kenari" not in page
    day = (timezone.localtime(NOW) - timedelta(days=9)).date().isoformat()
    page = shown(auditor, dari=day, sampai=day)
    assert "alasan kelas" in page and "alasan kenari" not in page
    assert "Tidak ada catatan" in shown(auditor, jenis=READ)


@pytest.mark.parametrize("query", ["orang=x", "sesudah=-1", "dari=kapan", "sesudah=99999999999", "sampai=9999-12-31"])
def test_an_address_that_says_nonsense_leads_nowhere(auditor: Client, query: str) -> None:
    event()
    assert auditor.get(f"/provinsi/jejak/?{query}").status_code == 404


def test_pages_show_every_line_once_though_many_share_a_moment_and_new_ones_arrive(registration: Registration) -> None:
    for number in range(2 * PAGE_SIZE + 7):
        event(reason=str(number), at=NOW + timedelta(seconds=number // 30))
        if number % 3 == 0:
            read(registration, at=NOW + timedelta(seconds=number // 30))
    there = Event.objects.count() + Read.objects.count()
    seen: list[int] = []
    after = None
    while True:
        page = page_of(scope=Scope(), wanted=Wanted(), after=after)
        seen += [entry.number for entry in page.entries]
        event(at=NOW + timedelta(hours=1))
        after = page.after
        if after is None:
            break
    assert len(seen) == len(set(seen)) == there


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(), "records_event_at"),
        (Wanted(since=NOW, until=NOW), "records_event_at"),
        (Wanted(actor_id=UUID(int=1)), "records_event_actor"),
        (Wanted(kind="wave.open"), "records_event_kind"),
        (Wanted(person_id=UUID(int=1)), "records_eve_person"),
    ],
)
def test_each_search_follows_an_index_in_its_order(wanted: Wanted, index: str) -> None:
    """So that a page costs the same at two million lines (bench/seals.py measures it)."""
    user = make_staff("auditor")
    with transaction.atomic(), connection.cursor() as cursor:
        enter_scope(Scope(user.pk, frozenset({"auditor"})), web_role=True)
        cursor.execute(
            "SET LOCAL enable_seqscan TO off; SET LOCAL enable_sort TO off; SET LOCAL enable_bitmapscan TO off"
        )
        plans = [found[:51].explain() for found in (events_of(wanted), reads_of(wanted)) if not found.query.is_empty()]
        transaction.set_rollback(True)
    assert index in plans[0]
    for plan in plans:
        assert "Seq Scan" not in plan
        if not wanted.person_id:  # a person has few lines
            assert not re.search(r"^ *(->)? *Sort", plan, re.MULTILINE), plan


def test_the_lines_are_taken_away_in_words_and_that_is_recorded(registration: Registration, auditor: Client) -> None:
    read(registration, reason="=1+1")
    event("wave.extended", reason="alasan")
    answer = auditor.post("/provinsi/jejak/unduh/", {"bentuk": "csv"})
    # The answer is read by a connection of its own, which sees what is committed: its head here, its rows in test_exports.
    assert answer["Content-Disposition"] == 'attachment; filename="jejak.csv"'
    taken = Event.objects.get(kind="export.audit_trail")
    assert taken.reason.startswith("3: ") and taken.actor_role == "auditor"
    assert auditor.post("/provinsi/jejak/unduh/", {"bentuk": "exe"}).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_holds_the_filtered_lines(as_role: Callable[..., Client], form: str) -> None:
    registration = make_registration(make_wave())
    read(registration, reason="=1+1")
    event("wave.extended", reason="alasan")
    answer = as_role("auditor").post(
        "/provinsi/jejak/unduh/", {"bentuk": form, "orang": str(registration.applicant_id)}
    )
    data = b"".join(answer.streaming_content)
    if form == "csv":
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    else:
        rows = [[str(c.value or "") for c in row] for row in openpyxl.load_workbook(io.BytesIO(data)).active]
    kinds = [row[4] for row in rows]
    assert kinds == ["kind", "Mendaftar", "Melihat data lengkap"]
    assert rows[-1][-1] in ("'=1+1", "=1+1") and (form == "xlsx" or rows[-1][-1].startswith("'"))


def test_every_kind_that_is_recorded_has_words() -> None:
    make_world()
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert len(kinds) >= 8
    assert {kind for kind in kinds if kind_words(kind) == kind} == set()


# Heads


def test_the_heads_of_a_day_can_be_seen_and_taken_by_anybody(client: Client) -> None:
    assert "Belum ada segel" in client.get("/segel/").content.decode()
    event()
    seal_logs(now=NOW)
    seal = Seal.objects.get()
    head = bytes(seal.head).hex()
    page = client.get("/segel/").content.decode()
    assert head in page and "menutup 1 catatan" in page
    text = client.get("/segel/unduh/").content.decode()
    assert text == f"1 {timezone.localtime(NOW).isoformat()} 1 {head}\n"
    assert client.get("/segel/?hari=2020-01-01").status_code == 200
    assert client.get("/segel/unduh/?hari=kemarin").status_code == 404
    assert client.get("/segel/?hari=9999-12-31").status_code == 404


# Applicants


def as_applicant(registration: Registration) -> Client:
    client = Client()
    session = client.session
    session["applicant"] = str(registration.applicant_id)
    session.save()
    client.cookies["sessionid"] = session.session_key
    return client


def test_an_applicant_sees_who_opened_the_file_by_office_role_and_reason(registration: Registration) -> None:
    page = as_applicant(registration).get("/status/").content.decode()
    assert "Belum ada yang melihat" in page
    other = make_registration(registration.wave)
    clerk = make_user(name="Bu Rahasia")
    read(registration, actor_id=clerk.pk, field="kk")
    read(other, field="birth_date", actor_role="auditor")
    event(
        "registration.verified", actor_id=clerk.pk, actor_role="office_head", person_id=registration.applicant_id,
        regency_id=registration.regency_id, subject_type="registration", subject_id=registration.pk,
    )  # fmt: skip
    page = as_applicant(registration).get("/status/").content.decode()
    assert "Nomor KK" in page and "Menghubungi pendaftar" in page and "(Pendamping)" in page
    assert "Data dinyatakan lengkap" in page and "(Kepala kantor)" in page
    assert "Belum ada yang melihat" not in page
    assert "Bu Rahasia" not in page and "Tetangga" not in page, "neither the name nor the note"
    section = page[page.index('id="berkas"') :]
    assert "Mendaftar" not in section, "what I did myself is no opening"
    theirs = as_applicant(other).get("/status/").content.decode()
    assert "Nomor KK" not in theirs[theirs.index('id="berkas"') :] and "Tanggal lahir" in theirs


def test_row_level_security_alone_keeps_others_lines_away(
    registration: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_registration(registration.wave)
    read(other)
    with transaction.atomic():
        enter_scope(Scope(applicant_id=registration.applicant_id), web_role=True)
        assert set(Read.objects.values_list("person_id", flat=True)) == set()
        assert set(Event.objects.values_list("person_id", flat=True)) == {registration.applicant_id}
        assert trail.reads_of(Wanted(person_id=other.applicant_id)).count() == 0
        transaction.set_rollback(True)
