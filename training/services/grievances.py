"""Appeals and complaints from the first word to the last: one state a step, each step once, whoever is faster."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import localdate

from accounts.scope import Scope
from clusters.services.waves import SYSTEM
from clusters.services.working_days import working_days
from records.fields import BlindIndexField
from records.services.constraints import violated
from records.services.log import record_event, record_read
from records.services.messages import Recipient, queue_message
from registrations.models import Registration
from registrations.services.access import code_fits, look_within_budget
from registrations.services.receipts import NUMBER_DIGITS, code_index, secret_code
from training.models import Grievance, GrievanceStep
from training.selectors.grievances import closed_to, may_answer

# Working days: to answer, to go on to the province, and for the province to answer.
DAYS = {
    Grievance.Kind.APPEAL: 7,
    Grievance.Kind.COMPLAINT: 5,
    Grievance.Kind.CORRECTION: 3,  # UU 27/2022, article 30: 3 x 24 hours
}
READ_REASON = "Menangani pengaduan atau sanggahan"  # as mentoring.forms.people.PURPOSES has it

State = Grievance.State


class SubjectClosed(Exception):
    """This subject cannot be raised now; the text says why, as training.selectors.grievances.closed_to does."""


class AlreadyOpen(Exception):
    """The person has an open one about the same; `grievance` is it."""

    def __init__(self, grievance: Grievance) -> None:
        super().__init__(grievance.number)
        self.grievance = grievance


class StepClosed(Exception):
    """Somebody was faster, or the day for it has passed; nothing was changed."""


def file_own(
    *, scope: Scope, registration_id: UUID, subject: str, claim: str, text: str, key: UUID, language: str, now: datetime
) -> Grievance:
    """Raise something about one's own registration: an appeal where a decision is disputed, a correction where the civil registry
    fixes what is wrong, else a complaint.

    The same `key` once more gives the same one. Raises Registration.DoesNotExist, SubjectClosed, AlreadyOpen.
    """
    own = Registration.objects.within(scope).filter(applicant_id=scope.applicant_id)
    registration = own.get(pk=registration_id)
    if reason := closed_to(registration, subject, now):
        raise SubjectClosed(reason)
    kind = Grievance.Kind.APPEAL if subject in Grievance.APPEALS else Grievance.Kind.COMPLAINT
    if subject == Grievance.Subject.CORRECTION:
        kind = Grievance.Kind.CORRECTION
    try:
        with transaction.atomic():
            return _file(
                scope, kind=kind, subject=subject, claim=claim, text=text, key=key, language=language, now=now,
                regency_id=registration.regency_id, registration=registration, applicant_id=registration.applicant_id,
            )  # fmt: skip
    except IntegrityError as error:
        if violated(error) not in {"training_grievance_one_open", "training_grievance_number"}:
            raise
        open_ones = Grievance.objects.within(scope).filter(state__in=Grievance.OPEN)
        standing: Grievance = open_ones.get(registration=registration, subject=subject)
        if standing.idempotency_key == key:
            return standing
        raise AlreadyOpen(standing) from error


def file_complaint(
    *, scope: Scope, regency_id: int, subject: str, text: str, phone: str, key: UUID, language: str, now: datetime
) -> tuple[str, str, date]:
    """Complain without a registration: number, secret code, last day to answer. `phone` is E.164 or "".

    Number and code follow from `key`, so that the same sending once more shows the same and changes nothing.
    """
    number, code, kind = _number(key), secret_code(key), Grievance.Kind.COMPLAINT
    given: dict[str, Any] = {"phone": phone} if phone else {}
    try:
        with transaction.atomic():
            _file(
                scope, kind=kind, subject=subject, text=text, key=key, language=language, now=now,
                regency_id=regency_id, code_index=code_index(number, code), **given,
            )  # fmt: skip
    except IntegrityError as error:
        if violated(error) not in {"training_grievance_number", "training_grievance_idempotency"}:
            raise
    return number, code, _last_day(kind, now)


def find_by_code(*, number: str, code: str, address: str, now: datetime) -> Grievance:
    """The complaint that number and code belong to. Raises TooManyAttempts, NoSuchStatus; the caller commits either."""

    def look() -> Grievance | None:
        found: Grievance | None = Grievance.objects.filter(number=number).first()
        return found if code_fits(found.code_index if found else None, number, code) else None

    return look_within_budget(number=number, address=address, now=now, look=look)


@transaction.atomic
def open_text(*, scope: Scope, grievance_id: UUID, now: datetime) -> tuple[Grievance, str]:
    """The grievance with what was written: the read log has a line for it or nothing is shown.

    The first of the office who reads it has begun to work on it. Raises Grievance.DoesNotExist.
    """
    grievance: Grievance = Grievance.objects.within(scope).get(pk=grievance_id)
    if grievance.state == State.RECEIVED and may_answer(grievance, scope):
        try:
            _move(scope, grievance, State.WORKING, now)
        except StepClosed:  # a colleague has begun a moment ago
            grievance.refresh_from_db()
    record_read(
        actor_id=scope.actor_id,
        actor_role=scope.actor_role,
        person_id=grievance.applicant_id or grievance.pk,  # of whoever is not registered nothing else is known
        regency_id=grievance.regency_id,
        field="grievance",
        reason=READ_REASON,
        at=now,
    )
    return grievance, grievance.text.open()


@transaction.atomic
def answer(*, scope: Scope, grievance_id: UUID, verdict: str, text: str, now: datetime) -> Grievance:
    """Uphold or reject, with the reason that the asker reads: the office first, the province at last.

    Raises Grievance.DoesNotExist; StepClosed when it was answered already; PermissionDenied, also for whoever answered first
    (training_grievance_two_persons).
    """
    grievance: Grievance = Grievance.objects.within(scope).get(pk=grievance_id)
    if grievance.state not in {State.WORKING, State.ESCALATED}:
        raise StepClosed(grievance.state)
    if not may_answer(grievance, scope):
        raise PermissionDenied
    if grievance.state == State.ESCALATED:
        changes: dict[str, Any] = {"second_by_id": scope.actor_id}
        to = State.CLOSED
    else:
        changes = {"answered_by_id": scope.actor_id, "due_on": _last_day(grievance.kind, now)}
        to = State.ANSWERED
    _move(scope, grievance, to, now, note=text, verdict=verdict, **changes)
    _tell(grievance, "grievance_answered", now)
    return grievance


@transaction.atomic
def escalate(*, scope: Scope, grievance: Grievance, now: datetime, note: str = "") -> None:
    """To the province: by an office that cannot decide it, or by the asker whom the answer does not satisfy, by `due_on`.

    `grievance` is one that the caller may see. Raises StepClosed.
    """
    by_office = scope.user_id is not None
    in_time = by_office or localdate(now) <= grievance.due_on
    if grievance.state not in (Grievance.AT_OFFICE if by_office else {State.ANSWERED}) or not in_time:
        raise StepClosed(grievance.state)
    if by_office and not may_answer(grievance, scope):
        raise PermissionDenied
    _move(scope, grievance, State.ESCALATED, now, note=note, due_on=_last_day(grievance.kind, now))


@transaction.atomic
def withdraw(*, scope: Scope, grievance: Grievance, now: datetime) -> None:
    """The asker takes back their own while nobody has answered. Raises StepClosed."""
    if grievance.state not in {*Grievance.AT_OFFICE, State.ESCALATED}:
        raise StepClosed(grievance.state)
    _move(scope, grievance, State.WITHDRAWN, now)


@transaction.atomic
def move_overdue(*, now: datetime) -> int:
    """Effect of the clock: to the province what an office left unanswered, and closed what nobody took there; how many.

    Each once, however many run at a time.
    """
    moving = Q(state__in=[*Grievance.AT_OFFICE, State.ANSWERED], due_on__lt=localdate(now))
    late = list(Grievance.objects.select_for_update(skip_locked=True).filter(moving).order_by("pk"))
    for grievance in late:
        if grievance.state == State.ANSWERED:
            _move(SYSTEM, grievance, State.CLOSED, now)
        else:
            _move(SYSTEM, grievance, State.ESCALATED, now, due_on=_last_day(grievance.kind, now))
            _tell(grievance, "grievance_late", now)
    return len(late)


def _file(scope: Scope, *, kind: str, key: UUID, now: datetime, **fields: Any) -> Grievance:
    grievance = Grievance(
        number=_number(key),
        idempotency_key=key,
        kind=kind,
        received_at=now,
        due_on=_last_day(kind, now),
        as_of=now,
        **fields,
    )
    grievance.save(force_insert=True)
    if grievance.applicant_id:  # whoever is nobody could not see the event; the row itself says when
        _record(scope, grievance, "grievance.received", now)
    return grievance


def _number(key: UUID) -> str:
    """Known only to who knows the key, as random as the key under the keyring's pepper."""
    value = int.from_bytes(BlindIndexField.of("code", f"grievance|{key}")[:16], "big")
    return f"{value % 10**NUMBER_DIGITS:0{NUMBER_DIGITS}}"


