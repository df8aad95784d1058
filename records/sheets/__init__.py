"""Tables from files that strangers made: CSV streamed, XLSX and ODS read in a confined process.

Nothing is guessed about types: every cell is text, leading zeros are kept, dates are ISO. What cannot be read without
guessing is refused with its reason (records.sheets.reasons), for the cell, the row or the whole file.
"""

from records.sheets.limits import largest
from records.sheets.opening import open_sheet, suffix_of
from records.sheets.reasons import Reason, SheetRefused
from records.sheets.sheet import START, Position, Row, Sheet, Source

__all__ = [
    "START", "Position", "Reason", "Row", "Sheet", "SheetRefused", "Source", "largest", "open_sheet", "suffix_of",
]  # fmt: skip
