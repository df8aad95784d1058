# ruff: noqa: E501 - one case a line
"""The hostile corpus: one file per kind of failure, made when it is asked for, with what must become of it."""

import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import openpyxl

from tests.records.sheets.files import HEADER, ONE_ROW, cell, ods_parts, ods_row, saved, xlsx, xlsx_parts, zipped

Rows = list[list[str]]


@dataclass(frozen=True)
class Case:
    """`refused`: the code for the whole file. `rows`: what is read instead; `bad`: (line, column, code) refused in it."""

    kind: str
    name: str
    make: Callable[[str], bytes]  # of the canary's address
    refused: str = ""
    rows: Rows | None = None
    bad: tuple[tuple[int, int | None, str], ...] = ()
    note: str = ""


def big(megabytes: int) -> bytes:
    return b" " * (megabytes * 1024 * 1024)


def flat_bomb(_canary: str) -> bytes:
    return zipped(xlsx_parts(ONE_ROW) | {"xl/media/a.bin": big(150)})


def lying_bomb(_canary: str) -> bytes:
    """The directory says that the sheet is small, while it unpacks to 150 MB."""
    parts = xlsx_parts(ONE_ROW)
    parts["xl/worksheets/sheet1.xml"] = str(parts["xl/worksheets/sheet1.xml"]).encode() + big(150)
    data = bytearray(zipped(parts))
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"xl/worksheets/sheet1.xml"))
    data[at + 24 : at + 28] = struct.pack("<I", 500)
    return bytes(data)


def overlapping_bomb(_canary: str) -> bytes:
    """Two entries of the directory that share the same packed bytes."""
    data = zipped(xlsx_parts(ONE_ROW))
    archive = zipfile.ZipFile(io.BytesIO(data))
    part = archive.getinfo("xl/worksheets/sheet1.xml")
    start = data.index(b"PK\x01\x02", archive.start_dir)
    while data[start + 46 : start + 46 + len(part.filename)] != part.filename.encode():
        start = data.index(b"PK\x01\x02", start + 4)
    entry = bytearray(data[start : start + 46 + len(part.filename)])
    entry[46:] = part.filename.replace("sheet1", "sheet2").encode()
    end = bytearray(data[data.rindex(b"PK\x05\x06") :])
    count, size = struct.unpack_from("<H", end, 10)[0] + 1, struct.unpack_from("<I", end, 12)[0] + len(entry)
    struct.pack_into("<HHI", end, 8, count, count, size)
    return data[: data.rindex(b"PK\x05\x06")] + bytes(entry) + bytes(end)


def many_parts(_canary: str) -> bytes:
    return zipped(xlsx_parts(ONE_ROW) | {f"xl/media/{number}.bin": b"" for number in range(2000)})


def twice_named(_canary: str) -> bytes:
    """Readers differ in which of two parts of one name they take."""
    out = io.BytesIO(zipped(xlsx_parts(ONE_ROW)))
    with zipfile.ZipFile(out, "a") as archive:
        archive.getinfo("xl/worksheets/sheet1.xml").filename = "xl/worksheets/other.xml"
        archive.NameToInfo.clear()
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
        archive.filelist[4].filename = "xl/worksheets/sheet1.xml"
    return out.getvalue()


def xxe(canary: str) -> bytes:
    head = f'<!DOCTYPE w [<!ENTITY x SYSTEM "{canary}"> <!ENTITY f SYSTEM "file:///etc/passwd">]>'
    row = f'<row r="2">{cell("A2", "&x;")}{cell("B2", "&f;")}</row>'
    return zipped(xlsx_parts(HEADER + row, head=head))


def laughs(_canary: str) -> str:
    layers = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return f'<!DOCTYPE w [<!ENTITY l0 "ha">{layers}]>'


def external_links(canary: str) -> bytes:
    link = (
        '<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>',
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="externalLinkPath" Target="{canary}/other.xlsx" TargetMode="External"/></Relationships>',
    )
    parts = {"xl/externalLinks/externalLink1.xml": link[0], "xl/externalLinks/_rels/externalLink1.xml.rels": link[1]}
    return zipped(xlsx_parts(ONE_ROW) | parts)


