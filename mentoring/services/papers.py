"""The paper form as a PDF, typeset by Typst: the questions are those of the pages, so that none can be forgotten."""

import json
import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from typing import Any

import segno
import typst
from django import forms
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import strip_tags

from registrations.forms.pages import PAGES, Page
from registrations.models import PaperLot
from registrations.services.consents import ASSISTANCE_VERSION, CONSENT_VERSION

TEMPLATE = settings.BASE_DIR / "templates" / "mentoring" / "assistance" / "paper.typ"
BOXES = {"nik": [16], "kk": [16], "phone": [14], "birth_date": [2, 2, 4], "dependants": [2]}  # a character each
SECOND_SHEET = "alasan"  # the page with which the back begins
BEFORE = {
    "disabilitas": f"{CONSENT_VERSION}-disability",
    "pernyataan": CONSENT_VERSION,
}  # what is read before answering


def lot_pdf(lot: PaperLot, *, address: str) -> bytes:
    """Every form of the lot, two pages each, Indonesian whatever the page's language. `address`: where they are entered."""
    office = getattr(lot.regency, "office", None)
    with translation.override("id"):
        data = {
            "office": f"{(office and (office.long_name or office.short_name)) or 'Dinas tenaga kerja'}, {lot.regency.name}",
            "sheets": [[_section(page) for page in PAGES[: _back()]], [_section(page) for page in PAGES[_back() :]]],
            "assistance": _lines(ASSISTANCE_VERSION),
            "forms": [
                {"number": f"{number[:4]} {number[4:8]} {number[8:]}", "qr": _qr(f"{address}?formulir={number}")}
                for number in lot.forms.order_by("pk").values_list("pk", flat=True)
            ],
        }
    return bytes(
        typst.compile(
            TEMPLATE,
            format="pdf",
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data)},
            timestamp=int(lot.issued_at.timestamp()),
            pdf_standards="ua-1",
        )
    )


def _back() -> int:
    return next(at for at, page in enumerate(PAGES) if page.slug == SECOND_SHEET)


def _section(page: Page) -> dict[str, Any]:
    before = _lines(BEFORE[page.slug]) if page.slug in BEFORE else []
    return {"title": str(page.title), "before": before, "questions": [*_questions(page)]}


def _questions(page: Page) -> Iterator[dict[str, Any]]:
    for name, field in page.form.base_fields.items():
        ticked = isinstance(field, forms.BooleanField) and not isinstance(field, forms.NullBooleanField)
        choices = [str(words) for value, words in getattr(field, "choices", []) if value != ""]
        yield {
            "label": str(field.label) + ("" if field.required or ticked else " (boleh kosong)"),
            "hint": "" if name in BOXES or ticked else str(field.help_text),
            "boxes": BOXES.get(name, []),
            "choices": choices,
            "tick": ticked,
        }


def _lines(version: str) -> list[str]:
    """The sentences of a text that is consented to."""
    text = render_to_string(f"registrations/consent/{version}.html")
    return [unescape(strip_tags(line)).strip() for line in re.findall(r"<li>(.*?)</li>", text, re.DOTALL)]


def _qr(url: str) -> str:
    drawn = BytesIO()
    segno.make(url, error="m").save(drawn, kind="svg", border=0, xmldecl=False)
    return drawn.getvalue().decode()
