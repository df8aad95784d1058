"""What the declarations of tables share: region codes as keys, whole tables compared at once, refusals with their sentence."""

import re
from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import Any, ClassVar

import tablib
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.widgets import Widget

from clusters.models import District, Regency, Village
from records.resources import CellRefused, ImportResource

CODES = {
    Regency: re.compile(r"33\.\d\d"),
    District: re.compile(r"33\.\d\d\.\d\d"),
    Village: re.compile(r"33\.\d\d\.\d\d\.[12]\d{3}"),
}


class Wrong(CellRefused):
    """A cell that is refused: pages say the sentence of its code, a terminal says `line`."""

    def __init__(self, line: str, code: str, **values: Any) -> None:
        super().__init__(code, **values)
        self.line = line

    def __str__(self) -> str:
        return self.line


class RegionCode(Widget):  # type: ignore[misc]
    """An official code as its primary key: "33.01" -> 3301. With `stored` the region must already be in the database."""

    def __init__(self, model: type[models.Model], *, stored: bool = True, optional: bool = False) -> None:
        super().__init__()
        self.model, self.stored, self.optional = model, stored, optional

    @cached_property
    def known(self) -> frozenset[int]:
        return frozenset(self.model._default_manager.values_list("pk", flat=True))

    def clean(self, value: str, row: Mapping[str, str] | None = None, **kwargs: Any) -> int | None:
        if not value and self.optional:
            return None
        if not CODES[self.model].fullmatch(value):
            line = f"{value!r} is not the code of a {self.model._meta.model_name} of Jawa Tengah"
            raise Wrong(line, "region_code", value=value[:20])
        key = int(value.replace(".", ""))
        if self.stored and key not in self.known:
            raise Wrong(f"there is no {self.model._meta.model_name} {value}", "unknown", value=value)
        return key

    def render(self, value: int | None, obj: models.Model | None = None, **kwargs: Any) -> str:
        """The code as files have it: 3301012001 -> "33.01.01.2001"."""
        digits = str(value or "")
        parts = [digits[:2], digits[2:4], digits[4:6], digits[6:]]
        return ".".join(part for part in parts if part)


class Named(Widget):  # type: ignore[misc]
    """A stored row by its code or its name, whatever the case."""

    def __init__(self, model: type[models.Model], *names: str) -> None:
        super().__init__()
        self.model, self.names = model, names

    @cached_property
    def known(self) -> dict[str, Any]:
        rows = self.model._default_manager.values_list("pk", *self.names)
        return {str(name).casefold(): pk for pk, *names in rows for name in names}

    @cached_property
    def shown(self) -> dict[Any, str]:
        return dict(self.model._default_manager.values_list("pk", self.names[0]))

    def clean(self, value: str, row: Mapping[str, str] | None = None, **kwargs: Any) -> Any:
        if not value:
            return None
        if value.casefold() not in self.known:
            raise CellRefused("unknown", value=value[:60])
        return self.known[value.casefold()]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.shown.get(value, "")


class WholeTable(BaseInstanceLoader):  # type: ignore[misc]
    """Finds a row's stored instance among all of the table, read once; refuses a key that stands twice in the file."""

    def __init__(self, resource: "ReferenceResource", dataset: tablib.Dataset) -> None:
        super().__init__(resource, dataset)
        self.fields = [resource.fields[name] for name in resource.get_import_id_fields()]
        self.stored = {tuple(f.get_value(each) for f in self.fields): each for each in resource.get_queryset()}
        self.seen: set[tuple[Hashable, ...]] = set()

    def get_instance(self, row: Mapping[str, str]) -> models.Model | None:
        key = tuple(field.clean(row) for field in self.fields)
        if key in self.seen:
            raise ValueError(f"{', '.join(row[f.column_name] for f in self.fields)} stands twice")
        self.seen.add(key)
        return self.stored.get(key)


class ReferenceResource(ImportResource):
    """A table whose rows are added and changed by its file, in bulk, and never removed."""

    texts = {
        "region_code": _("“{value}” bukan kode wilayah Jawa Tengah. Tulis seperti 33.01, dengan titik."),
        "figure": _("“{value}” bukan angka. Tulis satu angka dari 0 ke atas, dengan titik untuk pecahan."),
        "indicator": _("“{value}” tidak ada di katalog indikator. Pakai kode seperti tertulis di halaman Data kuota."),
        "sex": _("“{value}” bukan jenis kelamin. Tulis P, L, atau kosongkan bila angka ini tentang keduanya."),
        "unit": _("Satuan {indicator} adalah {unit}, bukan “{value}”."),
        "period": _("“{value}” bukan periode. Tulis seperti 2024, 2024-08, 2024-H2, atau 2024-01..08."),
    }
    kept: ClassVar[frozenset[str]] = frozenset()  # attributes that the province may have filled: a file only fills gaps

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        missing = {field.column_name for field in self.fields.values()} - set(dataset.headers or ())
        if missing - self.optional:
            raise ValidationError(f"columns are missing: {', '.join(sorted(missing - self.optional))}")
        for column in sorted(missing):  # one that the file need not have is empty in every row
            dataset.append_col([""] * len(dataset), header=column)

    def get_export_fields(self, selected_fields: Any = None) -> list[Field]:
        """One field a column: the key is its code."""
        columns = {field.column_name: field for field in reversed(super().get_export_fields(selected_fields))}
        return list(reversed(columns.values()))

    def import_field(self, field: Field, instance: models.Model, row: Mapping[str, str], **kwargs: Any) -> None:
        if not (field.attribute in self.kept and getattr(instance, field.attribute)):
            super().import_field(field, instance, row, **kwargs)

    def validate_instance(
        self,
        instance: models.Model,
        import_validation_errors: dict[str, Any] | None = None,
        validate_unique: bool = True,
    ) -> None:
        """Field by field, without a query: codes of other tables were checked by RegionCode."""
        errors = dict(import_validation_errors or {})
        try:
            given = {f.name for f in instance._meta.fields if f.name in self.fields and not f.is_relation}
            instance.clean_fields(exclude={f.name for f in instance._meta.fields} - given | errors.keys())
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    class Meta:
        instance_loader_class = WholeTable
