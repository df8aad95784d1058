"""Words, numbers and components of the portal's pages: `{% load portal %}`.

Filters follow the active language; times are shown in Asia/Jakarta (WIB). Components live in
templates/components/; a tag is used only where a component has content of its own or a place to compute.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django import template
from django.template.loader import render_to_string
from django.utils import dateformat, formats, timezone
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import get_language

register = template.Library()

JAKARTA = ZoneInfo("Asia/Jakarta")
NBSP = "\N{NO-BREAK SPACE}"

# What the state of a wave or of an identity check means to the reader, and the sample states of the style guide; any other
# stays neutral.
TONES = {
    "open": "positive", "published": "positive", "running": "info", "drawn": "info", "frozen": "info",
    "closed": "warning", "cancelled": "negative",
    "pending": "info", "matched": "positive", "not_matched": "negative", "confirmed": "positive",
    "waiting": "info", "accepted": "positive", "refused": "negative",
    "verified": "positive", "incomplete": "warning", "rejected": "negative", "ineligible": "negative",
}  # fmt: skip


def _english() -> bool:
    return (get_language() or "id").startswith("en")


@register.filter
def angka(value: float | Decimal | None, decimals: int | None = None) -> str:
    """1284 -> "1.284", 12.5 -> "12,5"; English "1,284", "12.5". None gives "": missing is not 0."""
    if value is None or value == "":
        return ""
    return formats.number_format(value, decimal_pos=decimals, use_l10n=True, force_grouping=True)


@register.filter
def persen(value: float | Decimal | None, decimals: int = 1) -> str:
    """A value already in percent: 12.5 -> "12,5 %"; English "12.5%"."""
    if value is None or value == "":
        return ""
    return f"{angka(value, decimals)}{'' if _english() else NBSP}%"


@register.filter
def tanda(value: int | Literal[""] | None) -> str:
    """A change with its sign: 12 -> "+12", -3 -> "−3", 0 -> "0"."""
    if value is None or value == "":
        return ""
    sign = "+" if value > 0 else "\N{MINUS SIGN}" if value < 0 else ""
    return sign + angka(abs(value))


def _in_jakarta(value: dt.date) -> dt.date:
    return value.astimezone(JAKARTA) if isinstance(value, dt.datetime) and value.tzinfo else value


@register.filter
def tanggal(value: dt.date | None) -> str:
    """A date, or the Jakarta date of a moment: "24 November 2026"."""
    return dateformat.format(_in_jakarta(value), "j F Y") if value else ""


@register.filter
def hari(value: dt.date | None) -> str:
    """A last day, with its weekday: "Rabu 2 Desember 2026"; English "Wednesday 2 December 2026"."""
    return dateformat.format(_in_jakarta(value), "l j F Y") if value else ""


@register.filter
def waktu(value: dt.datetime | None) -> str:
    """A moment in Jakarta: "24 November 2026 pukul 10.42 WIB"; English "24 November 2026, 10:42 WIB"."""
    if not value:
        return ""
    moment = _in_jakarta(value)
    if _english():
        return f"{tanggal(value)}, {moment:%H:%M}{NBSP}WIB"
    return f"{tanggal(value)} pukul {moment:%H.%M}{NBSP}WIB"


@register.filter
def waktu_singkat(value: dt.datetime) -> str:
    """A moment in Jakarta, without the day when that is today: "10.42 WIB"; English "10:42 WIB"."""
    moment = _in_jakarta(value)
    if tanggal(value) != tanggal(timezone.now()):
        return waktu(value)
    return f"{moment:%H:%M}{NBSP}WIB" if _english() else f"{moment:%H.%M}{NBSP}WIB"


@register.filter
def kelompok4(value: object) -> str:
    """A number in groups of four, as it is read aloud: "1234567890" -> "1234 5678 90"."""
    text = str(value).replace(" ", "")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


@register.filter
def singkat_regency(name: object) -> str:
    """The short name of a regency: "Kabupaten" is dropped, "Kota" stays, since five names exist twice."""
    return str(name).removeprefix("Kabupaten ").removeprefix("Kab. ")


@register.filter
def tone(state: object) -> str:
    """The tone of a state, or of a tone itself: info, positive, warning, negative, else neutral."""
    word = str(state)
    return word if word in TONES.values() else TONES.get(word, "neutral")


@register.inclusion_tag("components/icon.html")
def icon(name: str) -> dict[str, str]:
    """A decorative icon; the words beside it carry the meaning."""
    return {"name": name}


@register.inclusion_tag("components/nav_link.html", takes_context=True)
def nav_link(context: template.Context, url: str, label: str) -> dict[str, object]:
    """A link of the main navigation that knows whether the reader is on it or below it; no url, no link."""
    request = context.get("request")
    path = request.path if request else ""
    return {
        "url": url,
        "label": label,
        "current": bool(url) and (path == url or (url != "/" and path.startswith(url))),
    }


def _component(name: str, context: Mapping[str, object]) -> SafeString:
    return SafeString(render_to_string(f"components/{name}.html", dict(context)))


@register.simple_block_tag
def notice(content: str, kind: str = "info", title: str = "") -> SafeString:
    """A message in the page: kind is info, success, warning or error."""
    return _component("notice", {"content": content, "kind": kind, "title": title})


@register.simple_block_tag
def card(content: str, title: str = "", href: str = "", number: int | None = None) -> SafeString:
    """A card; with href its whole face leads there, with number it is one of a sequence of steps."""
    return _component("card", {"content": content, "title": title, "href": href, "number": number})


@register.simple_block_tag
def table(content: str, caption: str = "", classes: str = "", tall: bool = False) -> SafeString:
    """A table in a scrolling frame with caption and sticky head. classes: "matrix", "table-cards"."""
    context = {"content": content, "caption": caption, "classes": classes, "tall": tall}
    return _component("table", context | {"id": f"tabel-{slugify(caption)}"})


@register.simple_block_tag
def empty(content: str, title: str = "", level: int = 2) -> SafeString:
    """Nothing here yet, said kindly, with the next thing to do as content."""
    return _component("empty", {"content": content, "title": title, "level": level})


def _percent(value: float) -> str:
    """A place in an SVG. Always with a point: SVG knows no Indonesian decimals."""
    return f"{value:.3f}".rstrip("0").rstrip(".") + "%"


@register.inclusion_tag("components/progress.html")
def progress(step: int, total: int, minutes: int | None = None) -> dict[str, object]:
    """Steps of a form: step counts from 1 to total, minutes is what is left."""
    width = 100 / total
    segments = [
        {
            "x": _percent(width * at),
            "width": _percent(width - 1),
            "state": "done" if at + 1 < step else "now" if at + 1 == step else "",
        }
        for at in range(total)
    ]
    return {"step": step, "total": total, "minutes": minutes, "segments": segments}


@register.inclusion_tag("components/tile_map.html")
def tile_map(tiles: Iterable[Mapping[str, Any]], caption: str, unit: str = "") -> dict[str, object]:
    """The 35 regencies as tiles of equal size, about where they lie.

    A tile has name, tile_col (0..10), tile_row (0..4), value (None: missing) and may have href and shade
    (0..6); without a shade it is value's share of the largest value. The caller gives the equal table.
    """
    rows = list(tiles)
    top = max((tile["value"] for tile in rows if tile["value"] is not None), default=0)
    return {
        "caption": caption,
        "unit": unit,
        "tiles": [_tile(tile, top) for tile in rows],
        "shades": range(7),
    }


def _tile(tile: Mapping[str, Any], top: float) -> dict[str, object]:
    name, value = str(tile["name"]), tile["value"]
    shade = tile.get("shade")
    if shade is None and value is not None:
        shade = min(6, int(7 * value / top)) if top else 0
    city = name.startswith("Kota ")
    return {
        "x": _percent(tile["tile_col"] * 100 / 11),
        "y": _percent(tile["tile_row"] * 20),
        "name": name,
        "city": city,
        "short": name.removeprefix("Kota ") if city else singkat_regency(name),
        "value": value,
        "shade": "tile-none" if value is None else f"shade-{shade}",
        "href": tile.get("href", ""),
    }


@register.inclusion_tag("components/number_line.html")
def number_line(position: int, cutoff: int, total: int, label: str = "") -> dict[str, object]:
    """Where a drawn number stands among all: 1 is first; cutoff is the last with a place (0: nobody)."""

    def place(number: float) -> float:
        return (number - 1) / max(1, total - 1) * 100

    def anchor(x: float) -> str:
        return "start" if x < 35 else "end" if x > 65 else "middle"

    you, cut = place(position), place(cutoff) if cutoff else 0.0
    return {
        "label": label, "position": position, "cutoff": cutoff, "total": total, "inside": position <= cutoff,
        "you": _percent(you), "you_anchor": anchor(you), "cut": _percent(cut), "cut_anchor": anchor(cut),
    }  # fmt: skip


@register.inclusion_tag("components/bars.html")
def bars(rows: Sequence[Mapping[str, Any]], caption: str, unit: str = "") -> dict[str, object]:
    """Labels with bars: a row has label and value (None: missing) and may have href; bars share one scale."""
    top = max((row["value"] for row in rows if row["value"] is not None), default=0)
    drawn = [dict(row) | {"width": _percent(100 * (row["value"] or 0) / top if top else 0)} for row in rows]
    return {"rows": drawn, "caption": caption, "unit": unit}


@register.inclusion_tag("components/funnel.html")
def funnel(rows: Sequence[Mapping[str, Any]], caption: str) -> dict[str, object]:
    """Stages people pass, widest first: a row has label and value; the share is of the first stage."""
    top = rows[0]["value"] if rows else 0
    drawn = []
    for row in rows:
        share = 100 * row["value"] / top if top else 0
        drawn.append(dict(row) | {"share": share, "x": _percent((100 - share) / 2), "width": _percent(share)})
    return {"rows": drawn, "caption": caption}
