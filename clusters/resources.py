"""Tables that arrive as files: the shipped reference data (clusters/data/) and deliveries of indicator figures.

One declaration serves `load_reference_data` (CSV, all or nothing) and the import pages of the province. Loading refuses a
file with missing columns, an unknown code, a key that stands twice or a bad value, and says in which line; nothing of such a
file is stored. Loading the same file again changes nothing.
"""

import csv
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import tablib
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.results import Result
from import_export.widgets import Widget

from clusters.models import (
    BlankSpotVillage,
    Cluster,
    ClusterArea,
    District,
    LabourOffice,
    Observation,
    Regency,
    Village,
)
from clusters.services.observations import NewObservation, record_observations
from clusters.services.recomputing import queued_proposals
from records.resources import CellReason, CellRefused, ImportResource
from records.tasks import start_on_commit

PROVINCE_CODE = "33"
PERIOD = re.compile(r"\d{4}(-\d\d(-\d\d)?|-H[12])?(\.\.\d\d(-\d\d)?|\.\.\d{4}(-\d\d){0,2})?")
CODES = {
    Regency: re.compile(r"33\.\d\d"),
    District: re.compile(r"33\.\d\d\.\d\d"),
    Village: re.compile(r"33\.\d\d\.\d\d\.[12]\d{3}"),
}


class BadFile(Exception):
    """A file that cannot be loaded, with the line and the reason."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path.name}, line {line}: {reason}")


@dataclass(frozen=True, slots=True)
class Counts:
    added: int
    changed: int
    unchanged: int


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
        "period": _("“{value}” bukan periode. Tulis seperti 2024, 2024-08, 2024-H2, atau 2024-01..08."),
    }
    kept: ClassVar[frozenset[str]] = frozenset()  # attributes that the province may have filled: a file only fills gaps

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        missing = {field.column_name for field in self.fields.values()} - set(dataset.headers or ())
        if missing:
            raise ValidationError(f"columns are missing: {', '.join(sorted(missing))}")

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


class RegencyResource(ReferenceResource):
    id = Field("id", "code", RegionCode(Regency, stored=False))

    class Meta:
        model = Regency
        fields = ("id", "code", "bps_code", "name", "kind", "seat", "tile_col", "tile_row")


class DistrictResource(ReferenceResource):
    id = Field("id", "code", RegionCode(District, stored=False))
    regency = Field("regency_id", "regency_code", RegionCode(Regency))

    class Meta:
        model = District
        fields = ("id", "code", "regency", "name")


class VillageResource(ReferenceResource):
    id = Field("id", "code", RegionCode(Village, stored=False))
    district = Field("district_id", "district_code", RegionCode(District))

    class Meta:
        model = Village
        fields = ("id", "code", "district", "name", "kind")


class BlankSpotResource(ReferenceResource):
    village = Field("village_id", "village_code", RegionCode(Village))
    printed_name = Field("printed_name", "village_as_printed")

    class Meta:
        model = BlankSpotVillage
        import_id_fields = ("village",)
        fields = ("village", "printed_name", "period", "source", "note")


class ClusterResource(ReferenceResource):
    class Meta:
        model = Cluster
        import_id_fields = ("index",)
        fields = ("index", "code", "name_id", "name_en", "who_id", "who_en")


class BorobudurAreaResource(ReferenceResource):
    """The rings of the Borobudur area. A new row is switched on by its ring; later the switch is the province's."""

    ACTIVE_RINGS = frozenset({"core_sp1", "ring_1"})

    regency = Field("regency_id", "regency", RegionCode(Regency, optional=True))
    village = Field("village_id", "village", RegionCode(Village, optional=True))

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        code, level = dataset.headers.index("code"), dataset.headers.index("level")
        for column in ("regency", "village"):
            dataset.append_col(lambda row, column=column: row[code] if row[level] == column else "", header=column)
        super().before_import(dataset, **kwargs)

    def after_init_instance(self, instance: ClusterArea, new: bool, row: Mapping[str, str], **kwargs: Any) -> None:
        if new:
            instance.cluster = self.cluster
            instance.active = row["ring"] in self.ACTIVE_RINGS

    @cached_property
    def cluster(self) -> Cluster:
        return Cluster.objects.get(code="BOROBUDUR")

    def get_queryset(self) -> models.QuerySet[ClusterArea]:
        return ClusterArea.objects.filter(cluster=self.cluster)

    class Meta:
        model = ClusterArea
        import_id_fields = ("regency", "village")
        fields = ("regency", "village", "ring", "source", "confidence", "note")


