import csv
import io
import resource
import zipfile
from collections.abc import Iterator

import openpyxl
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from records.models import Event
from records.services import exports
from records.services.exports import as_csv, as_xlsx, rows_out
from records.sheets import open_sheet
from records.sheets.marks import marked, unmarked
from tests.factories.staff import make_user

# XML holds no other control characters; "_x0041_" is how XLSX writes those, so openpyxl reads it as one.
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r", exclude_characters="\ufffe\uffff_")
)
SIGNS = st.sampled_from(["=", "+", "-", "@", "\t", "\r", "'", "''", "＝", "＋", "－", "＠", "0", "'0", ""])
CELLS = st.builds(str.__add__, SIGNS, TEXT)
TABLES = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8)
HEADERS = ["nama", "=nik", "-kode"]
RUNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@given(CELLS)
def test_a_marked_text_never_runs_and_is_given_back(text: str) -> None:
    assert not marked(text).startswith(RUNS)
    assert unmarked(marked(text)) == text


@given(TABLES)
def test_csv_holds_no_formula_and_every_text(rows: list[list[str]]) -> None:
    written = b"".join(as_csv(HEADERS, rows))
    assert written.startswith("\N{BOM}".encode())
    read = list(csv.reader(io.StringIO(written.decode("utf-8-sig"), newline="")))
    assert not any(cell.startswith(RUNS) for row in read for cell in row)
    assert [[unmarked(cell) for cell in row] for row in read] == [HEADERS, *rows]


@given(TABLES)
def test_xlsx_holds_only_text_cells_and_every_text(rows: list[list[str]]) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(as_xlsx(HEADERS, rows)))).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} <= {"s", "inlineStr"}
    read = [[cell.value or "" for cell in row] for row in sheet.iter_rows(max_col=3)]
    assert read == [HEADERS, *rows]


def test_leading_zeros_stay_in_cells_of_the_text_format() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(as_xlsx(["nik"], [["0123"], ["3374990101950001"]])))).active
    assert [(cell.value, cell.number_format) for cell in sheet["A"][1:]] == [("0123", "@"), ("3374990101950001", "@")]


def test_our_own_reader_takes_what_was_exported() -> None:
    rows = [["0123", "=1+1", "Siti\nContoh"], ["'5", "+62812", "a,b"]]
    for form, write in exports.WRITERS.items():
        read = [row.cells for row in open_sheet(b"".join(write(["a", "b", "c"], rows)), f"a.{form}")]
        assert read == [["0123", "=1+1", "Siti Contoh"], ["5" if form == "xlsx" else "'5", "+62812", "a,b"]]


@pytest.mark.parametrize("form", exports.WRITERS)
def test_a_large_table_is_written_in_constant_memory(form: str) -> None:
    def rows(number: int) -> Iterator[list[str]]:
        for line in range(number):
            yield [f"{line:016}", f"Siti Contoh {line}", "Jalan Raya"]

    def write(number: int) -> tuple[int, int]:
        size = sum(map(len, exports.WRITERS[form](["nik", "nama", "alamat"], rows(number))))
        return size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    _small, before = write(1000)
    size, after = write(200_000)
    assert size > 1_000_000
    assert after - before < 4 * 1024  # KB


def test_a_workbook_refuses_rows_that_no_sheet_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "XLSX_ROWS", 2)
    assert zipfile.is_zipfile(io.BytesIO(b"".join(as_xlsx(["a"], [["1"], ["2"]]))))
    with pytest.raises(exports.TooManyRows):
        b"".join(as_xlsx(["a"], [["1"], ["2"], ["3"]]))


@pytest.mark.django_db(transaction=True)
def test_rows_come_out_of_the_database_as_they_are() -> None:
    names = ['Siti, "Contoh"', "a\r\nb", "\\N", "\\.", "=1", "é" * 50]
    for name in names:
        make_user(name=name)
    rows = rows_out(User.objects.order_by("id").values_list("name", "phone", "is_active"), enter=lambda: None)
    assert sorted(rows) == sorted([name, "", "t"] for name in names)


@pytest.mark.django_db
def test_an_export_leaves_a_line_with_count_and_purpose() -> None:
    user = make_user()
    exports.log_export(
        kind="people", rows=12, fields=["nama"], purpose="Rapat", actor_id=user.pk, actor_role="mentor", regency_id=3301,
        now=timezone.now(),
    )  # fmt: skip
    event = Event.objects.get(kind="export.people")
    assert (event.reason, event.fields, event.regency_id, event.actor_id) == ("12: Rapat", ["nama"], 3301, user.pk)