def _last_day(kind: str, now: datetime) -> date:
    return working_days(localdate(now), DAYS[Grievance.Kind(kind)])


def _move(
    scope: Scope, grievance: Grievance, to: str, now: datetime, *, note: str = "", verdict: str = "", **changes: Any
) -> None:
    """One conditional update: of two steps at once the second finds another state and changes nothing."""
    changes |= {"state": to, "as_of": now} | ({"verdict": verdict} if verdict else {})
    if not Grievance.objects.filter(pk=grievance.pk, state=grievance.state).update(**changes):
        raise StepClosed(grievance.state)
    for name, value in changes.items():
        setattr(grievance, name, value)
    step = GrievanceStep(
        grievance=grievance, at=now, state=to, verdict=verdict, actor_id=scope.user_id, actor_role=scope.actor_role
    )
    if note:
        step.note = note
    step.save(force_insert=True)
    _record(scope, grievance, f"grievance.{to}", now)


def _record(scope: Scope, grievance: Grievance, kind: str, now: datetime) -> None:
    record_event(
        kind=kind,
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type="grievance",
        subject_id=grievance.pk,
        person_id=grievance.applicant_id,
        regency_id=grievance.regency_id,
        fields=["state"],
        at=now,
    )


def _tell(grievance: Grievance, template: str, now: datetime) -> None:
    """Tell the asker by SMS; whoever is not registered, where they left a number."""
    if grievance.applicant_id:
        to: dict[str, Any] = {"recipient": Recipient("applicant", grievance.applicant_id)}
    elif grievance.phone:
        to = {"destination": grievance.phone.open()}
    else:
        return
    queue_message(
        template=template,
        channel="sms",
        language=grievance.language,
        key=f"{template}:{grievance.pk}:{grievance.state}",
        values={
            "number": grievance.number,
            "page": reverse("status" if grievance.applicant_id else "complaint-follow"),
        },
        now=now,
        **to,
    )
