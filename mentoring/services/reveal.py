"""Showing one personal value in full: with a reason, on the record, so many a day."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.scope import Scope
from mentoring.services.evidence import FIELD as EVIDENCE
from records.models import Read
from records.services.locks import take_turns
from records.services.log import record_read
from registrations.models import Applicant

REVEALS_PER_DAY = 100
FIELDS = ("nik", "kk", "phone", "birth_date")


class RevealsSpent(Exception):
    """This member of staff has seen as many full numbers today as one day allows."""


def reveal(*, scope: Scope, registration_id: UUID, field: str, reason: str, now: datetime) -> str | date:
    """The `field` (one of FIELDS) of a registration's person; the read log has a line for it or nothing is shown.

    Raises Applicant.DoesNotExist, also for another office's person; RevealsSpent; PermissionError when nobody
    is signed in; ValueError for another field; django.db.IntegrityError (records_read_reason).
    """
    if field not in FIELDS:
        raise ValueError(f"{field} is not shown in full")
    actor_id = scope.actor_id
    with transaction.atomic():
        applicant = Applicant.objects.within(scope).get(registrations=registration_id)
        take_turns(f"reveal {actor_id}")  # two at once would not see each other's line
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        today = Read.objects.filter(actor_id=actor_id, at__gte=midnight).exclude(field=EVIDENCE)
        if today.count() >= REVEALS_PER_DAY:
            raise RevealsSpent
        record_read(
            actor_id=actor_id,
            actor_role=scope.actor_role,
            person_id=applicant.pk,
            regency_id=applicant.regency_id,
            field=field,
            reason=reason,
            at=now,
        )
        return applicant.birth_date if field == "birth_date" else str(getattr(applicant, field).open())
