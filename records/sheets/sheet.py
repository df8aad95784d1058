"""What every reader gives: headers, notes, rows."""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from records.sheets.limits import CELL_CHARACTERS, COLUMNS, HEADER_CHARACTERS
from records.sheets.marks import unmarked
from records.sheets.reasons import Reason, SheetRefused

Source = Callable[[int], Iterable[bytes]]  # the file's bytes from this position on, in pieces of any size

_ERROR = re.compile(r"#(?:REF!|N/A|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!)|Err:\d{3}")
_SHOWN = 100  # characters of a cell that is refused
_SCIENTIFIC = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE]\+?(?:1[5-9]|[2-9]\d)")


class Position(NamedTuple):
    """Where a row ends: its last line and, in a text file, the byte behind it. JSON keeps it as a list."""

    line: int
    offset: int


START = Position(0, 0)


class Row(NamedTuple):
    """`line` is the one that a spreadsheet or an editor shows. `cells` has as many texts as there are headers.

    `problems` says by column index, None for the row, why a cell cannot be used; mostly empty.
    """

    line: int
    cells: list[str]
    problems: Mapping[int | None, Reason]


class Sheet(ABC):
    """A table that has been opened: its headers are known, its rows are read as they are asked for."""

    headers: list[str]
    encoding: str = ""  # of a CSV file
    notes: list[Reason]  # what was supposed: encoding, delimiter, which sheet
    position: Position  # behind the row that was given last

    @abstractmethod
    def rows(self, after: Position = START) -> Iterator[Row]:
        """The rows behind `after`, without those that are empty. Raises SheetRefused, also in the middle."""

    def __iter__(self) -> Iterator[Row]:
        return self.rows()


def clean(text: str) -> str:
    """Without spaces at its ends, invisible marks and the apostrophe that marks text; digits and letters as they are."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(
            " " if c in "\t\r\n\v\f\x85\u2028\u2029\u00a0" else c
            for c in unicodedata.normalize("NFC", text)
            if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"} or c in "\t\r\n\v\f\x85"
        )
    return unmarked(text.strip()).strip()


# What no header holds but a person's row does; headers are kept, shown and logged in the clear.
_NUMBER = re.compile(r"(?:\d ?){10}")


def headers_of(records: Iterable[tuple[int, list[str]]]) -> tuple[list[str], int]:
    """The texts of the first record that has any, and its line.

    Raises SheetRefused: there is none, there are too many columns, a header stands twice, is missing between others
    or is a person's number, since the first row is one of data.
    """
    found = next(((texts, line) for line, cells in records if (texts := _header_texts(cells))), None)
    if found is None:
        raise SheetRefused("empty")
    headers, line = found
    if len(headers) > COLUMNS:
        raise SheetRefused("columns", limit=COLUMNS)
    seen: set[str] = set()
    for number, header in enumerate(headers, 1):
        if not header or _NUMBER.search(header):
            raise SheetRefused("header_empty", column=letters(number), line=line)
        if header.casefold() in seen:
            raise SheetRefused("header_twice", header=header)
        seen.add(header.casefold())
    return headers, line


def _header_texts(cells: list[str]) -> list[str]:
    texts = [" ".join(unicodedata.normalize("NFKC", clean(cell)).split())[:HEADER_CHARACTERS] for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def letters(column: int) -> str:
    """The name of a column counted from 1: A, Z, AA."""
    name = ""
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(65 + letter) + name
    return name


def row_of(line: int, cells: list[str], width: int) -> Row | None:
    """A row of `width` clean cells with what is wrong in it; None when it is empty."""
    joined = "".join(cells)
    is_clean = joined.isascii() and joined.isprintable() and "'" not in joined
    texts = [*map(str.strip if is_clean else clean, cells)]
    while len(texts) > width and not texts[-1]:
        texts.pop()
    if not any(texts):
        return None
    problems: dict[int | None, Reason] = {}
    if len(texts) != width:
        problems[None] = Reason("row_width", {"found": len(texts), "expected": width})
        texts = (texts + [""] * width)[:width]
    if len(joined) > CELL_CHARACTERS or "#" in joined or "E" in joined or "e+" in joined or "e1" in joined:
        for column, text in enumerate(texts):
            if problem := _problem(text):
                problems[column] = problem
                texts[column] = text[:_SHOWN]
    return Row(line, texts, problems)


def _problem(text: str) -> Reason | None:
    if len(text) > CELL_CHARACTERS:
        return Reason("cell_length", {"limit": CELL_CHARACTERS})
    if _ERROR.fullmatch(text):
        return Reason("cell_error", {"error": text})
    return Reason("scientific", {"value": text}) if _SCIENTIFIC.fullmatch(text) else None
