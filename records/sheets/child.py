"""The program of the confined process: a workbook on standard input, its rows as lines of JSON on standard output.

Runs alone (`python -I child.py SUFFIX LIMITS`) and imports nothing of ours. Before the first byte of the file is looked at
the process has given up memory, time, files and the network: it may open nothing more, sockets included.
"""

import codecs
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

MB = 1024 * 1024
RATIO = 200  # of a part's size to its packed size; spreadsheets reach about 40
NESTED = re.compile(r"\.(zip|xlsx|xlsm|xls|ods|docx?|gz|7z|rar|jar)$", re.IGNORECASE)
UNCALCULATED = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
HIDDEN_ROW = re.compile(
    rb'<(?:\w+:)?row\b[^>]*\bhidden="(?:1|true)"|<table:table-row\b[^>]*\btable:visibility="(?:collapse|filter)"'
)
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b|table:number-(?:columns|rows)-spanned="(?!1")')
CELL_TAG = re.compile(rb"<(?:\w+:)?c\b[^>]*>")
PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
VALUE = re.compile(rb"<(?:\w+:)?v>([^<]{1,20})<")
SHEET_TAG = re.compile(rb'<(?:\w+:)?sheet\b[^>]*\br:id="([^"]+)"')
RELATION = re.compile(rb"<Relationship\b[^>]*>")


class Refused(Exception):
    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.answer = {"refused": code, "values": values}


def confine(limits: dict[str, int]) -> None:
    codecs.lookup("cp437")  # how zipfile reads names; a module that must be there before files are given up
    for what, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["cpu"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),  # the three pipes are open already; no file, no socket can follow
    ):
        resource.setrlimit(what, (most, most))


