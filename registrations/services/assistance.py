"""Filling in a registration for somebody at the counter, until they take it over with their claim code."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import Wave
from records.services.constraints import violated
from records.services.log import record_event
from records.services.messages import Recipient, queue_message
from registrations.models import Assistance, Consent, Draft, PaperForm, Registration
from registrations.services import drafts, intake
from registrations.services.access import look_within_budget
from registrations.services.consents import ASSISTANCE_VERSION
from registrations.services.receipts import NumberSource, Receipt, claim_code, normalise_code, random_numbers
from registrations.services.validation import Person

# How long a claim may be sent again by who did not get its answer; without it they would hold no code that opens anything.
REPEATED = timedelta(minutes=10)
NOBODYS = UUID(int=0)


class NoAssistance(Exception):
    """The office helps nobody under this id, or its right has ended: by date, or because the person has claimed it."""


class NotHeld(Exception):
    """A colleague has this person open, or nobody has: it must be opened first. `holder` is who has it, if anybody."""

    def __init__(self, holder: Any) -> None:
        super().__init__(str(holder))
        self.holder = holder


class UnknownForm(Exception):
    """This office handed out no form with this number."""


class FormEntered(Exception):
    """This form was entered before, or is being entered."""


@dataclass(frozen=True)
class Paper:
    """The signed form that stands for the person's word."""

    number: str
    signed_on: date


@transaction.atomic
def begin(
    *,
    scope: Scope,
    key: UUID,
    paper: Paper | None,
    first_page: str,
    language: str,
    now: datetime,
    captured_at: datetime | None = None,
) -> Assistance:
    """Begin to fill in for somebody who said yes to ASSISTANCE_VERSION, or who signed a form; whom one had open is put down.

    Sent again with the same `key`, also at the same moment, it is begun once. Raises UnknownForm, FormEntered, NoAssistance.
    """
    mine = Assistance.objects.within(scope).filter(pk=key, assistant_id=scope.actor_id)
    if mine.exists():
        return take(scope=scope, assistance_id=key, now=now)
    form = None
    if paper and not (form := PaperForm.objects.within(scope).filter(pk=paper.number).first()):
        raise UnknownForm(paper.number)
    put_down(scope=scope)
    assistance = Assistance(
        id=key,
        regency_id=form.lot.regency_id if form else min(scope.regency_ids),
        assistant_id=scope.actor_id,
        holder_id=scope.actor_id,
        language=language,
        consent_text="" if paper else ASSISTANCE_VERSION,
        form=form,
        signed_on=paper.signed_on if paper else None,
        captured_at=captured_at,
        began_at=now,
        ends_at=now + timedelta(days=settings.ASSISTANCE_DAYS),
    )
    try:
        with transaction.atomic():
            assistance.save(force_insert=True)
    except IntegrityError as error:
        match violated(error):
            case "registrations_assistance_pkey" | "registrations_assistance_one_at_a_time":
                if mine.exists():  # the faster one of two clicks
                    return take(scope=scope, assistance_id=key, now=now)
                raise NoAssistance from error
            case "registrations_assistance_form_id_key":
                raise FormEntered from error
        raise
    drafts.begin_for(assistance=assistance, step=first_page, now=now)
    _record(scope, "assistance.began", assistance, now)
    return assistance


@transaction.atomic
def take(*, scope: Scope, assistance_id: UUID, now: datetime) -> Assistance:
    """Go on with somebody whom this office helps, in place of any colleague; whom one had open is put down.

    Raises NoAssistance.
    """
    assistance = _running(scope, assistance_id, now)
    if assistance.holder_id != scope.actor_id:
        put_down(scope=scope)
        assistance.holder_id = scope.actor_id
        assistance.save(update_fields=["holder"])
        _record(scope, "assistance.opened", assistance, now)
    return assistance


def put_down(*, scope: Scope) -> None:
    """Close whom one has open, if anybody: no page shows them before they are opened again."""
    Assistance.objects.within(scope).filter(holder_id=scope.actor_id).update(holder=None)


def held(*, scope: Scope, assistance_id: UUID, now: datetime) -> Assistance:
    """The one that the asker has open. Raises NoAssistance, NotHeld."""
    found = Assistance.objects.within(scope).running(now).filter(pk=assistance_id)
    assistance: Assistance | None = found.first()
    if assistance is None:
        raise NoAssistance
    if assistance.holder_id != scope.actor_id:
        raise NotHeld(assistance.holder_id)
    return assistance


@transaction.atomic
def register(*, scope: Scope, assistance: Assistance, **submission: Any) -> Receipt:
    """Make the registration of the draft, as `drafts.finish` does and with what it raises; and NoAssistance, NotHeld."""
    held(scope=scope, assistance_id=assistance.pk, now=submission["now"])
    receipt = drafts.finish(scope=scope, **submission)
    Assistance.objects.within(scope).filter(pk=assistance.pk).update(
        registration=receipt.registration_id, applicant=receipt.applicant_id
    )
    return receipt


