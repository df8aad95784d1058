"""CSV in constant memory, from any byte on."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from records.sheets.limits import LINE_BYTES, MB, TEXT_BYTES, TEXT_ROWS
from records.sheets.reasons import Reason, SheetRefused
from records.sheets.sheet import START, Position, Row, Sheet, Source, headers_of, row_of

_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp1252": "Windows-1252"}
_DELIMITERS = {",": "“,”", ";": "“;”", "\t": "tab"}
_NEWLINE = re.compile(rb"[\r\n]")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_HEAD = 64 * 1024


class TextSheet(Sheet):
    """A CSV file. Opening reads it once through, so that an encoding which does not hold is found before any row."""

    def __init__(self, source: Source, encoding: str = "") -> None:
        self.source = source
        self.encoding, bom = (encoding, len(_mark(source))) if encoding else _encoding(source)
        self.delimiter = _delimiter(source, self.encoding, bom)
        self.position = Position(0, bom)
        self.headers, _line = headers_of(self._records(self.position))
        self.header_end = self.position
        said = {"encoding": _NAMES[self.encoding], "delimiter": _DELIMITERS[self.delimiter]}
        self.notes = [Reason("read_as", said)]

    def rows(self, after: Position = START) -> Iterator[Row]:
        width = len(self.headers)
        for line, cells in self._records(Position(*max(after, self.header_end))):
            if line > TEXT_ROWS:
                raise SheetRefused("rows", limit=TEXT_ROWS)
            row = row_of(line, cells, width)
            if row is not None:
                yield row

    def _records(self, start: Position) -> Iterator[tuple[int, list[str]]]:
        """(first line, cells) of the records behind `start`."""
        offset, encoding = start.offset, self.encoding

        def lines() -> Iterator[str]:
            nonlocal offset
            raw = io.BufferedReader(_Pieces(self.source(start.offset)), _HEAD)
            for line in io.TextIOWrapper(raw, encoding, newline=""):
                offset += len(line) if encoding == "utf-8" and line.isascii() else len(line.encode(encoding))
                yield line

        reader = csv.reader(lines(), delimiter=self.delimiter, strict=True)
        line = start.line
        try:
            for cells in reader:
                first, line = line + 1, start.line + reader.line_num
                self.position = Position(line, offset)
                yield first, cells
        except csv.Error as error:
            raise SheetRefused("quotes", line=line + 1) from error


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file that is read forward."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = iter(pieces)
        self.rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.rest:
            piece = next(self.pieces, None)
            if piece is None:
                return 0
            self.rest = memoryview(piece)
        size = min(len(buffer), len(self.rest))
        buffer[:size] = self.rest[:size]
        self.rest = self.rest[size:]
        return size


def _encoding(source: Source) -> tuple[str, int]:
    """The encoding in which the whole file is text, and the length of its byte order mark.

    A file that is partly UTF-8 and partly something else is refused: read as Windows-1252 its names would be wrong.
    """
    mark = _mark(source)
    encoding = _BOMS.get(mark, "utf-8")
    try:
        _survey(source, encoding)
    except UnicodeDecodeError as error:
        if mark:
            raise SheetRefused("encoding", line=_line_of(source, encoding)) from error
    else:
        return encoding, len(mark)
    try:
        if _survey(source, "utf-8", "ignore"):  # some of it is UTF-8 beyond ASCII
            raise SheetRefused("encoding", line=_line_of(source, "utf-8"))
        _survey(source, "cp1252")
    except UnicodeDecodeError as error:
        raise SheetRefused("encoding", line=_line_of(source, "cp1252")) from error
    return "cp1252", 0


def _mark(source: Source) -> bytes:
    head = _head(source)
    return next((mark for mark in _BOMS if head.startswith(mark)), b"")


def _survey(source: Source, encoding: str, errors: str = "strict") -> bool:
    """Whether there is any letter beyond ASCII. Raises UnicodeDecodeError; SheetRefused for what no CSV file holds."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    total = open_line = 0
    beyond = False
    for piece in source(0):
        total += len(piece)
        if total > TEXT_BYTES:
            raise SheetRefused("file_size", limit=TEXT_BYTES // MB)
        text = decoder.decode(piece)
        if "\0" in text:
            raise SheetRefused("nul")
        beyond = beyond or not text.isascii()
        longest, open_line = _lengths(piece, open_line)
        if longest > LINE_BYTES:
            raise SheetRefused("long_line", limit=LINE_BYTES)
    decoder.decode(b"", final=True)
    if not total:
        raise SheetRefused("empty")
    return beyond


def _lengths(piece: bytes, before: int) -> tuple[int, int]:
    """Bytes of the longest line in a piece, as far as it matters, and of its last; `before` is how long the first is already."""
    found = _NEWLINE.search(piece)
    if found is None:
        return before + len(piece), before + len(piece)
    last = len(piece) - 1 - max(piece.rfind(b"\n"), piece.rfind(b"\r"))
    within = max(map(len, _NEWLINE.split(piece))) if len(piece) > LINE_BYTES else 0
    return max(before + found.start(), within, last), last


def _line_of(source: Source, encoding: str) -> int:
    """The line of the first byte that this encoding does not know."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    for piece in source(0):
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
        line += piece.count(b"\n")
    return line


def _head(source: Source) -> bytes:
    head = b""
    for piece in source(0):
        head += piece
        if len(head) >= _HEAD:
            break
    return head[:_HEAD]


def _delimiter(source: Source, encoding: str, bom: int) -> str:
    """The one that stands most often outside quotes in the first line that has any letter."""
    lines = _head(source)[bom:].decode(encoding, "ignore").splitlines()
    first = _QUOTED.sub("", next((line for line in lines if line.strip()), ""))
    return max(_DELIMITERS, key=first.count)
