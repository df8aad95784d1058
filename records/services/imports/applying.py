"""Doing what was decided, and undoing it: each in one transaction, all or nothing. System work, as the owner."""

# ruff: noqa: S608 - names are those of our models, values are parameters

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import DataError, Error, IntegrityError, connection, transaction

from records.models import Import, ImportChunk, ImportRow, Job
from records.resources import CellRefused, ImportResource
from records.services.constraints import violated
from records.services.imports import staging
from records.services.imports.checking import STAGED, Target, compare, count, quoted, sql_type, staged
from records.services.imports.state import note, request_step, save
from records.services.locks import take_turns

FORMER = "records_formerrow"


def apply(record: Import, resource: ImportResource, *, now: datetime) -> Job | None:
    """Write the good rows as they were shown, or nothing.

    When the target has changed since the rows were shown, the import goes back to be decided anew.
    """
    take_turns(f"import {record.kind}")
    if staging.is_lost(record):
        save(record, state=Import.State.READING, line=0, offset=0, rows=0, take="", problem=["read_again", {}])
        return request_step(record)
    if compare(record, resource):
        save(record, state=Import.State.CHECKED, take="", problem=["changed_since", {}], **count(record))
        return None
    try:
        with transaction.atomic():
            xmin = (_write if resource.set_based else _store)(record, resource, now)
    except CellRefused as refused:
        fail(record, resource, refused.code, refused.values, now=now)
        return None
    except (IntegrityError, DataError) as error:
        fail(record, resource, "constraint", {"name": violated(error)}, now=now)
        return None
    save(record, state=Import.State.DONE, row_xmin=xmin, finished_at=now, problem=[])
    if record.refused:
        ImportRow.objects.filter(import_id=record.pk).exclude(verdict=ImportRow.Verdict.REFUSED).delete()
    else:
        forget(record)
    note(record, "applied", now=now)
    return None


def take_back(record: Import, resource: ImportResource, *, now: datetime) -> None:
    """Delete what was added and restore what was changed; rows that are used, or changed since, stop it."""
    take_turns(f"import {record.kind}")
    target = Target(record, resource)
    pk, kind = quoted(target.pk.column), sql_type(target.pk)
    former = f"SELECT target::{kind} FROM {FORMER} WHERE of_import_id = %s"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {target.table} WHERE xmin::text::bigint = %s", [record.row_xmin])
        used = record.new + record.changed - cursor.fetchone()[0]
    if used:
        _keep(record, ["used", {"rows": used}], now)
        return
    setting = ", ".join(f"{quoted(field.column)} = b.{quoted(field.column)}" for field in target.kept)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {target.table} WHERE xmin::text::bigint = %s AND {pk} NOT IN ({former})",
                [record.row_xmin, record.pk],
            )
            if record.changed:
                cursor.execute(
                    f"UPDATE {target.table} t SET {setting} FROM {FORMER} f CROSS JOIN LATERAL"
                    f" jsonb_populate_record(NULL::{target.table}, f.before) b"
                    f" WHERE f.of_import_id = %s AND t.{pk} = f.target::{kind}",
                    [record.pk],
                )
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as error:
        _keep(record, ["in_use", {"table": _table_of(error)}], now)
        return
    resource.abandon(record.constants)
    forget(record)
    record.former.all().delete()
    save(record, state=Import.State.UNDONE, finished_at=now, problem=[])
    note(record, "undone", now=now)


def fail(record: Import, resource: ImportResource, code: str, values: Mapping[str, Any], *, now: datetime) -> None:
    """The import ends here and nothing of it stays; `problem` says why."""
    save(record, state=Import.State.FAILED, problem=[code, dict(values)], finished_at=now)
    discard(record, resource)
    note(record, "failed", now=now)


def discard(record: Import, resource: ImportResource) -> None:
    """Nothing is taken."""
    if record.constants:
        resource.abandon(record.constants)
    forget(record)


def forget(record: Import) -> None:
    """Delete the file and the staged rows."""
    ImportChunk.objects.filter(of_import=record).delete()
    staging.drop(record)


def _keep(record: Import, problem: list[Any], now: datetime) -> None:
    save(record, state=Import.State.DONE, problem=problem)
    note(record, "undo_refused", now=now)


def _write(record: Import, resource: ImportResource, now: datetime) -> int | None:
    """Insert the new rows and update the changed ones. Gives the transaction's id that they all show as xmin.

    Whoever changes one of them later leaves another id there; that is how undoing knows.
    """
    target = Target(record, resource)
    pk = quoted(target.pk.column)
    shared = resource.unnamed(now) | record.constants
    names = [quoted(name) for name in (*resource.written, *shared)]
    field: Any = resource.model._meta.get_field
    values = [staged(field(name)) for name in resource.written] + [f"c.{quoted(name)}" for name in shared]
    typed = f"jsonb_populate_record(NULL::{target.table}, %s::jsonb) c"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(
            f"INSERT INTO {target.table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {STAGED} s"
            f" CROSS JOIN {typed} WHERE s.import_id = %s AND s.verdict = 'new'",
            [json.dumps(shared), record.pk],
        )
        if record.changed:
            matched, parameters = target.matched()
            setting = [f"{quoted(field.column)} = n.{quoted(field.column)}" for field in target.changing]
            setting += [f"{quoted(field.column)} = c.{quoted(field.column)}" for field in target.stamped]
            cursor.execute(
                f"WITH altered AS (UPDATE {target.table} o SET {', '.join(setting)} FROM"
                f" (SELECT t.{pk} AS stored_pk, s.before, v.* FROM {matched} AND s.verdict = 'changed') n"
                f" CROSS JOIN {typed} WHERE o.{pk} = n.stored_pk RETURNING o.{pk}, n.before)"
                f" INSERT INTO {FORMER} (of_import_id, target, before) SELECT %s, {pk}::text, before FROM altered",
                [*parameters, json.dumps(shared), record.pk],
            )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "UPDATE records_import SET finished_at = %s WHERE id = %s RETURNING xmin::text::bigint", [now, record.pk]
        )
        xmin: int = cursor.fetchone()[0]
        return xmin


def _store(record: Import, resource: ImportResource, now: datetime) -> int | None:
    """Hand the good rows to the room's own service."""

    def rows() -> Iterator[Mapping[str, Any]]:
        field: Any = resource.model._meta.get_field
        good = ImportRow.objects.filter(import_id=record.pk, verdict__in=["new", "changed"]).order_by("line")
        for values in good.values_list("values", flat=True).iterator():
            yield {name: field(name).to_python(value) for name, value in values.items()}

    resource.store(rows(), name=record.name, now=now)
    return None


def _table_of(error: Error) -> str:
    """The table that an error of the database names."""
    return getattr(getattr(error.__cause__, "diag", None), "table_name", None) or ""
