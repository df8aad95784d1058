"""Regions, clusters, their areas, and labour offices."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import tablib
from django.db import models
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field

from clusters.models import BlankSpotVillage, Cluster, ClusterArea, District, LabourOffice, Regency, Village
from clusters.resources.base import ReferenceResource, RegionCode
from records.resources import CellReason


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
