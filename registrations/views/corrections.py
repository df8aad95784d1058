"""Correcting one's registration until its wave closes, and taking part in a further wave without typing again."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_POST

from accounts.middleware import ScopedRequest
from registrations.forms.pages import Page, corrected, pages_for, typed_before, typed_now
from registrations.models import Consent, Registration
from registrations.selectors.drafts import draft_of
from registrations.selectors.own import disability_of, own_applicant, own_registrations
from registrations.selectors.waves import announced_waves, takes_registrations
from registrations.services import corrections, drafts, intake
from registrations.services.budget import BudgetSpent, within_budget
from registrations.services.consents import CONSENT_VERSION
from registrations.views.journey import Journey, for_applicants
from registrations.views.pages import as_number
from registrations.views.review import fill, first_wrong, show_refused, show_review
from registrations.views.sessions import DRAFT_KEY


@require_POST
def correct(request: ScopedRequest) -> HttpResponse:
    """Open everything that was answered for the open wave, to be looked through and sent again."""
    now = timezone.now()
    registration = next(
        (one for one in own_registrations(request.scope) if takes_registrations(one.wave, now) and may_correct(one)),
        None,
    )
    if registration is None:
        messages.info(request, gettext("Jawaban hanya dapat diperbaiki selama gelombang Anda dibuka."))
        return redirect("status")
    consent = Consent.objects.filter(registration=registration, text_version=CONSENT_VERSION).exists()
    typed = typed_now(registration, consent=consent, disability=disability_of(registration.applicant))
    draft = drafts.begin(
        scope=request.scope,
        registration=registration,
        filled=_filled(pages_for(known=True, answers=typed, correcting=True), typed, correcting=True),
        now=now,
    )
    request.session[DRAFT_KEY] = str(draft.pk)
    return redirect("register-review")


def may_correct(registration: Registration) -> bool:
    return registration.state in corrections.TAKES_PART


@require_POST
def correct_send(request: ScopedRequest) -> HttpResponse:
    """Store what was corrected; a second press finds it stored."""
    return _send(request) if draft_of(request.scope) else redirect("status")


@for_applicants
def _send(journey: Journey) -> HttpResponse:
    """What no rule lets pass changes nothing, and the former answers stand."""
    request, draft = journey.request, journey.draft
    if draft is None or not journey.correcting:
        return redirect("status")
    if draft.step:
        return redirect(journey.go_on)
    filled = fill(journey)
    if wrong := first_wrong(journey, filled):
        return wrong
    if as_number(request.POST.get("revision", "")) != draft.revision:
        return show_review(journey, filled, status=409, outcome="changed")
    scope, language = request.scope, get_language() or "id"
    try:
        changed = within_budget(
            askers=journey.askers(),
            costly=(intake.HouseholdFull, intake.Listed),
            now=journey.now,
            act=lambda: drafts.finish_correction(
                scope=scope, draft=draft, correction=corrected(filled), now=journey.now, language=language
            ),
        )
    except intake.NotEligible as refusal:
        return show_refused(journey, filled, refusal.decision)
    except BudgetSpent:
        return show_review(journey, filled, status=429, outcome="budget")
    except corrections.ListStands as standing:
        words = gettext("Tempat tinggal baru diubah sesudah hasil %(wave)s diumumkan: daftarnya sudah ditutup.")
        messages.error(request, words % {"wave": standing.wave.name})
        return redirect("register-review")
    except (drafts.ChangedElsewhere, intake.WaveNotOpen):
        return redirect("register-review")
    request.session.pop(DRAFT_KEY, None)
    if changed:
        messages.success(request, gettext("Perbaikan tersimpan. Nomor pendaftaran Anda tetap sama."))
    else:
        messages.info(request, gettext("Tidak ada yang berubah."))
    return redirect("status")


@require_POST
def rejoin(request: ScopedRequest) -> HttpResponse:
    """Begin to register in the next wave with the answers of the last one; the statement alone is made anew."""
    now = timezone.now()
    own, wave = own_registrations(request.scope), announced_waves(now).first()
    if own_applicant(request.scope) is None or not own:
        return redirect("status")
    if wave and not any(one.wave_id == wave.pk for one in own):
        typed = typed_before(own[0])
        filled = _filled(pages_for(known=True, answers=typed), typed)
        drafts.begin(scope=request.scope, registration=None, filled=filled, now=now)
        request.session.pop(DRAFT_KEY, None)
    return redirect("register-review")


def _filled(
    pages: list[Page], typed: Mapping[str, str], *, correcting: bool = False
) -> dict[str, tuple[dict[str, str], bool]]:
    forms = [
        (page.slug, page.form(typed, today=timezone.localdate(), known=True, correcting=correcting)) for page in pages
    ]
    return {slug: (form.typed(), form.is_valid()) for slug, form in forms}
