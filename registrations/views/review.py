"""All answers once more, and sending them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext

from accounts.middleware import ScopedRequest, client_address
from accounts.services.passwords import network_of
from clusters.models import LabourOffice
from registrations import eligibility
from registrations.eligibility import Decision
from registrations.forms.page import PageForm
from registrations.forms.pages import PAPERS, REVIEW_MINUTES, entered
from registrations.selectors.evidence import asked_of_draft, claims_in
from registrations.selectors.own import words_for
from registrations.selectors.waves import last_closed_wave, next_wave
from registrations.services import drafts, intake
from registrations.services.budget import PER_ADDRESS, PER_SESSION, BudgetSpent, within_budget
from registrations.services.receipts import Receipt, random_numbers
from registrations.services.validation import message
from registrations.views.journey import Journey, for_applicants
from registrations.views.pages import as_number, show_page
from registrations.views.sessions import remember_applicant


@for_applicants
def review(journey: Journey) -> HttpResponse:
    """What was answered, to be looked through. Sent: registered, and joined if so chosen, while a wave is open."""
    request, draft = journey.request, journey.draft
    posted, join = request.method == "POST", request.POST.get("action") == "join"
    if draft is None:
        return _sent_before(journey, join=join) if posted else redirect(journey.entrance)
    if draft.step:
        return redirect(journey.go_on)
    filled = [journey.form(page, journey.typed(page)) for page in journey.pages]
    for page, form in zip(journey.pages, filled, strict=True):
        if not form.is_valid():
            return show_page(journey, page, form, status=422)
    if not posted:
        return _show(journey, filled)
    if journey.wave is None:
        return _show(journey, filled, status=409, outcome="closed", closed=last_closed_wave(journey.now))
    if as_number(request.POST.get("revision", "")) != draft.revision:
        return _show(journey, filled, status=409, outcome="changed")

    submission: dict[str, Any] = {
        "draft": draft,
        "entered": entered(filled),
        "wave": journey.wave,
        "join": join,
        "now": journey.now,
        "language": get_language() or "id",
        "number_source": settings.REGISTRATION_NUMBERS or random_numbers,
    }
    try:
        receipt = within_budget(
            askers=_askers(request),
            costly=(intake.DuplicateApplicant, intake.HouseholdFull, intake.Listed),
            now=journey.now,
            act=lambda: drafts.finish(scope=request.scope, **submission),
        )
    except intake.NotEligible as refusal:
        failures, judged = _why_not(refusal.decision, journey.office)
        return _show(journey, filled, outcome="not_eligible", failures=failures, judged=judged)
    except intake.DuplicateApplicant:
        return _show(journey, filled, status=409, outcome="duplicate")
    except BudgetSpent:
        return _show(journey, filled, status=429, outcome="budget")
    except (drafts.ChangedElsewhere, intake.WaveNotOpen):
        return redirect("register-review")
    return _registered(journey, receipt, draft.pk, join=join)


def _sent_before(journey: Journey, *, join: bool) -> HttpResponse:
    """Who sends a draft again that became a registration gets to its receipt."""
    scope = journey.request.scope
    if scope.draft_id is None:
        return redirect(journey.entrance)
    try:
        receipt = drafts.sent_again(scope=scope, draft_id=scope.draft_id, join=join, now=journey.now)
    except (drafts.NoSuchDraft, intake.WaveNotOpen):
        return redirect(journey.entrance)
    return _registered(journey, receipt, scope.draft_id, join=join)


def _registered(journey: Journey, receipt: Receipt, draft_id: UUID, *, join: bool) -> HttpResponse:
    remember_applicant(journey.request, receipt, draft_id=draft_id)
    if join:
        messages.success(journey.request, gettext("Anda sudah bergabung. Nomor Anda ikut diundi."))
    return redirect("receipt")


def _show(
    journey: Journey, filled: Sequence[PageForm], *, status: int = 200, outcome: str = "", **more: Any
) -> HttpResponse:
    sections = []
    for page, form in zip(journey.pages, filled, strict=True):
        address = reverse("register-page", args=[page.slug])
        rows = [
            {
                "label": label,
                "value": words,
                "href": f"{address}#{field.id_for_label or field.auto_id}",
                "action": gettext("Ubah"),
            }
            for field, label, words in form.spoken()
        ]
        if page.slug == PAPERS:
            rows = _paper_rows(journey)
        warnings = [message(finding, form.cleaned_data) for finding in form.warnings]
        sections.append({"page": page, "rows": rows, "warnings": warnings})
    context = {
        "journey": journey,
        "sections": sections,
        "outcome": outcome,
        "next_wave": None if journey.wave else next_wave(journey.now),
        "back": reverse("register-page", args=[journey.pages[-1].slug]),
        "total": len(journey.pages) + 1,
        "minutes": REVIEW_MINUTES,
    }
    return render(journey.request, "registrations/review.html", context | more, status=status)


def _paper_rows(journey: Journey) -> list[dict[str, str]]:
    asked = asked_of_draft(scope=journey.request.scope, draft=journey.draft, claims=claims_in(journey.answers))
    href = reverse("register-page", args=[PAPERS])
    return [
        {
            "label": each.title,
            "value": ngettext("%(n)d foto", "%(n)d foto", len(each.files)) % {"n": len(each.files)}
            if each.files
            else gettext("Belum ada. Boleh menyusul lewat halaman status."),
            "href": href,
            "action": gettext("Ubah"),
        }
        for each in asked
    ]


def _why_not(decision: Decision, office: LabourOffice | None) -> tuple[list[str], list[str]]:
    """What each rule says with its article and what to do where; then the fewest changes and how the clusters were judged."""
    _result, *sentences = eligibility.explain(decision, words_for(office.name if office else ""))
    return sentences[: len(decision.failures)], sentences[len(decision.failures) :]


def _askers(request: ScopedRequest) -> dict[str, int]:
    network = network_of(client_address(request))
    return {
        f"duplicate address {network}": PER_ADDRESS,
        f"duplicate session {request.session.session_key}": PER_SESSION,
    }