class LabourOfficeResource(ReferenceResource):
    regency = Field("regency_id", "code", RegionCode(Regency))

    title = _("Nama resmi dinas")
    titles = {
        "code": _("Kode wilayah"), "short_name": _("Nama singkat"), "long_name": _("Nama resmi"), "address": _("Alamat"),
        "hours": _("Jam layanan"), "phone": _("Telepon"), "source": _("Sumber"),
    }  # fmt: skip
    optional = frozenset({"short_name", "long_name", "address", "hours", "phone", "source"})
    template_rows = [
        [
            "contoh: 33.01",
            "Disnaker",
            "Dinas Tenaga Kerja",
            "Jalan Contoh 1",
            "08.00-15.00",
            "0281-000000",
            "https://contoh.example/perda",
        ]
    ]
    kept = optional

    def check_row(self, values: dict[str, Any], cells: Mapping[str, str]) -> Iterable[CellReason]:
        """What the file leaves empty stays as it is."""
        values |= {name: getattr(self.stored[values["regency_id"]], name) for name in self.kept if not values[name]}
        return ()

    @cached_property
    def stored(self) -> dict[int, LabourOffice]:
        return {office.regency_id: office for office in LabourOffice.objects.all()}

    class Meta:
        model = LabourOffice
        import_id_fields = ("regency",)
        fields = ("regency", "short_name", "long_name", "address", "hours", "phone", "source")


class Place(RegionCode):
    """A regency, or the province as None."""

    def clean(self, value: str, row: Mapping[str, str] | None = None, **kwargs: Any) -> int | None:
        return None if value == PROVINCE_CODE else super().clean(value, row, **kwargs)


class Figure(Widget):  # type: ignore[misc]
    """One exact number, not negative. Ranges, words and blanks are refused: what is missing has no row."""

    def clean(self, value: str, row: Mapping[str, str] | None = None, **kwargs: Any) -> Decimal:
        try:
            figure = Decimal(value)
        except InvalidOperation:
            raise Wrong(f"{value!r} is not a number", "figure", value=value[:40]) from None
        if not figure.is_finite() or figure < 0:
            raise Wrong(f"{value!r} is not a number from 0 up", "figure", value=value[:40])
        return figure


class Period(Widget):  # type: ignore[misc]
    def clean(self, value: str, row: Mapping[str, str] | None = None, **kwargs: Any) -> str:
        if not PERIOD.fullmatch(value):
            line = f"{value!r} is not a period such as 2024, 2024-08, 2024-H2 or 2024-01..08"
            raise Wrong(line, "period", value=value[:40])
        return value


class ObservationResource(ReferenceResource):
    """Published figures, one delivery a file. A changed figure supersedes the old one (clusters.services.observations);
    figures that differ in source or note stand side by side. `options`: name and publisher of the delivery."""

    title = _("Angka data")
    titles = {
        "indicator": _("Indikator"), "code": _("Kode wilayah"), "period": _("Periode"), "value": _("Nilai"),
        "unit": _("Satuan"), "source": _("Sumber"), "confidence": _("Keyakinan"), "note": _("Catatan"),
    }  # fmt: skip
    optional = frozenset({"note"})
    template_rows = [
        ["contoh: labour_force_unemployed", "33.01", "2026-08", "12345", "persons", "BPS, Sakernas", "high", ""]
    ]
    set_based = False

    regency = Field("regency_id", "code", Place(Regency))
    period = Field("period", "period", Period())
    value = Field("value", "value", Figure())

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.rows: list[NewObservation] = []

    def save_instance(self, instance: Observation, is_create: bool, row: Mapping[str, str], **kwargs: Any) -> None:
        self.rows.append(NewObservation(**{f.name: getattr(instance, f.name) for f in fields(NewObservation)}))

    def after_import(self, dataset: tablib.Dataset, result: Result, **kwargs: Any) -> None:
        if self.rows:
            self._deliver(self.rows, self.now)

    def store(self, rows: Iterable[Mapping[str, Any]], *, name: str, now: datetime) -> None:
        nowhere_else: dict[str, Any] = {"cluster_id": None, "wave_id": None, "sex": "", "with_disability": None}
        stated = {f.name for f in fields(NewObservation)} - nowhere_else.keys()
        figures = [NewObservation(**nowhere_else, **{key: row[key] for key in stated}) for row in rows]
        self._deliver(figures, now)

    def _deliver(self, rows: list[NewObservation], now: datetime) -> None:
        name, publisher = self.options["name"], self.options["publisher"]
        with transaction.atomic():
            record_observations(dataset_name=name, publisher=publisher, rows=rows, now=now)
            for job in queued_proposals():
                start_on_commit(job)

    def get_queryset(self) -> models.QuerySet[Observation]:
        return Observation.objects.current().filter(wave=None, cluster=None)

    class Meta:
        model = Observation
        import_id_fields = ("indicator", "regency", "period", "source", "note")
        fields = ("indicator", "regency", "period", "value", "unit", "source", "confidence", "note")


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
