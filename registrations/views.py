"""Registration on one page, its receipt, and joining the wave."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import ScopedRequest, client_address
from accounts.services.passwords import network_of
from clusters.models import LabourOffice, Wave
from registrations import eligibility
from registrations.eligibility import Decision
from registrations.forms import AnswersForm, PersonForm, SectionedForm
from registrations.models import Applicant, Registration
from registrations.selectors.own import latest_decision, own_applicant, own_registration, own_registrations, words_for
from registrations.selectors.places import districts_of, villages_of
from registrations.selectors.waves import last_closed_wave, next_wave, open_waves
from registrations.services import intake
from registrations.services.budget import PER_ADDRESS, PER_SESSION, BudgetSpent, within_budget
from registrations.services.consents import CONSENT_VERSION
from registrations.services.receipts import Receipt, random_numbers, secret_code

APPLICANT_KEY = "applicant"  # who the session has shown to be: read by the scope middleware
SUBMISSION_KEY = "submission"  # idempotency key of the form that is being filled in
RECEIPT_KEY = "receipt"  # idempotency key of the submission whose receipt may be shown
SESSION = timedelta(minutes=30)
SECRET_SHOWN = timedelta(minutes=10)  # after registering; the ticket says so
LOST_ANSWER = timedelta(minutes=2)  # how long a form may be sent again by who did not get its answer


@never_cache
def register(request: ScopedRequest) -> HttpResponse:
    """The form; for a person known from an earlier wave only the questions that are asked anew.

    Not for signed-in staff: registering at a counter has rules of its own.
    """
    if request.scope.user_id is not None:
        messages.info(request, gettext("Anda masuk sebagai petugas. Keluar dulu untuk mendaftar sebagai peserta."))
        return redirect("workplace")
    now = timezone.now()
    wave = open_waves(now).select_related("rule_set").first()
    is_late = wave is None and request.method == "POST"  # it closed while the form was being filled in
    wave = last_closed_wave(now) if is_late else wave
    if wave is None:
        return _not_open(request, now)
    applicant = own_applicant(request.scope) if "nik" not in request.POST else None
    if applicant and own_registration(request.scope, wave):
        if request.method == "GET":  # whoever wants to register here is not who has
            request.session.pop(RECEIPT_KEY, None)
            words = gettext(
                "Sudah ada yang mendaftar di sini. Bila bukan Anda, pilih “Selesai di perangkat ini”, lalu daftar."
            )
            messages.info(request, words)
        return redirect("receipt")
    form = _form(request, applicant, now)
    page: dict[str, Any] = {"form": form, "wave": wave, "applicant": applicant, "consent": CONSENT_VERSION}
    if is_late:
        return _form_page(request, page | {"outcome": "closed", "next_wave": next_wave(now)}, status=409)
    if request.method != "POST" or form.asking_options or not form.is_valid():
        return _form_page(request, page)

    submission: dict[str, Any] = {
        "scope": request.scope,
        "wave": wave,
        "idempotency_key": _submission_key(request),
        "now": now,
        "language": get_language() or "id",
        "number_source": settings.REGISTRATION_NUMBERS or random_numbers,
    }
    try:
        if applicant:
            receipt = intake.register_again(applicant=applicant, answers=form.answers(), **submission)
        else:
            person = cast(PersonForm, form).person()
            receipt = within_budget(
                askers=_askers(request), now=now, act=lambda: intake.register(person=person, **submission)
            )
    except intake.NotEligible as refusal:
        return _form_page(request, page | {"outcome": "not_eligible", **_why_not(refusal.decision, _office(form))})
    except intake.DuplicateApplicant:
        return _form_page(request, page | {"outcome": "duplicate", "office": _office(form)}, status=409)
    except BudgetSpent:
        return _form_page(request, page | {"outcome": "budget", "office": _office(form)}, status=429)
    except intake.KeyReused:
        request.session[SUBMISSION_KEY] = str(uuid4())
        fresh = {"outcome": "key_reused", "key": request.session[SUBMISSION_KEY]}
        return _form_page(request, page | fresh, status=409)
    _remember(request, receipt)
    return redirect("receipt")


@require_safe
@never_cache
def receipt(request: ScopedRequest) -> HttpResponse:
    """The newest registration of this session's person; the secret code only where this session made it just now."""
    registration = next(iter(own_registrations(request.scope)), None)
    if registration is None:
        return redirect("register")
    made_here = request.session.get(RECEIPT_KEY) == str(registration.idempotency_key)
    shown = made_here and timezone.now() < registration.created_at + SECRET_SHOWN
    reasons = latest_decision(registration).reasons["clusters"]
    sentences = [(not code.endswith("_not"), gettext(eligibility.CLUSTER_REASONS[code])) for code in reasons]
    status_url = request.build_absolute_uri(reverse("status"))
    context = {
        "registration": registration,
        "wave": registration.wave,
        "can_join": registration.state != Registration.State.INELIGIBLE
        and open_waves(timezone.now()).filter(pk=registration.wave_id).exists(),
        "joined": registration.state == Registration.State.JOINED,
        "reasons_for": [sentence for holds, sentence in sentences if holds],
        "reasons_against": [sentence for holds, sentence in sentences if not holds],
        "secret": secret_code(registration.idempotency_key) if shown else "",
        "facts": [(gettext("Nama"), registration.name), (gettext("Tempat tinggal"), registration.regency.name)],
        "steps": _steps(registration.wave, joined=registration.state == Registration.State.JOINED),
        "qr": _qr(status_url),
        "status_url": status_url,
    }
    return render(request, "registrations/receipt.html", context)


