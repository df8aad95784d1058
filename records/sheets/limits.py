"""How much a file may hold. The texts of records.sheets.reasons and the page of imports state these."""

MB = 1024 * 1024
TEXT_BYTES = 500 * MB
TEXT_ROWS = 5_000_000
LINE_BYTES = 1 * MB
WORKBOOK_BYTES = 20 * MB
WORKBOOK_UNZIPPED = 100 * MB
WORKBOOK_ROWS = 100_000
WORKBOOK_CELLS = 1_000_000
WORKBOOK_PARTS = 1_000
COLUMNS = 200
CELL_CHARACTERS = 32_767  # what a cell of Excel holds
HEADER_CHARACTERS = 100

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
WORKBOOK_SUFFIXES = (".xlsx", ".ods")


def largest(suffix: str) -> int:
    """Bytes that a file with this suffix may have."""
    return WORKBOOK_BYTES if suffix in WORKBOOK_SUFFIXES else TEXT_BYTES
