"""The catalogue of indicators, and deliveries of figures."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, ClassVar

import tablib
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.results import Result
from import_export.widgets import Widget

from clusters.models import Cluster, Indicator, Observation, Regency
from clusters.resources.base import Named, ReferenceResource, RegionCode, Wrong
from clusters.selectors.figures import PERCENT, PERSONS
from clusters.services.observations import NewObservation, record_observations
from clusters.services.recomputing import queued_proposals
from records.resources import CellReason
from records.tasks import start_on_commit

PROVINCE_CODE = "33"
PERIOD = re.compile(r"\d{4}(-\d\d(-\d\d)?|-H[12])?(\.\.\d\d(-\d\d)?|\.\.\d{4}(-\d\d){0,2})?")


class IndicatorResource(ReferenceResource):
    """The catalogue: what figures may be of, each in one unit. Only a percentage has `of`, an indicator that counts persons."""

    def after_import(self, dataset: tablib.Dataset, result: Result, **kwargs: Any) -> None:
        countable = Indicator.objects.filter(unit=PERSONS).values("pk")
        for wrong in Indicator.objects.exclude(of="").exclude(unit=PERCENT, of__in=countable)[:1]:
            raise ValidationError(f"{wrong} is no percentage of persons that the catalogue has: {wrong.of!r}")

    class Meta:
        model = Indicator
        import_id_fields = ("code",)
        fields = ("code", "unit", "name_id", "name_en", "about_id", "about_en", "of", "position")


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


class Sex(Widget):  # type: ignore[misc]
    """Female or male as files write them; empty where a figure is about both."""

    WORDS: ClassVar = {"": "", "p": "f", "perempuan": "f", "f": "f", "l": "m", "laki-laki": "m", "m": "m"}

    def clean(self, value: str, row: Mapping[str, str] | None = None, **kwargs: Any) -> str:
        if value.casefold() not in self.WORDS:
            raise Wrong(f"{value!r} is not P (female), L (male) or empty", "sex", value=value[:20])
        return str(self.WORDS[value.casefold()])

    def render(self, value: str, obj: Any = None, **kwargs: Any) -> str:
        return {"f": "P", "m": "L"}.get(value, "")


class Catalogued(Widget):  # type: ignore[misc]
    """The code of an indicator that the catalogue has."""

    @cached_property
    def units(self) -> dict[str, str]:
        return dict(Indicator.objects.values_list("code", "unit"))

    def clean(self, value: str, row: Mapping[str, str] | None = None, **kwargs: Any) -> str:
        if value and value not in self.units:
            raise Wrong(f"there is no indicator {value!r} in the catalogue", "indicator", value=value[:60])
        return value


class ObservationResource(ReferenceResource):
    """Published figures, one delivery a file. A changed figure supersedes the old one (clusters.services.observations);
    figures that differ in source or note stand side by side. A figure in another unit than the catalogue's is refused.
    One with a cluster or a sex is about these people only: it stands beside the figure about everybody and replaces none.

    `options`: name and publisher of the delivery; where they are known its source, period, licence, and imported_by_id.
    """

    title = _("Angka data")
    titles = {
        "indicator": _("Indikator"), "code": _("Kode wilayah"), "cluster": _("Klaster"), "sex": _("Jenis kelamin"),
        "period": _("Periode"), "value": _("Nilai"), "unit": _("Satuan"), "source": _("Sumber"),
        "confidence": _("Keyakinan"), "note": _("Catatan"),
    }  # fmt: skip
    optional = frozenset({"cluster", "sex", "note"})
    template_rows = [
        ["contoh: unemployed", "33.01", "", "", "2026-08", "12345", "persons", "BPS, Sakernas", "high", ""]
    ]
    set_based = False

    indicator = Field("indicator", "indicator")
    regency = Field("regency_id", "code", Place(Regency))
    cluster = Field("cluster_id", "cluster", Named(Cluster, "code"))
    sex = Field("sex", "sex", Sex())
    period = Field("period", "period", Period())
    value = Field("value", "value", Figure())

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.rows: list[NewObservation] = []
        self.catalogue = self.fields["indicator"].widget = Catalogued()  # read anew by each delivery

    def check_row(self, values: dict[str, Any], cells: Mapping[str, str]) -> Iterable[CellReason]:
        if values["unit"] != (unit := self.catalogue.units[values["indicator"]]):
            stated = {"indicator": values["indicator"], "unit": unit, "value": values["unit"][:30]}
            yield CellReason("unit", "unit", stated)

    def validate_instance(self, instance: models.Model, *args: Any, **kwargs: Any) -> None:
        super().validate_instance(instance, *args, **kwargs)
        for reason in self.check_row({name: getattr(instance, name) for name in ("indicator", "unit")}, {}):
            raise ValidationError({"unit": "{indicator} is in {unit}, not in {value}".format(**reason.values)})

    def save_instance(self, instance: Observation, is_create: bool, row: Mapping[str, str], **kwargs: Any) -> None:
        self.rows.append(NewObservation(**{f.name: getattr(instance, f.name) for f in fields(NewObservation)}))

    def after_import(self, dataset: tablib.Dataset, result: Result, **kwargs: Any) -> None:
        if self.rows:
            self._deliver(self.rows, self.now)

    def store(self, rows: Iterable[Mapping[str, Any]], *, name: str, now: datetime) -> None:
        nowhere_else: dict[str, Any] = {"wave_id": None, "with_disability": None}
        stated = {f.name for f in fields(NewObservation)} - nowhere_else.keys()
        figures = [NewObservation(**nowhere_else, **{key: row[key] for key in stated}) for row in rows]
        self._deliver(figures, now)

    def _deliver(self, rows: list[NewObservation], now: datetime) -> None:
        about = dict(self.options)
        with transaction.atomic():
            record_observations(dataset_name=about.pop("name"), rows=rows, now=now, **about)
            for job in queued_proposals():
                start_on_commit(job)

    def get_queryset(self) -> models.QuerySet[Observation]:
        return Observation.objects.current().filter(wave=None, with_disability=None)

    class Meta:
        model = Observation
        import_id_fields = ("indicator", "regency", "cluster", "sex", "period", "source", "note")
        fields = ("indicator", "regency", "cluster", "sex", "period", "value", "unit", "source", "confidence", "note")
