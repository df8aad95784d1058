"""One's own data: taking them away, and asking to be erased."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.middleware import ScopedRequest
from registrations.services.budget import BudgetSpent, spend
from training.models import Erasure
from training.selectors.obligations import obligations_of
from training.services import erasure as services
from training.services.own_data import own_data

DOWNLOADS_A_DAY = 10


@require_POST
@never_cache
def own_data_download(request: ScopedRequest) -> HttpResponse:
    """Everything about the person as a ZIP; a POST, since the log keeps that it was made."""
    if request.scope.applicant_id is None:
        return redirect("status")
    now = timezone.now()
    try:
        spend(asker=f"own data {request.scope.applicant_id}", budget=DOWNLOADS_A_DAY, now=now)
    except BudgetSpent:
        messages.error(request, _("Data Anda sudah diunduh berkali-kali hari ini. Coba lagi besok."))
        return redirect("status")
    answer = HttpResponse(own_data(scope=request.scope, now=now), content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="data-saya.zip"'
    return answer


@never_cache
def own_erasure(request: ScopedRequest) -> HttpResponse:
    """What being erased means and what stands in the way; sent, the request."""
    scope = request.scope
    if scope.applicant_id is None:
        return redirect("status")
    obliged: list[str] = []
    if request.method == "POST":
        try:
            services.request_erasure(scope=scope, now=timezone.now())
        except services.Obliged as refusal:
            obliged = refusal.sentences
        else:
            return redirect("own-erasure")
    newest = Erasure.objects.within(scope).filter(applicant_id=scope.applicant_id).order_by("-requested_at").first()
    is_open = newest is not None and newest.state in Erasure.OPEN
    context = {
        "erasure": newest,
        "is_open": is_open,
        "may_withdraw": newest is not None and newest.state in Erasure.WAITING,
        "obliged": obliged or ([] if is_open else obligations_of(scope.applicant_id)),
    }
    return render(request, "training/own_erasure.html", context, status=422 if obliged else 200)


@require_POST
def own_erasure_withdraw(request: ScopedRequest, erasure: UUID) -> HttpResponse:
    if request.scope.applicant_id is None:
        raise Http404
    try:
        services.withdraw_erasure(scope=request.scope, erasure_id=erasure, now=timezone.now())
    except Erasure.DoesNotExist as error:
        raise Http404 from error
    except services.DecidedMeanwhile:
        messages.error(request, _("Permintaan itu sudah diputus dan tidak dapat ditarik lagi."))
    else:
        messages.success(request, _("Permintaan ditarik. Data Anda tetap tersimpan."))
    return redirect("own-erasure")
