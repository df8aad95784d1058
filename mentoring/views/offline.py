"""Filling in where there is no network: a page that a device keeps, and the way in for what it sends later."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.api.problems import problem
from accounts.middleware import ScopedRequest, staff
from clusters.models import Regency
from mentoring.forms.offline import SentForm, filled, plain, rules, said, sections
from mentoring.views.assistance import PER_ASSISTANT
from mentoring.views.office import OFFICE
from registrations import eligibility
from registrations.forms.pages import entered
from registrations.models import MOST_FORMS
from registrations.selectors.own import words_for
from registrations.selectors.waves import open_waves
from registrations.services import intake
from registrations.services.assistance import NoAssistance, capture
from registrations.services.budget import BudgetSpent, within_budget
from registrations.services.consents import ASSISTANCE_VERSION, CONSENT_VERSION
from registrations.services.receipts import random_numbers

LARGEST_BODY = 16 * 1024
MOST_KEPT = MOST_FORMS  # registrations on one device at a time: who loses it loses no more
ASSETS = (
    *("css/tokens.css", "css/base.css", "css/layout.css", "css/forms.css", "css/components.css", "css/data.css"),
    *("css/print.css", "css/register.css", "js/portal.js", "js/vault.js", "js/offline.js"),
    *("img/icon.svg", "img/kawung.svg", "img/chevron.svg"),
)


@staff(*OFFICE)
@never_cache
@require_safe
def page(request: ScopedRequest) -> HttpResponse:
    """One page with every question and nobody's data; the device keeps it for villages without a network."""
    regency = Regency.objects.get(pk=min(request.scope.regency_ids))
    context = {
        "regency": regency,
        "sections": sections(regency.pk, timezone.localdate()),
        "consent": f"registrations/consent/{CONSENT_VERSION}",
        "words": f"registrations/consent/{ASSISTANCE_VERSION}.html",
        "rules": {"agreed": _("Bacakan dulu, lalu beri tanda bila orangnya setuju.")} | rules(),
        "said": said(),
        "consent_text": CONSENT_VERSION,
        "most": MOST_KEPT,
    }
    return render(request, "mentoring/offline/page.html", context)


@staff(*OFFICE)
@never_cache
@require_POST
def send(request: ScopedRequest) -> HttpResponse:
    """One registration that a device has kept: {id, captured_at, agreed, answers}. `id` is its idempotency key.

    201 when it was made, 200 when it stands already; else problem details, and nothing was made. `errors` name the fields.
    """
    now = timezone.now()
    form, answers = _read(request)
    if form is None:
        return problem(400, _("Kiriman ini tidak dapat dibaca."))
    pages = filled(answers, timezone.localdate(now))
    errors = [
        {"field": name, "rule": error["code"] or "invalid", "message": error["message"]}
        for each in (form, *pages)
        for name, found in each.errors.get_json_data().items()
        for error in found
    ]
    if errors:
        return problem(422, _("Ada isian yang perlu diperiksa."), errors=errors)
    wave = open_waves(now).select_related("rule_set").first()
    if wave is None:
        return problem(409, _("Pendaftaran sedang tidak dibuka. Simpan dulu, lalu kirim lagi bila gelombang dibuka."))
    submission: dict[str, Any] = {
        "key": form.cleaned_data["id"],
        "captured_at": form.captured(now),
        "person": entered(pages),
        "wave": wave,
        "now": now,
        "language": get_language() or "id",
        "number_source": settings.REGISTRATION_NUMBERS or random_numbers,
    }
    try:
        created = within_budget(
            askers={f"duplicate staff {request.scope.actor_id}": PER_ASSISTANT},
            costly=(intake.DuplicateApplicant, intake.HouseholdFull, intake.Listed),
            now=now,
            act=lambda: capture(scope=request.scope, **submission),
        )
    except intake.NotEligible as refusal:
        return problem(422, " ".join(_why_not(refusal)))
    except intake.DuplicateApplicant:
        return problem(409, _("NIK ini perlu dicocokkan dulu. Periksa NIK, atau minta orangnya membuka statusnya."))
    except (intake.WaveNotOpen, NoAssistance, intake.KeyReused):
        return problem(409, _("Kiriman ini tidak dapat diterima. Muat ulang halaman, lalu kirim lagi."))
    except BudgetSpent:
        return problem(429, _("Hari ini sudah terlalu banyak NIK yang perlu dicocokkan. Kirim lagi besok."))
    return JsonResponse({"created": created}, status=201 if created else 200)


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker: keeps the page and what it is made of, in a cache whose name changes with them."""
    kept = json.dumps([static(asset) for asset in ASSETS])
    context = {"kept": kept, "page": reverse("offline"), "version": _version()}
    script = render_to_string("mentoring/offline/worker.js", context)
    return HttpResponse(script, content_type="text/javascript")


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What a device shows of the page once it is installed."""
    shown = {
        "name": _("Kartu Prakerja Luring: luar jaringan"),
        "short_name": _("Luar jaringan"),
        "start_url": reverse("offline"),
        "scope": reverse("offline"),
        "display": "standalone",
        "lang": get_language(),
        "background_color": "#fbfaf7",
        "theme_color": "#1c2454",
        "icons": [{"src": static("img/icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return JsonResponse(shown, content_type="application/manifest+json")


@lru_cache(maxsize=1)
def _version() -> str:
    """Of everything a device keeps of the static files."""
    digest = hashlib.sha256()
    for asset in ASSETS:
        digest.update(Path(str(finders.find(asset))).read_bytes())
    return digest.hexdigest()[:16]


def _read(request: HttpRequest) -> tuple[SentForm | None, dict[str, str]]:
    """The frame and the answers of what was sent; no frame where it is no JSON object of a bearable size."""
    if request.content_type != "application/json" or int(request.headers.get("Content-Length") or 0) > LARGEST_BODY:
        return None, {}
    try:
        sent = json.loads(request.body)
    except ValueError:
        return None, {}
    if not isinstance(sent, dict):
        return None, {}
    frame = {name: sent.get(name) for name in SentForm.base_fields}
    return SentForm({name: value for name, value in frame.items() if isinstance(value, str | bool)}), plain(
        sent.get("answers")
    )


def _why_not(refusal: intake.NotEligible) -> list[str]:
    _result, *sentences = eligibility.explain(refusal.decision, words_for())
    return sentences[: len(refusal.decision.failures)]
