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

from clusters.models import LabourOffice
from registrations import eligibility
from registrations.eligibility import Decision
from registrations.forms.page import PageForm
from registrations.forms.pages import PAPERS, REVIEW_MINUTES, entered
from registrations.selectors.evidence import asked_of_draft, claims_in
from registrations.selectors.own import words_for
from registrations.selectors.waves import last_closed_wave
from registrations.services import drafts, intake
from registrations.services.budget import BudgetSpent, within_budget
from registrations.services.receipts import Receipt, random_numbers
from registrations.services.validation import message
from registrations.views.journey import Journey, for_applicants
from registrations.views.pages import as_number, show_page


def look_through(journey: Journey) -> HttpResponse:
    """What was answered, to be looked through. Sent: registered, and joined if so chosen and the wave is open."""
    request, draft = journey.request, journey.draft
    posted, join = request.method == "POST", request.POST.get("action") == "join" and journey.may_join
    if posted and journey.correcting:
        return redirect("register-review")
    if draft is None:
        return _sent_before(journey, join=join) if posted else redirect(journey.entrance)
    if draft.step:
        return redirect(journey.go_on)
    filled = fill(journey)
    if wrong := first_wrong(journey, filled):
        return wrong
    if not posted:
        return show_review(journey, filled)
    if journey.wave is None or request.POST.get("gelombang", journey.wave.slug) != journey.wave.slug:
        return show_review(journey, filled, status=409, outcome="closed", closed=last_closed_wave(journey.now))
    if as_number(request.POST.get("revision", "")) != draft.revision:
        return show_review(journey, filled, status=409, outcome="changed")

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
            askers=journey.askers(),
            costly=(intake.DuplicateApplicant, intake.HouseholdFull, intake.Listed),
            now=journey.now,
            act=lambda: journey.finish(**submission),
        )
    except intake.NotEligible as refusal:
        return show_refused(journey, filled, refusal.decision)
    except intake.DuplicateApplicant:
        return show_review(journey, filled, status=409, outcome="duplicate")
    except BudgetSpent:
        return show_review(journey, filled, status=429, outcome="budget")
    except (drafts.ChangedElsewhere, intake.WaveNotOpen):
        return redirect(journey.review)
    return _registered(journey, receipt, draft.pk, join=join)


review = for_applicants(look_through)


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
    answer = journey.registered(receipt, draft_id)
    if join:
        messages.success(journey.request, gettext("Anda sudah bergabung. Nomor Anda ikut diundi."))
    return answer


def fill(journey: Journey) -> list[PageForm]:
    return [journey.form(page, journey.typed(page)) for page in journey.pages]


def first_wrong(journey: Journey, filled: Sequence[PageForm]) -> HttpResponse | None:
    """The first page on which something is wrong or missing by the rules of today."""
    for page, form in zip(journey.pages, filled, strict=True):
        if not form.is_valid():
            return show_page(journey, page, form, status=422)
    return None


def show_refused(journey: Journey, filled: Sequence[PageForm], decision: Decision) -> HttpResponse:
    failures, judged = _why_not(decision, journey.office)
    return show_review(journey, filled, outcome="not_eligible", failures=failures, judged=judged)


def show_review(
    journey: Journey, filled: Sequence[PageForm], *, status: int = 200, outcome: str = "", **more: Any
) -> HttpResponse:
    sections = []
    for page, form in zip(journey.pages, filled, strict=True):
        address = journey.address(page.slug)
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
        "back": journey.address(journey.pages[-1].slug),
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
