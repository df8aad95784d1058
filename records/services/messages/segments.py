"""How many segments an SMS takes, and so what it costs: 3GPP TS 23.038 (GSM-7) and UCS-2."""

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")  # two septets each, never split over two segments


@dataclass(frozen=True)
class Segments:
    """`units` are septets of GSM-7 or 16-bit units of UCS-2; `count` is what the provider charges for."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    count: int


def segments(text: str) -> Segments:
    """One segment up to 160 septets or 70 units; beyond, 153 or 67 each, since every part carries a header."""
    if set(text) <= _BASIC | _EXTENSION:
        widths = [2 if character in _EXTENSION else 1 for character in text]
        return Segments("GSM-7", sum(widths), _parts(widths, 160, 153))
    widths = [2 if ord(character) > 0xFFFF else 1 for character in text]
    return Segments("UCS-2", sum(widths), _parts(widths, 70, 67))


def _parts(widths: list[int], single: int, each: int) -> int:
    if sum(widths) <= single:
        return 1
    parts, used = 1, 0
    for width in widths:
        if used + width > each:
            parts, used = parts + 1, 0
        used += width
    return parts
