"""Declarations of tables that arrive as files: one class serves the import engine and django-import-export alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, ClassVar, NamedTuple

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import Widget

from records.fields import EncryptedField, keyring
from records.keyring import Keyring
from records.sheets import Reason

TEXTS = {
    "required": _("Kolom ini wajib diisi."),
    "unreadable": _("Isi ini tidak dapat dibaca. Cocokkan dengan contoh di templat."),
    "unknown": _("“{value}” tidak ada di data portal. Periksa ejaan atau kodenya."),
    "choice": _("“{value}” bukan pilihan yang dikenal. Pakai salah satu dari: {choices}."),
    "date": _("“{value}” bukan tanggal. Tulis seperti 2026-01-31 atau 31/01/2026."),
    "too_long": _("Isi lebih panjang dari {limit} karakter. Singkatkan."),
    "twice": _("Data ini sudah ada di baris {line} dengan isi yang berbeda. Sisakan satu baris yang benar."),
}


class CellRefused(ValueError):
    """Raised by a widget: the code of a sentence (`ImportResource.texts`) and what fills it. Never a personal value."""

    def __init__(self, code: str, **values: Any) -> None:
        self.code, self.values = code, values
        super().__init__(code)


class CellReason(NamedTuple):
    """Why a row is refused: the column as the resource names it ("" for the row), the code, what fills its sentence."""

    column: str
    code: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column that a file may bring. `title` is what the template's header says; `also` are headers that mean the same."""

    name: str
    title: str
    also: tuple[str, ...]
    required: bool
    personal: bool


class DateCell(Widget):  # type: ignore[misc]
    """A day as people and spreadsheets write it: 2026-01-31, 31/01/2026, 31-01-2026, or an ISO moment's day."""

    def clean(self, value: str, row: Mapping[str, str] | None = None, **kwargs: Any) -> date | None:
        if not value:
            return None
        try:
            return _day(value)
        except (TypeError, ValueError):
            raise CellRefused("date", value=value) from None


@lru_cache(maxsize=4096)  # a file has few days and many rows
def _day(text: str) -> date:
    parts = text.split("T")[0].split(" ")[0].replace("/", "-").split("-")
    return date(*map(int, parts if len(parts[0]) == 4 else reversed(parts)))


