"""Rows by COPY, in and out, one stream each.

In, as the owner, since a table under row-level security takes no COPY from web requests. Out, a query's rows within a
scope of its own, since a streamed answer is read after the request's transaction has ended.
"""

import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from io import StringIO
from queue import Queue
from threading import Thread
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _text(value: str) -> str:
    return value.translate(_ESCAPES) if "\\" in value or not value.isprintable() else value


def _json(value: object) -> str:
    return json.dumps(value).replace("\\", "\\\\")  # the one thing in it that COPY reads


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: _text,
    bytes: lambda value: f"\\\\x{value.hex()}",
    bool: lambda value: "t" if value else "f",
    int: str,
    UUID: lambda value: value.hex,
    date: date.isoformat,
    datetime: lru_cache(maxsize=16)(datetime.isoformat),  # one act, one moment, a dozen columns
    list: _json,
    dict: _json,
    type(None): lambda _value: "\\N",
}


def copy_rows(cursor: Any, model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that share one order of columns through a psycopg2 cursor.

    Raises psycopg2.IntegrityError; then none is inserted.
    """
    if rows:
        columns = ", ".join(rows[0])
        lines = StringIO("".join([_line(row.values()) for row in rows]))
        cursor.copy_expert(f"COPY {model._meta.db_table} ({columns}) FROM STDIN", lines)


def _line(values: Iterable[Any]) -> str:
    return "\t".join([_WRITERS[type(value)](value) for value in values]) + "\n"


_PIECE = 64 * 1024


class _Pipe:
    """The file that COPY writes to, a row at a time: hands pieces on through a short queue, so a slow reader slows it."""

    def __init__(self) -> None:
        self.pieces: Queue[bytes | Exception | None] = Queue(maxsize=8)
        self.buffer = bytearray()
        self.is_read = True

    def write(self, row: bytes) -> int:
        if not self.is_read:
            raise BrokenPipeError("the reader has gone")
        self.buffer += row
        if len(self.buffer) >= _PIECE:
            self.flush()
        return len(row)

    def flush(self) -> None:
        self.pieces.put(bytes(self.buffer))
        self.buffer.clear()


def copy_out(
    query: str, parameters: Sequence[Any], *, enter: Callable[[], None], form: str = "FORMAT csv, HEADER"
) -> Generator[bytes]:
    """The rows of `query` as COPY writes them with the options `form`, in pieces of 64 KB, in constant memory.

    `enter` says who asks (accounts.services.enter_scope) at the start of the transaction that is open while the pieces are
    read. Closing the generator early ends the statement.
    """
    with transaction.atomic(durable=True):
        enter()
        with connection.cursor() as cursor:
            pipe = _Pipe()
            statement = f"COPY ({cursor.mogrify(query, parameters).decode()}) TO STDOUT WITH ({form})"

            def run() -> None:
                try:
                    cursor.cursor.copy_expert(statement, pipe)
                    pipe.flush()
                    pipe.pieces.put(None)
                except Exception as error:
                    pipe.pieces.put(error)

            thread = Thread(target=run, daemon=True)
            thread.start()
            try:
                while (piece := pipe.pieces.get()) is not None:
                    if isinstance(piece, Exception):
                        raise piece
                    yield piece
            finally:
                pipe.is_read = False
                while thread.is_alive():
                    while not pipe.pieces.empty():
                        pipe.pieces.get()
                    thread.join(0.01)
