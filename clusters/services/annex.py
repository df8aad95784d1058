"""The annex to a decree: the places of a published split as a PDF, typeset by Typst with the fonts it brings along."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import typst
from django.conf import settings

from clusters.selectors.published import Content

TEMPLATE = settings.BASE_DIR / "templates" / "clusters" / "quota" / "annex.typ"
# An annex is Indonesian whatever the language of the page it is fetched from.
MONTHS = "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split()
METHODS = {
    "two_stages": "Dalam satu klaster semua kabupaten dan kota memakai ukuran yang sama: sekian orang untuk satu tempat.",
    "by_regency": "Jumlah tiap kabupaten dan kota ditetapkan. Di dalamnya semua klaster memakai ukuran yang sama.",
    "two_way": "Jumlah tiap klaster dan tiap kabupaten dan kota ditetapkan. Ukuran klaster dikalikan ukuran daerah adalah "
    "orang per tempat.",
}
ROUNDING = "Hasilnya dibulatkan, tidak kurang dari batas bawah, dan tidak lebih dari batas atas."


def annex_pdf(content: Content) -> bytes:
    """The annex to what published_content() gives; equal content gives equal bytes."""
    day = datetime.fromisoformat(content["published"])
    return _typeset(json.dumps(annex_data(content), sort_keys=True), int(day.timestamp()))


@lru_cache(maxsize=16)  # a version never changes, and typesetting costs more than a page
def _typeset(data: str, timestamp: int) -> bytes:
    pdf = typst.compile(
        TEMPLATE,
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": data},
        timestamp=timestamp,
        pdf_standards="ua-1",
    )
    return bytes(pdf)


def annex_data(content: Content) -> dict[str, Any]:
    """What the template shows, every number as a reader sees it."""
    clusters, regencies = content["clusters"], content["regencies"]
    seats = {(cell["regency"], cell["cluster"]): int(cell["seats"]) for cell in content["cells"]}
    table = [[seats[regency["id"], cluster["code"]] for cluster in clusters] for regency in regencies]
    totals = [sum(column) for column in zip(*table, strict=True)]
    scaled = {"two_stages": clusters, "by_regency": regencies}.get(content["method"], [*clusters, *regencies])
    decree = content["decree"]
    return {
        "title": f"Lampiran: pembagian tempat {content['wave_name']}",
        "lead": [
            f"Jumlah seluruhnya {_number(int(content['total']))} tempat menurut Keputusan nomor {decree['number']} tanggal "
            f"{_day(decree['date'])} ({decree['author']}).",
            f"Pembagian versi {content['version']}, disahkan {_day(content['published'])}. Alasan: {content['reason']}.",
        ],
        "clusters": [cluster["code"] for cluster in clusters],
        "rows": [
            [regency["code"], regency["name"], *map(_number, [*row, sum(row)])]
            for regency, row in zip(regencies, table, strict=True)
        ],
        "totals": ["", "Jawa Tengah", *map(_number, [*totals, sum(totals)])],
        "unassigned": f"Belum dibagi: {_number(int(content['unassigned']))} tempat.",
        "method": f"{METHODS[content['method']]} {ROUNDING}",
        "divisors": [
            [f"{entry['code']} {entry['name']}", _decimal(entry["divisor"]) if entry["divisor"] else "batas menentukan"]
            for entry in scaled
        ],
        "sources": _sources(content),
        "check": "Semua permintaan, batas, dan sumber tiap angka ada di berkas JSON versi ini, yang dapat dihitung ulang "
        f"siapa saja dengan program pemeriksa. SHA-256 isi berkas itu: {content['sha256']}",
        "footer": f"{content['wave_name']}, versi {content['version']}",
    }


def _sources(content: Content) -> list[list[str]]:
    """Each source once, with its time and the day it was recorded."""
    rows = set()
    for reference in _used(content["cells"]):
        source = reference.get("source") or f"Diisi perencana provinsi: {reference['reason']}"
        rows.add((source, reference.get("period", ""), reference["as_of"][:10]))
    return [[source, period, _day(day)] for source, period, day in sorted(rows)]


def _used(value: Any) -> Iterator[Content]:
    """The figures that numbers rest on, wherever they stand; not those that were passed over."""
    if isinstance(value, list):
        for inner in value:
            yield from _used(inner)
    elif isinstance(value, dict):
        if "as_of" in value:
            yield value
        for key, inner in value.items():
            if key != "others":
                yield from _used(inner)


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def _decimal(fraction: str) -> str:
    value = Fraction(fraction)
    rounded = (Decimal(value.numerator) / value.denominator).quantize(Decimal("0.0001"), ROUND_HALF_UP).normalize()
    whole, _, rest = f"{rounded:,f}".partition(".")
    return whole.replace(",", ".") + (f",{rest}" if rest else "")


def _day(moment: str) -> str:
    day = date.fromisoformat(moment[:10])
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
