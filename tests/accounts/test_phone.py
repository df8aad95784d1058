"""Mobile numbers, against libphonenumber."""

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.phone import normalise_phone


def by_libphonenumber(text):
    """E.164 of a valid Indonesian mobile number, else None.

    A bare 62 is meant as the country code here; libphonenumber would try it as a landline's area code first.
    """
    try:
        number = phonenumbers.parse(f"+{text}" if text.startswith("62") else text, "ID")
    except phonenumbers.NumberParseException:
        return None
    mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    valid = phonenumbers.is_valid_number_for_region(number, "ID")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if mobile and valid else None


@st.composite
def written_numbers(draw):
    """Mobile-like numbers, right and nearly right, as people write them."""
    national = "8" + draw(st.text(alphabet="0123456789", min_size=7, max_size=13))
    separators = st.sampled_from(["", "", "", " ", "-", "."])
    grouped = "".join(digit + draw(separators) for digit in national[:-1]) + national[-1]
    prefix = draw(st.sampled_from(["0", "62", "+62", "", "+62 ", "(0)", "62-"]))
    return prefix + grouped


@given(written_numbers())
@example("081234567")
@example("08123456789012")
@example("0841234567")
def test_agrees_with_libphonenumber(text):
    assert normalise_phone(text) == by_libphonenumber(text)


@pytest.mark.parametrize(
    "text",
    [
        "081234567890",
        "6281234567890",
        "+6281234567890",
        "81234567890",
        "+62 812-3456-7890",
        "(0812) 3456.7890",
    ],
)
def test_one_form_for_all(text):
    assert normalise_phone(text) == "+6281234567890"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "081234567",  # 8 digits: one too few
        "08123456789012",  # 13: one too many
        "084123456789",  # 84 is no mobile prefix
        "0241234567",  # a landline in Semarang
        "+6581234567",  # Singapore
        "081234567890 / 081234567891",
        "0812345678٩٠",  # digits of another script
        "0812345678ab",
    ],
)
def test_refuses(text):
    assert normalise_phone(text) is None
