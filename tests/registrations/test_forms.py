"""The pages: what each refuses, naming field, rule and remedy; what it only notes; what it makes of raw text."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from registrations.forms.page import MOST_TYPED, PageForm
from registrations.forms.pages import PAGES, entered
from registrations.services.validation import MESSAGES, Answers, Person
from tests.factories.people import VILLAGE_ID, make_region
from tests.registrations.journey import page_of, typed

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def region() -> None:
    make_region()


def forms(*, known: bool = False, **over: Any) -> list[PageForm]:
    controls = typed(**over)
    return [page.form(controls[page.slug], today=TODAY, known=known) for page in PAGES if not (known and page.once)]


def form(field: str, **over: Any) -> PageForm:
    """The page that asks for `field`."""
    page = page_of(field)
    return page.form(typed(**over)[page.slug], today=TODAY)


def test_raw_text_becomes_a_person() -> None:
    sent = forms(
        name="  Siti   Contoh ", disability="ya", disability_need="kursi roda", disability_consent="on",
        email="siti@contoh.id",
    )  # fmt: skip
    assert all(page.is_valid() for page in sent)
    assert entered(sent) == Person(
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
    errors = form(field, **over).errors
    below = {"regency": {"district"}, "district": {"village_id"}}.get(field, set())  # lists that depend on this one
    assert set(errors) == {field, *below}, errors
    assert words in errors[field][0]


@pytest.mark.parametrize(
    ("over", "field", "warning"),
    [
        ({"birth_date_day": "11"}, "nik", "nik_birth_date"),
        ({"sex": "M"}, "nik", "nik_sex"),
        ({"nik": "3374015003950001", "name": "Siti 2"}, "name", "name_digits"),
        ({"kk": "3374013201200001"}, "kk", "kk_date"),
    ],
)
def test_a_warning_never_blocks(over: dict[str, Any], field: str, warning: str) -> None:
    sent = forms(**over)
    assert all(page.is_valid() for page in sent)
    person = entered(sent)
    assert isinstance(person, Person) and warning in person.warnings


def test_districts_of_other_provinces_are_not_doubted() -> None:
    sent = form("nik", nik="3171995003950001", kk="3171990101200001")
    assert sent.is_valid() and sent.warnings == []


def test_all_problems_of_a_page_are_said_at_once_and_in_its_order() -> None:
    sent = form("nik", name="", nik="1", birth_date_day="")
    assert [field.name for field in sent if field.errors] == ["name", "nik", "birth_date"]


def test_whoever_is_known_is_asked_only_what_may_have_changed() -> None:
    sent = forms(known=True, education=None, marital_status=None, dependants=None)
    assert all(page.is_valid() for page in sent)
    assert type(entered(sent)) is Answers


class TestDisability:
    """A statement apart, which may be refused: then nothing of it is kept."""

    def test_refusing_keeps_nothing_else(self) -> None:
        refused = form(
            "disability", disability="lewati", disability_need="juru bahasa isyarat", disability_consent="on"
        )
        assert refused.is_valid()
        assert refused.typed() == {"disability": "lewati"}
        assert refused.cleaned_data["disability"] is None

    @pytest.mark.parametrize("answer", ["ya", "tidak"])
    def test_an_answer_needs_its_own_consent(self, answer: str) -> None:
        sent = form("disability", disability=answer)
        assert set(sent.errors) == {"disability_consent"}
        assert "tidak ingin menjawab" in sent.errors["disability_consent"][0]
        assert form("disability", disability=answer, disability_consent="on").is_valid()

    def test_help_is_kept_only_where_it_is_needed(self) -> None:
        sent = form("disability", disability="tidak", disability_need="kursi roda", disability_consent="on")
        assert "disability_need" not in sent.typed()


def test_a_consent_is_to_the_text_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of("consent")
    kept = form("consent").typed()
    assert page.form(kept, today=TODAY).is_valid()
    monkeypatch.setattr("registrations.forms.page.CONSENT_VERSION", "2027-01")
    assert set(page.form(kept, today=TODAY).errors) == {"consent"}


def test_what_is_kept_of_a_page_is_what_passed_as_it_was_typed() -> None:
    sent = form("nik", nik="3374 9950 0395 0001", kk="12", birth_date_month="13")
    assert set(sent.errors) == {"kk", "birth_date"}
    assert sent.typed() == {"name": "Siti Contoh", "nik": "3374 9950 0395 0001", "sex": "F"}


@pytest.mark.parametrize("field", ["nik", "phone", "name", "email"])
def test_nothing_endless_is_kept_even_where_spaces_do_not_count(field: str) -> None:
    controls = typed()[page_of(field).slug]
    sent = form(field, **{field: controls[field] + " " * MOST_TYPED + "\u2003"})
    assert field in sent.errors and field not in sent.typed()


def test_lists_follow_the_choice_and_nothing_is_checked_while_choosing() -> None:
    choosing = page_of("regency").form({"regency": str(VILLAGE_ID // 1_000_000)}, today=TODAY, checked=False)
    assert not choosing.errors
    assert [value for value, _label in choosing.fields["district"].choices] == ["", VILLAGE_ID // 10_000]  # type: ignore[attr-defined]


def test_every_message_is_a_sentence_that_ends() -> None:
    assert all(str(message).endswith(".") for message in MESSAGES.values())


def test_a_birthday_today_is_no_future() -> None:
    born = timezone.localdate() - timedelta(days=1)
    sent = page_of("nik").form(
        typed(birth_date_day=str(born.day), birth_date_month=str(born.month), birth_date_year=str(born.year))["ktp"],
        today=born,
    )
    assert "birth_date" not in sent.errors
