"""Check Indonesian identity numbers by their form: NIK (person) and No. KK (family card).

NIK: 6 digits region of *first registration*, DDMMYY (women DD + 40), 4-digit serial from 0001 (UU 23/2006,
UU 24/2013). It is permanent: it does not follow a move or a corrected birth date. So the region never
says where someone lives, and a region or date that differs is a reason to look, not to refuse. There is
no check digit: a number that passes here may still be a typo.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

Grade = Literal["reject", "warn", "pass"]
Finding = tuple[str, Grade]

_ = str  # marks the sentences for makemessages; they are translated and filled in where they are shown

# {digits}: how many digits were entered.
MESSAGES: dict[str, str] = {
    "nik_characters": _("NIK hanya berisi angka. Hapus huruf dan tanda lain."),
    "nik_length": _("NIK harus 16 angka. Yang Anda isi {digits} angka."),
    "nik_day": _("Angka ke-7 dan ke-8 NIK tidak sesuai dengan tanggal lahir mana pun. Cocokkan dengan KTP Anda."),
    "nik_month": _("Angka ke-9 dan ke-10 NIK tidak sesuai dengan bulan mana pun. Cocokkan dengan KTP Anda."),
    "nik_serial": _("Empat angka terakhir NIK tidak mungkin 0000. Cocokkan dengan KTP Anda."),
    "nik_date": _("Tanggal lahir di dalam NIK tidak ada di kalender. Petugas akan memeriksanya."),
    "nik_birth_date": _(
        "Tanggal lahir yang Anda isi berbeda dengan NIK. Cocokkan dengan KTP Anda. Bila KTP memang begitu, "
        "lanjutkan; petugas akan memeriksanya."
    ),
    "nik_sex": _(
        "Jenis kelamin yang Anda isi berbeda dengan NIK. Cocokkan dengan KTP Anda. Bila KTP memang begitu, "
        "lanjutkan; petugas akan memeriksanya."
    ),
    "nik_region": _(
        "Enam angka pertama NIK tidak ada di daftar kecamatan. Cocokkan dengan KTP Anda. Kode wilayah lama "
        "tetap berlaku; petugas akan memeriksanya."
    ),
    "kk_characters": _("Nomor KK hanya berisi angka. Hapus huruf dan tanda lain."),
    "kk_length": _("Nomor KK harus 16 angka. Yang Anda isi {digits} angka."),
    "kk_serial": _("Empat angka terakhir nomor KK tidak mungkin 0000. Cocokkan dengan kartu keluarga Anda."),
    "kk_date": _(
        "Angka ke-7 sampai ke-12 nomor KK biasanya berupa tanggal. Cocokkan dengan kartu keluarga Anda. Bila "
        "memang begitu, lanjutkan; petugas akan memeriksanya."
    ),
    "kk_region": _(
        "Enam angka pertama nomor KK tidak ada di daftar kecamatan. Cocokkan dengan kartu keluarga Anda. "
        "Kode wilayah lama tetap berlaku; petugas akan memeriksanya."
    ),
}


@dataclass(frozen=True)
class NumberCheck:
    """findings: (code of MESSAGES, grade), in the order of the digits; grade: the gravest, "pass" if none."""

    findings: tuple[Finding, ...]

    @property
    def grade(self) -> Grade:
        grades = {grade for _code, grade in self.findings}
        return "reject" if "reject" in grades else "warn" if grades else "pass"


@dataclass(frozen=True)
class NikCheck(NumberCheck):
    """birth_date and sex: what the NIK itself says, to compare or suggest; None when it cannot be read."""

    birth_date: date | None = None
    sex: Literal["F", "M"] | None = None


def normalise_digits(text: str) -> str:
    """Drop the spaces, dots and dashes people group digits with; everything else stays, to be refused."""
    return text if text.isdecimal() else re.sub(r"[\s.\-‐-―]", "", text)


def check_nik(
    nik: str,
    *,
    birth_date: date | None,
    sex: Literal["F", "M"] | None,
    known_districts: frozenset[str] | None,
    today: date,
) -> NikCheck:
    """Grade a NIK (normalised) against itself and against what was entered; None means not entered.

    Rejected only what can be no NIK: not 16 digits, day not 01-31 or 41-71, month not 01-12, serial 0000.
    Anything else is a warning for review. known_districts: 6-digit kecamatan codes, without dots.
    The century comes from the entered birth date where the digits agree with it; else the NIK's date is
    the latest not after today.
    """
    malformed = _malformed("nik", nik)
    if malformed:
        return NikCheck(malformed)
    day, month, year = _day_month_year(nik)
    findings: list[Finding] = []
    if known_districts is not None and nik[:6] not in known_districts:
        findings.append(("nik_region", "warn"))
    possible_day, possible_month = 1 <= day <= 31 or 41 <= day <= 71, 1 <= month <= 12
    if not possible_day:
        findings.append(("nik_day", "reject"))
    if not possible_month:
        findings.append(("nik_month", "reject"))
    said_sex: Literal["F", "M"] | None = None
    said_date = None
    if possible_day:
        said_sex = "F" if day > 40 else "M"
        if sex and sex != said_sex:
            findings.append(("nik_sex", "warn"))
    if possible_day and possible_month:
        this_century = today.year // 100 * 100
        readings = [_date(century + year, month, day % 40) for century in (this_century, this_century - 100)]
        possible = [reading for reading in readings if reading and reading <= today]
        said_date = birth_date if birth_date in possible else next(iter(possible), None)
        if said_date is None:
            findings.append(("nik_date", "warn"))
        elif birth_date and said_date != birth_date:
            findings.append(("nik_birth_date", "warn"))
    if nik[12:] == "0000":
        findings.append(("nik_serial", "reject"))
    return NikCheck(tuple(findings), said_date, said_sex)


def check_kk(kk: str, *, known_districts: frozenset[str] | None = None) -> NumberCheck:
    """Grade a family card number (normalised): 6 digits region of issue, DDMMYY of recording, serial.

    Rejected: not 16 digits, serial 0000 (which also stops runs of zeros that would make strangers one
    household). Region and date only warn: their meaning rests on descriptions, not on the law.
    """
    malformed = _malformed("kk", kk)
    if malformed:
        return NumberCheck(malformed)
    day, month, _year = _day_month_year(kk)
    findings: list[Finding] = []
    if known_districts is not None and kk[:6] not in known_districts:
        findings.append(("kk_region", "warn"))
    if not (1 <= day <= 31 and 1 <= month <= 12):
        findings.append(("kk_date", "warn"))
    if kk[12:] == "0000":
        findings.append(("kk_serial", "reject"))
    return NumberCheck(tuple(findings))


def mask_nik(nik: str) -> str:
    """3374********0001 (NIK and No. KK alike); a number of any other length is hidden whole."""
    return f"{nik[:4]}{'*' * 8}{nik[12:]}" if len(nik) == 16 else "*" * 16


def _malformed(kind: str, number: str) -> tuple[Finding, ...]:
    if not (number.isascii() and (number.isdigit() or not number)):
        return ((f"{kind}_characters", "reject"),)
    return () if len(number) == 16 else ((f"{kind}_length", "reject"),)


def _day_month_year(number: str) -> tuple[int, int, int]:
    return int(number[6:8]), int(number[8:10]), int(number[10:12])


@lru_cache(maxsize=1 << 16)  # many people share a birthday
def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
