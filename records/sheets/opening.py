"""Which reader a file gets: by its name and by what its first bytes say."""

from records.sheets.limits import TEXT_SUFFIXES, WORKBOOK_SUFFIXES
from records.sheets.reasons import SheetRefused
from records.sheets.sheet import Sheet, Source
from records.sheets.text import TextSheet
from records.sheets.workbook import WorkbookSheet

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_KINDS = {
    b"PK\x03\x04": "ZIP",
    b"PK\x05\x06": "ZIP",
    _OLE: "OLE",
    b"MZ": "EXE",
    b"\x7fELF": "ELF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"%PDF": "PDF",
    b"\x1f\x8b": "GZIP",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7Z",
}


def suffix_of(name: str) -> str:
    """The suffix that this name of a file says, in lower case. Raises SheetRefused for one that is not read."""
    suffix = "." + name.rpartition(".")[2].lower() if "." in name else ""
    if suffix == ".xls":
        raise SheetRefused("old_excel")
    if suffix in {".xlsm", ".xltm", ".xlsb", ".xlam"}:
        raise SheetRefused("macros")
    if suffix not in TEXT_SUFFIXES + WORKBOOK_SUFFIXES:
        raise SheetRefused("name", name=name[-40:])
    return suffix


def open_sheet(data: Source | bytes, name: str, encoding: str = "") -> Sheet:
    """The table in a file: headers are read, rows follow as they are asked for.

    `data` gives the bytes from a position on, as often as it is asked. `name` decides how they are read; nothing is
    opened by it. A CSV file is read in constant memory and can be resumed behind any row (`rows(after=position)`); a
    workbook is read in a confined process that starts anew with every `rows`. `encoding` is what an earlier opening of the
    same CSV file found, so that the whole file need not be read for it again. Raises SheetRefused.
    """
    source: Source = (lambda offset: [data[offset:]]) if isinstance(data, bytes) else data
    suffix = suffix_of(name)
    head = b""
    for piece in source(0):
        head += piece
        if len(head) >= 512:
            break
    if not head:
        raise SheetRefused("empty")
    kind = next((kind for magic, kind in _KINDS.items() if head.startswith(magic)), "")
    if not kind and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith(
        (b"<!doctype html", b"<html", b"<?xml")
    ):
        kind = "HTML"
    if suffix in WORKBOOK_SUFFIXES:
        if kind == "OLE":
            raise SheetRefused(_what_ole_holds(source))
        if kind != "ZIP":
            raise SheetRefused("not_that_type", found=kind or "CSV", suffix=suffix)
        return WorkbookSheet(source, suffix)
    if kind:
        raise SheetRefused("not_that_type", found=kind, suffix=suffix)
    return TextSheet(source, encoding)


def _what_ole_holds(source: Source) -> str:
    """A workbook with a password is an OLE file with the encrypted one inside."""
    mark, tail = "EncryptedPackage".encode("utf-16-le"), b""
    for piece in source(0):
        if mark in tail + piece:
            return "password"
        tail = piece[-len(mark) :]
    return "old_excel"
