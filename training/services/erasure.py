"""Erasing a person: asked for by them, decided by two of the office within 72 hours, done by the worker.

What says who somebody is, is overwritten: the numbers with their blind indexes, name, contact, address, day of birth,
disability, photographed papers, former values, what was written in appeals. Ids, states, places, decisions and both logs stay,
so that the draw can be recomputed and the chain of the log still fits. Lists that others keep (registrations.PersonList) are
theirs.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.scope import Scope
from clusters.services.waves import SYSTEM
from records.fields import BlindIndexField
from records.models import Job, Message
from records.services.constraints import violated
from records.services.jobs import request_job
from records.services.log import record_event
from registrations.models import (
    Applicant,
    Disability,
    DisabilityNeed,
    Draft,
    Evidence,
    EvidenceUpload,
    FormerValue,
    IdentityCheck,
    PhoneChange,
    Registration,
)
from training.models import Erasure, Grievance, GrievanceStep
from training.selectors.obligations import obligations_of

ERASE = "training.erase"
WITHIN = timedelta(hours=72)  # UU 27/2022, articles 30 and 32: 3 x 24 hours
ERASED = "(dihapus)"
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
State = Erasure.State


class Obliged(Exception):
    """Something stands in the way; `sentences` say what, and what to do."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(len(sentences))
        self.sentences = sentences


class DecidedMeanwhile(Exception):
    """Somebody was faster, or it was taken back; nothing was changed."""


def request_erasure(*, scope: Scope, now: datetime) -> Erasure:
    """Ask to be erased; asking again gives the one that is open. Raises Obliged, Applicant.DoesNotExist."""
    applicant: Applicant = Applicant.objects.within(scope).get(pk=scope.applicant_id)
    if sentences := obligations_of(applicant.pk):
        raise Obliged(sentences)
    erasure = Erasure(
        applicant=applicant, regency_id=applicant.regency_id, requested_at=now, due_at=now + WITHIN, as_of=now
    )
    try:
        with transaction.atomic():
            erasure.save(force_insert=True)
            _record(scope, erasure, now)
    except IntegrityError as error:
        if violated(error) != "training_erasure_one_open":
            raise
        erasure = Erasure.objects.within(scope).get(applicant=applicant, state__in=Erasure.OPEN)
    return erasure


def withdraw_erasure(*, scope: Scope, erasure_id: UUID, now: datetime) -> None:
    """Stay after all, while it is not approved. Raises Erasure.DoesNotExist, DecidedMeanwhile."""
    erasure = Erasure.objects.within(scope).filter(applicant_id=scope.applicant_id).get(pk=erasure_id)
    _move(scope, erasure, Erasure.WAITING, State.WITHDRAWN, now)


def propose_erasure(*, scope: Scope, erasure_id: UUID, now: datetime) -> None:
    """The first person of the office has looked: it may be done. Raises Erasure.DoesNotExist, PermissionDenied, Obliged,
    DecidedMeanwhile.
    """
    erasure = _of_office(scope, erasure_id)
    if sentences := obligations_of(erasure.applicant_id):
        raise Obliged(sentences)
    _move(scope, erasure, (State.REQUESTED,), State.PROPOSED, now, proposed_by_id=scope.actor_id)


@transaction.atomic
def approve_erasure(*, scope: Scope, erasure_id: UUID, now: datetime) -> Job:
    """The second person signs; the job that does it, in the same transaction. Raises as propose_erasure, PermissionDenied also
    for one's own proposal.
    """
    erasure = _of_office(scope, erasure_id)
    if erasure.proposed_by_id == scope.actor_id:
        raise PermissionDenied
    if sentences := obligations_of(erasure.applicant_id):
        raise Obliged(sentences)
    _move(scope, erasure, (State.PROPOSED,), State.APPROVED, now, decided_by_id=scope.actor_id)
    return request_job(
        task=ERASE, key=f"{ERASE}:{erasure.pk}", payload={"erasure_id": str(erasure.pk)}, requested_by=scope.actor_id
    )


def refuse_erasure(*, scope: Scope, erasure_id: UUID, reason: str, now: datetime) -> None:
    """With the reason, which the person reads. Raises Erasure.DoesNotExist, PermissionDenied, DecidedMeanwhile."""
    erasure = _of_office(scope, erasure_id)
    _move(scope, erasure, Erasure.WAITING, State.REFUSED, now, decided_by_id=scope.actor_id, reason=reason)


