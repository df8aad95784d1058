"""Raising an appeal or a complaint, following it, taking it on or back: with the own status, or with number and code."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import ScopedRequest, client_address, outside_scope
from accounts.scope import NOBODY
from accounts.services.passwords import network_of
from registrations.services.access import NoSuchStatus, TooManyAttempts
from registrations.services.budget import BudgetSpent, spend
from training.forms.grievances import ComplaintForm, FollowForm, OwnGrievanceForm
from training.models import Grievance
from training.selectors.effects import CLAIMS
from training.selectors.grievances import history
from training.selectors.status import own_registrations, shown_first
from training.services import grievances as services

COMPLAINTS_A_DAY = 10  # of one address, which may be a whole village behind one mast

# What the asker may still do, by the word on the button.
ACTS: dict[str, Callable[..., None]] = {"escalate": services.escalate, "withdraw": services.withdraw}


@never_cache
def own_grievance_new(request: ScopedRequest) -> HttpResponse:
    """The form about one's own registration."""
    registrations = list(own_registrations(request.scope)) if request.scope.applicant_id else []
    if not registrations:
        return redirect("status")
    registration = shown_first(registrations, request.scope, request.GET.get("gelombang", ""))
    form = OwnGrievanceForm(request.POST or None, initial={"subject": request.GET.get("tentang", "")})
    if form.is_valid():
        given: dict[str, Any] = {"language": get_language() or "id", "now": timezone.now(), **form.cleaned_data}
        try:
            raised = services.file_own(scope=request.scope, registration_id=registration.pk, **given)
        except services.SubjectClosed as closed:
            form.add_error("subject", _closed_words(str(closed)))
        except services.AlreadyOpen as standing:
            messages.info(request, _("Anda sudah mengajukan hal ini. Lanjutannya di sini."))
            return redirect("own-grievance", standing.grievance.pk)
        else:
            return redirect("own-grievance", raised.pk)
    context = {"form": form, "registration": registration, "current_wave": registration.wave, "days": services.DAYS}
    return render(request, "training/grievances/own_new.html", context)


@never_cache
@require_safe
def own_grievance(request: ScopedRequest, grievance: UUID) -> HttpResponse:
    return render(request, "training/grievances/own.html", _shown(_own(request, grievance)))


@require_POST
def own_grievance_step(request: ScopedRequest, grievance: UUID) -> HttpResponse:
    """Take the answer on to the province, or take the matter back."""
    own = _own(request, grievance)
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise BadRequest
    try:
        act(scope=request.scope, grievance=own, now=timezone.now())
    except services.StepClosed:
        messages.error(request, _too_late())
    return redirect("own-grievance", own.pk)


@never_cache
@sensitive_variables("code")
def complaint(request: ScopedRequest) -> HttpResponse:
    """The form for everybody; number and code are shown in the answer to it and never again."""
    form, status = ComplaintForm(request.POST or None), 200
    if form.is_valid():
        now, given = timezone.now(), form.cleaned_data
        try:
            spend(asker=f"complaint {network_of(client_address(request))}", budget=COMPLAINTS_A_DAY, now=now)
        except BudgetSpent:
            words = _(
                "Dari jaringan ini sudah ada %(most)s pengaduan hari ini. Coba lagi besok, atau datang ke kantor."
            )
            form.add_error(None, words % {"most": COMPLAINTS_A_DAY})
            status = 429
        else:
            number, code, due_on = services.file_complaint(
                scope=request.scope,
                regency_id=given["regency"].pk,
                language=get_language() or "id",
                now=now,
                **{name: given[name] for name in ("subject", "text", "phone", "key")},
            )
            receipt = {"number": number, "code": code, "due_on": due_on, "regency": given["regency"]}
            return render(request, "training/grievances/complaint_made.html", receipt)
    return render(request, "training/grievances/complaint.html", {"form": form, "days": services.DAYS}, status=status)


@outside_scope
@never_cache
@sensitive_variables("code")
def complaint_follow(request: HttpRequest) -> HttpResponse:
    """What became of a complaint, for whoever has number and code; with `act`, that step first. Neither stands in an address."""
    form = FollowForm(request.POST or None)
    if not form.is_valid():
        return render(request, "training/grievances/follow.html", {"form": form})
    now, given = timezone.now(), form.cleaned_data
    try:
        found = services.find_by_code(**given, address=client_address(request), now=now)
    except NoSuchStatus:
        form.add_error(None, _("Nomor dan kode tidak cocok. Periksa catatan Anda."))
        return render(request, "training/grievances/follow.html", {"form": form})
    except TooManyAttempts:
        form.add_error(None, _("Terlalu banyak percobaan. Coba lagi satu jam lagi, atau datang ke kantor dinas."))
        return render(request, "training/grievances/follow.html", {"form": form}, status=429)
    context: dict[str, Any] = {"given": given}
    if act := ACTS.get(request.POST.get("act", "")):
        try:
            act(scope=NOBODY, grievance=found, now=now)
        except services.StepClosed:
            context["problem"] = _too_late()
    return render(request, "training/grievances/followed.html", context | _shown(found))


def _own(request: ScopedRequest, pk: UUID) -> Grievance:
    """One's own; staff has pages of its own for these."""
    if request.scope.applicant_id is None:
        raise Http404
    own = Grievance.objects.within(request.scope).filter(applicant_id=request.scope.applicant_id)
    found: Grievance | None = own.select_related("regency__office", "registration__wave").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _shown(grievance: Grievance) -> dict[str, Any]:
    in_time = timezone.localdate() <= grievance.due_on
    return {
        "grievance": grievance,
        "text": grievance.text.open(),
        "claim": CLAIMS[grievance.claim][0] if grievance.claim else "",
        "steps": history(grievance),
        "waiting": grievance.state in {*Grievance.AT_OFFICE, Grievance.State.ESCALATED},
        "may_escalate": grievance.state == Grievance.State.ANSWERED and in_time,
    }


def _closed_words(reason: str) -> str:
    if reason == "no_result":
        return _("Hasil undian gelombang ini belum diumumkan. Pilih hal lain, atau kembali sesudah pengumuman.")
    return _(
        "Sanggahan atas syarat dan data hanya sampai 48 jam sesudah daftar undian dibekukan. "
        "Untuk gelombang berikutnya pilih “Lainnya”."
    )


def _too_late() -> str:
    return _("Langkah itu tidak dapat lagi diambil: keadaannya sudah berubah atau batas waktunya lewat.")
