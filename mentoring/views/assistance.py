"""Registering somebody who is at the counter: the applicants' own pages, in the office's frame."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import ScopedRequest, staff
from accounts.scope import Scope
from mentoring.forms.assistance import BeginForm, PaperBeginForm
from mentoring.selectors.assistance import helped, name_in
from mentoring.views.office import OFFICE
from registrations.forms.page import PageForm
from registrations.forms.pages import PAGES, PAPERS, Page
from registrations.models import Assistance, Registration
from registrations.selectors.drafts import draft_of
from registrations.selectors.own import own_registrations
from registrations.selectors.waves import announced_waves, open_waves
from registrations.services import assistance as service
from registrations.services.consents import ASSISTANCE_VERSION
from registrations.services.intake import WaveNotOpen
from registrations.services.receipts import Receipt, claim_code
from registrations.views import pages as applicants_pages
from registrations.views import review as applicants_review
from registrations.views.journey import Journey
from registrations.views.receipts import qr_of, steps_of

PER_ASSISTANT = 30  # times a day one of the staff may be told that a NIK or a family card is known


@dataclass
class Assisted(Journey):
    """The way of somebody whom an office helps, who has it open."""

    frame: ClassVar[str] = "mentoring/assistance/frame.html"

    assistance: Assistance = field(kw_only=True)

    @property
    def scope(self) -> Scope:
        return self.request.scope.with_draft(self.draft.pk) if self.draft else self.request.scope

    def pages_with(self, answers: Mapping[str, str]) -> list[Page]:
        """Papers are looked at, not photographed, at the counter; the person may send them later."""
        return [page for page in super().pages_with(answers) if page.slug != PAPERS]

    @property
    def whose(self) -> str:
        """Whose data the screen shows; empty before a name was typed."""
        return name_in(self.draft)

    @property
    def start(self) -> str:
        return reverse("assist")

    entrance = leave = start

    def address(self, slug: str) -> str:
        return reverse("assist-page", args=[self.assistance.pk, slug])

    @property
    def review(self) -> str:
        return reverse("assist-review", args=[self.assistance.pk])

    def form(self, page: Page, typed: Any, *, checked: bool = True) -> PageForm:
        """The browser of a counter offers nobody what was typed for somebody else."""
        form = super().form(page, typed, checked=checked)
        for one in form.fields.values():
            one.widget.attrs["autocomplete"] = "off"
        return form

    def askers(self) -> dict[str, int]:
        return {f"duplicate staff {self.request.scope.actor_id}": PER_ASSISTANT}

    def finish(self, **submission: Any) -> Receipt:
        return service.register(scope=self.scope, assistance=self.assistance, **submission)

    def registered(self, receipt: Receipt, draft_id: UUID) -> HttpResponse:
        return redirect("assist-receipt", self.assistance.pk)


def for_holder(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Only for the one of the office who has this person open, while the right runs."""

    @staff(*OFFICE)
    @never_cache
    @wraps(view)
    def guarded(request: ScopedRequest, assistance: UUID, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        try:
            return view(request, service.held(scope=request.scope, assistance_id=assistance, now=now), **kwargs)
        except service.NoAssistance as error:
            raise Http404 from error
        except service.NotHeld as refusal:
            if refusal.holder:
                messages.error(
                    request, _("Rekan Anda sedang membuka orang ini. Pilih “Lanjutkan” untuk mengambil alih.")
                )
            else:
                messages.info(request, _("Orang ini sudah ditutup di layar. Pilih “Lanjutkan” untuk membukanya lagi."))
            return redirect("assist")

    return guarded


def _journey(request: ScopedRequest, assistance: Assistance) -> Assisted | None:
    """None where the registration has been made."""
    if assistance.registration_id:
        return None
    now = timezone.now()
    draft = assistance.draft
    wave = announced_waves(now).select_related("rule_set").first()
    draft_open = draft_of(request.scope.with_draft(draft.pk))
    return Assisted(request, now, wave, None, None, draft_open, assistance=assistance)


@staff(*OFFICE)
@never_cache
def assist(request: ScopedRequest) -> HttpResponse:
    """Whom the office helps; begin with somebody: in front of the counter, or from a paper form."""
    now = timezone.now()
    typed = request.POST if request.method == "POST" else None
    by_paper = typed is not None and typed.get("kind") == "paper"
    form = BeginForm(None if by_paper else typed)
    paper_form = PaperBeginForm(
        typed if by_paper else None, today=timezone.localdate(now), number=request.GET.get("formulir", "")
    )
    sent = paper_form if by_paper else form
    if typed is not None and sent.is_valid():
        try:
            begun = service.begin(
                scope=request.scope,
                key=sent.cleaned_data["key"],
                paper=sent.paper(),
                first_page=PAGES[0].slug,
                language=get_language() or "id",
                now=now,
            )
        except service.UnknownForm:
            sent.add_error(
                "number", _("Kantor Anda tidak pernah mencetak formulir dengan nomor ini. Periksa nomornya.")
            )
        except service.FormEntered:
            sent.add_error("number", _("Formulir ini sudah diisikan, atau sedang diisikan rekan Anda."))
        except service.NoAssistance:
            return redirect("assist")
        else:
            return _open(begun)
    context = {
        "form": form,
        "paper_form": paper_form,
        "sent": sent,
        "helped": helped(scope=request.scope, now=now),
        "words": f"registrations/consent/{ASSISTANCE_VERSION}.html",
        "days": settings.ASSISTANCE_DAYS,
    }
    return render(request, "mentoring/assistance/assist.html", context, status=422 if typed is not None else 200)


@staff(*OFFICE)
@never_cache
@require_POST
def take(request: ScopedRequest, assistance: UUID) -> HttpResponse:
    """Go on with somebody, in place of whoever had them open."""
    try:
        return _open(service.take(scope=request.scope, assistance_id=assistance, now=timezone.now()))
    except service.NoAssistance as error:
        raise Http404 from error


@staff(*OFFICE)
@never_cache
@require_POST
def done(request: ScopedRequest) -> HttpResponse:
    """The next one, please: nothing of the person before is shown any more, whichever way one goes back."""
    service.put_down(scope=request.scope)
    messages.success(request, _("Layar sudah bersih. Silakan orang berikutnya."))
    return redirect("assist")


@for_holder
def page(request: ScopedRequest, assistance: Assistance, slug: str) -> HttpResponse:
    journey = _journey(request, assistance)
    return applicants_pages.fill_in(journey, slug) if journey else redirect("assist-receipt", assistance.pk)


@for_holder
def review(request: ScopedRequest, assistance: Assistance) -> HttpResponse:
    journey = _journey(request, assistance)
    return applicants_review.look_through(journey) if journey else redirect("assist-receipt", assistance.pk)


@for_holder
@require_safe
def receipt(request: ScopedRequest, assistance: Assistance) -> HttpResponse:
    """What the person takes home: the receipt and the claim code. The secret code is theirs alone and not here."""
    if assistance.registration_id is None:
        return redirect("assist-review", assistance.pk)
    registration = _registration(request.scope, assistance)
    claim_url = request.build_absolute_uri(reverse("claim"))
    joined = registration.state == Registration.State.JOINED
    is_open = open_waves(timezone.now()).filter(pk=registration.wave_id).exists()
    context = {
        "assistance": assistance,
        "whose": registration.name,
        "registration": registration,
        "joined": joined,
        "can_join": is_open and registration.state in (Registration.State.REGISTERED, Registration.State.WITHDRAWN),
        "facts": [(_("Nama"), registration.name), (_("Tempat tinggal"), registration.regency.name)],
        "steps": steps_of(registration.wave, joined=joined),
        "code": claim_code(assistance.pk),
        "claim_url": claim_url,
        "qr": qr_of(claim_url, _("Kode QR ke halaman kode klaim")),
    }
    return render(request, "mentoring/assistance/receipt.html", context)


@for_holder
@require_POST
def join(request: ScopedRequest, assistance: Assistance) -> HttpResponse:
    try:
        service.join(scope=request.scope, assistance_id=assistance.pk, now=timezone.now())
    except WaveNotOpen:
        messages.error(request, _("Gelombang ini tidak menerima peserta lagi."))
    else:
        messages.success(request, _("Nomor orang ini ikut diundi."))
    return redirect("assist-receipt", assistance.pk)


def _registration(scope: Scope, assistance: Assistance) -> Registration:
    acting = service.act_for(scope=scope, assistance=assistance)
    return next(own for own in own_registrations(acting) if own.pk == assistance.registration_id)


def _open(assistance: Assistance) -> HttpResponse:
    if assistance.registration_id:
        return redirect("assist-receipt", assistance.pk)
    step = assistance.draft.step
    return redirect("assist-page", assistance.pk, step) if step else redirect("assist-review", assistance.pk)
