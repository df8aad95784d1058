"""What an office decides about a person whose data did not match the registry's: one person has seen the papers, a second
one signs; or the registry is asked again.

The database refuses the rest (registrations.migrations.0007_identity_checks).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.scope import Scope
from records.services.log import record_event
from registrations.models import IdentityCheck

State = IdentityCheck.State
NOT_SIGHTED: dict[str, Any] = {"sighted_by": None, "sighted_at": None, "sight_reason": ""}


class DecidedMeanwhile(Exception):
    """The check is no longer in the state in which this step can be taken."""


def sight(*, scope: Scope, registration_id: UUID, reason: str, now: datetime) -> None:
    """Say that one has seen the original papers and they are this person's; it counts when a second person signs.

    Raises IdentityCheck.DoesNotExist, PermissionDenied (no office), DecidedMeanwhile.
    """
    changes = {"sighted_by_id": scope.actor_id, "sighted_at": now, "sight_reason": reason}
    _decide(scope, registration_id, "sighted", changes, now, sighted=False, reason=reason)


def confirm(*, scope: Scope, registration_id: UUID, shown: str, now: datetime) -> None:
    """Sign what a colleague saw and what was `shown` (`shown_sighting`).

    Raises as `sight`, DecidedMeanwhile also when another sighting stands now; PermissionDenied also for one's own.
    """
    changes = {"state": State.CONFIRMED, "confirmed_by_id": scope.actor_id, "confirmed_at": now}
    _decide(scope, registration_id, "confirmed", changes, now, sighted=True, second=True, shown=shown)


def shown_sighting(check: IdentityCheck) -> str:
    """What stands in the form of the second person, to be compared when it comes back; "" without a sighting."""
    return f"{check.sighted_by_id} {check.sighted_at.isoformat()}" if check.sighted_at else ""


def give_back(*, scope: Scope, registration_id: UUID, now: datetime) -> None:
    """Undo a sighting, one's own too: the person must come again with the papers. Raises as `sight`."""
    _decide(scope, registration_id, "given_back", NOT_SIGHTED, now, sighted=True)


def ask_again(*, scope: Scope, registration_id: UUID, now: datetime) -> None:
    """Have the registry asked once more, as after the person had it corrected there. Raises as `sight`."""
    changes = {
        "state": State.PENDING,
        "differs": [],
        "attempts": 0,
        "next_try": now,
        "checked_at": None,
        "request_id": "",
    }
    _decide(scope, registration_id, "asked_again", changes, now, sighted=False)


def _decide(
    scope: Scope,
    registration_id: UUID,
    step: str,
    changes: dict[str, Any],
    now: datetime,
    *,
    sighted: bool,
    second: bool = False,
    shown: str | None = None,
    reason: str = "",
) -> None:
    if not scope.is_office:
        raise PermissionDenied
    with transaction.atomic():
        check = IdentityCheck.objects.within(scope).get(pk=registration_id)
        if second and check.sighted_by_id == scope.actor_id:
            raise PermissionDenied
        stands = IdentityCheck.objects.filter(
            pk=check.pk, state=State.NOT_MATCHED, sighted_by=check.sighted_by_id, sighted_at=check.sighted_at
        )
        unchanged = (check.sighted_by_id is not None) == sighted and shown in (None, shown_sighting(check))
        if not (unchanged and stands.update(**changes, as_of=now)):
            raise DecidedMeanwhile
        record_event(
            kind=f"identity.{step}",
            actor_id=scope.actor_id,
            actor_role=scope.actor_role,
            subject_type="registration",
            subject_id=check.pk,
            person_id=check.applicant_id,
            regency_id=check.regency_id,
            fields=check.differs,
            reason=reason,
            at=now,
        )
