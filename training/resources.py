"""Files that bring the classes of a wave."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.widgets import Widget

from clusters.models import Cluster, Regency, Wave
from clusters.resources import Named, RegionCode
from records.resources import CellReason, CellRefused, DateCell, ImportResource
from training.models import Programme, Provider, TrainingClass
from training.services.classes import (
    OPEN_FOR_CLASSES,
    ClassesStand,
    OutsideTheWave,
    TooFewHours,
    changes_of,
    may_change,
    take_classes,
)


class Whole(Widget):  # type: ignore[misc]
    """A whole number from 0 up."""

    def clean(self, value: str, row: Mapping[str, str] | None = None, **kwargs: Any) -> int | None:
        if not value:
            return None
        if not (value.isdecimal() and len(value) < 6):
            raise CellRefused("whole", value=value[:20])
        return int(value)


class TrainingClassResource(ImportResource):
    """Classes of one wave, by their code. `options`: wave (id). What a file lacks stays; the classes' own rules hold."""

    title = _("Kelas gelombang")
    titles = {
        "code": _("Kode kelas"), "programme": _("Program"), "provider": _("Penyelenggara"), "regency": _("Kode wilayah"),
        "cluster": _("Klaster"), "seats": _("Kursi"), "minimum": _("Peserta paling sedikit"), "venue": _("Tempat"),
        "schedule": _("Jadwal"), "starts_on": _("Mulai"), "ends_on": _("Selesai"),
    }  # fmt: skip
    texts = {
        "whole": _("“{value}” bukan bilangan bulat. Tulis angkanya saja, misalnya 16."),
        "code": _("“{value}” bukan kode kelas. Pakai huruf besar, angka, dan tanda hubung."),
        "region_code": _("“{value}” bukan kode wilayah Jawa Tengah. Tulis seperti 33.01, dengan titik."),
        "hours": _("Program ini {hours} JP. Aturan gelombang meminta paling sedikit {minimum} JP."),
        "dates": _("Kelas harus berada di antara {starts} dan {ends}, masa pelatihan gelombang ini."),
        "reversed": _("Tanggal selesai lebih awal daripada tanggal mulai."),
        "too_small": _("Peserta paling sedikit ({minimum}) lebih banyak daripada kursinya ({seats})."),
        "taken": _("Kursi tidak boleh kurang dari {taken}, yang sudah diberikan."),
        "stands": _("Kolom ini tidak dapat diubah lagi, karena orang sudah dapat memilih kelasnya."),
        "closed": _("Gelombang ini tidak menerima kelas baru lagi."),
        "classes_stand": _(
            "Kelas gelombang ini berubah keadaan sejak Anda memeriksa. Tidak ada yang disimpan; unggah lagi."
        ),
    }
    template_rows = [
        ["contoh: K-0001", "Barista", "BLK Contoh", "33.01", "AFIRMASI", "16", "8", "Ruang 1", "Senin-Jumat 08.00",
         "2027-01-12", "2027-01-30"]
    ]  # fmt: skip
    set_based = False

    programme = Field("programme_id", "programme", Named(Programme, "code", "name_id", "name_en"))
    provider = Field("provider_id", "provider", Named(Provider, "name"))
    regency = Field("regency_id", "regency", RegionCode(Regency))
    cluster = Field("cluster_id", "cluster", Named(Cluster, "code"))
    seats = Field("seats", "seats", Whole())
    minimum = Field("minimum", "minimum", Whole())
    starts_on = Field("starts_on", "starts_on", DateCell())
    ends_on = Field("ends_on", "ends_on", DateCell())

    class Meta:
        model = TrainingClass
        import_id_fields = ("code",)
        fields = (
            "code", "programme", "provider", "regency", "cluster", "seats", "minimum", "venue", "schedule",
            "starts_on", "ends_on",
        )  # fmt: skip

    def prepare(self) -> dict[str, Any]:
        return {"wave_id": self.options["wave"]}

    @cached_property
    def wave(self) -> Wave:
        found: Wave = Wave.objects.select_related("rule_set").get(pk=self.options["wave"])
        return found

    @cached_property
    def stored(self) -> dict[str, TrainingClass]:
        return {each.code: each for each in TrainingClass.objects.filter(wave=self.wave)}

    @cached_property
    def hours(self) -> dict[str, int]:
        return dict(Programme.objects.values_list("pk", "hours"))

    def check_row(self, values: dict[str, Any], cells: Mapping[str, str]) -> Iterable[CellReason]:
        wave, code, old = self.wave, values["code"], self.stored.get(values["code"])
        if not (code.isascii() and code.isupper() and code.replace("-", "").isalnum()):
            yield CellReason("code", "code", {"value": code})
        hours, least = self.hours[values["programme_id"]], wave.rule_set.rules["min_hours"]
        if hours < least:
            yield CellReason("programme", "hours", {"hours": hours, "minimum": least})
        if values["ends_on"] < values["starts_on"]:
            yield CellReason("ends_on", "reversed", {})
        elif not wave.starts_on <= values["starts_on"] <= values["ends_on"] <= wave.ends_on:
            yield CellReason("starts_on", "dates", {"starts": str(wave.starts_on), "ends": str(wave.ends_on)})
        if values["minimum"] > values["seats"] > 0:
            yield CellReason("minimum", "too_small", {"minimum": values["minimum"], "seats": values["seats"]})
        if old is None:
            if wave.state not in OPEN_FOR_CLASSES:
                yield CellReason("", "closed", {})
            return
        if values["seats"] < old.taken:
            yield CellReason("seats", "taken", {"taken": old.taken})
        for name in sorted(changes_of(old, self._given(values)).keys() - may_change(wave)):
            yield CellReason(name.removesuffix("_id"), "stands", {})

    def store(self, rows: Iterable[Mapping[str, Any]], *, name: str, now: datetime) -> None:
        try:
            take_classes(wave_id=UUID(self.options["wave"]), rows=map(self._given, rows), now=now)
        except (ClassesStand, TooFewHours, OutsideTheWave) as error:
            raise CellRefused("classes_stand") from error

    def _given(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The columns that a file brings."""
        return {field.attribute: values[field.attribute] for field in self.fields.values()}
