"""Regions of Jawa Tengah under their official Kemendagri codes, the four clusters, and lists of areas.

Primary keys of regions are the official code without its dots: stable, ordered and readable.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language

from clusters.querysets import ClusterAreaQuerySet


class Named(models.Model):
    """A row named in both languages of the portal."""

    name_id = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)

    class Meta:
        abstract = True

    @property
    def name(self) -> str:
        """The name in the language of the page."""
        return in_language(self.name_id, self.name_en)


def in_language(indonesian: str, english: str) -> str:
    """The text in the language of the page; Indonesian where no page has one."""
    return english if get_language() == "en" else indonesian


class Regency(models.Model):
    """Kabupaten or kota, e.g. 33.01 Kabupaten Cilacap (primary key 3301)."""

    class Kind(models.TextChoices):
        KABUPATEN = "kabupaten"
        KOTA = "kota"

    id = models.IntegerField(primary_key=True)
    code = models.CharField(max_length=5, unique=True)
    bps_code = models.CharField(max_length=4, unique=True)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind)
    seat = models.CharField(max_length=60)
    tile_col = models.PositiveSmallIntegerField()
    tile_row = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["tile_col", "tile_row"], name="clusters_regency_tile")]

    def __str__(self) -> str:
        return self.name


class District(models.Model):
    """Kecamatan, e.g. 33.01.01 (primary key 330101)."""

    id = models.IntegerField(primary_key=True)
    code = models.CharField(max_length=8, unique=True)
    regency = models.ForeignKey(Regency, models.PROTECT)
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Village(models.Model):
    """Desa or kelurahan, e.g. 33.01.01.2001 (primary key 3301012001)."""

    class Kind(models.TextChoices):
        DESA = "desa"
        KELURAHAN = "kelurahan"

    id = models.BigIntegerField(primary_key=True)
    code = models.CharField(max_length=13, unique=True)
    district = models.ForeignKey(District, models.PROTECT)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class BlankSpotVillage(models.Model):
    """A village named without mobile signal in a dated source; the list is known to be incomplete."""

    village = models.OneToOneField(Village, models.PROTECT, primary_key=True, related_name="blank_spot")
    printed_name = models.CharField(max_length=60)
    period = models.CharField(max_length=20)
    source = models.URLField(max_length=300)
    note = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.printed_name} ({self.period})"


class Cluster(Named):
    """One of the four clusters. `index` is its bit in an eligibility set and its column in the draw."""

    index = models.PositiveSmallIntegerField(primary_key=True)
    code = models.CharField(max_length=10, unique=True)
    who_id = models.CharField(max_length=240)
    who_en = models.CharField(max_length=240)

    class Meta:
        ordering = ["index"]

    def __str__(self) -> str:
        return self.code

    @property
    def who(self) -> str:
        """Who belongs to it, in the language of the page."""
        return in_language(self.who_id, self.who_en)


class ClusterArea(models.Model):
    """A village or regency that belongs to a cluster's area while the row is valid and switched on."""

    cluster = models.ForeignKey(Cluster, models.PROTECT)
    regency = models.ForeignKey(Regency, models.PROTECT, null=True)
    village = models.ForeignKey(Village, models.PROTECT, null=True)
    ring = models.CharField(max_length=20)
    decree = models.CharField(max_length=60, blank=True, help_text="number of the decree that lists it")
    active = models.BooleanField()
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    source = models.CharField(max_length=300)
    confidence = models.CharField(max_length=10)
    note = models.CharField(max_length=200, blank=True)

    objects: ClassVar[ClusterAreaQuerySet] = ClusterAreaQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(regency__isnull=True) ^ Q(village__isnull=True),
                name="clusters_clusterarea_one_place",
            ),
            models.UniqueConstraint(
                fields=["cluster", "regency", "village"],
                nulls_distinct=False,
                name="clusters_clusterarea_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cluster_id} {self.ring}"
