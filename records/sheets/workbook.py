"""XLSX and ODS, read in a confined process (records/sheets/child.py): bytes in by one pipe, rows out by another."""

import json
import select
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

from records.sheets.limits import (
    COLUMNS,
    MB,
    WORKBOOK_BYTES,
    WORKBOOK_CELLS,
    WORKBOOK_PARTS,
    WORKBOOK_ROWS,
    WORKBOOK_UNZIPPED,
)
from records.sheets.reasons import Reason, SheetRefused
from records.sheets.sheet import START, Position, Row, Sheet, Source, headers_of, row_of

MEMORY = 300 * MB  # address space of the process, so its memory is less
CPU_SECONDS = 30
STALL_SECONDS = 60.0  # on the wall clock, for each answer; a busy machine is no hostile file
_CHILD = Path(__file__).with_name("child.py")
_LIMITS = {
    "memory": MEMORY,
    "cpu": CPU_SECONDS,
    "unzipped": WORKBOOK_UNZIPPED,
    "rows": WORKBOOK_ROWS,
    "cells": WORKBOOK_CELLS,
    "columns": COLUMNS,
    "parts": WORKBOOK_PARTS,
}


class WorkbookSheet(Sheet):
    """The first visible sheet of a workbook. Every reading of it starts a process of its own."""

    def __init__(self, source: Source, suffix: str) -> None:
        self.source, self.suffix = source, suffix
        self.position = START
        answers = self._answers()
        opening = next(answers)
        self.notes = [Reason(code, values) for code, values in opening["notes"]]
        self.headers, self.header_line = headers_of((line, cells) for line, cells, _bad in answers)
        answers.close()

    def rows(self, after: Position = START) -> Iterator[Row]:
        width, behind = len(self.headers), max(after[0], self.header_line)
        answers = self._answers()
        next(answers)
        for line, cells, bad in answers:
            self.position = Position(line, 0)
            row = row_of(line, cells, width) if line > behind else None
            if row is not None or (bad and line > behind):
                row = row or Row(line, [""] * width, {})
                found = {column: Reason(*reason) for column, reason in bad if column < width}
                yield row._replace(problems={**row.problems, **found}) if found else row

    def _answers(self) -> Generator[Any]:
        """What the process says: its opening, then (line, cells, problems) of each row. Raises SheetRefused."""
        command = [sys.executable, "-I", str(_CHILD), self.suffix, json.dumps(_LIMITS)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
        ) as process:
            try:
                self._hand_over(cast(IO[bytes], process.stdin))
                for line in _lines(cast(IO[bytes], process.stdout)):
                    answer = json.loads(line)
                    if answer == "end":
                        return
                    if isinstance(answer, dict) and "refused" in answer:
                        raise SheetRefused(answer["refused"], **answer["values"])
                    yield answer
                raise SheetRefused("too_heavy")  # it ended without a word: out of memory or time
            finally:
                process.kill()

    def _hand_over(self, pipe: IO[bytes]) -> None:
        size = 0
        with suppress(BrokenPipeError):
            for piece in self.source(0):
                size += len(piece)
                if size > WORKBOOK_BYTES:
                    raise SheetRefused("workbook_size", limit=WORKBOOK_BYTES // MB)
                pipe.write(piece)
        with suppress(BrokenPipeError):
            pipe.close()


def _lines(pipe: IO[bytes]) -> Iterator[bytes]:
    """Lines as they come. Raises SheetRefused when none comes in time."""
    rest = b""
    while True:
        if not select.select([pipe], [], [], STALL_SECONDS)[0]:
            raise SheetRefused("too_heavy")
        piece = pipe.read1(1024 * 1024)  # type: ignore[attr-defined]
        if not piece:
            return
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
