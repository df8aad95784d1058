"""Finding numbers of people in bytes, however they are written: plain, grouped, backwards, as hex or as base64.

Not by their shape, since other numbers have it too, but by being one of those that the tests gave to people.
"""

import base64
import binascii
import re
from collections.abc import Collection, Iterator

_GAP = rb"(?:[ ._/-]|\xc2?\xa0|&nbsp;|%20|\+)?"
_DIGITS = re.compile(rb"[0-9](?:" + _GAP + rb"[0-9]){9,}")
_HEX = re.compile(rb"[0-9a-fA-F]{20,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{13,}")
_NIK_OR_KK = re.compile(r"\d{16}")
_PHONE = re.compile(r"\+62\d{8,12}")


def is_canary(text: str) -> bool:
    return bool(_NIK_OR_KK.fullmatch(text) or _PHONE.fullmatch(text))


class Scanner:
    """Knows some numbers and finds them again."""

    def __init__(self, numbers: Collection[str] = ()) -> None:
        self._written: set[bytes] = set()
        self._lengths: set[int] = set()
        for number in numbers:
            self.add(number)

    def add(self, number: str) -> None:
        forms = [f"62{number[3:]}", f"0{number[3:]}"] if number.startswith("+62") else [number]
        for form in forms:
            self._written |= {form.encode(), form[::-1].encode()}
            self._lengths.add(len(form))

    def found_in(self, data: bytes) -> set[str]:
        """The digits found, each with how it is written: "digits", "hex" or "base64"."""
        return {f"{digits.decode()} as {way}" for way, text in _readings(data) for digits in self._digits_in(text)}

    def _digits_in(self, text: bytes) -> Iterator[bytes]:
        for run in _DIGITS.findall(text):
            digits = re.sub(rb"[^0-9]", b"", run.replace(b"%20", b""))
            for length in self._lengths:
                for start in range(len(digits) - length + 1):
                    if digits[start : start + length] in self._written:
                        yield digits[start : start + length]


def _readings(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "digits", data
    for run in _HEX.findall(data):
        for shifted in (run, run[1:]):
            yield "hex", binascii.unhexlify(shifted[: len(shifted) & ~1])
    for run in _BASE64.findall(data):
        run = run.replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):
            part = run[start:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            yield "base64", base64.b64decode(part + b"=" * (-len(part) % 4))
