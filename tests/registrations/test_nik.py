"""NIK and No. KK. Every number here has kecamatan code 99, which does not exist, so it is nobody's."""

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrations.nik import MESSAGES, check_kk, check_nik, mask_nik, normalise_digits

MAN, WOMAN = "3374991705900001", "3374995705900001"
BORN = date(1990, 5, 17)
TODAY = date(2025, 6, 1)


def check(nik, birth_date=BORN, sex=None, known_districts=None):
    return check_nik(nik, birth_date=birth_date, sex=sex, known_districts=known_districts, today=TODAY)


class TestCheckNik:
    @pytest.mark.parametrize(("nik", "sex"), [(MAN, "M"), (WOMAN, "F")])
    def test_passes_when_everything_agrees(self, nik, sex):
        result = check(nik, sex=sex, known_districts=frozenset({"337499"}))
        assert (result.grade, result.findings) == ("pass", ())
        assert (result.birth_date, result.sex) == (BORN, sex)

    @pytest.mark.parametrize(
        ("nik", "code"),
        [
            ("", "nik_length"),
            (MAN[:15], "nik_length"),
            (MAN + "0", "nik_length"),
            ("337499170590000I", "nik_characters"),
            ("337499 170590001", "nik_characters"),
            ("٣٣٧٤٩٩١٧٠٥٩٠٠٠٠١", "nik_characters"),
            ("337499170590000²", "nik_characters"),
            ("3374990005900001", "nik_day"),
            ("3374993205900001", "nik_day"),
            ("3374994005900001", "nik_day"),
            ("3374997205900001", "nik_day"),
            ("3374991700900001", "nik_month"),
            ("3374991713900001", "nik_month"),
            ("3374991705900000", "nik_serial"),
        ],
    )
    def test_rejects_what_can_be_no_nik(self, nik, code):
        result = check(nik)
        assert result.findings == ((code, "reject"),)
        assert result.grade == "reject"

    @pytest.mark.parametrize("day", ["01", "31", "41", "71"])
    def test_accepts_the_first_and_last_days(self, day):
        assert check(f"337499{day}01900001", birth_date=None).grade == "pass"

    @pytest.mark.parametrize("month", ["01", "12"])
    def test_accepts_the_first_and_last_months(self, month):
        assert check(f"33749917{month}900001", birth_date=None).grade == "pass"

    @pytest.mark.parametrize(
        ("entered", "code"),
        [
            ({"sex": "F"}, "nik_sex"),
            ({"birth_date": date(1990, 5, 18)}, "nik_birth_date"),
            ({"birth_date": date(1890, 5, 17)}, "nik_birth_date"),
            ({"known_districts": frozenset({"337401"})}, "nik_region"),
        ],
    )
    def test_only_warns_of_what_may_have_a_reason(self, entered, code):
        result = check(MAN, **entered)
        assert result.findings == ((code, "warn"),)
        assert result.grade == "warn"

    def test_warns_of_a_day_the_calendar_does_not_have(self):
        result = check("3374993002900001", birth_date=None)
        assert result.findings == (("nik_date", "warn"),)
        assert result.birth_date is None

    def test_the_gravest_finding_gives_the_grade(self):
        result = check("3374991705900000", sex="F")
        assert result.findings == (("nik_sex", "warn"), ("nik_serial", "reject"))
        assert result.grade == "reject"

    @pytest.mark.parametrize(
        ("digits", "entered", "read"),
        [
            ("170515", date(1915, 5, 17), date(1915, 5, 17)),
            ("170515", date(2015, 5, 17), date(2015, 5, 17)),
            ("170515", None, date(2015, 5, 17)),
            ("020625", None, date(1925, 6, 2)),  # 2 June 2025 lies after today
            ("290200", date(1999, 1, 1), date(2000, 2, 29)),  # 1900 had no such day
        ],
    )
    def test_century_comes_from_the_entered_birth_date(self, digits, entered, read):
        assert check(f"337499{digits}0001", birth_date=entered).birth_date == read


class TestCheckKk:
    def test_passes(self):
        assert check_kk("3374990102100001", known_districts=frozenset({"337499"})).findings == ()

    @pytest.mark.parametrize(
        ("kk", "findings"),
        [
            ("337499010210000", (("kk_length", "reject"),)),
            ("337499010210000x", (("kk_characters", "reject"),)),
            ("3374990102100000", (("kk_serial", "reject"),)),
            ("3374993202100001", (("kk_date", "warn"),)),
            ("3374990113100001", (("kk_date", "warn"),)),
            ("0" * 16, (("kk_date", "warn"), ("kk_serial", "reject"))),
        ],
    )
    def test_findings(self, kk, findings):
        assert check_kk(kk).findings == findings

    def test_unknown_region_warns(self):
        assert check_kk("3374990102100001", known_districts=frozenset()).grade == "warn"


class TestNormaliseDigits:
    @pytest.mark.parametrize(
        "text", [" 3374 9917 0590 0001 ", "337499.170590.0001", "337499-170590-0001", "337499–170590–0001\t"]
    )
    def test_drops_what_groups_digits(self, text):
        assert normalise_digits(text) == MAN

    def test_keeps_what_must_be_refused(self):
        assert normalise_digits("33a7/4") == "33a7/4"


class TestMaskNik:
    def test_shows_region_and_serial_only(self):
        assert mask_nik("3374991705900001") == "3374********0001"

    @given(st.text(alphabet=string.digits, max_size=40))
    def test_never_shows_more_than_eight_digits(self, number):
        shown = mask_nik(number)
        assert len(shown) == 16
        assert shown.count("*") == (8 if len(number) == 16 else 16)


def test_every_finding_has_a_message():
    codes = {
        code
        for nik in ("", "x", "0" * 16, "9" * 16, "3374993002900001", MAN)
        for entered in ({"sex": "F"}, {"birth_date": date(1980, 1, 1)})
        for code, _grade in check(nik, **entered, known_districts=frozenset()).findings
    }
    codes |= {c for kk in ("", "x", "0" * 16) for c, _ in check_kk(kk, known_districts=frozenset()).findings}
    assert codes == set(MESSAGES)
    assert MESSAGES["nik_length"].format(digits=15) == "NIK harus 16 angka. Yang Anda isi 15 angka."
