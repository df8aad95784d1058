"""Contrast of the colour tokens as WCAG 2.2 defines it (success criteria 1.4.3, 1.4.6 and 1.4.11)."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Scheme = Literal["light", "dark"]

_SHADES = range(7)

# Text token -> surfaces it may stand on. Body text reaches AAA (7), other text AA (4.5), edges of controls 3.
BODY: dict[str, tuple[str, ...]] = {"ink": ("paper", "surface", "sunk")}
TEXT: dict[str, tuple[str, ...]] = {
    "ink": ("info-soft", "positive-soft", "warning-soft", "negative-soft"),
    "ink-2": ("paper", "surface", "sunk"),
    "heading": ("paper", "surface", "sunk"),
    "link": (
        "paper",
        "surface",
        "sunk",
        "tint",
        "info-soft",
        "positive-soft",
        "warning-soft",
        "negative-soft",
    ),
    "on-band": ("band",),
    "on-band-2": ("band",),
    "on-action": ("action", "action-strong"),
    "on-accent": ("accent", "accent-strong"),
    "on-tint": ("tint",),
    "on-soft": ("soft",),
    "positive": ("positive-soft", "paper", "surface"),
    "warning": ("warning-soft", "paper", "surface"),
    "negative": ("negative-soft", "paper", "surface"),
    "info": ("info-soft", "paper", "surface"),
    "surface": ("negative",),
    **{f"on-shade-{step}": (f"shade-{step}",) for step in _SHADES},
}
EDGES: dict[str, tuple[str, ...]] = {
    "edge": ("paper", "surface", "sunk"),
    "action": ("paper", "surface"),
    "negative": ("paper", "surface"),
    "focus": ("focus-edge", "band"),
}


class Pair(NamedTuple):
    """One text on one surface; ratio and minimum are WCAG contrast ratios (1 to 21)."""

    text: str
    surface: str
    text_colour: str
    surface_colour: str
    ratio: float
    minimum: float


def tokens(css: str) -> dict[Scheme, dict[str, str]]:
    """Colour tokens of tokens.css by scheme, as #rrggbb; the dark scheme starts from the light one."""
    light_css, _, dark_css = css.partition("prefers-color-scheme: dark")
    light = dict(_declarations(light_css))
    return {"light": _resolved(light), "dark": _resolved(light | dict(_declarations(dark_css)))}


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio of two #rrggbb colours, from 1 to 21, in either order."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def pairs(colours: dict[str, str]) -> Iterator[Pair]:
    """Every text and surface that may meet, with what the pair reaches and what it must reach."""
    for minimum, table in ((7.0, BODY), (4.5, TEXT), (3.0, EDGES)):
        for text, surfaces in table.items():
            for surface in surfaces:
                ratio = contrast(colours[text], colours[surface])
                yield Pair(text, surface, colours[text], colours[surface], ratio, minimum)


def _declarations(css: str) -> list[tuple[str, str]]:
    return re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6}|var\(--[\w-]+\));", css)


def _resolved(declared: dict[str, str]) -> dict[str, str]:
    def colour(value: str) -> str:
        return value if value.startswith("#") else colour(declared[value[6:-1]])

    return {name: colour(value) for name, value in declared.items() if value.startswith("#") or value[6:-1] in declared}


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
