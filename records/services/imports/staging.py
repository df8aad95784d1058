"""The partition of an import's rows: what is read stands here, sealed, until the decision.

Unlogged: a crash of the database empties it, and the reading starts again (`is_lost`). System work, as the owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import blake2b
from itertools import islice
from threading import Lock
from typing import Any

from django.db import connection

from records.models import Import, ImportRow
from records.resources import CellReason, ImportResource, json_value
from records.services.copying import copy_rows
from records.sheets import Row, Sheet

BATCH = 2_000  # rows of one COPY; the database writes them while the next are made


def partition(parent: str, record: Import) -> str:
    return f"{parent}_{record.pk.hex}"


def create(record: Import) -> None:
    """An empty partition, in place of one that an earlier reading may have left."""
    drop(record)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE UNLOGGED TABLE {partition('records_importrow', record)} PARTITION OF records_importrow"
            " FOR VALUES IN (%s)",
            [record.pk],
        )


def drop(record: Import) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {partition('records_importrow', record)}")


def is_lost(record: Import) -> bool:
    """Whether rows were read that are no longer there."""
    return record.rows > 0 and not ImportRow.objects.filter(import_id=record.pk).exists()


def fill(record: Import, resource: ImportResource, sheet: Sheet, rows: Iterator[Row], turn: Lock) -> int:
    """Clean and stage these rows, and say how many they were. Constant memory.

    COPY and the reader of the file share a connection and take `turn` with it: psycopg2 does not keep them apart.
    """
    make, staged = _Maker(record, resource, sheet.headers), 0

    def batches() -> Iterator[list[dict[str, Any]]]:
        nonlocal staged
        while batch := [make.row(row) for row in islice(rows, BATCH)]:
            staged += len(batch)
            yield batch

    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        ThreadPoolExecutor(max_workers=1) as writer,
    ):

        def write(batch: list[dict[str, Any]]) -> None:
            with turn:
                copy_rows(cursor.cursor, ImportRow, batch)

        pending: Future[None] | None = None
        for batch in batches():
            if pending:
                pending.result()
            pending = writer.submit(write, batch)
        if pending:
            pending.result()
    return staged


class _Maker:
    """Makes staged rows of one import."""

    def __init__(self, record: Import, resource: ImportResource, headers: list[str]) -> None:
        self.import_id, self.resource = record.pk.hex, resource
        places = {header: place for place, header in enumerate(headers)}
        self.cells = [(column, places[header]) for column, header in record.mapping.items()]
        self.absent = dict.fromkeys(resource.columns.keys() - record.mapping.keys(), "")
        self.key = resource.key

    def row(self, row: Row) -> dict[str, Any]:
        cells = {column: row.cells[place] for column, place in self.cells}
        if self.absent:
            cells |= self.absent
        values, reasons = self.resource.clean_row(cells)
        if row.problems:
            unusable = [CellReason("", "", {}), *(CellReason(column, "", {}) for column, _place in self.cells)]
            found = [row.problems.get(None), *(row.problems.get(place) for _column, place in self.cells)]
            known = [
                at._replace(code=why.code, values=why.values) for at, why in zip(unusable, found, strict=True) if why
            ]
            reasons = known + [reason for reason in reasons if reason.column not in {each.column for each in known}]
        if reasons:
            return self._staged(row.line, None, "refused", self._shown(cells), [list(reason) for reason in reasons])
        stated = {name: json_value(value) for name, value in values.items()}
        key = "\x1f".join([str(stated[attribute]) for attribute in self.key])
        return self._staged(row.line, blake2b(key.encode(), digest_size=16).digest(), "new", stated, None)

    def _staged(self, line: int, key: bytes | None, verdict: str, values: object, reasons: object) -> dict[str, Any]:
        return {
            "import_id": self.import_id,
            "line": line,
            "key": key,
            "verdict": verdict,
            "values": values,
            "reasons": reasons,
        }

    def _shown(self, cells: Mapping[str, str]) -> dict[str, str]:
        """The cells of a refused row as they may be shown to anybody in the office."""
        columns = self.resource.columns
        return {
            name: self.resource.mask(name, text) if columns[name].personal else text[:200]
            for name, text in cells.items()
        }
