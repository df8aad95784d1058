"""Indicator data: never overwritten, only superseded; what is missing has no row."""

from typing import ClassVar

from django.db import models

from clusters.models.places import Cluster, Regency
from clusters.models.waves import Wave
from clusters.querysets import ObservationQuerySet
from records.ids import uuid7
from records.models import Stamped


class Dataset(Stamped):
    """A delivery of observations: a published table, or what another room of the portal counted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    publisher = models.CharField(max_length=120)
    checksum = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return self.name


class Observation(Stamped):
    """One figure of one indicator. `regency` empty means the province; `wave` only where the figure belongs to one."""

    class Indicator(models.TextChoices):
        """Those of a wave, counted by the portal (so far only open seats); published ones are open-ended."""

        OPEN_SEATS = "open_seats"
        REGISTRANTS = "registrants"
        ELIGIBLE = "eligible_people"
        GRANTED = "granted_places"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="observations")
    indicator = models.CharField(max_length=60)
    regency = models.ForeignKey(Regency, models.PROTECT, null=True)
    cluster = models.ForeignKey(Cluster, models.PROTECT, null=True)
    wave = models.ForeignKey(Wave, models.PROTECT, null=True)
    period = models.CharField(max_length=20)
    value = models.DecimalField(max_digits=16, decimal_places=3)
    unit = models.CharField(max_length=30)
    source = models.CharField(max_length=300)
    confidence = models.CharField(max_length=10)
    note = models.CharField(max_length=300, blank=True)
    superseded_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    objects: ClassVar[ObservationQuerySet] = ObservationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["indicator", "wave", "regency"])]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "indicator", "regency", "cluster", "period", "source", "note"],
                nulls_distinct=False,
                name="clusters_observation_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.regency_id or 33} {self.period}"
