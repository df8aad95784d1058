"""Photographed papers of a person, opened on the record and judged."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.middleware import ScopedRequest, staff
from mentoring.forms.people import EvidenceForm, RevealForm
from mentoring.services.evidence import OpeningsSpent, open_evidence
from mentoring.views.office import OFFICE, REVEALERS, person_page
from registrations.models import Evidence
from registrations.services.evidence import VerdictChanged, decide_evidence
from registrations.views.evidence import attachment


@staff(*REVEALERS)
@never_cache
@require_POST
def evidence_open(request: ScopedRequest, evidence_id: UUID) -> HttpResponse:
    """The photograph, to be saved; a POST, because it writes the read log."""
    try:
        claim, content = open_evidence(scope=request.scope, evidence_id=evidence_id, now=timezone.now())
    except Evidence.DoesNotExist as error:
        raise Http404 from error
    except OpeningsSpent:
        messages.error(request, _("Batas 300 bukti sehari sudah terpakai. Coba lagi besok, atau minta rekan Anda."))
        return redirect("person", _registration_of(request, evidence_id))
    return attachment(claim, content)


@staff(*OFFICE)
@never_cache
@require_POST
def evidence_decide(request: ScopedRequest, evidence_id: UUID) -> HttpResponse:
    registration_id = _registration_of(request, evidence_id)
    form = EvidenceForm(request.POST, auto_id=f"bukti_{evidence_id}_%s")
    if not form.is_valid():
        reveal_form = RevealForm(auto_id="reveal_%s")
        return person_page(request, registration_id, reveal_form, status=422, judged=(evidence_id, form))
    try:
        decide_evidence(
            scope=request.scope, evidence_id=evidence_id, now=timezone.now(), shown=request.POST.get("shown", ""),
            verdict=form.cleaned_data["verdict"], reason=form.cleaned_data["reason"],
        )  # fmt: skip
    except VerdictChanged:
        messages.error(request, _("Rekan Anda baru saja memutuskan bukti ini. Periksa lagi di bawah."))
    return redirect("person", registration_id)


def _registration_of(request: ScopedRequest, evidence_id: UUID) -> UUID:
    found: UUID | None = (
        Evidence.objects.within(request.scope).filter(pk=evidence_id).values_list("registration_id", flat=True).first()
    )
    if found is None:
        raise Http404
    return found
