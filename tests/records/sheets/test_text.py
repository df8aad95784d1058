import csv
import io
import resource
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.sheets import START, Position, SheetRefused, open_sheet
from records.sheets.sheet import clean

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
TABLES = st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=20))


def written(rows: list[list[str]], delimiter: str, newline: str, encoding: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL)
    width = len(rows[0]) if rows else 2
    writer.writerow([f"k{number}" for number in range(width)])
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


@given(
    TABLES,
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_is_read(rows: list[list[str]], delimiter: str, newline: str, encoding: str) -> None:
    read = [row.cells for row in open_sheet(written(rows, delimiter, newline, encoding), "a.csv")]
    assert read == [cleaned for row in rows if any(cleaned := [clean(cell) for cell in row])]


@given(TABLES, st.sampled_from(["utf-8-sig", "utf-16"]), st.integers(1, 40))
def test_reading_goes_on_behind_any_row(rows: list[list[str]], encoding: str, piece: int) -> None:
    data = written(rows, ",", "\r\n", encoding)

    def source(offset: int) -> Iterator[bytes]:
        for start in range(offset, len(data), piece):
            yield data[start : start + piece]

    sheet = open_sheet(source, "a.csv")
    everything = [(row, sheet.position) for row in sheet]
    for number, (_row, position) in enumerate(everything):
        again = open_sheet(source, "a.csv")
        assert list(again.rows(after=Position(*position))) == [row for row, _position in everything[number + 1 :]]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        for row in open_sheet(data, "a.csv"):
            assert row.cells
    except SheetRefused as refused:
        assert str(refused.reason)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_outside_quotes_and_said(delimiter: str) -> None:
    header = delimiter.join(['"a,b;c,d;e"', "k2", "k3"])
    sheet = open_sheet(f"\n{header}\n1{delimiter}2{delimiter}3\n".encode(), "a.csv")
    assert sheet.headers == ["a,b;c,d;e", "k2", "k3"]
    assert sheet.notes[0].values["encoding"] == "UTF-8"
    assert [row.line for row in sheet] == [3]


def test_a_record_over_several_lines_has_the_number_of_its_first() -> None:
    sheet = open_sheet(b'a,b\n"x\ny\nz",1\nu,2\n', "a.csv")
    assert [row.line for row in sheet] == [2, 5]
    assert sheet.position.line == 5


def test_memory_does_not_grow_with_the_file() -> None:
    line = b"3374990101950001,Siti Contoh Panjang,Jalan Raya Nomor 10,1990-01-01\n"

    def source(offset: int) -> Iterator[bytes]:
        assert offset < 100
        yield (b"nik,nama,alamat,lahir\n" + line)[offset:]
        for _ in range(400):
            yield line * 1000

    def read(most: int) -> int:
        rows = open_sheet(source, "a.csv").rows(after=START)
        for number, _row in enumerate(rows, 1):
            if number == most:
                break
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert read(400_000) - read(1000) < 4 * 1024  # KB, for 27 MB of text
