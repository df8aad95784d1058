"""The form: what it refuses, naming field, rule and remedy; what it only notes; what it makes of raw text."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from clusters.models import BlankSpotVillage
from registrations.forms import PersonForm
from registrations.services.validation import MESSAGES, Person
from tests.factories.people import VILLAGE_ID, make_region
from tests.registrations.test_register_page import filled

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def region() -> None:
    make_region()


def form(**over: Any) -> PersonForm:
    return PersonForm(filled(**over), today=TODAY)


def test_raw_text_becomes_a_person() -> None:
    sent = form(name="  Siti   Contoh ", disability="ya", disability_need="kursi roda", email="siti@contoh.id")
    assert sent.is_valid(), sent.errors
    assert sent.person() == Person(
        name="Siti Contoh",
        nik="3374995003950001",
        kk="3374990101200001",
        phone="+6281234567890",
        email="siti@contoh.id",
        birth_date=date(1995, 3, 10),
        sex="F",
        village_id=VILLAGE_ID,
        address="Dusun Contoh RT 01 RW 02",
        education="sma",
        marital_status="single",
        dependants=0,
        occupation="jobseeker",
        citizen=True,
        in_education=False,
        received_before=False,
        pmi_candidate=True,
        laid_off=False,
        remote=False,
        unfamiliar_digital=True,
        disability=True,
        disability_need="kursi roda",
        warnings=("nik_region", "kk_region"),
    )


REJECTIONS = [
    ({"name": ""}, "name", "Isi nama"),
    ({"name": "x" * 121}, "name", "120 huruf"),
    ({"name": "Siti\x07"}, "name", "Ketik ulang nama"),
    ({"nik": ""}, "nik", "16 angka"),
    ({"nik": "337499500395000"}, "nik", "Yang Anda isi 15 angka"),
    ({"nik": "33749950O3950001"}, "nik", "hanya berisi angka"),
    ({"nik": "3374990003950001"}, "nik", "tanggal lahir"),
    ({"nik": "3374995013950001"}, "nik", "bulan"),
    ({"nik": "3374995003950000"}, "nik", "0000"),
    ({"kk": "33749901012000"}, "kk", "Yang Anda isi 14 angka"),
    ({"kk": "3374990101200000"}, "kk", "0000"),
    ({"birth_date_day": "31", "birth_date_month": "2"}, "birth_date", "kalender"),
    ({"birth_date_year": ""}, "birth_date", "Tanggal lahir"),
    ({"birth_date_year": "2027"}, "birth_date", "belum terjadi"),
    ({"birth_date_year": "1895"}, "birth_date", "Tahun lahir"),
    ({"sex": None}, "sex", "jenis kelamin"),
    ({"phone": "024 123456"}, "phone", "0812 3456 7890"),
    ({"email": "siti@"}, "email", "nama@contoh.id"),
    ({"education": "s3"}, "education", "pendidikan"),
    ({"marital_status": ""}, "marital_status", "perkawinan"),
    ({"dependants": "21"}, "dependants", "0 sampai 20"),
    ({"dependants": "banyak"}, "dependants", "0 sampai 20"),
    ({"regency": ""}, "regency", "kabupaten"),
    ({"district": "999999"}, "district", "kecamatan"),
    ({"village_id": "3399999999"}, "village_id", "desa"),
    ({"village_id": "9" * 30}, "village_id", "desa"),
    ({"address": " "}, "address", "alamat"),
    ({"occupation": "presiden"}, "occupation", "pekerjaan"),
    ({"citizen": None}, "citizen", "warga negara"),
    ({"in_education": None}, "in_education", "bersekolah"),
    ({"received_before": None}, "received_before", "Kartu Prakerja"),
    ({"pmi_candidate": None}, "pmi_candidate", "pekerja migran"),
    ({"laid_off": None}, "laid_off", "PHK"),
    ({"disability": None}, "disability", "disabilitas"),
    ({"disability_need": "x" * 501}, "disability_need", "500 huruf"),
    ({"consent": None}, "consent", "setuju"),
]


@pytest.mark.parametrize(("over", "field", "words"), REJECTIONS)
def test_a_rejection_names_its_field_and_what_to_do(over: dict[str, Any], field: str, words: str) -> None:
    errors = form(**over).errors
    below = {"regency": {"district"}, "district": {"village_id"}}.get(field, set())  # lists that depend on this one
    assert set(errors) == {field, *below}, errors
    assert words in errors[field][0]


@pytest.mark.parametrize(
    ("over", "warning"),
    [
        ({"birth_date_day": "11"}, "nik_birth_date"),
        ({"sex": "M"}, "nik_sex"),
        ({"nik": "3374015003950001", "name": "Siti 2"}, "name_digits"),
        ({"kk": "3374013201200001"}, "kk_date"),
    ],
)
def test_a_warning_never_blocks(over: dict[str, Any], warning: str) -> None:
    sent = form(**over)
    assert sent.is_valid(), sent.errors
    assert warning in sent.person().warnings


def test_districts_of_other_provinces_are_not_doubted() -> None:
    sent = form(nik="3171995003950001", kk="3171990101200001")
    assert sent.is_valid(), sent.errors
    assert sent.person().warnings == ()


def test_all_problems_are_said_at_once_and_in_the_order_of_the_page() -> None:
    fields = list(form(name="", nik="1", consent=None).errors)
    assert set(fields) == {"name", "nik", "consent"}
    order = list(PersonForm(today=TODAY).fields)
    assert order.index("name") < order.index("nik") < order.index("address") < order.index("consent")


def test_not_wanting_to_say_is_an_answer() -> None:
    sent = form(disability="lewati")
    assert sent.is_valid()
    assert sent.person().disability is None


def test_lists_follow_the_choice_and_nothing_is_checked_while_choosing() -> None:
    choosing = PersonForm({"regency": str(VILLAGE_ID // 1_000_000), "nik": "1"}, asking_options=True, today=TODAY)
    assert not choosing.errors
    assert [value for value, _label in choosing.fields["district"].choices] == ["", VILLAGE_ID // 10_000]  # type: ignore[attr-defined]
    assert choosing["nik"].value() == "1"


def test_a_listed_village_proposes_its_reason() -> None:
    assert form().blank_spot == ""
    BlankSpotVillage.objects.create(village_id=VILLAGE_ID, printed_name="C", period="2026", source="https://contoh.id")
    assert form().blank_spot.startswith("Desa")


def test_every_message_is_a_sentence_that_ends() -> None:
    assert all(str(message).endswith(".") for message in MESSAGES.values())


def test_a_birthday_today_is_no_future() -> None:
    born = timezone.localdate() - timedelta(days=1)
    sent = PersonForm(
        filled(birth_date_day=born.day, birth_date_month=born.month, birth_date_year=born.year), today=born
    )
    assert "birth_date" not in sent.errors
