"""The lines of staged rows, as COPY reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

from django.core.exceptions import ValidationError

from records.ids import uuid7_texts
from records.models import Import
from records.resources import CellReason, ImportResource, json_text
from records.sheets import Row

COLUMNS = "import_id, line, key, verdict, values, reasons"
_KNOWN = 10_000  # texts of a column whose value is kept


class _Unusual(Exception):
    """This row needs the long way."""


class Maker:
    """Makes staged rows of one import. What has anything to say goes through `ImportResource.clean_row`; the others, nearly
    all, through the same checks by column, a text that comes again in a column being looked at once.
    """

    def __init__(self, record: Import, resource: ImportResource, headers: list[str]) -> None:
        self.import_id, self.resource = record.pk.hex, resource
        places = {header: place for place, header in enumerate(headers)}
        self.cells = [(column, places[header]) for column, header in record.mapping.items()]
        self.absent = dict.fromkeys(resource.columns.keys() - record.mapping.keys(), "")
        self.key = resource.key
        self.is_plain = type(resource).check_row is ImportResource.check_row  # else it may look at the whole row
        self._plan()

    def _plan(self) -> None:
        """By column: its place in a row (-1: absent, an empty cell is put there), and what makes its JSON."""
        resource, places = self.resource, dict(self.cells)
        self.sealing = [
            (places.get(column, -1), clean, aad) for column, _attribute, clean, aad, _required in resource._sealed_plan
        ]
        self.reading: list[tuple[int, Callable[[str], str], dict[str, str] | None]] = [
            (
                places.get(column, -1),
                _reader(clean, check, required, empty),
                None if resource.columns[column].personal else {},
            )
            for column, _attribute, clean, check, required, empty in resource._plan
        ]
        pk = [resource.model._meta.pk.attname] if resource.makes_ids else []
        attributes = [*pk, *(each[1] for each in resource._sealed_plan), *(each[1] for each in resource._plan)]
        self.form = "{" + ",".join(f'"{name}":%s' for name in attributes) + "}"
        self.key_places = [attributes.index(name) for name in self.key]

    def lines(self, rows: Sequence[Row]) -> str:
        """At most 4,096 rows."""
        ids = uuid7_texts(len(rows)) if self.resource.makes_ids else [""] * len(rows)
        made = []
        for row, row_id in zip(rows, ids, strict=True):
            try:
                if row.problems or not self.is_plain:
                    raise _Unusual
                made.append(self._usual(row, row_id))
            except (_Unusual, ValueError, ValidationError):
                made.append(self._unusual(row))
        return "".join(made)

    def _usual(self, row: Row, row_id: str) -> str:
        """Raises _Unusual or what a widget raises when there is anything to say about the row."""
        cells = [*row.cells, ""] if self.absent else row.cells
        texts = [f'"{row_id}"'] if row_id else []
        for place, clean, aad in self.sealing:
            text = clean(cells[place])
            if not text:
                raise _Unusual
            texts.append(f'"\\\\x{self.resource._keyring.encrypt(aad, row_id, text).hex()}"')
        for place, read, known in self.reading:
            cell = cells[place]
            if known is None:
                texts.append(read(cell))
                continue
            found = known.get(cell)
            if found is None:
                if len(known) >= _KNOWN:
                    known.clear()
                found = known[cell] = read(cell)
            texts.append(found)
        key = self._digest([texts[place] for place in self.key_places])
        values = (self.form % tuple(texts)).replace("\\", "\\\\")
        return f"{self.import_id}\t{row.line}\t\\\\x{key}\tnew\t{values}\t\\N\n"

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
            return self._line(row.line, "\\N", "refused", shown, why)
        texts = {name: json_text(value) for name, value in values.items()}
        key = self._digest([texts[attribute] for attribute in self.key])
        stated = ",".join([f'"{name}":{text}' for name, text in texts.items()])
        return self._line(row.line, f"\\\\x{key}", "new", f"{{{stated}}}", None)

    @staticmethod
    def _digest(texts: list[str]) -> str:
        return blake2b(",".join(texts).encode(), digest_size=16).hexdigest()

    def _line(self, line: int, key: str, verdict: str, values: str, reasons: str | None) -> str:
        """For COPY: of what JSON holds only the backslash means something there."""
        values = values.replace("\\", "\\\\")
        why = "\\N" if reasons is None else reasons.replace("\\", "\\\\")
        return f"{self.import_id}\t{line}\t{key}\t{verdict}\t{values}\t{why}\n"

    def _shown(self, cells: Mapping[str, str]) -> dict[str, str]:
        """The cells of a refused row as they may be shown to anybody in the office."""
        columns = self.resource.columns
        return {
            name: self.resource.mask(name, text) if columns[name].personal else text[:200]
            for name, text in cells.items()
        }


def _reader(
    clean: Callable[[str], object], check: Callable[[object], None] | None, required: bool, empty: object
) -> Callable[[str], str]:
    """A cell's JSON, as `ImportResource.clean_row` would have its value."""

    def read(cell: str) -> str:
        value = clean(cell)
        if value is None or value == "":
            if required:
                raise _Unusual
            value = empty
        elif check:
            check(value)
        return json_text(value)

    return read
