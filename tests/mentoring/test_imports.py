"""The pages of imports, from the upload to the undoing, as people of offices and the province meet them."""

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from clusters.models import Dataset, Indicator, LabourOffice, Observation
from mentoring.forms import imports as forms
from mentoring.forms.imports import KINDS
from records.models import Event, Import, Job
from records.services.imports import resource_class
from records.sheets import open_sheet
from registrations.models import ListedPerson
from tests.factories.imports import csv_of, done, nik, receive
from tests.factories.people import make_region, make_wave
from tests.factories.waves import make_class
from training.models import TrainingClass

pytestmark = pytest.mark.django_db
OFFICE, OTHER = 3374, 3301
STATED = {"kind": "laid_off", "source": "PT Contoh", "day": "2026-10-01"}
GOOD = csv_of([(nik(1), "S/1", "2026-01-31"), (nik(2), "S/2", "")])
MIXED = csv_of([(nik(1), "S/1b", ""), (nik(3), "S/3", ""), ("12345", "S/4", ""), (nik(5), "=1+1", "")])


@pytest.fixture
def client(as_role: Callable[..., Client]) -> Client:
    make_region()
    return as_role("mentor", OFFICE)


def upload(
    client: Client, content: bytes, *, called: str = "daftar.csv", kind: str = "person_list", **over: Any
) -> Any:
    given = (STATED if kind == "person_list" else {}) | over
    return client.post(f"/kantor/impor/baru/{kind}/", given | {"file": SimpleUploadedFile(called, content)})


def worked(response: Any) -> Import:
    """The import that the answer leads to, once its jobs are done."""
    assert response.status_code == 302, response.content.decode()
    return done(response.url.split("/")[3])


def text_of(response: Any, status: int = 200) -> str:
    assert response.status_code == status
    return str(response.content.decode())


def path(record: Import, step: str = "") -> str:
    return f"/kantor/impor/{record.pk}/{step}"


def decide(client: Client, record: Import, take: str) -> Import:
    return worked(client.post(path(record, "putuskan/"), {"ambil": take}))


def test_from_the_upload_to_the_undoing(client: Client) -> None:
    decide(client, worked(upload(client, GOOD)), "all")
    answer = upload(client, MIXED)
    assert "Berkas sedang dibuka" in text_of(client.get(answer.url))
    record = worked(answer)
    page = text_of(client.get(answer.url))
    assert "Dari 4 baris: 2 baru, 1 mengubah data yang ada, 0 sama dengan yang ada, 1 ditolak." in page
    assert "Simpan 3 baris yang baik" in page
    assert ListedPerson.objects.count() == 2
    refused = text_of(client.get(answer.url + "?hasil=refused"))
    assert "<strong>NIK.</strong> NIK harus 16 angka. Yang Anda isi 5 angka." in refused
    changed = text_of(client.get(answer.url + "?hasil=changed"))
    assert "S/1</del>" in changed and "S/1b</ins>" in changed
    assert nik(1) not in changed and f"{nik(1)[:4]}********{nik(1)[-4:]}" in changed
    assert decide(client, record, "good").state == "done"
    assert ListedPerson.objects.count() == 4
    assert "Tersimpan: 2 baris baru, 1 baris diubah" in text_of(client.get(answer.url))
    assert worked(client.post(path(record, "batalkan/"))).state == "undone"
    assert ListedPerson.objects.count() == 2
    assert "Impor ini sudah dibatalkan" in text_of(client.get(answer.url))
    listed = text_of(client.get("/kantor/impor/"))
    assert listed.count("daftar.csv") == 2 and "Sudah dibatalkan" in listed


def test_refused_rows_come_back_as_text_with_their_reasons_and_are_logged(client: Client) -> None:
    record = decide(client, worked(upload(client, csv_of([("=HYPERLINK(1)", "@S", ""), (nik(1), "", "")]))), "good")
    answer = client.post(path(record, "ditolak.xlsx"))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.getvalue())).active
    assert [cell.value for cell in sheet[1]] == ["NIK", "Nomor surat", "Sejak tanggal", "Baris", "Alasan"]
    assert [cell.value or "" for cell in sheet[2]][:4] == ["=HYPERLINK(1)", "@S", "", "2"]
    assert {cell.data_type for cell in sheet[2] if cell.value} == {"s"}
    event = Event.objects.get(kind="export.refused_rows")
    assert (event.regency_id, event.actor_role) == (OFFICE, "mentor")
    assert event.reason.startswith("1:")


