"""What a person's details must satisfy, whichever way they came: page or bulk.

Two grades: a rejection is an error of its field; a warning never blocks, it is kept for a person to look at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.phone import normalise_phone
from registrations import nik as numbers
from registrations.models import Applicant, Registration
from registrations.selectors.places import Places

OLDEST = date(1900, 1, 1)
MOST_DEPENDANTS = 20
LONGEST = {"name": 120, "email": 254, "address": 240, "disability_need": 500}
CHOICES = {
    "sex": frozenset(Applicant.Sex.values),
    "education": frozenset(Applicant.Education.values),
    "marital_status": frozenset(Applicant.MaritalStatus.values),
    "occupation": frozenset(Registration.Occupation.values),
}


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What may differ from wave to wave. Own statements until an office has verified them."""

    occupation: str
    citizen: bool
    in_education: bool
    received_before: bool
    pmi_candidate: bool
    laid_off: bool
    remote: bool
    unfamiliar_digital: bool


@dataclass(frozen=True, kw_only=True)
class Person(Answers):
    """Everything a first registration needs. `nik` and `kk` are 16 digits, `phone` is E.164 (+62...).

    `disability` is None when the person would rather not say; `warnings` are codes of `check` with grade "warn".
    """

    name: str
    nik: str
    kk: str
    phone: str
    birth_date: date
    sex: Literal["F", "M"]
    village_id: int
    address: str
    education: str
    marital_status: str
    dependants: int
    email: str = ""
    disability: bool | None = None
    disability_need: str = ""
    warnings: tuple[str, ...] = ()


class Finding(NamedTuple):
    field: str
    code: str
    grade: numbers.Grade


MESSAGES = {
    "name_length": _("Nama paling panjang 120 huruf. Singkat gelar atau nama tengah Anda."),
    "name_required": _("Isi nama lengkap Anda seperti di KTP."),
    "name_characters": _("Nama berisi tanda yang tidak dapat disimpan. Ketik ulang nama Anda seperti di KTP."),
    "name_digits": _("Nama biasanya tidak berisi angka. Cocokkan dengan KTP Anda. Bila memang begitu, lanjutkan."),
    "address_required": _("Isi alamat tempat tinggal Anda: jalan atau dusun, RT dan RW."),
    "address_length": _("Alamat paling panjang 240 huruf. Tulis jalan atau dusun, RT dan RW saja."),
    "address_characters": _("Alamat berisi tanda yang tidak dapat disimpan. Ketik ulang alamat Anda."),
    "disability_need_length": _("Bantuan yang diperlukan paling panjang 500 huruf. Tulis yang paling penting saja."),
    "disability_need_characters": _("Bantuan yang diperlukan berisi tanda yang tidak dapat disimpan. Ketik ulang."),
    "phone_form": _("Nomor HP tidak dikenali. Tulis nomor Indonesia, misalnya 0812 3456 7890."),
    "email_length": _("Alamat email paling panjang 254 huruf. Periksa lagi, atau kosongkan."),
    "email_characters": _("Alamat email berisi tanda yang tidak dapat disimpan. Ketik ulang, atau kosongkan."),
    "email_form": _("Alamat email tidak lengkap. Tulis seperti nama@contoh.id, atau kosongkan."),
    "birth_date_future": _("Tanggal lahir belum terjadi. Tulis tanggal, bulan dan tahun seperti di KTP."),
    "birth_date_past": _("Tahun lahir terlalu lama. Tulis empat angka, misalnya 1995."),
    "village_unknown": _("Desa atau kelurahan tidak ada di daftar. Pilih kabupaten, kecamatan, lalu desa."),
    "dependants_range": _("Jumlah tanggungan 0 sampai 20 orang. Tulis dengan angka."),
    "sex_unknown": _("Pilih jenis kelamin seperti di KTP."),
    "education_unknown": _("Pilih pendidikan terakhir dari daftar."),
    "marital_status_unknown": _("Pilih status perkawinan dari daftar."),
    "occupation_unknown": _("Pilih pekerjaan dari daftar."),
}


def check(values: Mapping[str, Any], *, places: Places, today: date) -> list[Finding]:
    """Every finding on the values that are there; a missing one is the caller's to ask for.

    `values` are those of a Person by name, already of its types; `places` must hold what they refer to.
    """
    findings = [
        *_texts(values),
        *(
            Finding(field, f"{field}_unknown", "reject")
            for field, known in CHOICES.items()
            if field in values and values[field] not in known
        ),
    ]
    nik, kk = values.get("nik"), values.get("kk")
    if nik is not None:
        found = numbers.check_nik(
            nik,
            birth_date=values.get("birth_date"),
            sex=values.get("sex"),
            known_districts=_districts(nik, places),
            today=today,
        )
        findings += [Finding("nik", code, grade) for code, grade in found.findings]
    if kk is not None:
        found_kk = numbers.check_kk(kk, known_districts=_districts(kk, places))
        findings += [Finding("kk", code, grade) for code, grade in found_kk.findings]
    if "phone" in values and normalise_phone(values["phone"]) != values["phone"]:
        findings.append(Finding("phone", "phone_form", "reject"))
    if values.get("email") and not _is_email(values["email"]):
        findings.append(Finding("email", "email_form", "reject"))
    birth_date = values.get("birth_date")
    if birth_date and birth_date > today:
        findings.append(Finding("birth_date", "birth_date_future", "reject"))
    if birth_date and birth_date < OLDEST:
        findings.append(Finding("birth_date", "birth_date_past", "reject"))
    if "village_id" in values and values["village_id"] not in places.villages:
        findings.append(Finding("village_id", "village_unknown", "reject"))
    if "dependants" in values and not 0 <= values["dependants"] <= MOST_DEPENDANTS:
        findings.append(Finding("dependants", "dependants_range", "reject"))
    return findings


def message(finding: Finding, values: Mapping[str, Any]) -> str:
    """The finding in the language of the page: which field, which rule, what to do."""
    if finding.code in numbers.MESSAGES:
        digits = sum(character.isdigit() for character in values[finding.field])
        return gettext(numbers.MESSAGES[finding.code]).format(digits=digits)
    return str(MESSAGES[finding.code])


def _texts(values: Mapping[str, Any]) -> list[Finding]:
    findings = []
    for field, longest in LONGEST.items():
        text = values.get(field)
        if text is None:
            continue
        if not text and f"{field}_required" in MESSAGES:
            findings.append(Finding(field, f"{field}_required", "reject"))
        if len(text) > longest:
            findings.append(Finding(field, f"{field}_length", "reject"))
        if not text.isprintable():
            findings.append(Finding(field, f"{field}_characters", "reject"))
        if field == "name" and any(character.isdigit() for character in text):
            findings.append(Finding(field, "name_digits", "warn"))
    return findings


def _districts(number: str, places: Places) -> frozenset[str] | None:
    """The districts a number can be held against: only those of this province are known."""
    return places.districts if number.startswith("33") else None


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
