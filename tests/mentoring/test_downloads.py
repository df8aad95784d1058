"""Lists that leave the portal: whose rows, in which form, and what is written down about it."""

import csv
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client

from clusters.models import Wave
from records.models import Event
from records.sheets import open_sheet
from registrations.models import Applicant, Registration
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration
from tests.factories.waves import make_class
from training.resources import TrainingClassResource

pytestmark = pytest.mark.django_db
OFFICE, OTHER = 3374, 3301
PATH = "/kantor/peserta/unduh/"
ASKED = {"purpose": "work", "note": "rapat loket", "form": "csv"}


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


@pytest.fixture
def client(as_role: Callable[..., Client]) -> Client:
    return as_role("mentor", OFFICE)


def rows_of(response: Any) -> list[list[str]]:
    assert response.status_code == 200, response.content.decode()
    return list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"), newline="")))


def test_a_list_holds_the_own_office_s_people_with_masked_numbers(client: Client, wave: Wave) -> None:
    make_registration(wave, name="=Ani", nik="3374995003950001")
    make_registration(wave, name="Budi", nik="3374995003950002")
    make_registration(wave, regency=OTHER, name="Orang Lain")
    answer = client.post(PATH, ASKED)
    header, *rows = rows_of(answer)
    assert header[:3] == ["Nama", "Nomor pendaftaran", "NIK (disamarkan)"]
    assert [(row[0], row[2], row[3]) for row in rows] == [
        ("'=Ani", "3374********0001", "AFIRMASI"),
        ("Budi", "3374********0002", "AFIRMASI"),
    ]
    assert b"3374995003950001" not in answer.getvalue()
    event = Event.objects.get(kind="export.people")
    assert event.reason == "2: Kerja kantor: rapat, verifikasi, kunjungan: rapat loket"
    assert (event.regency_id, event.actor_role, event.person_id) == (OFFICE, "mentor", None)


def test_rows_are_read_in_the_askers_scope_while_they_are_sent(client: Client, wave: Wave) -> None:
    make_registration(wave, name="Ani")
    make_registration(wave, regency=OTHER, name="Orang Lain")
    answer = client.post(PATH, ASKED)
    with connection.cursor() as cursor:  # the request has ended: nobody's scope and the owner's rights
        cursor.execute("SELECT current_user, current_setting('app.scope', true)")
        assert cursor.fetchone()[0] != "portal_web"
    assert [row[0] for row in rows_of(answer)[1:]] == ["Ani"]


def test_the_second_wall_alone_keeps_other_offices_out(
    client: Client, wave: Wave, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_registration(wave, name="Ani")
    make_registration(wave, regency=OTHER, name="Orang Lain")
    everybody = Registration.objects.by_name()
    monkeypatch.setattr("mentoring.selectors.people_export.registrations", lambda scope, wanted: everybody)
    rows = rows_of(client.post(PATH, ASKED))
    assert [row[0] for row in rows[1:]] == ["Ani"]


def test_the_list_s_choices_hold(client: Client, wave: Wave) -> None:
    for number, state in enumerate(["registered", "joined", "joined"]):
        registration = make_registration(wave, name=f"Ani {number}")
        Registration.objects.filter(pk=registration.pk).update(state=state, joined_at=wave.opens_at)
    make_registration(make_wave(), name="Gelombang Lain")
    page = client.get(f"/kantor/peserta/?gelombang={wave.slug}&keadaan=joined").content.decode()
    href = f"{PATH}?gelombang={wave.slug}&amp;keadaan=joined"
    assert href in page
    form = client.get(href.replace("&amp;", "&")).content.decode()
    assert "2 peserta" in form and 'name="keadaan" value="joined"' in form
    rows = rows_of(client.post(PATH, ASKED | {"gelombang": wave.slug, "keadaan": "joined"}))
    assert [row[0] for row in rows[1:]] == ["Ani 1", "Ani 2"]
    assert [row[6] for row in rows[1:]] == ["Sudah gabung"] * 2


def test_who_moved_away_stays_on_the_list_without_their_data(client: Client, wave: Wave) -> None:
    registration = make_registration(wave, name="Ani")
    village = make_region(OTHER * 1_000_000 + 11001).village
    Applicant.objects.filter(pk=registration.applicant_id).update(regency_id=OTHER, village=village)
    assert [row[:1] + row[2:3] + row[4:6] for row in rows_of(client.post(PATH, ASKED))[1:]] == [["Ani", "", "", ""]]


def test_a_workbook_holds_text_cells(client: Client, wave: Wave) -> None:
    make_registration(wave, name="+Ani")
    answer = client.post(PATH, ASKED | {"form": "xlsx"})
    assert answer["Content-Disposition"] == f'attachment; filename="peserta-{wave.slug}.xlsx"'
    sheet = openpyxl.load_workbook(io.BytesIO(answer.getvalue())).active
    assert sheet["A2"].value == "+Ani" and sheet["A2"].data_type == "s"


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ({"purpose": ""}, "Pilih untuk apa"),
        ({"note": "NIK 3374995003950001"}, "Jangan tulis NIK"),
        ({"form": "exe"}, ""),
    ],
)
def test_without_a_purpose_nothing_leaves(client: Client, wave: Wave, over: dict[str, str], sentence: str) -> None:
    make_registration(wave, name="Ani")
    answer = client.post(PATH, ASKED | over)
    assert answer.status_code == 422 and sentence in answer.content.decode()
    assert not Event.objects.filter(kind="export.people").exists()


@pytest.mark.parametrize("role", ["planner", "approver", "auditor"])
def test_only_offices_take_lists_of_people_away(as_role: Callable[..., Client], wave: Wave, role: str) -> None:
    assert as_role(role).post(PATH, ASKED).status_code == 403


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_classes_that_are_taken_away_can_be_brought_back(as_role: Callable[..., Client], wave: Wave, form: str) -> None:
    for number in range(3):
        make_class(wave, f"A-{number}", regency=OFFICE, cluster=number)
    auditor, path = as_role("auditor"), f"/provinsi/kelas/{wave.slug}/unduh/"
    assert auditor.post(path, {"bentuk": "exe"}).status_code == 404
    answer = auditor.post(path, {"bentuk": form})
    sheet = open_sheet(answer.getvalue(), f"kelas.{form}")
    resource = TrainingClassResource(options={"wave": str(wave.pk)})
    assert not resource.missing(resource.guess(sheet.headers, {}))
    columns = list(resource.columns)
    for row in sheet:
        values, reasons = resource.clean_row(dict(zip(columns, row.cells, strict=True)))
        assert {reason.code for reason in reasons} <= {"dates"}
        assert values["regency_id"] == OFFICE
    assert Event.objects.get(kind="export.classes").reason.startswith("3: ")
