"""What every step of an import asks first: which resource, and is it this step's turn."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from records.models import Import, Job
from records.resources import ImportResource
from records.services.jobs import request_job
from records.services.log import record_event

TASK = "records.work_on_import"


class UnknownKind(Exception):
    """settings.IMPORTS has no such kind."""


class WrongState(Exception):
    """The import is not (or no longer) where this act is possible; `state` says where it is."""

    def __init__(self, state: str) -> None:
        self.state = state
        super().__init__(state)


def resource_class(kind: str) -> type[ImportResource]:
    """Raises UnknownKind."""
    try:
        path = settings.IMPORTS[kind]
    except KeyError:
        raise UnknownKind(kind) from None
    found: type[ImportResource] = import_string(path)
    return found


def resource_of(record: Import, *, now: datetime | None = None) -> ImportResource:
    return resource_class(record.kind)(options=record.options, regency_id=record.regency_id, now=now)


def locked(import_id: UUID, *states: str) -> Import:
    """The import, locked until the transaction ends. Raises WrongState, and Import.DoesNotExist for one out of sight."""
    record: Import = Import.objects.select_for_update(no_key=True).get(pk=import_id)
    if record.state not in states:
        raise WrongState(record.state)
    return record


def request_step(record: Import) -> Job:
    """The job that does what the state asks for next."""
    payload = {"import_id": str(record.pk)}
    return request_job(task=TASK, key=_step_key(record), payload=payload, requested_by=record.asked_by_id)


def is_stuck(record: Import) -> bool:
    """Whether the job of its present step failed for good. Seen by whoever asked for it, and by the province."""
    last = Job.objects.filter(task=TASK, key=_step_key(record)).order_by("-created_at").first()
    return last is not None and last.state == Job.State.FAILED


def _step_key(record: Import) -> str:
    """Names the place, so that a running step can ask for the next."""
    return f"import:{record.pk}:{record.state}:{record.line}"


def note(record: Import, what: str, *, now: datetime, actor_id: UUID | None = None, actor_role: str = "system") -> None:
    """An event of this import; the system's own unless an actor is named."""
    record_event(
        kind=f"import.{what}",
        actor_id=actor_id,
        actor_role=actor_role,
        subject_type="import",
        subject_id=record.pk,
        regency_id=record.regency_id,
        at=now,
    )


def save(record: Import, **changes: Any) -> None:
    """Write these columns only: web requests may write no others."""
    for name, value in changes.items():
        setattr(record, name, value)
    record.save(update_fields=list(changes))
