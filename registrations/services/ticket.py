"""The receipt as a PDF: what the page shows, for whoever keeps a file or prints it at a shop."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import typst
from django.conf import settings

TEMPLATE = settings.BASE_DIR / "templates" / "registrations" / "receipt.typ"


def receipt_pdf(data: Mapping[str, Any], *, language: str, made: datetime) -> bytes:
    """`data`: title, number, secret ("" when it is not shown any more), facts and steps as pairs, qr (SVG), and the texts of the
    template. Equal data give equal bytes.
    """
    pdf = typst.compile(
        TEMPLATE,
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps({"lang": language, **data}, sort_keys=True)},
        timestamp=int(made.timestamp()),
        pdf_standards="ua-1",
    )
    return bytes(pdf)