@transaction.atomic
def erase_approved(*, erasure_id: UUID, now: datetime) -> Mapping[str, Any]:
    """Effect of the job: done, or refused because of what came in between. Again, it changes nothing."""
    erasure = Erasure.objects.select_for_update().get(pk=erasure_id)
    if erasure.state != State.APPROVED:
        return {"state": erasure.state}
    if sentences := obligations_of(erasure.applicant_id):
        _move(SYSTEM, erasure, (State.APPROVED,), State.REFUSED, now, reason=" ".join(sentences)[:300])
    else:
        erase(applicant_id=erasure.applicant_id, now=now)
        _move(SYSTEM, erasure, (State.APPROVED,), State.DONE, now)
    return {"state": erasure.state}


@transaction.atomic
def erase(*, applicant_id: UUID, now: datetime) -> bool:
    """Overwrite who this is; whether anything was left to overwrite. As the owner, for the job and for tombstones."""
    applicant: Applicant | None = (
        Applicant.objects.select_for_update().filter(pk=applicant_id, erased_at__isnull=True).first()
    )
    if applicant is None:
        return False
    numbers = PhoneChange.objects.filter(applicant=applicant).values_list("pk", flat=True)
    changes = FormerValue.objects.filter(applicant=applicant, field="phone").values_list("idempotency_key", flat=True)
    _forget_destinations({*numbers, *changes}, now)
    for name in ("nik", "kk", "phone"):
        setattr(applicant, name, "")
        setattr(applicant, f"{name}_index", BlindIndexField.of(name, f"erased|{applicant.pk}"))
    applicant.name, applicant.email, applicant.address = ERASED, "", ""
    applicant.birth_date = applicant.birth_date.replace(month=1, day=1)
    applicant.erased_at = applicant.as_of = now
    applicant.save()
    for model in (DisabilityNeed, Disability, PhoneChange, Draft):
        model.objects.filter(applicant=applicant).delete()
    for papers in (EvidenceUpload, Evidence):
        papers.objects.filter(registration__applicant=applicant).delete()
    for former in FormerValue.objects.filter(applicant=applicant):
        former.former = "null"
        former.save(update_fields=["former"])
    for registration in Registration.objects.filter(applicant=applicant):
        registration.name, registration.as_of = ERASED, now
        registration.code_index = BlindIndexField.of("code", f"erased|{registration.pk}")
        registration.save(update_fields=["name", "code_index", "as_of"])
    checks = IdentityCheck.objects.filter(applicant=applicant)
    checks.filter(state__in=IdentityCheck.LIVE).update(state="failed", next_try=NEVER)
    checks.exclude(sight_reason="").update(sight_reason=ERASED)
    for grievance in Grievance.objects.filter(applicant=applicant):
        grievance.text = ERASED
        grievance.save(update_fields=["text"])
        for step in GrievanceStep.objects.filter(grievance=grievance, note__isnull=False):
            step.note = ERASED
            step.save(update_fields=["note"])
    return True


def _forget_destinations(changes: set[UUID], now: datetime) -> None:
    """The numbers that messages about a change of number were sent to, or were about to be."""
    keys = [f"{template}:{change}" for template in ("phone_code", "phone_changed") for change in changes]
    about = Message.objects.filter(key__in=keys, destination__isnull=False)
    about.filter(state__in=Message.LIVE).update(state="suppressed", reason="erased", finished_at=now)
    about.update(destination=None, sealed_values=None)


def _of_office(scope: Scope, erasure_id: UUID) -> Erasure:
    erasure: Erasure = Erasure.objects.within(scope).get(pk=erasure_id)
    if not scope.is_office or erasure.regency_id not in scope.regency_ids:
        raise PermissionDenied
    return erasure


@transaction.atomic
def _move(scope: Scope, erasure: Erasure, before: tuple[str, ...], to: str, now: datetime, **changes: Any) -> None:
    """One conditional update: of two at once the second finds another state and changes nothing."""
    changes |= {"state": to, "as_of": now}
    if not Erasure.objects.filter(Q(pk=erasure.pk), state__in=before).update(**changes):
        raise DecidedMeanwhile(to)
    erasure.state = to
    _record(scope, erasure, now)


def _record(scope: Scope, erasure: Erasure, now: datetime) -> None:
    record_event(
        kind=f"erasure.{erasure.state}",
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type="applicant",
        subject_id=erasure.applicant_id,
        person_id=erasure.applicant_id,
        regency_id=erasure.regency_id,
        fields=["state"],
        at=now,
    )
