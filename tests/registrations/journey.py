"""Somebody on the way to a registration: what they type, page by page."""

from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.scope import NOBODY
from registrations.forms.page import PageForm
from registrations.forms.pages import PAGES, Page
from registrations.models import Draft
from registrations.services.drafts import new_code, save_page
from tests.factories.people import VILLAGE_ID

SLUGS = [page.slug for page in PAGES]
TYPED: dict[str, dict[str, str]] = {
    "ktp": {
        "name": "Siti Contoh",
        "nik": "3374 9950 0395 0001",
        "kk": "3374-9901-0120-0001",
        "birth_date_day": "10",
        "birth_date_month": "3",
        "birth_date_year": "1995",
        "sex": "F",
    },
    "tempat-tinggal": {
        "phone": "0812 3456 7890",
        "email": "",
        "regency": str(VILLAGE_ID // 1_000_000),
        "district": str(VILLAGE_ID // 10_000),
        "village_id": str(VILLAGE_ID),
        "address": "Dusun Contoh RT 01 RW 02",
    },
    "keadaan": {
        "occupation": "jobseeker",
        "education": "sma",
        "in_education": "tidak",
        "marital_status": "single",
        "dependants": "0",
    },
    "alasan": {"unfamiliar_digital": "on"},
    "klaster": {"pmi_candidate": "ya", "laid_off": "tidak"},
    "disabilitas": {"disability": "lewati"},
    "bukti": {},
    "pernyataan": {"citizen": "ya", "received_before": "tidak", "consent": "on"},
}


def page_of(control: str) -> Page:
    """The page that asks for this, by the name of a field or of a part of a date."""
    return next(
        page for page in PAGES if any(control in {field, *date_parts(field)} for field in page.form.base_fields)
    )


def date_parts(field: str) -> set[str]:
    return {f"{field}_{part}" for part in ("day", "month", "year")}


def typed(**over: Any) -> dict[str, dict[str, Any]]:
    """What somebody eligible types on each page; None leaves a control out."""
    pages = {slug: dict(controls) for slug, controls in TYPED.items()}
    for control, text in over.items():
        pages[page_of(control).slug][control] = text
    return {slug: {name: text for name, text in page.items() if text is not None} for slug, page in pages.items()}


def form_of(page: Page, controls: dict[str, Any]) -> PageForm:
    return page.form(controls, today=timezone.localdate())


def address(slug: str) -> str:
    return f"/daftar/isi/{slug}/"


def fill_in(client: Client, slugs: list[str] = SLUGS, **over: Any) -> Any:
    """Open these pages one after the other and send each as it is filled in; the answer to the last one."""
    pages = typed(**over)
    for slug in slugs:
        revision = client.get(address(slug)).context["revision"]
        answer = client.post(address(slug), pages[slug] | {"revision": revision})
    return answer


def drafted(**over: Any) -> Draft:
    """A draft with every page in it, as somebody begins it without being known."""
    pages, scope = typed(**over), NOBODY
    for page in PAGES:
        form = form_of(page, pages[page.slug])
        draft = save_page(
            scope=scope, page=page.slug, answers=form.typed(), complete=form.is_valid(), shown=99, pages=SLUGS,
            now=timezone.now(),
        )  # fmt: skip
        scope = NOBODY.with_draft(draft.pk)
    new_code(scope=scope)
    draft.refresh_from_db()
    return draft


def holding(draft: Draft, **defaults: Any) -> Client:
    """A device that has this draft open."""
    client = Client(**defaults)
    session = client.session
    session["draft"] = str(draft.pk)
    session.save()
    client.cookies["sessionid"] = session.session_key
    return client


def send(client: Client, action: str = "register") -> Any:
    """Look through the draft that this device has open, and send it."""
    page = client.get("/daftar/periksa/")
    return client.post("/daftar/periksa/", {"action": action, "revision": page.context["journey"].draft.revision})


def sent(action: str = "register", **over: Any) -> tuple[Client, Any]:
    """A new device, and the answer to a draft sent from it."""
    client = holding(drafted(**over))
    return client, send(client, action)
