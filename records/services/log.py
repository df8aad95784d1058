"""The event log and the read log. Both are append-only by trigger."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from records.models import Event, Read


def record_event(
    *,
    kind: str,
    actor_id: UUID | None,
    actor_role: str,
    subject_type: str,
    subject_id: UUID,
    person_id: UUID | None = None,
    regency_id: int | None = None,
    fields: Sequence[str] = (),
    reason: str = "",
    at: datetime,
) -> None:
    """Add an event in the caller's transaction. `fields` are names; values of personal fields never go here."""
    Event.objects.bulk_create(
        [
            Event(
                at=at,
                kind=kind,
                actor_id=actor_id,
                actor_role=actor_role,
                subject_type=subject_type,
                subject_id=subject_id,
                person_id=person_id,
                regency_id=regency_id,
                fields=list(fields),
                reason=reason,
            )
        ]
    )


def record_read(
    *,
    actor_id: UUID,
    actor_role: str,
    person_id: UUID,
    regency_id: int | None,
    field: str,
    reason: str,
    at: datetime,
) -> None:
    """Add a line to the read log in the caller's transaction: no line, no value.

    Raises django.db.IntegrityError (records_read_reason) for an empty reason.
    """
    people = [(person_id, regency_id)]
    record_reads(actor_id=actor_id, actor_role=actor_role, people=people, field=field, reason=reason, at=at)


def record_reads(
    *,
    actor_id: UUID,
    actor_role: str,
    people: Sequence[tuple[UUID, int | None]],
    field: str,
    reason: str,
    at: datetime,
) -> None:
    """As `record_read`, for one field of many `people`, given as (person id, regency id), in one statement."""
    Read.objects.bulk_create(
        Read(
            at=at,
            actor_id=actor_id,
            actor_role=actor_role,
            person_id=person_id,
            regency_id=regency_id,
            field=field,
            reason=reason.strip(),
        )
        for person_id, regency_id in people
    )
