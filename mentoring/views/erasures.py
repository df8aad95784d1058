"""The wishes to be erased as the office decides them, and correcting what the civil registry fixes."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import ScopedRequest, staff
from mentoring.forms.erasures import RefuseForm, RegistryForm
from mentoring.selectors.desk import choose_desk
from mentoring.views.office import OFFICE, READERS, frame
from records.tasks import start_on_commit
from registrations.models import Registration
from registrations.services.corrections import correct_for_office
from registrations.services.intake import DuplicateApplicant, NotEligible
from training.models import Erasure, Grievance
from training.services import erasure as services

SHOWN = 100


@staff(*READERS)
@never_cache
@require_safe
def erasures(request: ScopedRequest) -> HttpResponse:
    """What waits, the first due first, and the last that were decided."""
    return _page(request)


@staff(*OFFICE)
@never_cache
@require_POST
def erasure_decide(request: ScopedRequest, erasure: UUID) -> HttpResponse:
    """The first person proposes, a second one approves; either refuses with a reason."""
    act, now = request.POST.get("act", ""), timezone.now()
    form = RefuseForm(request.POST if act == "refuse" else None)
    if act == "refuse" and not form.is_valid():
        return _page(request, refusing=erasure, form=form, status=422)
    acts: dict[str, Callable[[], Any]] = {
        "propose": lambda: services.propose_erasure(scope=request.scope, erasure_id=erasure, now=now),
        "approve": lambda: services.approve_erasure(scope=request.scope, erasure_id=erasure, now=now),
        "refuse": lambda: services.refuse_erasure(
            scope=request.scope, erasure_id=erasure, now=now, **form.cleaned_data
        ),
    }
    if not Erasure.objects.within(request.scope).filter(pk=erasure).exists():
        raise Http404
    if act not in acts:
        raise BadRequest
    try:
        job = acts[act]()
    except services.Obliged as refusal:
        messages.error(request, " ".join(refusal.sentences))
    except services.DecidedMeanwhile:
        messages.error(request, _("Sudah diputus rekan Anda atau ditarik pendaftar."))
    else:
        if job:
            start_on_commit(job)
        messages.success(request, _("Tercatat."))
    return redirect("erasures")


@staff(*OFFICE)
@never_cache
def registry_correction(request: ScopedRequest, grievance: UUID) -> HttpResponse:
    """Store what stands on the card of somebody whose wish for it was upheld; the registry is asked again."""
    found = Grievance.objects.within(request.scope).select_related("registration").filter(pk=grievance).first()
    if found is None or found.kind != Grievance.Kind.CORRECTION:
        raise Http404
    if found.verdict != Grievance.Verdict.UPHELD:
        raise PermissionDenied
    sent = request.method == "POST"
    form = RegistryForm(request.POST if sent else None, today=timezone.localdate(), checked=sent)
    if form.is_valid():
        try:
            correct_for_office(
                scope=request.scope,
                applicant_id=found.applicant_id,
                details=form.details,
                reason=f"Permintaan perbaikan {found.number}",
                key=form.cleaned_data["key"],
                now=timezone.now(),
                language=get_language() or "id",
            )
        except DuplicateApplicant:
            form.add_error("nik", _("NIK ini sudah terdaftar atas orang lain. Cocokkan lagi dengan KTP."))
        except NotEligible:
            words = _(
                "Dengan data ini orang itu tidak memenuhi syarat gelombang yang dibuka. Bicarakan dulu dengannya."
            )
            form.add_error(None, words)
        else:
            messages.success(request, _("Data diperbaiki dan ditanyakan lagi ke Dukcapil."))
            return redirect("grievance", found.pk)
    context = frame(request, choose_desk(scope=request.scope), "grievances") | {
        "wave_choices": [],
        "form": form,
        "grievance": found,
    }
    return render(request, "mentoring/grievances/registry.html", context)


def _page(request: ScopedRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    theirs = Registration.objects.within(request.scope).filter(applicant=OuterRef("applicant")).order_by("-created_at")
    found = (
        Erasure.objects.within(request.scope)
        .select_related("regency", "applicant")
        .annotate(registration_id=Subquery(theirs.values("pk")[:1]))
    )
    context = frame(request, choose_desk(scope=request.scope), "erasures") | {
        "wave_choices": [],
        "waiting": found.filter(state__in=Erasure.WAITING).order_by("due_at", "pk")[:SHOWN],
        "decided": found.exclude(state__in=Erasure.WAITING).order_by("-as_of", "-pk")[:20],
        "now": timezone.now(),
        "refuse_form": RefuseForm(),
        "may_decide": request.scope.is_office,
        "me": request.scope.user_id,
    }
    return render(request, "mentoring/erasures.html", context | more, status=status)