def ole(marks: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + marks.encode("utf-16-le") + bytes(1000)


def encrypted_entries(_canary: str) -> bytes:
    data = bytearray(zipped(xlsx_parts(ONE_ROW)))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


def merged(_canary: str) -> bytes:
    book = openpyxl.Workbook()
    for row in (["nama", "nik"], ["Siti", "01"], [None, "02"]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    return saved(book)


def hidden(_canary: str) -> bytes:
    """The first sheet and one row of the second are hidden."""
    book = openpyxl.Workbook()
    book.active.append(["rahasia"])
    book.active.sheet_state = "hidden"
    sheet = book.create_sheet("Tampak")
    for row in (["nama", "nik"], ["Siti", "01"], ["Budi", "02"]):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    book.active = 1
    return saved(book)


def formulas(_canary: str) -> bytes:
    counted = '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>"0"&amp;"1"</f><v>01</v></c></row>'
    return zipped(xlsx_parts(HEADER + counted))


def errors(_canary: str) -> bytes:
    row = f'<row r="2"><c r="A2" t="e"><f>A9/0</f><v>#DIV/0!</v></c>{cell("B2", "01")}</row>'
    return zipped(xlsx_parts(HEADER + row + f'<row r="3"><c r="B3" t="e"><v>#REF!</v></c>{cell("C3", "x")}</row>'))


def numbers(*values: object) -> Callable[[str], bytes]:
    return lambda _canary: xlsx([["nama", "nik"], *[["Siti", value] for value in values]])


def text(content: str, encoding: str = "utf-8") -> Callable[[str], bytes]:
    return lambda _canary: content.encode(encoding)


def raw(content: bytes) -> Callable[[str], bytes]:
    return lambda _canary: content


def book(sheet: str = ONE_ROW, **more: str) -> Callable[[str], bytes]:
    return lambda _canary: zipped(xlsx_parts(sheet, **more))


def with_part(name: str, content: bytes) -> Callable[[str], bytes]:
    return lambda _canary: zipped(xlsx_parts(ONE_ROW) | {name: content})


GOOD = [["Siti", "0123"]]
LONG = "x" * 40_000
CASES = [
    # Zip archives that are not what they say
    Case("flat zip bomb", "a.xlsx", flat_bomb, "zip_size"),
    Case("zip bomb with a directory that lies", "a.xlsx", lying_bomb, "broken"),
    Case("nested zip bomb", "a.xlsx", with_part("xl/media/inner.zip", zipped({"a": big(5)})), "zip_nested"),
    Case("overlapping zip bomb", "a.xlsx", overlapping_bomb, "zip_overlap"),
    Case("thousands of parts", "a.xlsx", many_parts, "zip_entries"),
    Case("two parts of one name", "a.xlsx", twice_named, "zip_names"),
    Case("path traversal inside", "a.xlsx", with_part("xl/../../../tmp/evil.xml", b"<a/>"), "zip_names"),
    Case("absolute path inside", "a.xlsx", with_part("/etc/cron.d/evil", b"<a/>"), "zip_names"),
    Case("truncated zip", "a.xlsx", lambda _canary: zipped(xlsx_parts(ONE_ROW))[:-300], "broken"),
    Case("flipped byte", "a.xlsx", lambda _canary: _flipped(zipped(xlsx_parts(ONE_ROW))), "broken"),
    Case("zip without a workbook", "a.xlsx", lambda _canary: zipped({"hello.txt": "hello"}), "broken"),
    # XML that reaches out or blows up
    Case("XXE in XLSX", "a.xlsx", xxe, "entities"),
    Case("billion laughs in XLSX", "a.xlsx", lambda c: zipped(xlsx_parts(ONE_ROW, head=laughs(c))), "entities"),
    Case("XXE in ODS", "a.ods", lambda c: zipped(ods_parts(ods_row("nama"), head=f'<!DOCTYPE o SYSTEM "{c}">')), "entities"),
    Case("billion laughs in ODS", "a.ods", lambda c: zipped(ods_parts(ods_row("&l9;"), head=laughs(c))), "entities"),
    Case("XML in UTF-16", "a.xlsx", with_part("xl/styles.xml", "<a/>".encode("utf-16")), "entities"),
    Case("external links", "a.xlsx", external_links, rows=GOOD, note="links"),
    # Workbooks with more than data
    Case("macros by name", "a.xlsm", book(), "macros"),
    Case("macros inside", "a.xlsx", with_part("xl/vbaProject.bin", b"\0"), "macros"),
    Case("macros by type", "a.xlsx", lambda _c: _typed("macroEnabled"), "macros"),
    Case("password", "a.xlsx", lambda _c: ole("EncryptedPackage"), "password"),
    Case("password of the zip", "a.xlsx", encrypted_entries, "password"),
    Case("old Excel named new", "a.xlsx", lambda _c: ole("Workbook"), "old_excel"),
    Case("old Excel", "a.xls", lambda _c: ole("Workbook"), "old_excel"),
    # Other files under a table's name
    Case("program named XLSX", "a.xlsx", raw(b"MZ\x90\0" + bytes(500)), "not_that_type"),
    Case("picture named XLSX", "a.xlsx", raw(b"\x89PNG\r\n\x1a\n" + bytes(500)), "not_that_type"),
    Case("PDF named XLSX", "a.xlsx", raw(b"%PDF-1.7\n" + bytes(500)), "not_that_type"),
    Case("HTML named XLSX", "a.xlsx", raw(b"<html><table><tr><td>nama</table>"), "not_that_type"),
    Case("CSV named XLSX", "a.xlsx", raw(b"nama,nik\nSiti,01\n"), "not_that_type"),
    Case("XLSX named CSV", "a.csv", book(), "not_that_type"),
    Case("HTML named CSV", "a.csv", raw(b"<!DOCTYPE html><html>"), "not_that_type"),
    Case("unknown suffix", "a.exe", raw(b"nama\nSiti\n"), "name"),
    Case("path traversal in the name", "../../etc/passwd", raw(b"nama\nSiti\n"), "name"),
    Case("path traversal with a suffix", "../../etc/data.csv", raw(b"nama,nik\nSiti,0123\n"), rows=GOOD),
    # Too much
    Case("10^6 columns in CSV", "a.csv", raw(b"a," * 1_000_000 + b"\n"), "long_line"),
    Case("300 columns in CSV", "a.csv", raw(b",".join(b"k%d" % n for n in range(300)) + b"\n1\n"), "columns"),
    Case("16,384 columns in XLSX", "a.xlsx", book(f'<row r="1">{cell("A1", "a")}{cell("XFD1", "b")}</row>'), "columns"),
    Case("10^6 rows in XLSX", "a.xlsx", book(f'{HEADER}<row r="1048576">{cell("A1048576", "b")}</row>'), "workbook_rows"),
    Case(
        "a sheet as large as they come",
        "a.xlsx",
        book(f'<row r="1">{cell("A1", "a")}</row><row r="1048576">{cell("XFD1048576", "b")}</row>'),
        "too_heavy",
    ),
    Case("ODS that repeats a row 10^9 times", "a.ods", lambda _c: zipped(ods_parts(_repeated())), "workbook_rows"),
    Case("huge cell in CSV", "a.csv", text(f"nama,nik\n{LONG},01\n"), rows=[["x" * 100, "01"]], bad=((2, 0, "cell_length"),)),
    Case("huge cell in XLSX", "a.xlsx", book(f'{HEADER}<row r="2">{cell("A2", LONG)}</row>'), rows=[["x" * 100, ""]], bad=((2, 0, "cell_length"),)),
    Case("10 MB in one line", "a.csv", raw(b"nama,nik\n" + b"x" * 10_000_000), "long_line"),
    # Text that is not what it seems
    Case("NUL bytes", "a.csv", raw(b"nama,nik\nSi\0ti,01\n"), "nul"),
    Case("invalid UTF-8", "a.csv", raw("nama,nik\nJosé,01\n".encode() + b"Jos\xe9,02\n"), "encoding"),
    Case("UTF-16 cut in the middle", "a.csv", raw("nama\nSiti".encode("utf-16")[:-1]), "encoding"),
    Case("byte of no encoding", "a.csv", raw(b"nama\nSiti\x81\n"), "encoding"),
    Case("Windows-1252", "a.csv", text("nama,nik\nJosé,01\n", "cp1252"), rows=[["José", "01"]], note="read_as"),
    Case("byte order mark", "a.csv", text("\ufeffnama;nik\nSiti;0123\n"), rows=GOOD),
    Case("mixed line endings", "a.csv", raw(b"nama,nik\r\nSiti,0123\rBudi,02\n\nAni,03"), rows=[*GOOD, ["Budi", "02"], ["Ani", "03"]]),
    Case("CR inside quotes", "a.csv", raw(b'nama,nik\n"Si\rti",01\n'), rows=[["Si ti", "01"]]),
    Case("unclosed quote", "a.csv", raw(b'nama,nik\n"Siti,01\nBudi,02\n'), "quotes"),
    Case("quote in the middle", "a.csv", raw(b'nama,nik\n"Siti"x,01\n'), "quotes"),
    Case(
        "ragged rows",
        "a.csv",
        raw(b"nama,nik\nSiti\nBudi,02,lain\nAni,03,,\n"),
        rows=[["Siti", ""], ["Budi", "02"], ["Ani", "03"]],
        bad=((2, None, "row_width"), (3, None, "row_width")),
    ),
    Case("zero-width and RTL marks", "a.csv", text("na\u200bma\u202e, n\u00adik\nSi\u200dti,\u202d0123\n"), rows=GOOD),
    # Headers
    Case("duplicate headers", "a.csv", raw(b"nama,Nama\na,b\n"), "header_twice"),
    Case("duplicate headers by invisible marks", "a.csv", text("nama,na\u200bma\na,b\n"), "header_twice"),
    Case("no headers", "a.csv", text("3374990101950001,Kenari Semarangan\n3374990101950002,B\n"), "header_empty"),
    Case("no headers, spaced number", "a.csv", text("Kenari,0812 3456 7890\nB,x\n"), "header_empty"),
    Case("empty header between others", "a.csv", raw(b"nama,,nik\na,b,c\n"), "header_empty"),
    Case("empty headers at the end", "a.csv", raw(b"nama,nik,,\nSiti,0123,,\n"), rows=GOOD),
    Case("data under no header", "a.csv", raw(b"nama,nik,\nSiti,0123,x\n"), rows=GOOD, bad=((2, None, "row_width"),)),
    Case("empty file", "a.csv", raw(b""), "empty"),
    Case("only blank lines", "a.csv", raw(b"\n\n,,\n"), "empty"),
    Case("header only", "a.csv", raw(b"nama,nik\n"), rows=[]),
    Case("empty sheet", "a.xlsx", lambda _c: xlsx([]), "empty"),
    Case("trailing blank rows", "a.csv", raw(b"nama,nik\nSiti,0123\n,\n ,\n\n"), rows=GOOD),
    # Cells
    Case("formula cells", "a.xlsx", formulas, rows=[["2", "01"]]),
    Case("formula cells without a result", "a.xlsx", numbers("=1+1"), "formulas"),
    Case("error cells", "a.xlsx", errors, rows=[["", "01"], ["", ""]], bad=((2, 0, "cell_error"), (3, 1, "cell_error"), (3, None, "row_width"))),
    Case("error cells in CSV", "a.csv", raw(b"nama,nik\n#REF!,01\n"), rows=[["#REF!", "01"]], bad=((2, 0, "cell_error"),)),
    Case("merged cells", "a.xlsx", merged, "merged"),
    Case("merged cells in ODS", "a.ods", lambda _c: zipped(ods_parts(ods_row("a") + ods_row("b", **{"number-rows-spanned": "2"}))), "merged"),
    Case("hidden sheet and row", "a.xlsx", hidden, rows=[["Siti", "01"], ["Budi", "02"]], note="hidden_rows"),
    Case("several sheets", "a.xlsx", lambda _c: xlsx([["nama", "nik"], ["Siti", "0123"]], sheets={"Lain": [["x"]]}), rows=GOOD, note="other_sheets"),
    Case("NIK typed as a number", "a.xlsx", numbers(3374990101950001), rows=[["Siti", ""]], bad=((2, 1, "long_number"),)),
    Case("20 digits typed as a number", "a.xlsx", numbers(33749901019500011234), rows=[["Siti", ""]], bad=((2, 1, "long_number"),)),
    Case("NIK in scientific notation", "a.csv", raw(b'nama,nik\nSiti,3.37E+15\nBudi,"3,37499E+15"\n'), rows=[["Siti", "3.37E+15"], ["Budi", "3,37499E+15"]], bad=((2, 1, "scientific"), (3, 1, "scientific"))),
    Case("numbers that spreadsheets keep", "a.xlsx", numbers(123456789012345, 7, 0.1, 1e-7), rows=[["Siti", "123456789012345"], ["Siti", "7"], ["Siti", "0.1"], ["Siti", "0.0000001"]]),
    Case("leading zeros", "a.xlsx", numbers("0123"), rows=GOOD),
    Case("NIK behind an apostrophe", "a.csv", raw(b"nama,nik\nSiti,'0123\n"), rows=GOOD),
    Case("full-width digits", "a.csv", text("nama,nik\nSiti,\uff10\uff11\n"), rows=[["Siti", "\uff10\uff11"]]),
    Case("formula injection", "a.csv", text("nama,nik\n=cmd|'/C calc'!A0,@x\n"), rows=[["=cmd|'/C calc'!A0", "@x"]]),
]  # fmt: skip


def _flipped(data: bytes) -> bytes:
    at = data.index(b"worksheets/sheet1.xml") + 40
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def _typed(kind: str) -> bytes:
    parts = xlsx_parts(ONE_ROW)
    parts["[Content_Types].xml"] = str(parts["[Content_Types].xml"]).replace("sheet.main", f"sheet.{kind}.main")
    return zipped(parts)


def _repeated() -> str:
    return ods_row("nama").replace("<table:table-row", '<table:table-row table:number-rows-repeated="1000000000"')
