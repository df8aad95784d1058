"""One step of an import, as a job does it: commits what it did together with the request for the next step."""

import gc
from datetime import datetime
from uuid import UUID

from django.db import transaction

from records.keyring import KeyringError
from records.models import Import, Job
from records.resources import ImportResource
from records.services.imports import staging
from records.services.imports.applying import apply, discard, fail, take_back
from records.services.imports.checking import check, count
from records.services.imports.receiving import remembered_mapping, source_of
from records.services.imports.state import note, request_step, resource_of, save
from records.sheets import Position, SheetRefused, open_sheet

STEP = 20_000  # rows of one transaction: what a killed worker has to do again


def work(*, import_id: UUID, now: datetime) -> Job | None:
    """Do what the import's state asks for, and give the job of the next step, if there is one.

    Must run inside a job's transaction. Safe twice: a step that was done leaves a state that asks for another.
    """
    record = Import.objects.select_for_update(no_key=True).get(pk=import_id)
    resource = resource_of(record, now=now)
    try:
        with transaction.atomic():
            match record.state:
                case Import.State.RECEIVED:
                    return _open(record, resource)
                case Import.State.READING:
                    return _read(record, resource, now)
                case Import.State.APPLYING:
                    return apply(record, resource, now=now)
                case Import.State.UNDOING:
                    take_back(record, resource, now=now)
                case Import.State.DISCARDED:
                    discard(record, resource)
                    save(record, finished_at=now)
    except SheetRefused as refusal:
        record.refresh_from_db()
        fail(record, resource, refusal.reason.code, refusal.reason.values, now=now)
    except KeyringError:
        record.refresh_from_db()
        fail(record, resource, "unreadable_file", {}, now=now)
    return None


def _open(record: Import, resource: ImportResource) -> Job | None:
    """Learn the headers. When they name every column that must be there, go on; else wait for `set_mapping`."""
    sheet = open_sheet(source_of(record), record.name)
    mapping = resource.guess(sheet.headers, remembered_mapping(record))
    notes = [[each.code, each.values] for each in sheet.notes]
    save(record, headers=sheet.headers, encoding=sheet.encoding, notes=notes, mapping=mapping)
    if resource.missing(mapping):
        return None
    save(record, state=Import.State.READING)
    return request_step(record)


def _read(record: Import, resource: ImportResource, now: datetime) -> Job | None:
    if record.line == 0 or staging.is_lost(record):
        staging.create(record)
        save(record, line=0, offset=0, rows=0, constants=record.constants or resource.prepare())
    sheet = open_sheet(source_of(record), record.name, record.encoding)
    gc.disable()  # it would look again and again through rows that all stay
    try:
        read = staging.fill(record, resource, sheet, sheet.rows(Position(record.line, record.offset)), STEP)
    finally:
        gc.enable()
    save(record, line=sheet.position.line, offset=sheet.position.offset, rows=record.rows + read)
    if read == STEP:
        return request_step(record)
    if record.rows == 0:
        raise SheetRefused("no_rows")
    check(record, resource)
    save(record, state=Import.State.CHECKED, checked_at=now, **count(record))
    note(record, "checked", now=now)
    return None
