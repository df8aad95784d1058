"""Every kind of failure in tests/records/sheets/corpus.py: refused or repaired, in bounded time and memory, without a call."""

import os
import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from records.sheets import Reason, SheetRefused, open_sheet
from records.sheets.reasons import TEXTS
from tests.records.sheets.corpus import CASES, Case


@pytest.fixture
def canary() -> Iterator[tuple[str, list[object]]]:
    """A listener on the loopback, its address, and who called."""
    calls: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        open_for = [True]

        def listen() -> None:
            while open_for:
                try:
                    calls.append(server.accept()[1])
                except TimeoutError:
                    continue

        thread = Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", calls
        open_for.clear()
        thread.join()


def cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_refused_or_repaired(case: Case, canary: tuple[str, list[object]]) -> None:
    data = case.make(canary[0])
    started = cpu_seconds()
    try:
        sheet = open_sheet(data, case.name)
        rows = list(sheet)
    except SheetRefused as refused:
        assert refused.reason.code == case.refused
        assert str(refused.reason)
    else:
        assert not case.refused
        assert [row.cells for row in rows] == case.rows
        assert {(row.line, column, reason.code) for row in rows for column, reason in row.problems.items()} == set(
            case.bad
        )
        assert all(str(reason) for row in rows for reason in row.problems.values())
        assert not case.note or case.note in {note.code for note in sheet.notes}
    assert cpu_seconds() - started < 2
    assert canary[1] == []


def test_every_reason_of_a_file_is_met_by_the_corpus() -> None:
    """Or stands in tests of its own: the largest files are not made here."""
    met = {case.refused or case.note for case in CASES} | {code for case in CASES for _line, _column, code in case.bad}
    assert set(TEXTS) - met - {""} == {
        "file_size",
        "workbook_size",
        "rows",
        "cells",
        "no_sheet",
        "read_sheet",
        "no_rows",
    }


def test_sentences_fill_every_gap() -> None:
    values = dict.fromkeys(
        ["name", "found", "suffix", "limit", "line", "column", "header", "error", "value", "expected", "sheet", "sheets",
         "encoding", "delimiter"], "x"
    )  # fmt: skip
    for code in TEXTS:
        assert "%" not in str(Reason(code, values))
