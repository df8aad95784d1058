"""Indonesian mobile numbers: one written form for the many people use."""

import re

_SEPARATORS = re.compile(r"[\s().\-‐-―]")
# libphonenumber's rule for Indonesian mobiles: 8, then 1-3 or 5-9, then 7 to 10 digits.
_MOBILE = re.compile(r"(?:\+?62|0)?(8[1-35-9][0-9]{7,10})")


def normalise_phone(text: str) -> str | None:
    """E.164 (+62...) of a mobile number written as 08..., 628..., +628... or 8..., else None.

    Spaces, dashes, dots and brackets are ignored. A None is the caller's to explain.
    """
    found = _MOBILE.fullmatch(_SEPARATORS.sub("", text))
    return f"+62{found[1]}" if found else None


def mask_phone(phone: str) -> str:
    """+62812******789 of a number in E.164."""
    return f"{phone[:6]}{'*' * max(0, len(phone) - 9)}{phone[-3:]}"
