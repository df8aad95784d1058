"""Joining in the opening minute: one round trip to the database for who is prepared."""

from datetime import datetime
from enum import Enum, auto
from typing import Any

from django.core.signing import BadSignature
from django.db import connection

from accounts.scope import Scope
from records.ids import uuid7
from records.walls import ROLE
from registrations.models import Registration

# Sent as one message, so that both are one transaction: the rights of web requests and whose rows they see, then the step with
# its event (migration 0013).
JOIN = """
SELECT set_config('role', %(role)s, true), set_config('app.scope', %(scope)s, true);
SELECT * FROM registrations_join(%(registration)s, %(applicant)s, %(now)s, %(event)s)
"""


class Outcome(Enum):
    JOINED = auto()
    EARLY = auto()
    UNDECIDED = auto()  # anything else: `intake.join` says why


def join_at_once(*, slip: str, now: datetime) -> tuple[Outcome, datetime | None]:
    """Join the draw with the registration of this slip (Registration.slip); twice is once. EARLY comes with the opening.

    The same step, rights and event as `intake.join`, outside any transaction of the caller: it is committed when this returns.
    """
    try:
        applicant_id, registration_id = Registration.of_slip(slip)
    except BadSignature:
        return Outcome.UNDECIDED, None
    about: dict[str, Any] = {
        "role": ROLE,
        "scope": Scope(applicant_id=applicant_id).as_setting(),
        "registration": registration_id,
        "applicant": applicant_id,
        "now": now,
        "event": uuid7(),
    }
    with connection.cursor() as cursor:
        cursor.execute(JOIN, about)
        joined, early, opens_at = cursor.fetchone()
    return (Outcome.JOINED if joined else Outcome.EARLY if early else Outcome.UNDECIDED), opens_at