@require_POST
def join(request: ScopedRequest) -> HttpResponse:
    """Take part in the draw with the registration named in the form: one's own, whatever else one may see."""
    now = timezone.now()
    try:
        registration_id = UUID(request.POST.get("registration", ""))
    except ValueError as error:
        raise Http404 from error
    if registration_id not in {own.pk for own in own_registrations(request.scope)}:
        raise Http404
    try:
        changed = intake.join(scope=request.scope, registration_id=registration_id, now=now)
    except intake.WaveNotOpen:
        return _not_open(request, now)
    if changed:
        messages.success(request, gettext("Anda sudah bergabung. Nomor Anda ikut diundi."))
    return redirect("receipt")


@require_safe
def district_options(request: ScopedRequest) -> JsonResponse:
    return _options(request, districts_of)


@require_safe
def village_options(request: ScopedRequest) -> JsonResponse:
    return _options(request, villages_of)


def _options(request: HttpRequest, options_of: Callable[[int], list[tuple[int, str]]]) -> JsonResponse:
    try:
        parent = int(request.GET.get("parent", ""))
    except ValueError:
        return JsonResponse([], safe=False)
    return JsonResponse(options_of(parent), safe=False)


def _form_page(request: ScopedRequest, page: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """The form with what was typed and the idempotency key of its submission, which a reload keeps."""
    return render(request, "registrations/register.html", {"key": _submission_key(request)} | page, status=status)


def _submission_key(request: ScopedRequest) -> UUID:
    """The posted key where this session gave it out, else the one of its form: a key noted elsewhere opens no receipt."""
    posted, session = request.POST.get("key"), request.session
    given_out = posted and posted in (session.get(SUBMISSION_KEY), session.get(RECEIPT_KEY))
    return UUID(posted if given_out else session.setdefault(SUBMISSION_KEY, str(uuid4())))


def _remember(request: ScopedRequest, receipt: Receipt) -> None:
    """This session is now the applicant's, under a new session key: nobody who planted the old one gets in."""
    key = str(_submission_key(request))
    request.session[APPLICANT_KEY] = str(receipt.applicant_id)
    request.session[RECEIPT_KEY] = key
    request.session.pop(SUBMISSION_KEY, None)
    request.session.set_expiry(SESSION)
    transaction.on_commit(lambda: _renew(request.session, key))


def _renew(session: SessionBase, submission: str) -> None:
    """Go on under a new session key. The old one keeps the form's key for a moment, in case the answer gets lost."""
    left = type(session)(session.session_key)
    session.create()
    left.clear()
    left[SUBMISSION_KEY] = submission
    left.set_expiry(LOST_ANSWER)
    left.save()


def _form(request: ScopedRequest, applicant: Applicant | None, now: datetime) -> AnswersForm:
    """With what was sent, if anything was."""
    sent = request.POST if request.method == "POST" else None
    if applicant:
        return AnswersForm(sent)
    return PersonForm(
        sent,
        asking_options="choose" in request.POST,
        today=timezone.localdate(now),
        options_urls={"regency": reverse("district-options"), "district": reverse("village-options")},
    )


def _not_open(request: ScopedRequest, now: datetime) -> HttpResponse:
    context = {"next_wave": next_wave(now), "last_wave": last_closed_wave(now)}
    return render(request, "registrations/not_open.html", context, status=409 if request.method == "POST" else 200)


def _why_not(decision: Decision, office: LabourOffice | None) -> dict[str, list[str]]:
    """What each rule says with its article and what to do where; then the fewest changes and how the clusters were judged."""
    _result, *sentences = eligibility.explain(decision, words_for(office.name if office else ""))
    return {"failures": sentences[: len(decision.failures)], "judged": sentences[len(decision.failures) :]}


def _askers(request: ScopedRequest) -> dict[str, int]:
    session = request.session.session_key
    return {f"address {network_of(client_address(request))}": PER_ADDRESS} | (
        {f"session {session}": PER_SESSION} if session else {}
    )


def _office(form: SectionedForm) -> LabourOffice | None:
    """The labour office of the regency that was chosen."""
    return (
        LabourOffice.objects.select_related("regency").filter(regency_id=form.cleaned_data.get("regency") or 0).first()
    )


def _steps(wave: Wave, *, joined: bool) -> list[tuple[str, str]]:
    """(day, what happens then) from here to the first day in class."""
    missing = gettext("Batas bergabung dengan gelombang. Tanpa bergabung nomor Anda tidak diundi.")
    return [
        (_day(wave.closes_at), gettext("Batas memilih dan mengubah kelas.") if joined else missing),
        (
            _day(wave.draws_at),
            gettext("Undian, terbuka untuk umum. Hasilnya ada di halaman status."),
        ),
        (_day(wave.starts_on), gettext("Pelatihan tatap muka mulai, bagi yang mendapat tempat.")),
    ]


def _day(moment: date) -> str:
    return date_format(timezone.localtime(moment) if isinstance(moment, datetime) else moment, "j F Y")


def _qr(url: str) -> SafeString:
    code = segno.make(url, error="m")
    return SafeString(code.svg_inline(border=0, omitsize=True, title=gettext("Kode QR ke halaman status")))
