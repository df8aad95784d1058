"""Opening a photographed paper: on the record, so many a day."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.scope import Scope
from records.models import Read
from records.services.locks import take_turns
from records.services.log import record_read
from registrations.models import Evidence

OPENED_A_DAY = 300
FIELD = "evidence"
REASON = "Memeriksa bukti"


class OpeningsSpent(Exception):
    """This member of staff has opened as many papers today as one day allows."""


def open_evidence(*, scope: Scope, evidence_id: UUID, now: datetime) -> tuple[str, bytes]:
    """The claim and the photograph; the read log has a line for it or nothing is shown.

    Raises Evidence.DoesNotExist, also for another office's person; OpeningsSpent; PermissionError when nobody is signed in.
    """
    actor_id = scope.actor_id
    with transaction.atomic():
        evidence = Evidence.objects.within(scope).select_related("registration").get(pk=evidence_id)
        take_turns(f"evidence opened {actor_id}")  # two at once would not see each other's line
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        if Read.objects.filter(actor_id=actor_id, field=FIELD, at__gte=midnight).count() >= OPENED_A_DAY:
            raise OpeningsSpent
        registration = evidence.registration
        record_read(
            actor_id=actor_id,
            actor_role=scope.actor_role,
            person_id=registration.applicant_id,
            regency_id=registration.regency_id,
            field=FIELD,
            reason=REASON,
            at=now,
        )
        return evidence.claim, evidence.content.open_bytes()
