"""Where an applicant stands on the way to a registration, and who may walk it; the first page of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, wraps
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.middleware import ScopedRequest, client_address
from accounts.scope import Scope
from accounts.services.passwords import network_of
from clusters.models import LabourOffice, Wave
from clusters.selectors.directory import office_of
from registrations.forms.page import PageForm
from registrations.forms.pages import REVIEW_MINUTES, Page, pages_for, place_in, typed_before
from registrations.models import Applicant, Draft, Registration
from registrations.selectors.drafts import NOTHING, SavedPage, draft_of, pages_of
from registrations.selectors.own import own_applicant, own_registrations
from registrations.selectors.places import regency_of
from registrations.selectors.waves import announced_waves, is_open, last_closed_wave
from registrations.services import drafts
from registrations.services.budget import PER_ADDRESS, PER_SESSION
from registrations.services.receipts import Receipt
from registrations.views.sessions import DRAFT_KEY, RECEIPT_KEY, remember_applicant


@dataclass
class Journey:
    """Somebody on the way: known from an earlier wave or not, with a draft or not, while a wave takes registrations or not.

    `correcting`: the registration in that wave that the draft is to correct. What differs where an office fills in for
    somebody stands in methods (mentoring.views.assistance): addresses, the frame of the pages, how the registration is made and
    what is shown then.
    """

    frame: ClassVar[str] = "registrations/journey_frame.html"

    request: ScopedRequest
    now: datetime
    wave: Wave | None
    applicant: Applicant | None
    earlier: Registration | None
    draft: Draft | None
    correcting: Registration | None = None

    @property
    def may_join(self) -> bool:
        """The wave is open: not only announced."""
        return self.wave is not None and is_open(self.wave, self.now)

    @property
    def pages(self) -> list[Page]:
        return self.pages_with({})

    def pages_with(self, answers: Mapping[str, str]) -> list[Page]:
        """The pages once these answers are saved too."""
        known, correcting = self.applicant is not None, self.correcting is not None
        return pages_for(known=known, answers=self.answers | dict(answers), correcting=correcting)

    @property
    def answers(self) -> dict[str, str]:
        """What was typed so far, on all pages."""
        return {name: answer for page in self.saved.values() for name, answer in page.answers.items()}

    @property
    def saved(self) -> dict[str, SavedPage]:
        return pages_of(self.draft)

    def typed(self, page: Page) -> dict[str, str]:
        """What stands on this page: of the draft, else of an earlier wave."""
        if page.slug in self.saved:
            return self.saved[page.slug].answers
        return typed_before(self.earlier) if self.earlier else {}

    def form(self, page: Page, typed: Any, *, checked: bool = True) -> PageForm:
        day = timezone.localdate(self.now)
        known, correcting = self.applicant is not None, self.correcting is not None
        return page.form(typed, today=day, known=known, correcting=correcting, checked=checked)

    @cached_property
    def village_id(self) -> int:
        """Where the person lives, as far as they have said; else 0."""
        if self.applicant and not self.correcting:
            return self.applicant.village_id
        return place_in(self.saved.get("tempat-tinggal", NOTHING).answers, "village_id")

    @property
    def office(self) -> LabourOffice | None:
        return office_of(regency_of(self.village_id)) if self.village_id else None

    @property
    def minutes(self) -> int:
        """How long all of it takes."""
        return sum(page.minutes for page in self.pages) + REVIEW_MINUTES

    @property
    def scope(self) -> Scope:
        return self.request.scope

    @property
    def start(self) -> str:
        """What lies before the first page."""
        return reverse("register")

    @property
    def entrance(self) -> str:
        """Where to go who has no draft."""
        return reverse("register" if self.applicant else "register-resume")

    @property
    def leave(self) -> str:
        """Where to leave the draft for now; empty where that takes nothing."""
        return "" if self.applicant else reverse("register-code")

    def address(self, slug: str) -> str:
        return reverse("register-page", args=[slug])

    @property
    def review(self) -> str:
        return reverse("register-review")

    @property
    def go_on(self) -> str:
        """The page to go on with, or the review where none is left."""
        step = self.draft.step if self.draft else self.pages[0].slug
        return self.address(step) if step else self.review

    def askers(self) -> dict[str, int]:
        """Who may be told how often a day that somebody is known (registrations.services.budget)."""
        network = network_of(client_address(self.request))
        return {
            f"duplicate address {network}": PER_ADDRESS,
            f"duplicate session {self.request.session.session_key}": PER_SESSION,
        }

    def finish(self, **submission: Any) -> Receipt:
        return drafts.finish(scope=self.scope, **submission)

    def registered(self, receipt: Receipt, draft_id: UUID) -> HttpResponse:
        remember_applicant(self.request, receipt, draft_id=draft_id)
        return redirect("receipt")


def for_applicants(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Not for signed-in staff, whose counter has rules of its own, nor for who is registered in the open wave already, unless
    to correct just that registration.
    """

    @never_cache
    @wraps(view)
    def guarded(request: ScopedRequest, **kwargs: Any) -> HttpResponse:
        if request.scope.user_id is not None:
            messages.info(request, gettext("Anda masuk sebagai petugas. Keluar dulu untuk mendaftar sebagai peserta."))
            return redirect("workplace")
        now = timezone.now()
        wave = announced_waves(now).select_related("rule_set").first()
        own, draft = own_registrations(request.scope), draft_of(request.scope)
        in_wave = next((registration for registration in own if wave and registration.wave_id == wave.pk), None)
        correcting = draft.registration_id if draft else None
        if correcting and (in_wave is None or correcting != in_wave.pk):
            del request.session[DRAFT_KEY]
            messages.info(request, gettext("Gelombang itu sudah ditutup. Yang tersimpan tetap berlaku."))
            return redirect("status")
        if in_wave and not correcting:
            if request.method == "GET":  # whoever wants to register here is not who has
                request.session.pop(RECEIPT_KEY, None)
                words = gettext(
                    "Sudah ada yang mendaftar di sini. Bila bukan Anda, pilih “Selesai di perangkat ini”, lalu daftar."
                )
                messages.info(request, words)
            return redirect("receipt")
        applicant = own_applicant(request.scope)
        if applicant and draft is None and request.scope.draft_id:  # a correction that was sent, or whose time was over
            request.session.pop(DRAFT_KEY, None)
            request.scope = replace(request.scope, draft_id=None)
            draft = draft_of(request.scope)
        earlier = next(iter(own), None)
        return view(Journey(request, now, wave, applicant, earlier, draft, in_wave if correcting else None), **kwargs)

    return guarded


@require_safe
@for_applicants
def register(journey: Journey) -> HttpResponse:
    """What is needed and when the wave opens; begin, or go on with what was begun here."""
    if journey.correcting:
        return redirect(journey.go_on)
    context = {
        "journey": journey,
        "last_wave": None if journey.wave else last_closed_wave(journey.now),
    }
    return render(journey.request, "registrations/start.html", context)
