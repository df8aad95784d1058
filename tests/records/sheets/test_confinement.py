"""The process that reads workbooks has given up memory, time, files and the network before it sees a byte."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import records.sheets
from records.sheets import SheetRefused, open_sheet, workbook
from records.sheets.limits import MB
from tests.records.sheets.files import ONE_ROW, xlsx, xlsx_parts, zipped

CHILD = Path(records.sheets.__path__[0]) / "child.py"
TRIES = {
    "socket": ("socket.socket()", "OSError 24"),
    "file": ("open('/etc/passwd')", "OSError 24"),
    "memory": ("bytearray(300 * 1024 * 1024)", "MemoryError"),
}


def attempt(code: str) -> str:
    program = f"""
import importlib.util, json, socket
spec = importlib.util.spec_from_file_location("child", {str(CHILD)!r})
child = importlib.util.module_from_spec(spec)
spec.loader.exec_module(child)
child.confine({json.dumps(workbook._LIMITS)})
try:
    {code}
except Exception as error:
    print(type(error).__name__, getattr(error, "errno", ""))
"""
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False)
    return done.stdout.strip()


@pytest.mark.parametrize("what", TRIES)
def test_what_the_process_has_given_up(what: str) -> None:
    code, error = TRIES[what]
    assert attempt(code) == error


def test_a_reading_ends_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    many = xlsx([["a"] * 1, *[[f"x{number}"] for number in range(20_000)]])
    monkeypatch.setitem(workbook._LIMITS, "cpu", 0)
    with pytest.raises(SheetRefused, match="too_heavy"):
        list(open_sheet(many, "a.xlsx"))


def test_a_reading_that_says_nothing_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    silent = tmp_path / "child.py"
    silent.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(workbook, "_CHILD", silent)
    monkeypatch.setattr(workbook, "STALL_SECONDS", 0.2)
    started = time.monotonic()
    with pytest.raises(SheetRefused, match="too_heavy"):
        open_sheet(zipped(xlsx_parts(ONE_ROW)), "a.xlsx")
    assert time.monotonic() - started < 10


def test_a_reader_who_stops_leaves_no_process_behind() -> None:
    rows = iter(open_sheet(xlsx([["a"], *[["x" * 50]] * 50_000]), "a.xlsx"))
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert subprocess.run(["pgrep", "-f", str(CHILD)], capture_output=True, check=False).stdout == b""


def test_the_largest_workbook_that_is_read_stays_within_memory() -> None:
    cells = "".join(
        f'<row r="{row}">' + "".join(f"<c><v>{row * 10 + column}</v></c>" for column in range(10)) + "</row>"
        for row in range(2, 99_999)
    )
    header = (
        '<row r="1">' + "".join(f'<c t="inlineStr"><is><t>k{column}</t></is></c>' for column in range(10)) + "</row>"
    )
    data = zipped(xlsx_parts(header + cells))
    assert sum(1 for _row in open_sheet(data, "a.xlsx")) == 99_997


@pytest.mark.parametrize(("size", "name", "code"), [(21, "a.xlsx", "workbook_size"), (501, "a.csv", "file_size")])
def test_files_over_the_limit_are_refused_while_they_arrive(size: int, name: str, code: str) -> None:
    read = 0

    def source(offset: int) -> object:
        nonlocal read
        yield b"PK\x03\x04" if name == "a.xlsx" else b"nama\n"
        for _ in range(size + 100):
            read += 1
            yield b"Siti Contoh\n" * (MB // 12 + 1)

    with pytest.raises(SheetRefused, match=code):
        open_sheet(source, name)  # type: ignore[arg-type]
    assert read < size + 5
