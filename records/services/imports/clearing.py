"""Imports keep people's data no longer than they are of use."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from records.models import Import
from records.services.imports.applying import discard, forget
from records.services.imports.state import note, resource_of, save

UNDECIDED = timedelta(days=14)  # from the upload
REFUSED = timedelta(days=7)  # from the decision: so long the refused rows can be fetched
UNDOABLE = timedelta(days=90)  # from the doing


def clear(*, now: datetime) -> None:
    """Discard what nobody decided, delete files with refused rows and, at last, what undoing needs. In a job."""
    state = Import.State
    due = (
        Q(state__in=[state.RECEIVED, state.READING, state.CHECKED], created_at__lt=now - UNDECIDED)
        | Q(chunks__isnull=False, finished_at__lt=now - REFUSED)
        | Q(row_xmin__isnull=False, state=state.DONE, finished_at__lt=now - UNDOABLE)
    )
    for import_id in Import.objects.filter(due).values_list("pk", flat=True).distinct():
        with transaction.atomic(durable=True):
            record = Import.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=import_id).first()
            if record is None:
                continue
            if record.finished_at is None:
                discard(record, resource_of(record, now=now))
                save(record, state=state.DISCARDED, finished_at=now)
                note(record, "expired", now=now)
                continue
            forget(record)
            if record.state == state.DONE and record.finished_at < now - UNDOABLE:
                record.former.all().delete()
                save(record, row_xmin=None)