class ImportResource(ModelResource):  # type: ignore[misc]
    """A table whose rows are added and changed by files, never removed.

    Meta names `model`, `import_id_fields` (the key, by which a row is known again) and `fields`. A Field's attribute is a
    column of the model: "regency_id", not "regency". An EncryptedField stands in `fields` together with the key's
    BlindIndexField, both reading the same column of the file; it is written with a new row and never changed by a file,
    since its index is the key. Keys and values are compared as the database types them.

    Instances belong to one import: `options` are what the person who uploads states about the whole file.
    """

    title: ClassVar[Any] = ""  # "Daftar orang": what is imported, for pages
    titles: ClassVar[Mapping[str, Any]] = {}  # header of the template by column; missing: the column's own name
    also: ClassVar[Mapping[str, Sequence[str]]] = {}  # other headers that mean this column
    optional: ClassVar[frozenset[str]] = frozenset()  # columns that the file need not have
    texts: ClassVar[Mapping[str, Any]] = {}  # sentences of the codes that its widgets raise
    set_based: ClassVar[bool] = True  # False: rows go through `store`, and cannot be undone
    derived: ClassVar[tuple[str, ...]] = ()  # columns that `check_row` fills
    template_rows: ClassVar[Sequence[Sequence[str]]] = ()  # examples below the headers of the template

    class Meta:
        use_bulk = True
        skip_unchanged = True
        skip_html_diff = True
        report_skipped = False
        batch_size = 2000

    def __init__(
        self, *, options: Mapping[str, Any] | None = None, regency_id: int | None = None, now: datetime | None = None
    ) -> None:
        super().__init__()
        self.options, self.regency_id, self.now = dict(options or {}), regency_id, now or timezone.now()
        for field in self.sealed:
            if f"{field.attribute}_index" not in self.key:
                raise ImproperlyConfigured(f"{type(self).__name__}: the key must hold the index of {field.attribute}")

    # What a subclass may say

    def prepare(self) -> dict[str, Any]:
        """Columns that are the same for every row and are not in the file, by name; as JSON. Called once, before reading.

        May write what the rows refer to. The rows that the file is compared with are those that have these values.
        """
        return {}

    def abandon(self, constants: Mapping[str, Any]) -> None:
        """The import came to nothing, or was undone: take back what `prepare` wrote, if nothing else uses it."""

    def check_row(self, values: dict[str, Any], cells: Mapping[str, str]) -> Iterable[CellReason]:
        """Rules over several columns; may also fill columns that no cell names."""
        return ()

    def store(self, rows: Iterable[Mapping[str, Any]], *, name: str, now: datetime) -> None:
        """Where `set_based` is False: hand the new and changed rows, typed, to the room's own service. In a job.

        Raises CellRefused when that service refuses them; then the import has failed and nothing of it stays.
        """
        raise NotImplementedError

    def mask(self, column: str, text: str) -> str:
        """A personal value as pages show it."""
        return "*" * 8

    def show(self, field: Field, value: Any) -> str:
        """A staged value (JSON) as pages show it."""
        return "" if value is None else str(field.widget.render(self.column_of(field).to_python(value)) or "")

    def targets(self, constants: Mapping[str, Any]) -> models.QuerySet[Any]:
        """The stored rows that the file's rows are compared with."""
        rows: models.QuerySet[Any] = self.get_queryset().filter(**constants)
        return rows

    # What the engine asks

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)

    @property
    def model(self) -> type[models.Model]:
        model: type[models.Model] = self._meta.model
        return model

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The attributes of the key, in the order of Meta.import_id_fields."""
        return tuple(self.fields[name].attribute for name in self.get_import_id_fields())

    @cached_property
    def sealed(self) -> list[Field]:
        return [f for f in self.fields.values() if isinstance(self.column_of(f), EncryptedField)]

    def column_of(self, field: Field) -> Any:
        """The model's field behind a Field of the file."""
        return self.model._meta.get_field(field.attribute)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """By name, in the order of the template."""
        personal = {field.column_name for field in self.sealed}
        return {
            field.column_name: Column(
                name=field.column_name,
                title=str(self.titles.get(field.column_name, field.column_name)),
                also=tuple(self.also.get(field.column_name, ())),
                required=field.column_name not in self.optional,
                personal=field.column_name in personal,
            )
            for field in self.fields.values()
        }

    def guess(self, headers: Iterable[str], remembered: Mapping[str, str]) -> dict[str, str]:
        """Header of the file by column: as remembered, else the one that is called like the column."""
        by_name = {_plain(header): header for header in reversed(list(headers))}
        found = {}
        for column in self.columns.values():
            for name in (remembered.get(column.name, ""), column.title, column.name, *column.also):
                if header := by_name.get(_plain(name)):
                    found[column.name] = header
                    break
        return found

    def missing(self, mapping: Mapping[str, str]) -> list[Column]:
        return [column for column in self.columns.values() if column.required and column.name not in mapping]

    @cached_property
    def written(self) -> tuple[str, ...]:
        """The columns of a new row that differ from row to row."""
        pk = [self.model._meta.pk.attname] if self.makes_ids else []
        return tuple(dict.fromkeys([*pk, *(field.attribute for field in self.fields.values()), *self.derived]))

    def changing(self, mapping: Mapping[str, str]) -> list[str]:
        """The columns that a known row may get from a file with these columns."""
        fixed = {*self.key, *(field.attribute for field in self.sealed)}
        found = [f.attribute for f in self.fields.values() if f.column_name in mapping and f.attribute not in fixed]
        return [*dict.fromkeys([*found, *self.derived])]

    def unnamed(self, now: datetime) -> dict[str, Any]:
        """What a new row has in the columns that no file names, as JSON: the clock's, and the model's defaults."""
        found = {}
        for column in self.model._meta.concrete_fields:
            if column.attname in self.written or column.primary_key or column.generated:
                continue
            if getattr(column, "auto_now", False) or getattr(column, "auto_now_add", False) or column.name == "as_of":
                found[column.attname] = now.isoformat()
            elif not column.null and column.db_default is models.NOT_PROVIDED and not column.is_relation:
                found[column.attname] = json.loads(json_text(column.get_default()))
        return found

    @cached_property
    def _plan(self) -> list[tuple[str, str, Any, Any, bool, Any]]:
        """(column, attribute, clean, check, required, empty) of each Field; sealed ones apart, which need the row's id."""
        plain = [(field, self.column_of(field)) for field in self.fields.values() if field not in self.sealed]
        return [
            (
                *(field.column_name, field.attribute, field.widget.clean),
                *(self._check(column), self._required(column), None if column.null else column.get_default()),
            )
            for field, column in plain
        ]

    @cached_property
    def _sealed_plan(self) -> list[tuple[str, str, Any, str, bool]]:
        plain = [(field, self.column_of(field)) for field in self.sealed]
        return [(f.column_name, f.attribute, f.widget.clean, column.aad, self._required(column)) for f, column in plain]

    @cached_property
    def _keyring(self) -> Keyring:
        return keyring()

    @cached_property
    def _pk(self) -> Any:
        return self.model._meta.pk

    def _required(self, column: models.Field[Any, Any]) -> bool:
        return not (column.null or column.blank or column.has_default())

    def _check(self, column: models.Field[Any, Any]) -> Any:
        """The model's own limits, for columns whose widget does not know them."""
        if column.is_relation or isinstance(column, models.BinaryField):
            return None
        choices, limit = dict(column.flatchoices), column.max_length
        others = [each for each in column.validators if not isinstance(each, MaxLengthValidator)]
        if not (choices or limit or others):
            return None

        def check(value: Any) -> None:
            if choices and value not in choices:
                raise CellRefused("choice", value=str(value)[:60], choices=", ".join(map(str, choices)))
            if limit and len(value) > limit:
                raise CellRefused("too_long", limit=limit)
            for validate in others:
                validate(value)

        return check

    @cached_property
    def makes_ids(self) -> bool:
        return isinstance(self.model._meta.pk, models.UUIDField)

    def clean_row(self, cells: Mapping[str, str]) -> tuple[dict[str, Any], list[CellReason]]:
        """The row's columns as Python values, personal ones sealed, and what is wrong with it.

        With a reason the values are not complete. A model with a UUID key gets a new one.
        """
        values: dict[str, Any] = {}
        reasons: list[CellReason] = []
        if self.makes_ids:
            row_id = values[self._pk.attname] = str(self._pk.get_default())
        for column, attribute, clean, aad, required in self._sealed_plan:
            try:
                if text := clean(cells[column], row=cells):
                    values[attribute] = self._keyring.encrypt(aad, row_id, text)
                elif required:
                    reasons.append(CellReason(column, "required", {}))
            except (ValueError, ValidationError) as error:
                reasons.append(_reason(column, error))
        # A personal column is also read for its index: one reason is enough.
        wrong = {reason.column for reason in reasons}
        for column, attribute, clean, check, required, empty in self._plan:
            if column in wrong:
                continue
            try:
                value = clean(cells[column], row=cells)
                if value is None or value == "":
                    if required:
                        reasons.append(CellReason(column, "required", {}))
                    value = empty
                elif check:
                    check(value)
                values[attribute] = value
            except (ValueError, ValidationError) as error:
                reasons.append(_reason(column, error))
        if not reasons:
            reasons.extend(self.check_row(values, cells))
        return values, reasons

    def sentence(self, code: str, values: Mapping[str, Any]) -> str:
        """What a reason says, in the language in force."""
        text = self.texts.get(code) or TEXTS.get(code)
        return str(text).format(**values) if text else str(Reason(code, dict(values)))


def _plain(header: str) -> str:
    return "".join(c for c in header.casefold() if c.isalnum())


def _reason(column: str, error: Exception) -> CellReason:
    if isinstance(error, CellRefused):
        return CellReason(column, error.code, error.values)
    return CellReason(column, "unreadable", {})


_JSON: dict[type, Callable[[Any], str]] = {
    str: encode_basestring_ascii,
    int: str,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _value: "null",
    bytes: lambda value: f'"\\\\x{value.hex()}"',
    date: lambda value: f'"{value.isoformat()}"',
    datetime: lambda value: f'"{value.isoformat()}"',
}


def json_text(value: Any) -> str:
    """A column's value as JSON from which PostgreSQL makes the column's type."""
    return (_JSON.get(type(value)) or _other)(value)


def _other(value: Any) -> str:
    return encode_basestring_ascii(str(value))
