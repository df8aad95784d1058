"""What a person decides about a checked import, and about one that was applied."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from records.models import Import, Job
from records.services.imports.state import locked, note, request_step, resource_class, save


class NotAllGood(Exception):
    """All rows were asked for, but `refused` of them cannot be taken."""

    def __init__(self, refused: int) -> None:
        self.refused = refused
        super().__init__(str(refused))


class NotUndoable(Exception):
    """Rows of this kind are never taken back: a correction is a new file."""


@transaction.atomic
def decide(*, actor_id: UUID, actor_role: str, import_id: UUID, take: str, now: datetime) -> Job:
    """Take "all" rows, the "good" ones, or "nothing", and ask for the doing. Of two decisions at once one counts.

    Raises NotAllGood for "all" while rows are refused; WrongState unless checked ("nothing" is possible until then, too).
    """
    state = Import.State
    if take == Import.Take.NOTHING:
        record = locked(import_id, state.RECEIVED, state.READING, state.CHECKED, state.FAILED)
    else:
        record = locked(import_id, state.CHECKED)
    if take == Import.Take.ALL and record.refused:
        raise NotAllGood(record.refused)
    following = state.DISCARDED if take == Import.Take.NOTHING else state.APPLYING
    save(record, take=Import.Take(take), state=following, decided_by_id=actor_id, decided_at=now)
    note(record, f"decided_{take}", now=now, actor_id=actor_id, actor_role=actor_role)
    return request_step(record)


@transaction.atomic
def undo(*, actor_id: UUID, actor_role: str, import_id: UUID, now: datetime) -> Job:
    """Ask for taking back everything that the import wrote. Whether that is possible is found out in the doing.

    Raises WrongState unless done, NotUndoable.
    """
    record = locked(import_id, Import.State.DONE)
    if not resource_class(record.kind).set_based:
        raise NotUndoable(record.kind)
    save(record, state=Import.State.UNDOING)
    note(record, "undo_asked", now=now, actor_id=actor_id, actor_role=actor_role)
    return request_step(record)
