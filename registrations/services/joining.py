"""Joining in the opening minute: one round trip to the database for who is prepared."""

from datetime import datetime
from enum import Enum, auto
from typing import Any

from django.core.signing import BadSignature
from django.db import connection

from accounts.scope import Scope
from clusters.models import Wave
from records.ids import uuid7
from records.walls import ROLE
from registrations.models import Registration
from registrations.states import TRANSITIONS

BEFORE = sorted({old for old, steps in TRANSITIONS.items() if "joined" in steps} - {"ineligible"})

# Sent as one message, so that both are one transaction: the rights of web requests and whose rows they see, then the step with
# its event. The row's own state is tested again after waiting for a faster request; what the last SELECT sees is older than that.
JOIN = """
SELECT set_config('role', %(role)s, true), set_config('app.scope', %(scope)s, true);
WITH moved AS (
  UPDATE registrations_registration r SET state = 'joined', joined_at = %(now)s, as_of = %(now)s FROM clusters_wave w
  WHERE r.id = %(registration)s AND r.applicant_id = %(applicant)s AND r.state = ANY (%(before)s)
    AND w.id = r.wave_id AND w.state = %(open)s AND w.opens_at <= %(now)s AND w.closes_at > %(now)s
  RETURNING r.id, r.applicant_id, r.regency_id),
told AS (
  INSERT INTO records_event (id, at, kind, actor_role, subject_type, subject_id, person_id, regency_id, fields, reason)
  SELECT %(event)s, %(now)s, 'registration.joined', 'applicant', 'registration', id, applicant_id, regency_id, '["state"]', ''
  FROM moved)
SELECT EXISTS (SELECT FROM moved) OR r.state = 'joined', w.state = %(open)s AND w.opens_at > %(now)s, w.opens_at
FROM registrations_registration r JOIN clusters_wave w ON w.id = r.wave_id WHERE r.id = %(registration)s
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
        "before": BEFORE,
        "open": Wave.State.OPEN.value,
        "now": now,
        "event": uuid7(),
    }
    for _attempt in range(2):  # once more sees what the faster request did
        with connection.cursor() as cursor:
            cursor.execute(JOIN, about)
            joined, early, opens_at = cursor.fetchone() or (False, False, None)
        if joined or early:
            break
    return (Outcome.JOINED if joined else Outcome.EARLY if early else Outcome.UNDECIDED), opens_at
