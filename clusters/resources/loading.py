"""Loading a table from a CSV file, all or nothing."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tablib
from django.core.exceptions import ValidationError
from django.db import transaction
from import_export.results import Result

from clusters.resources.base import ReferenceResource


class BadFile(Exception):
    """A file that cannot be loaded, with the line and the reason."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path.name}, line {line}: {reason}")


@dataclass(frozen=True, slots=True)
class Counts:
    added: int
    changed: int
    unchanged: int


def read_table(path: Path) -> tablib.Dataset:
    """A CSV file with a header. Raises BadFile for a row with too few or too many fields."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    for line, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise BadFile(path, line, f"{len(row)} fields instead of {len(header)}")
    return tablib.Dataset(*rows, headers=header)


@transaction.atomic
def load_table(resource: ReferenceResource, path: Path) -> Counts:
    """Add and change what the file says. Raises BadFile for its first bad line; nothing of the file is stored then."""
    result = resource.import_data(read_table(path))
    for line, error in complaints(result):
        raise BadFile(path, line, _reason(error))
    return Counts(result.totals["new"], result.totals["update"], result.totals["skip"])


def complaints(result: Result) -> Iterator[tuple[int, Exception]]:
    """Line and error of what is wrong, first line first; a complaint about the whole file is one about its header."""
    bad = [(0, error.error) for error in result.base_errors]
    bad += [(row.number, error.error) for row in result.error_rows for error in row.errors]
    bad += [(row.number, row.error) for row in result.invalid_rows]
    for number, error in sorted(bad, key=lambda each: each[0]):
        yield number + 1, error


def _reason(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return "; ".join(f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items())