@transaction.atomic
def capture(
    *,
    scope: Scope,
    key: UUID,
    captured_at: datetime,
    person: Person,
    wave: Wave,
    now: datetime,
    language: str,
    number_source: NumberSource = random_numbers,
) -> bool:
    """Register and join somebody who was filled in on a device without a network; whether this call did it.

    Whoever the asker has open is put down. Sent again with the same `key`, also at the same moment or after the person has
    claimed it, it is registered once. All of it, or nothing. Raises what `register` raises.
    """
    mine = Assistance.objects.within(scope).filter(pk=key, assistant_id=scope.actor_id)
    if mine.filter(registration__isnull=False).exists():
        return False
    begun = begin(scope=scope, key=key, paper=None, first_page="", language=language, now=now, captured_at=captured_at)
    if begun.registration_id:  # by the faster one of two
        return False
    draft: Draft = begun.draft
    register(
        scope=scope.with_draft(draft.pk),
        assistance=begun,
        draft=draft,
        entered=person,
        wave=wave,
        join=True,
        now=now,
        language=language,
        number_source=number_source,
    )
    put_down(scope=scope)
    return True


@transaction.atomic
def join(*, scope: Scope, assistance_id: UUID, now: datetime) -> bool:
    """Take part in the draw for the person; whether this changed anything. Raises NoAssistance, NotHeld, WaveNotOpen."""
    assistance = held(scope=scope, assistance_id=assistance_id, now=now)
    acting = act_for(scope=scope, assistance=assistance)
    return intake.join(scope=acting, registration_id=cast(UUID, assistance.registration_id), now=now)


def act_for(*, scope: Scope, assistance: Assistance) -> Scope:
    """The asker's scope, and from now on the transaction's, with the person whom this held assistance has registered.

    Raises NoAssistance while nobody is registered.
    """
    if assistance.applicant_id is None:
        raise NoAssistance
    acting = scope.as_applicant(assistance.applicant_id)
    enter_scope(acting)
    return acting


def claim(*, number: str, code: str, birth_date: date, address: str, now: datetime) -> Registration:
    """The registration that an office made, now the person's own: the office's right ends.

    Runs before anybody is known, so with the owner's rights. Raises TooManyAttempts, NoSuchStatus (one answer for an unknown
    number, a wrong code or birth date, and a right that has ended); the caller commits either.
    """

    def look() -> Registration | None:
        found = Assistance.objects.select_for_update(of=("self",)).filter(registration__number=number)
        assistance = found.select_related("registration__applicant").first()
        right = claim_code(assistance.pk if assistance else NOBODYS)
        typed = normalise_code(code).encode()
        if not constant_time_compare(typed, right.encode()) or assistance is None or assistance.registration is None:
            return None
        registration: Registration = assistance.registration
        if registration.applicant.birth_date != birth_date:
            return None
        if assistance.claimed_at:
            return registration if now < assistance.claimed_at + REPEATED else None
        if now >= assistance.ends_at:
            return None
        assistance.claimed_at, assistance.holder = now, None
        assistance.save(update_fields=["claimed_at", "holder"])
        _tell_claimed(registration, now)
        return registration

    return look_within_budget(number=number, address=address, now=now, look=look)


def _tell_claimed(registration: Registration, now: datetime) -> None:
    record_event(
        kind="registration.claimed",
        actor_id=None,
        actor_role="applicant",
        subject_type="registration",
        subject_id=registration.pk,
        person_id=registration.applicant_id,
        regency_id=registration.regency_id,
        at=now,
    )
    language = Consent.objects.filter(registration=registration).values_list("language", flat=True).first()
    queue_message(
        template="registration_claimed",
        channel="sms",
        language=language or settings.LANGUAGE_CODE,
        key=f"registration_claimed:{registration.pk}",
        values={"number": registration.number},
        recipient=Recipient("applicant", registration.applicant_id),
        now=now,
    )


def _running(scope: Scope, assistance_id: UUID, now: datetime) -> Assistance:
    found = Assistance.objects.within(scope).running(now).select_for_update().filter(pk=assistance_id)
    assistance: Assistance | None = found.first()
    if assistance is None:
        raise NoAssistance
    return assistance


def _record(scope: Scope, kind: str, assistance: Assistance, now: datetime) -> None:
    """About the person as far as they are known: a draft is nobody's yet."""
    record_event(
        kind=kind,
        actor_id=scope.actor_id,
        actor_role=scope.actor_role,
        subject_type="assistance",
        subject_id=assistance.pk,
        person_id=assistance.applicant_id,
        regency_id=assistance.regency_id,
        at=now,
    )