def check_parts(data: bytes, limits: dict[str, int]) -> zipfile.ZipFile:
    """The zip archive, when its directory is what a spreadsheet's is; nothing is unpacked for that."""
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, IndexError) as error:
        raise Refused("broken") from error
    parts = archive.infolist()
    if len(parts) > limits["parts"]:
        raise Refused("zip_entries")
    names = [part.filename for part in parts]
    if len(set(names)) < len(names) or any(
        name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in name.split("/") for name in names
    ):
        raise Refused("zip_names")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refused("macros")
    if any(part.flag_bits & 1 for part in parts):
        raise Refused("password")
    if any(NESTED.search(name) for name in names):
        raise Refused("zip_nested")
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise Refused("broken")
    if sum(part.file_size for part in parts) > limits["unzipped"] or any(
        part.file_size > MB and part.file_size > RATIO * part.compress_size for part in parts
    ):
        raise Refused("zip_size", limit=limits["unzipped"] // MB)
    ends = 0
    for part in sorted(parts, key=lambda each: each.header_offset):
        if part.header_offset < ends:
            raise Refused("zip_overlap")
        ends = part.header_offset + 30 + len(part.filename.encode()) + part.compress_size
    return archive


def scan(archive: zipfile.ZipFile, limits: dict[str, int]) -> dict[str, bytes]:
    """The parts that say what calamine does not tell; every part is unpacked once, for what no spreadsheet holds."""
    kept: dict[str, bytes] = {}
    left = limits["unzipped"]
    for part in archive.infolist():
        name = part.filename
        try:
            with archive.open(part) as file:
                text = file.read(left + 1)
        except Exception as error:
            raise Refused("broken") from error
        left -= len(text)
        if left < 0:
            raise Refused("zip_size", limit=limits["unzipped"] // MB)
        if not name.endswith((".xml", ".rels", ".vml")):
            continue
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text or b"\0" in text:
            raise Refused("entities")
        if name == "[Content_Types].xml" and b"macroEnabled" in text:
            raise Refused("macros")
        if name == "META-INF/manifest.xml" and b"encryption-data" in text:
            raise Refused("password")
        if name.startswith("xl/worksheets/sheet") or name in {
            "content.xml",
            "xl/workbook.xml",
            "xl/_rels/workbook.xml.rels",
        }:
            kept[name] = text
    return kept


def sheet_part(kept: dict[str, bytes], index: int, suffix: str) -> bytes:
    """The XML of the sheet with this place in the workbook; of an ODS file, of all sheets."""
    if suffix == ".ods":
        return kept.get("content.xml", b"")
    sheets = SHEET_TAG.findall(kept.get("xl/workbook.xml", b""))
    for relation in RELATION.findall(kept.get("xl/_rels/workbook.xml.rels", b"")):
        if index < len(sheets) and b'Id="%s"' % sheets[index] in relation:
            target = re.search(rb'Target="/?(?:xl/)?([^"]+)"', relation)
            return kept.get(f"xl/{target[1].decode()}", b"") if target else b""
    return b""


def error_cells(xml: bytes) -> dict[int, list[Any]]:
    """[column, reason] of the cells that show an error, by row, both as numbers from A1 = (0, 1)."""
    found: dict[int, list[Any]] = {}
    if b't="e"' in xml:
        for tag in CELL_TAG.finditer(xml):
            place = PLACE.search(tag[0])
            if b't="e"' in tag[0] and place:
                value = VALUE.search(xml, tag.end(), tag.end() + 2000)
                reason = ["cell_error", {"error": value[1].decode("utf-8", "replace") if value else "#?"}]
                found.setdefault(int(place[2]), []).append([column_of(place[1]), reason])
    return found


def column_of(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def text_of(value: Any) -> str | None:
    """A cell's value as text; None for a number that a spreadsheet does not keep exactly."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        if abs(value) >= 1e15:
            return None
        return str(int(value)) if value == int(value) else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)


def read(data: bytes, suffix: str, limits: dict[str, int]) -> Iterator[Any]:
    """The answers: {"notes"}, then [line, texts, problems by column] of each row."""
    archive = check_parts(data, limits)
    kept = scan(archive, limits)
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        sheets = [
            (index, meta.name)
            for index, meta in enumerate(workbook.sheets_metadata)
            if meta.typ == SheetTypeEnum.WorkSheet and meta.visible == SheetVisibleEnum.Visible
        ]
        if not sheets:
            raise Refused("no_sheet")
    except PasswordError as error:
        raise Refused("password") from error
    except CalamineError as error:
        raise Refused("broken") from error
    (index, name), *others = sheets
    xml = sheet_part(kept, index, suffix)
    kept.clear()
    if UNCALCULATED.search(xml):
        raise Refused("formulas")
    if MERGED.search(xml):
        raise Refused("merged")
    notes: list[Any] = [["read_sheet", {"sheet": name[:60]}]]
    if others:
        notes.append(["other_sheets", {"sheets": ", ".join(other[:60] for _index, other in others[:5])}])
    if HIDDEN_ROW.search(xml):
        notes.append(["hidden_rows", {}])
    if any(name.startswith("xl/externalLinks/") for name in archive.namelist()):
        notes.append(["links", {}])
    errors = error_cells(xml)
    del xml  # calamine takes its place in memory
    try:
        sheet = workbook.get_sheet_by_index(index)
    except CalamineError as error:
        raise Refused("broken") from error
    if sheet.start is None:
        raise Refused("empty")
    height, width = sheet.total_height, sheet.width
    if width > limits["columns"]:
        raise Refused("columns", limit=limits["columns"])
    if height > limits["rows"] + 1:
        raise Refused("workbook_rows", limit=limits["rows"])
    if height * width > limits["cells"]:
        raise Refused("cells", limit=limits["cells"])
    left = sheet.start[1]
    yield {"notes": notes}
    for line, values in enumerate(sheet.iter_rows(), 1):
        texts = [text_of(value) for value in values]
        bad = [[column - left, reason] for column, reason in errors.get(line, ())]
        bad += [[column, ["long_number", {}]] for column, text in enumerate(texts) if text is None]
        yield line, [text or "" for text in texts], bad
    yield "end"


def main() -> None:
    suffix, limits = sys.argv[1], json.loads(sys.argv[2])
    confine(limits)
    try:
        for answer in read(sys.stdin.buffer.read(), suffix, limits):
            sys.stdout.write(json.dumps(answer) + "\n")
    except Refused as refused:
        sys.stdout.write(json.dumps(refused.answer) + "\n")
    except MemoryError:
        sys.stdout.write(json.dumps({"refused": "too_heavy", "values": {}}) + "\n")


if __name__ == "__main__":
    main()