def test_a_repeated_decision_is_done_once(client: Client) -> None:
    record = worked(upload(client, GOOD))
    for take in ("all", "all", "nothing"):
        assert client.post(path(record, "putuskan/"), {"ambil": take}).url == path(record)
    record = done(record.pk)
    assert (record.state, record.take) == ("done", "all")
    assert ListedPerson.objects.count() == 2
    assert Event.objects.filter(subject_id=record.pk, kind="import.decided_all").count() == 1
    assert client.post(path(record, "putuskan/"), {"ambil": "all"}, follow=True).status_code == 200
    assert ListedPerson.objects.count() == 2


def test_columns_are_asked_for_guessed_and_remembered(client: Client) -> None:
    record = worked(upload(client, csv_of([(nik(1), "S/1")], header="Identitas,Nomor surat")))
    page = text_of(client.get(path(record)))
    assert "Cocokkan kolom" in page
    assert '<option value="Nomor surat" selected>' in page
    missing = client.post(path(record, "kolom/"), {"kolom-reference": "Nomor surat"})
    assert "Pilih kolom berkas untuk NIK." in text_of(missing, 422)
    twice = client.post(path(record, "kolom/"), {"kolom-nik": "Identitas", "kolom-reference": "Identitas"})
    assert "sudah dipakai di atas" in text_of(twice, 422)
    chosen = {"kolom-nik": "Identitas", "kolom-reference": "Nomor surat"}
    assert worked(client.post(path(record, "kolom/"), chosen)).state == "checked"
    again = worked(upload(client, csv_of([(nik(2), "S/2")], header="Identitas,Nomor surat")))
    assert again.state == "checked"
    assert "kolom “Identitas”" in text_of(client.get(path(again)))


def test_a_file_over_the_limit_is_answered_with_a_sentence_and_the_form_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "largest", lambda suffix: 10)
    page = text_of(upload(client, GOOD), 413)
    assert "Batasnya 0 MB" in page
    assert 'value="PT Contoh"' in page and 'value="laid_off" id="id_kind_0" checked' in page.replace("required ", "")
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.exe", b"MZ", "tidak dikenal"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "Excel lama"),
        ("a.xlsm", b"PK\x03\x04", "makro"),
        ("a.csv", b"", "Berkas ini kosong"),
    ],
)
def test_what_is_no_table_is_refused_at_the_door(client: Client, name: str, content: bytes, sentence: str) -> None:
    page = text_of(upload(client, content, called=name), 422)
    assert sentence in page and 'value="PT Contoh"' in page
    assert not Import.objects.exists()


def test_a_file_that_cannot_be_read_says_why_and_keeps_nothing(client: Client) -> None:
    record = worked(upload(client, b'NIK\n"3374\n'))
    page = text_of(client.get(path(record)))
    assert "Berkas ini tidak dapat diimpor" in page and "Tanda kutip di baris 2" in page
    assert not record.chunks.exists()


def test_the_same_file_again_is_said(client: Client) -> None:
    first = decide(client, worked(upload(client, GOOD)), "all")
    second = worked(upload(client, GOOD, called="salinan.csv"))
    page = text_of(client.get(path(second)))
    assert "Berkas yang sama sudah pernah diimpor" in page and path(first) in page
    assert (second.new, second.duplicate) == (0, 2)
    assert "Semua baris sudah ada di portal" in page


def test_another_office_s_import_is_not_there(client: Client, as_role: Callable[..., Client]) -> None:
    record = receive(GOOD)
    stranger = as_role("office_head", OTHER)
    assert stranger.get(path(record)).status_code == 404
    for step in ("kolom/", "putuskan/", "ditolak.xlsx", "batalkan/"):
        assert stranger.post(path(record, step), {"ambil": "all"}).status_code == 404
    assert "daftar.csv" not in text_of(stranger.get("/kantor/impor/"))
    assert done(record.pk).state == "checked"


def test_auditors_and_the_province_read_and_the_office_acts(client: Client, as_role: Callable[..., Client]) -> None:
    record = worked(upload(client, MIXED))
    for role in ("auditor", "approver", "planner"):
        reader = as_role(role)
        page = text_of(reader.get(path(record)))
        assert "Keputusan ada pada kantor yang mengunggah." in page and "Unduh baris yang ditolak" not in page
        assert reader.post(path(record, "putuskan/"), {"ambil": "good"}).status_code == 403
        assert reader.post(path(record, "ditolak.xlsx")).status_code == 403
    assert as_role("auditor").get("/kantor/impor/baru/person_list/").status_code == 403
    assert client.get("/kantor/impor/baru/classes/").status_code == 403
    assert client.get("/kantor/impor/baru/nothing/").status_code == 404


