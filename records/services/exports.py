"""Tables that people take away: CSV and XLSX in constant memory, with nothing in them that a spreadsheet would run."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

from django.http import StreamingHttpResponse

from records.ids import uuid7
from records.services.copying import copy_out
from records.services.log import record_event
from records.sheets.limits import CELL_CHARACTERS
from records.sheets.marks import marked

XLSX_ROWS = 1_048_575  # of a sheet, below its header; more goes into a CSV file
FORMS = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_PIECE = 64 * 1024


class TooManyRows(Exception):
    """An XLSX file cannot hold this many rows; a CSV file can."""


def log_export(
    *, kind: str, rows: int, fields: Sequence[str], purpose: str, actor_id: UUID | None, actor_role: str,
    regency_id: int | None = None, now: datetime,
) -> None:  # fmt: skip
    """Write down, in the caller's transaction, that somebody takes `rows` rows with these columns away, and what for."""
    record_event(
        kind=f"export.{kind}",
        actor_id=actor_id,
        actor_role=actor_role,
        subject_type="export",
        subject_id=uuid7(),
        regency_id=regency_id,
        fields=fields,
        reason=f"{rows}: {purpose}",
        at=now,
    )


def rows_out(query: Any, *, enter: Callable[[], None]) -> Iterator[list[str]]:
    """The rows of a queryset of values as texts, read by COPY in a transaction of its own that `enter` opens.

    NULL is "", bytes are hexadecimal behind "\\x". A web request's `enter` must take its scope and its role again, since a
    streamed answer is read after the request's transaction has ended.
    """
    sql, parameters = query.query.sql_with_params()
    pieces = copy_out(sql, parameters, enter=enter, form="FORMAT csv")
    try:
        yield from csv.reader(_lines(pieces))
    finally:
        pieces.close()


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Lines that end as COPY ends rows; each piece ends behind a row."""
    for piece in pieces:
        yield from io.StringIO(piece.decode(), newline="\n")


def as_csv(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Generator[bytes]:
    """CSV in UTF-8 with the mark by which Excel knows it. Texts that a spreadsheet would run stand behind an apostrophe."""
    buffer = io.StringIO("\N{BOM}", newline="")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    writer.writerow(map(marked, headers))
    for row in rows:
        writer.writerow(map(marked, row))
        if buffer.tell() >= _PIECE:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def as_xlsx(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Generator[bytes]:
    """A workbook of one sheet whose cells are all text, so that none runs and leading zeros stay.

    XML holds no control characters: they are left out. A cell holds CELL_CHARACTERS. Raises TooManyRows, which a caller
    who knows the number avoids, since by then the file has begun.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, xml in _PARTS.items():
            archive.writestr(name, xml)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_SHEET_HEAD)
            sheet.write(_xml_row(headers, style=2))
            lines = bytearray()
            for number, row in enumerate(rows, 1):
                if number > XLSX_ROWS:
                    raise TooManyRows
                lines += _xml_row(row)
                if len(lines) >= _PIECE:
                    sheet.write(lines)
                    lines.clear()
                    yield pipe.take()
            sheet.write(lines + b"</sheetData></worksheet>")
    yield pipe.take()


WRITERS = {"csv": as_csv, "xlsx": as_xlsx}


def download(form: str, *, name: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> StreamingHttpResponse:
    """The answer that hands a table out as `name`.csv or `name`.xlsx while it is being read."""
    answer = StreamingHttpResponse(WRITERS[form](headers, rows), content_type=FORMS[form])
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return answer


class _Pipe(io.RawIOBase):
    """A file that is only written forward; `take` gives what has come since."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self.pieces)
        self.pieces.clear()
        return taken


_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _xml_row(row: Sequence[str], *, style: int = 1) -> bytes:
    cells = "".join(
        [f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{_xml(text)}</t></is></c>' for text in row]
    )
    return f"<row>{cells}</row>".encode()


def _xml(text: str) -> str:
    if text.isalnum():
        return text[:CELL_CHARACTERS]
    return escape(_UNSPEAKABLE.sub("", text[:CELL_CHARACTERS]), {"\r": "&#13;"})


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET_HEAD = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15" '
    'baseColWidth="18"/><sheetData>'
).encode()
_PARTS = {
    "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    # Format 49 is "Text": a cell that somebody edits stays text. Style 1 plain, style 2 bold.
    "xl/styles.xml": f'{_XML}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font/><font><b/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/>'
    '<xf numFmtId="49" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
