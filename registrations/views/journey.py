"""Where an applicant stands on the way to a registration, and who may walk it; the first page of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, wraps
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.middleware import ScopedRequest
from clusters.models import LabourOffice, Wave
from clusters.selectors.directory import office_of
from registrations.forms.page import PageForm
from registrations.forms.pages import REVIEW_MINUTES, Page, pages_for, place_in, typed_before
from registrations.models import Applicant, Draft, Registration
from registrations.selectors.drafts import NOTHING, SavedPage, draft_of, pages_of
from registrations.selectors.own import own_applicant, own_registrations
from registrations.selectors.places import regency_of
from registrations.selectors.waves import last_closed_wave, next_wave, open_waves
from registrations.views.sessions import RECEIPT_KEY


@dataclass
class Journey:
    """Somebody on the way: known from an earlier wave or not, with a draft or not, while a wave is open or not."""

    request: ScopedRequest
    now: datetime
    wave: Wave | None
    applicant: Applicant | None
    earlier: Registration | None
    draft: Draft | None

    @property
    def pages(self) -> list[Page]:
        return self.pages_with({})

    def pages_with(self, answers: Mapping[str, str]) -> list[Page]:
        """The pages once these answers are saved too."""
        return pages_for(known=self.applicant is not None, answers=self.answers | dict(answers))

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
        known = self.applicant is not None
        return page.form(typed, today=timezone.localdate(self.now), known=known, checked=checked)

    @cached_property
    def village_id(self) -> int:
        """Where the person lives, as far as they have said; else 0."""
        if self.applicant:
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
    def entrance(self) -> str:
        """Where to go who has no draft."""
        return reverse("register" if self.applicant else "register-resume")

    @property
    def go_on(self) -> str:
        """The page to go on with, or the review where none is left."""
        step = self.draft.step if self.draft else self.pages[0].slug
        return reverse("register-page", args=[step]) if step else reverse("register-review")


def for_applicants(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Not for signed-in staff, whose counter has rules of its own, nor for who is registered in the open wave already."""

    @never_cache
    @wraps(view)
    def guarded(request: ScopedRequest, **kwargs: Any) -> HttpResponse:
        if request.scope.user_id is not None:
            messages.info(request, gettext("Anda masuk sebagai petugas. Keluar dulu untuk mendaftar sebagai peserta."))
            return redirect("workplace")
        now = timezone.now()
        wave = open_waves(now).select_related("rule_set").first()
        own = own_registrations(request.scope)
        if wave and any(registration.wave_id == wave.pk for registration in own):
            if request.method == "GET":  # whoever wants to register here is not who has
                request.session.pop(RECEIPT_KEY, None)
                words = gettext(
                    "Sudah ada yang mendaftar di sini. Bila bukan Anda, pilih “Selesai di perangkat ini”, lalu daftar."
                )
                messages.info(request, words)
            return redirect("receipt")
        applicant, draft = own_applicant(request.scope), draft_of(request.scope)
        return view(Journey(request, now, wave, applicant, next(iter(own), None), draft), **kwargs)

    return guarded


@require_safe
@for_applicants
def register(journey: Journey) -> HttpResponse:
    """What is needed and when the wave is open; begin, or go on with what was begun here."""
    context = {
        "journey": journey,
        "next_wave": None if journey.wave else next_wave(journey.now),
        "last_wave": None if journey.wave else last_closed_wave(journey.now),
    }
    return render(journey.request, "registrations/start.html", context)
