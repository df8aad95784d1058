"""The status of one's own registration: what happened, what comes next, and why."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.middleware import ScopedRequest, client_address, outside_scope
from records.services.messages import Recipient
from records.services.messages.reading import messages_to
from records.tasks import start_on_commit
from registrations.models import Registration
from registrations.selectors.evidence import asked_of
from registrations.selectors.own import latest_decision, why_not
from registrations.selectors.waves import announced_waves, takes_registrations
from registrations.services.access import NoSuchStatus, TooManyAttempts, open_status
from registrations.services.intake import WaveNotOpen, withdraw
from training.forms.status import StatusForm
from training.models import Placement
from training.selectors import status as selectors
from training.selectors.grievances import own_grievances
from training.selectors.timeline import steps_of
from training.selectors.trail import looks_at
from training.services.places import OfferClosed, answer_offer

SESSION_MINUTES = 30
TAKES_PART = {Registration.State.REGISTERED, Registration.State.JOINED}


@never_cache
def status(request: ScopedRequest) -> HttpResponse:
    """The person's own status, or the form that opens it."""
    if request.scope.applicant_id is None:
        return render(request, "training/status_open.html", {"form": StatusForm()})
    registrations = list(selectors.own_registrations(request.scope))
    if not registrations:
        raise Http404
    registration = selectors.shown_first(registrations, request.scope, request.GET.get("gelombang", ""))
    outcome = selectors.outcome_of(registration, request.scope)
    placement = selectors.placement_of(registration, request.scope)
    wishes = list(selectors.wishes_of(registration, request.scope))
    unfrozen = registration.wave.state in {"open", "closed"}
    turned_away = registration.state == Registration.State.INELIGIBLE
    office = getattr(registration.regency, "office", None)
    now = timezone.now()
    joinable = announced_waves(now).first()
    return render(
        request,
        "training/status.html",
        {
            "registration": registration,
            "others": [other for other in registrations if other != registration],
            "clusters": selectors.cluster_names(registration),
            "wishes": wishes,
            "outcome": outcome,
            "placement": placement,
            "steps": steps_of(registration, wishes, outcome, placement),
            "may_correct": registration.state in TAKES_PART and takes_registrations(registration.wave, now),
            "next_wave": None if any(one.wave == joinable for one in registrations) else joinable,
            "may_leave": registration.state in TAKES_PART and unfrozen,
            "failures": _failures(registration, office.name if office else "") if turned_away else [],
            "unfrozen": unfrozen,
            "papers": asked_of(scope=request.scope, registration=registration)
            if registration.state != Registration.State.WITHDRAWN
            else [],
            "current_wave": registration.wave,
            "grievances": own_grievances(registration, request.scope),
            "looks": looks_at(request.scope.applicant_id),
            "told": messages_to(Recipient("applicant", request.scope.applicant_id), limit=10),
        },
    )


def _failures(registration: Registration, office: str) -> list[str]:
    """Why the registration is out of the draw; where no rule says so, an office found the same person twice."""
    twice = _(
        "Kantor dinas menemukan pendaftaran Anda yang lain pada gelombang ini. Yang ikut undian hanya yang pertama."
    )
    return why_not(latest_decision(registration), office=office) or [twice]


@outside_scope
@require_POST
def open_own_status(request: HttpRequest) -> HttpResponse:
    """Number, code and birth date together open the status; which of them was wrong is never said."""
    form = StatusForm(request.POST)
    answer = 200
    if form.is_valid():
        try:
            registration = open_status(**form.cleaned_data, address=client_address(request), now=timezone.now())
        except NoSuchStatus:
            form.add_error(None, _("Nomor, kode, dan tanggal lahir tidak cocok. Periksa bukti pendaftaran Anda."))
        except TooManyAttempts:
            answer = 429
            form.add_error(
                None, _("Terlalu banyak percobaan. Coba lagi satu jam lagi, atau datang ke dinas tenaga kerja Anda.")
            )
        else:
            request.session.flush()  # nothing of whoever used this device before stays, a signed-in colleague least of all
            request.session["applicant"] = str(registration.applicant_id)
            request.session.set_expiry(SESSION_MINUTES * 60)
            return redirect("status")
    return render(request, "training/status_open.html", {"form": form}, status=answer)


@outside_scope
@require_POST
def close_own_status(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return redirect("status")


@require_POST
def answer(request: ScopedRequest, placement: UUID) -> HttpResponse:
    """Accept or decline one's own offered place; any other word changes nothing."""
    word = request.POST.get("answer")
    if word not in {"accept", "decline"}:
        raise BadRequest
    try:
        job = answer_offer(scope=request.scope, placement_id=placement, accept=word == "accept", now=timezone.now())
    except Placement.DoesNotExist as error:
        raise Http404 from error
    except OfferClosed:
        return render(request, "training/offer_closed.html", status=409)
    if job:
        start_on_commit(job)
    return redirect("status")


@require_POST
def leave(request: ScopedRequest, registration: UUID) -> HttpResponse:
    """Leave the wave while its list is not frozen; joining again is possible until it closes."""
    own = Registration.objects.within(request.scope).filter(applicant_id=request.scope.applicant_id)
    if not own.filter(pk=registration).exists():
        raise Http404
    try:
        withdraw(scope=request.scope, registration_id=registration, now=timezone.now())
    except WaveNotOpen:
        messages.error(
            request, _("Daftar gelombang ini sudah dibekukan. Bila Anda mendapat tempat, kembalikan di sini.")
        )
    return redirect("status")


@never_cache
def own_line(request: ScopedRequest, registration: UUID) -> HttpResponse:
    """The person's line of the frozen list with salt and proof, as a file for the check of one's own receipt."""
    own = Registration.objects.within(request.scope).filter(pk=registration, applicant_id=request.scope.applicant_id)
    found = own.select_related("wave").first()
    line = selectors.own_line(found, request.scope) if found else None
    if line is None:
        raise Http404
    answer = JsonResponse(line)
    answer["Content-Disposition"] = f'attachment; filename="baris-{line["wave"]}.json"'
    return answer
