"""The partition of an import's rows: what is read stands here, sealed, until the decision.

Unlogged: a crash of the database empties it, and the reading starts again (`is_lost`). System work, as the owner.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from io import StringIO

from django.db import connection

from records.models import Import, ImportRow
from records.resources import CellReason, ImportResource, json_text
from records.sheets import Row, Sheet

COPY = "COPY records_importrow (import_id, line, key, verdict, values, reasons) FROM STDIN"
BATCH = 1_000  # rows of one COPY; the first are made before the helper starts, so that it finds what widgets look up


def partition(parent: str, record: Import) -> str:
    return f"{parent}_{record.pk.hex}"


def create(record: Import) -> None:
    """An empty partition, in place of one that an earlier reading may have left."""
    drop(record)
    name = partition("records_importrow", record)
    with connection.cursor() as cursor:
        # Attached, and not created as a partition, which would shut everybody out of the parent until the commit.
        cursor.execute(f"CREATE UNLOGGED TABLE {name} (LIKE records_importrow)")
        cursor.execute(f"ALTER TABLE records_importrow ATTACH PARTITION {name} FOR VALUES IN (%s)", [record.pk])


def drop(record: Import) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {partition('records_importrow', record)}")


def is_lost(record: Import) -> bool:
    """Whether rows were read that are no longer there."""
    return record.rows > 0 and not ImportRow.objects.filter(import_id=record.pk).exists()


def fill(record: Import, resource: ImportResource, sheet: Sheet, rows: Sequence[Row]) -> None:
    """Clean and stage these rows, on two cores when there are: a forked helper makes the lines of a part."""
    make = _Maker(record, resource, sheet.headers)
    first = "".join([make.row(row) for row in rows[:BATCH]])
    two = len(rows) > 4 * BATCH and len(os.sched_getaffinity(0)) > 1
    middle = len(rows) * 3 // 5 if two else len(rows)  # the helper also has to hand its lines over
    helper = _Helper(make, rows[middle:]) if two else None
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        ThreadPoolExecutor(max_workers=1) as writer,  # COPY waits outside Python's lock
    ):

        def write(text: str) -> None:
            cursor.cursor.copy_expert(COPY, StringIO(text))

        copies = [writer.submit(write, first)]
        for start in range(BATCH, middle, BATCH):
            text = "".join([make.row(row) for row in rows[start : min(start + BATCH, middle)]])
            copies.append(writer.submit(write, text))
        if helper:
            copies.append(writer.submit(write, helper.lines()))
        for copy in copies:
            copy.result()


class _Helper:
    """A forked process that makes lines meanwhile. Without the database: the connection belongs to its parent."""

    def __init__(self, make: _Maker, rows: Sequence[Row]) -> None:
        self.make, self.rows = make, rows
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                connection.execute_wrappers.append(_refuse)
                with os.fdopen(writer, "wb") as pipe:
                    pipe.write("".join([make.row(row) for row in rows]).encode())
                status = 0
            finally:
                os._exit(status)
        os.close(writer)
        self.reader = reader

    def lines(self) -> str:
        """What it made; made here when it could not, as when a widget asked the database."""
        with os.fdopen(self.reader, "rb") as pipe:
            text = pipe.read()
        _pid, status = os.waitpid(self.pid, 0)
        return text.decode() if status == 0 else "".join([self.make.row(row) for row in self.rows])


def _refuse(*_statement: object) -> None:
    raise RuntimeError("no query in the helper")


class _Maker:
    """Makes staged rows of one import."""

    def __init__(self, record: Import, resource: ImportResource, headers: list[str]) -> None:
        self.import_id, self.resource = record.pk.hex, resource
        places = {header: place for place, header in enumerate(headers)}
        self.cells = [(column, places[header]) for column, header in record.mapping.items()]
        self.absent = dict.fromkeys(resource.columns.keys() - record.mapping.keys(), "")
        self.key = resource.key

    def row(self, row: Row) -> str:
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
            shown, why = json.dumps(self._shown(cells)), json.dumps([list(reason) for reason in reasons])
            return self._line(row.line, "\\N", "refused", shown, why)
        texts = {name: json_text(value) for name, value in values.items()}
        key = blake2b(",".join([texts[attribute] for attribute in self.key]).encode(), digest_size=16).hexdigest()
        stated = ",".join([f'"{name}":{text}' for name, text in texts.items()])
        return self._line(row.line, f"\\\\x{key}", "new", f"{{{stated}}}", None)

    def _line(self, line: int, key: str, verdict: str, values: str, reasons: str | None) -> str:
        """For COPY: of what JSON holds only the backslash means something there."""
        values = values.replace("\\", "\\\\")
        why = "\\N" if reasons is None else reasons.replace("\\", "\\\\")
        return f"{self.import_id}\t{line}\t{key}\t{verdict}\t{values}\t{why}\n"

    def _shown(self, cells: Mapping[str, str]) -> dict[str, str]:
        """The cells of a refused row as they may be shown to anybody in the office."""
        columns = self.resource.columns
        return {
            name: self.resource.mask(name, text) if columns[name].personal else text[:200]
            for name, text in cells.items()
        }
