"""The partition of an import's rows: what is read stands here, sealed, until the decision.

Unlogged: a crash of the database empties it, and the reading starts again (`is_lost`). System work, as the owner.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from io import BytesIO
from itertools import islice
from threading import Lock
from typing import Self

from django.db import connection

from records.models import Import, ImportRow
from records.resources import ImportResource
from records.services.imports.making import COLUMNS, Maker
from records.sheets import Row, Sheet

BATCH = 1_000  # rows of one COPY; the first are made before the helper starts, so that it finds what widgets look up

HELPED = 55  # percent of a step's rows that the helper makes: its parent reads all of them, too
_SIZE = 4  # bytes that say how long a batch is, in the pipe


def partition(parent: str, record: Import) -> str:
    return f"{parent}_{record.pk.hex}"


def create(record: Import) -> None:
    """An empty partition, in place of one that an earlier reading may have left."""
    drop(record)
    name = partition("records_importrow", record)
    with connection.cursor() as cursor:
        # Attached, and not created as a partition, which would shut everybody out of the parent until the commit.
        cursor.execute(f"CREATE UNLOGGED TABLE {name} (LIKE records_importrow)")
        cursor.execute(f"ALTER TABLE {name} ALTER import_id SET DEFAULT %s", [record.pk])
        cursor.execute(f"ALTER TABLE records_importrow ATTACH PARTITION {name} FOR VALUES IN (%s)", [record.pk])


def drop(record: Import) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {partition('records_importrow', record)}")


def is_lost(record: Import) -> bool:
    """Whether rows were read that are no longer there."""
    return record.rows > 0 and not ImportRow.objects.filter(import_id=record.pk).exists()


def fill(record: Import, resource: ImportResource, sheet: Sheet, rows: Iterator[Row], most: int) -> int:
    """Clean and stage as many rows, on two cores when there are, and give their number.

    A forked helper makes the lines of the first half while the second is read and made here; COPY runs beside both, in
    turn with what the reading asks of the same connection.
    """
    copy = f"COPY {partition('records_importrow', record)} ({COLUMNS}) FROM STDIN"
    make = Maker(record, resource, sheet.headers)
    turn = Lock()
    first = list(islice(rows, BATCH))
    made = make.lines(first).encode()
    part = list(islice(rows, most * HELPED // 100)) if len(os.sched_getaffinity(0)) > 1 else []
    rest = 0

    def in_turn(execute: Callable[..., object], *statement: object) -> object:
        with turn:
            return execute(*statement)

    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        connection.execute_wrapper(in_turn),
        _Helper(make, part) if len(part) > 2 * BATCH else nullcontext() as helper,
        ThreadPoolExecutor(max_workers=2) as writers,  # COPY waits outside Python's lock
    ):

        def write(lines: bytes) -> None:
            with turn:
                cursor.cursor.copy_expert(copy, BytesIO(lines), len(lines))  # in one piece: Python's lock is far

        def write_helped() -> int:
            rows = 0
            for lines in helper.lines() if helper else ():
                write(lines)
                rows += BATCH
            return rows

        helped = writers.submit(write_helped)
        copies = [writers.submit(write, made)]
        for some in _batches(islice(rows, most - len(first) - len(part))):
            copies.append(writers.submit(write, make.lines(some).encode()))
            rest += len(some)
        for each in copies:
            each.result()
        for some in _batches(part[helped.result() :]):  # what it could not make, as when a widget asked the database
            write(make.lines(some).encode())
    return len(first) + len(part) + rest


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while some := list(islice(left, BATCH)):
        yield some


class _Helper:
    """A forked process that makes lines meanwhile. Without the database: the connection belongs to its parent."""

    def __init__(self, make: Maker, rows: Sequence[Row]) -> None:
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 1 << 20)  # so that it goes on while its parent reads
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(reader)
                connection.execute_wrappers.append(_refuse)
                with os.fdopen(writer, "wb") as pipe:
                    for some in _batches(rows):
                        lines = make.lines(some).encode()
                        pipe.write(len(lines).to_bytes(_SIZE) + lines)
                        pipe.flush()
            finally:
                os._exit(0)
        os.close(writer)
        self.pipe = os.fdopen(reader, "rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.pipe.close()  # ends it, too, when it has more to say
        os.waitpid(self.pid, 0)

    def lines(self) -> Iterator[bytes]:
        """The lines of each batch that it made whole, as they come: of all, unless it could not go on."""
        while len(size := self.pipe.read(_SIZE)) == _SIZE:
            lines = self.pipe.read(length := int.from_bytes(size))
            if len(lines) < length:
                return
            yield lines


def _refuse(*_statement: object) -> None:
    raise RuntimeError("no query in the helper")