def test_a_long_preview_comes_in_pages(client: Client) -> None:
    record = worked(upload(client, csv_of([(nik(number), f"S/{number}", "") for number in range(120)])))
    page = text_of(client.get(path(record)))
    assert page.count("S/") == 50
    following = text_of(client.get(path(record) + "?hasil=new&sesudah=51"))
    assert "S/50" in following and "S/49" not in following
    assert client.get(path(record) + "?hasil=x").status_code == 404
    assert client.get(path(record) + "?sesudah=-1").status_code == 404


def test_a_job_that_failed_for_good_is_said(client: Client) -> None:
    answer = upload(client, GOOD)
    Job.objects.filter(task="records.work_on_import").update(state="failed")
    page = text_of(client.get(answer.url))
    assert "Pekerjaan ini terhenti" in page and "Buang berkas ini" in page


def test_reasons_come_back_in_the_readers_language(client: Client) -> None:
    record = worked(upload(client, csv_of([("12345", "S/9", "2026-01-31")])))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer: Any = client.post(path(record, "ditolak.xlsx"))
    sheet = open_sheet(b"".join(answer.streaming_content), "ditolak.xlsx")
    assert [sheet.headers[-1], next(sheet.rows()).cells[-1]] == [
        "Reason", "NIK: A NIK has 16 digits. You entered 5 digits."
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_template_whose_example_is_refused_when_left_in(
    as_role: Callable[..., Client], kind: str
) -> None:
    make_region()
    client = as_role("planner")
    wave = make_wave()
    answer: Any = client.get(f"/kantor/impor/baru/{kind}/templat.xlsx")
    template = b"".join(answer.streaming_content)
    sheet = open_sheet(template, "templat.xlsx")
    assert sheet.headers == [column.title for column in resource_class(kind)().columns.values()]
    stated = {"name": "Uji", "publisher": "Uji", "wave": wave.pk}
    record = worked(upload(client, template, called="templat.xlsx", kind=kind, **stated))
    assert (record.state, record.new, record.refused) == ("checked", 0, 1)


def test_the_province_brings_figures_without_undoing_them(as_role: Callable[..., Client]) -> None:
    make_region()
    Indicator.objects.create(code="phk_workers", unit="persons", name_id="PHK", name_en="Laid off")
    client = as_role("planner")
    header = "indicator,code,period,value,unit,source,confidence,note"
    rows = [
        ("phk_workers", "33.74", "2026", "120", "persons", "BPS", "high", ""),
        ("phk_workers", "33.99", "2026", "-1", "p", "B", "h", ""),
        ("phk_workers", "33.74", "2025", "2", "percent", "BPS", "high", ""),
        ("laid_off", "33.74", "2025", "7", "persons", "BPS", "high", ""),
    ]
    about = {"source": "https://contoh.example/tabel", "period": "2026", "licence": "CC BY 4.0"}
    stated = {"name": "Sakernas", "publisher": "BPS", **about}
    unread = upload(client, csv_of(rows, header=header), kind="observations", **stated | {"period": "tahun lalu"})
    assert "Tulis seperti 2024" in text_of(unread, 422)
    record = worked(upload(client, csv_of(rows, header=header), kind="observations", **stated))
    page = text_of(client.get(path(record) + "?hasil=refused"))
    assert "“33.99” tidak ada di data portal" in page and "“-1” bukan angka" in page
    assert "Satuan phk_workers adalah persons, bukan “percent”" in page
    assert "“laid_off” tidak ada di katalog indikator" in page
    record = decide(client, record, "good")
    assert record.state == "done"
    assert [(o.regency_id, o.value, o.dataset.publisher) for o in Observation.objects.all()] == [(3374, 120, "BPS")]
    [dataset] = Dataset.objects.filter(**about)
    assert dataset.imported_by_id == record.asked_by_id
    assert "Impor jenis ini tidak dibatalkan" in text_of(client.get(path(record)))


def test_figures_may_be_of_a_cluster_and_a_sex(as_role: Callable[..., Client]) -> None:
    make_region()
    Indicator.objects.create(code="phk_workers", unit="persons", name_id="PHK", name_en="Laid off")
    client = as_role("planner")
    about = {"indicator": "phk_workers", "code": "33.74", "period": "2026", "unit": "persons", "source": "BPS"}
    lines = [
        {"cluster": "", "sex": "", "value": "120"},
        {"cluster": "", "sex": "P", "value": "70"},
        {"cluster": "phk", "sex": "laki-laki", "value": "30"},
        {"cluster": "PHK", "sex": "x", "value": "1"},
        {"cluster": "DESA", "sex": "", "value": "1"},
    ]
    rows = [tuple((about | line | {"confidence": "high"}).values()) for line in lines]
    header = ",".join([*about, "cluster", "sex", "value", "confidence"])
    record = worked(upload(client, csv_of(rows, header=header), kind="observations", name="Uji", publisher="BPS"))
    page = text_of(client.get(path(record) + "?hasil=refused"))
    assert "“x” bukan jenis kelamin. Tulis P, L, atau kosongkan" in page and "“DESA” tidak ada di data portal" in page
    assert decide(client, record, "good").state == "done"
    stored = Observation.objects.order_by("-value").values_list("cluster__code", "sex", "value")
    assert list(stored) == [(None, "", 120), (None, "f", 70), ("PHK", "m", 30)]
    assert list(Observation.objects.published().values_list("value", flat=True)) == [120]


def test_the_province_names_offices_and_blanks_erase_nothing(as_role: Callable[..., Client]) -> None:
    make_region()
    LabourOffice.objects.update_or_create(regency_id=3374, defaults={"short_name": "Lama", "phone": "024-1"})
    client = as_role("planner")
    record = worked(
        upload(
            client, csv_of([("33.74", "Disnaker Kota", "")], header="Kode wilayah,Nama singkat,Telepon"), kind="offices"
        )
    )
    decide(client, record, "all")
    office = LabourOffice.objects.get(regency_id=3374)
    assert (office.short_name, office.phone) == ("Disnaker Kota", "024-1")
    worked(client.post(path(record, "batalkan/")))
    office.refresh_from_db()
    assert (office.short_name, office.phone) == ("Lama", "024-1")


CLASS_HEADER = "code,programme,provider,regency,cluster,seats,minimum,venue,schedule,starts_on,ends_on"


def class_row(wave: Any, code: str, **over: str) -> tuple[str, ...]:
    given = {
        "code": code, "programme": "barista", "provider": "BLK Contoh", "regency": "33.74", "cluster": "afirmasi",
        "seats": "16", "minimum": "8", "venue": "Ruang 2", "schedule": "Senin", "starts_on": str(wave.starts_on),
        "ends_on": str(wave.ends_on),
    }  # fmt: skip
    return tuple((given | over).values())


def test_the_province_brings_the_classes_of_a_wave_under_the_classes_rules(as_role: Callable[..., Client]) -> None:
    make_region()
    wave = make_wave()
    old = make_class(wave, "A-1", regency=3374, cluster=3)
    TrainingClass.objects.filter(pk=old.pk).update(starts_on=wave.starts_on, ends_on=wave.ends_on)
    client = as_role("planner")
    rows = [
        class_row(wave, "A-1", seats="20"),
        class_row(wave, "B-1"),
        class_row(wave, "B-2", starts_on="2020-01-01"),
        class_row(wave, "b 3"),
        class_row(wave, "B-4", programme="Tidak ada"),
        class_row(wave, "B-5", seats="banyak"),
    ]
    record = worked(upload(client, csv_of(rows, header=CLASS_HEADER), kind="classes", wave=str(wave.pk)))
    assert (record.new, record.changed, record.refused) == (1, 1, 4)
    record = decide(client, record, "good")
    assert record.state == "done"
    assert sorted(TrainingClass.objects.values_list("code", "seats")) == [("A-1", 20), ("B-1", 16)]
    assert Job.objects.filter(task="training.record_open_seats").count() == 1
    assert Event.objects.filter(kind__startswith="class.").count() == 2


def test_classes_of_an_open_wave_keep_what_people_chose_them_for(as_role: Callable[..., Client]) -> None:
    make_region()
    wave = make_wave()
    old = make_class(wave, "A-1", regency=3374, cluster=0)
    TrainingClass.objects.filter(pk=old.pk).update(starts_on=wave.starts_on, ends_on=wave.ends_on)
    record = worked(
        upload(
            as_role("planner"), csv_of([class_row(wave, "A-1")], header=CLASS_HEADER), kind="classes", wave=str(wave.pk)
        )
    )
    assert record.refused == 1
