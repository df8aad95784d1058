"""Filling in a registration page by page, leaving it, and coming back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from accounts.middleware import client_address, outside_scope
from accounts.services.passwords import network_of
from registrations.forms.evidence import MOST_MB, EvidenceForm
from registrations.forms.page import PageForm
from registrations.forms.pages import PAGES, PAPERS, REVIEW_MINUTES, Page
from registrations.forms.resume import ResumeForm
from registrations.selectors.drafts import draft_of
from registrations.selectors.evidence import MOST_FILES, Asked, asked_of_draft, claims_in
from registrations.selectors.places import blank_spot_name
from registrations.services import drafts
from registrations.services.budget import PER_ADDRESS, BudgetSpent, within_budget
from registrations.services.consents import CONSENT_VERSION
from registrations.views.journey import Journey, for_applicants
from registrations.views.sessions import hold_draft


def fill_in(journey: Journey, slug: str) -> HttpResponse:
    """One page: shown as it was saved; sent, its valid answers are saved, whatever else is wrong with it.

    Who has no draft begins one with the first page. Any other page that comes without one is of a session that is over:
    what was typed waits on the page that asks for the code, and is saved once that has opened the draft.
    """
    request = journey.request
    known = journey.applicant is not None
    possible = [page for page in PAGES if not (page.fixed if journey.correcting else known and page.once)]
    wanted = next((page for page in possible if page.slug == slug), None)
    if wanted is None:
        raise Http404
    begins = known or wanted is PAGES[0]
    if request.method != "POST":
        if journey.draft is None and not begins:
            return redirect(journey.entrance)
        if wanted not in journey.pages:  # no longer: an answer before it was changed
            return redirect(journey.go_on)
        return show_page(journey, wanted, journey.form(wanted, journey.typed(wanted), checked=False))

    shown = as_number(request.POST.get("revision", ""))
    if journey.draft is None and journey.applicant is None and (shown or not begins):
        typed = [(name, text) for name, text in request.POST.items() if name not in {"code", "csrfmiddlewaretoken"}]
        if refusal := _open_by_code(journey, is_over=True, typed=typed):
            return refusal
    form = journey.form(wanted, request.POST, checked="choose" not in request.POST)
    if not form.checked:
        return show_page(journey, wanted, form, revision=shown)
    is_valid = form.is_valid()
    try:
        saved = drafts.save_page(
            scope=journey.scope,
            page=slug,
            answers=form.typed(),
            complete=is_valid,
            shown=shown,
            pages=[each.slug for each in journey.pages_with(form.typed())],
            now=journey.now,
        )
    except drafts.ChangedElsewhere as change:
        journey.draft = change.draft
        stored = journey.form(wanted, journey.typed(wanted))
        theirs = [(label, words) for _field, label, words in stored.spoken()]
        return show_page(journey, wanted, form, status=409, theirs=theirs)
    except drafts.NoSuchDraft:
        return redirect(journey.entrance)
    request.session.modified = True  # its time begins anew
    if journey.draft is None and journey.applicant is None:
        hold_draft(request, saved.pk)
        request.scope = request.scope.with_draft(saved.pk)
    journey.draft = saved
    if not is_valid:
        return show_page(journey, wanted, form, status=422)
    if saved.code_index is None and journey.applicant is None and saved.assistance_id is None:
        return _show_code(journey)
    return redirect(journey.go_on)


page = for_applicants(fill_in)


@for_applicants
def resume(journey: Journey) -> HttpResponse:
    """Go on with a draft by its code: on another device, or after this one was left alone for too long."""
    if journey.request.method != "POST":
        return render(journey.request, "registrations/resume.html", {"form": ResumeForm()})
    return _open_by_code(journey) or redirect(journey.go_on)


@for_applicants
def code(journey: Journey) -> HttpResponse:
    """How to leave and come back; sent, a new code in place of the former one."""
    if journey.draft is None or journey.applicant:
        return redirect(journey.entrance)
    if journey.request.method == "POST":
        return _show_code(journey)
    return render(journey.request, "registrations/code.html", {"journey": journey})


@outside_scope
@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Leave this device; the draft stays."""
    request.session.flush()
    messages.success(request, gettext("Pendaftaran ditutup di perangkat ini. Kode lanjut membukanya lagi."))
    return redirect("register")


def show_page(journey: Journey, wanted: Page, form: PageForm, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page with this form. `revision` and `theirs`, what another device saved there, may be among `more`."""
    pages = journey.pages
    at = pages.index(wanted)
    context = {
        "journey": journey,
        "page": wanted,
        "form": form,
        "step": at + 1,
        "total": len(pages) + 1,
        "minutes": sum(each.minutes for each in pages[at:]) + REVIEW_MINUTES,
        "here": journey.address(wanted.slug),
        "back": journey.address(pages[at - 1].slug) if at else journey.start,
        "revision": journey.draft.revision if journey.draft else 0,
        "intro": f"registrations/intro/{wanted.slug}.html",
        "blank_spot": blank_spot_name(journey.village_id) if wanted.slug == "alasan" and journey.village_id else "",
        "consent": f"registrations/consent/{CONSENT_VERSION}",
    }
    if wanted.slug != PAPERS:
        return render(journey.request, "registrations/page.html", context | more, status=status)
    claims = claims_in(journey.answers)
    asked = asked_of_draft(scope=journey.request.scope, draft=journey.draft, claims=claims)
    papers = papers_context(asked, reverse("register-papers"), more.pop("refused", None))
    return render(journey.request, "registrations/papers.html", context | papers | more, status=status)


def papers_context(asked: list[Asked], send_to: str, refused: EvidenceForm | None) -> dict[str, Any]:
    """For registrations/papers.html: each claim with its form, one of which may be `refused`."""
    return {
        "asked": [
            (each, refused if refused and refused.claim == each.claim else EvidenceForm(each.claim)) for each in asked
        ],
        "send_to": send_to,
        "refused": refused,
        "most_files": MOST_FILES,
        "most_mb": MOST_MB,
    }


def as_number(text: str) -> int:
    """A revision as our forms send it; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _show_code(journey: Journey) -> HttpResponse:
    fresh = drafts.new_code(scope=journey.request.scope)
    return render(journey.request, "registrations/code.html", {"journey": journey, "code": fresh})


def _open_by_code(journey: Journey, **context: Any) -> HttpResponse | None:
    """Open the draft of the code that was sent, from here on also for this session; or the page that asks for it again."""
    request = journey.request
    form = ResumeForm(request.POST if "code" in request.POST or not context else None)
    status = 409 if context else 422
    if form.is_valid():
        scope, network = request.scope, network_of(client_address(request))
        try:
            draft_id = within_budget(
                askers={f"draft address {network}": PER_ADDRESS},
                costly=(drafts.NoSuchDraft,),
                now=journey.now,
                act=lambda: drafts.open_draft(scope=scope, code=form.cleaned_data["code"], now=journey.now),
            )
        except drafts.NoSuchDraft:
            form.add_error("code", gettext("Kode ini tidak membuka pendaftaran. Periksa lagi huruf dan angkanya."))
        except BudgetSpent:
            status = 429
            form.add_error(
                None,
                gettext("Terlalu banyak kode yang keliru dari jaringan ini. Coba lagi besok, atau datang ke dinas."),
            )
        else:
            request.scope = scope.with_draft(draft_id)
            journey.draft = draft_of(request.scope)
            hold_draft(request, draft_id)
            return None
    return render(request, "registrations/resume.html", {"form": form} | context, status=status)
