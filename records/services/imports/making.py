"""The lines of staged rows, as COPY reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from django.core.exceptions import ValidationError

from records.ids import uuid7_texts
from records.models import Import
from records.resources import CellReason, ImportResource, json_text
from records.sheets import Row

COLUMNS = "line, key, verdict, values, reasons"
_KNOWN = 10_000  # texts of a column whose value is kept
_ABSENT = -1  # the place of an empty cell


class Maker:
    """Makes staged rows of one import. What has anything to say goes through `ImportResource.clean_row`; the others, nearly
    all, through the same checks by column, a text that comes again in a column being looked at once.
    """

    def __init__(self, record: Import, resource: ImportResource, headers: list[str]) -> None:
        self.resource = resource
        places = {header: place for place, header in enumerate(headers)}
        self.cells = [(column, places[header]) for column, header in record.mapping.items()]
        self.absent = dict.fromkeys(resource.columns.keys() - record.mapping.keys(), "")
        self.key = resource.key
        self.is_plain = type(resource).check_row is ImportResource.check_row  # else it may look at the whole row
        self._plan()

    def _plan(self) -> None:
        """What a usual row's columns are read by, the sealed ones first, and the form of its line."""
        resource, places = self.resource, dict(self.cells)
        self.aads = [aad for _column, _attribute, _clean, aad, _required in resource._sealed_plan]
        self.readers = [
            (places.get(column, _ABSENT), _sealed_reader(clean))
            for column, _attribute, clean, _aad, _required in resource._sealed_plan
        ] + [
            (
                places.get(column, _ABSENT),
                _reader(clean, check, required, empty, kept=not resource.columns[column].personal),
            )
            for column, _attribute, clean, check, required, empty in resource._plan
        ]
        forms = {resource.model._meta.pk.attname: '"%s"'} if resource.makes_ids else {}
        forms |= {each[1]: '"\\\\\\\\x%s"' for each in resource._sealed_plan}
        forms |= {each[1]: "%s" for each in resource._plan}
        values = ",".join(f'"{name}":{form}' for name, form in forms.items())
        self.form = f"%d\t\\\\x%s\tnew\t{{{values}}}\t\\N\n"
        self.key_places = [list(forms).index(name) for name in self.key]

    def lines(self, rows: Sequence[Row]) -> str:
        """At most 4,096 rows; the unusual ones come last."""
        if not (rows and self.is_plain):
            return "".join(map(self._unusual, rows))
        columns = [*zip(*[row.cells for row in rows], strict=True), ("",) * len(rows)]
        usual: list[tuple[Any, ...]] = []
        unusual: list[tuple[Any, ...]] = []
        for each in zip(rows, *[map(read, columns[place]) for place, read in self.readers], strict=True):
            (unusual if None in each or each[0].problems else usual).append(each)
        return "".join([*self._usual(usual), *[self._unusual(row) for row, *_texts in unusual]])

    def _usual(self, read: Sequence[tuple[Any, ...]]) -> list[str]:
        """Of rows with what the readers made of them."""
        if not read:
            return []
        rows, *columns = (list(each) for each in zip(*read, strict=True))
        ids = uuid7_texts(len(rows)) if self.resource.makes_ids else []
        for place, aad in enumerate(self.aads):
            texts = [text.encode() for text in columns[place]]
            columns[place] = [sealed.hex() for sealed in self.resource._keyring.encrypt_all(aad, ids, texts)]
        if ids:
            columns.insert(0, ids)
        keys = map(self._digest, zip(*[columns[place] for place in self.key_places], strict=True))
        return [self.form % each for each in zip([row.line for row in rows], keys, *columns, strict=True)]

    def _unusual(self, row: Row) -> str:
        cells = {column: row.cells[place] for column, place in self.cells} | self.absent
        values, reasons = self.resource.clean_row(cells)
        if row.problems:
            unusable = [CellReason("", "", {}), *(CellReason(column, "", {}) for column, _place in self.cells)]
            found = [row.problems.get(None), *(row.problems.get(place) for _column, place in self.cells)]
            known = [
                at._replace(code=why.code, values=why.values) for at, why in zip(unusable, found, strict=True) if why
            ]
            reasons = known + [reason for reason in reasons if reason.column not in {each.column for each in known}]
        if reasons:
            shown, why = json.dumps(self._shown(cells)), json.dumps([list(reason) for reason in reasons])
            return f"{row.line}\t\\N\trefused\t{_copied(shown)}\t{_copied(why)}\n"
        texts = {name: _copied(json_text(value)) for name, value in values.items()}
        key = self._digest([texts[attribute] for attribute in self.key])
        stated = ",".join([f'"{name}":{text}' for name, text in texts.items()])
        return f"{row.line}\t\\\\x{key}\tnew\t{{{stated}}}\t\\N\n"

    @staticmethod
    def _digest(texts: Iterable[str]) -> str:
        return blake2b(",".join(texts).encode(), digest_size=16).hexdigest()

    def _shown(self, cells: Mapping[str, str]) -> dict[str, str]:
        """The cells of a refused row as they may be shown to anybody in the office."""
        columns = self.resource.columns
        return {
            name: self.resource.mask(name, text) if columns[name].personal else text[:200]
            for name, text in cells.items()
        }


class _Kept(dict[str, str | None]):
    """What was read from texts of a column, so that one that comes again is looked at once."""

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self.read = read

    def __missing__(self, cell: str) -> str | None:
        if len(self) >= _KNOWN:
            self.clear()
        found = self[cell] = self.read(cell)
        return found


def _reader(
    clean: Callable[[str], object], check: Callable[[object], None] | None, required: bool, empty: object, *, kept: bool
) -> Callable[[str], str | None]:
    """Makes a cell's JSON, as `ImportResource.clean_row` would have its value; None when there is anything to say."""

    def read(cell: str) -> str | None:
        try:
            value = clean(cell)
            if value is None or value == "":
                if required:
                    return None
                value = empty
            elif check:
                check(value)
        except (ValueError, ValidationError):
            return None
        return _copied(json_text(value))

    return _Kept(read).__getitem__ if kept else read


def _sealed_reader(clean: Callable[[str], str]) -> Callable[[str], str | None]:
    """Gives a cell's clean text."""

    def read(cell: str) -> str | None:
        try:
            return clean(cell) or None
        except (ValueError, ValidationError):
            return None

    return read


def _copied(json: str) -> str:
    """For COPY: of what JSON holds only the backslash means something there."""
    return json.replace("\\", "\\\\")
