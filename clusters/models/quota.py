"""The split of a wave's total over clusters and regencies. Versions are append-only."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clusters.models.places import Cluster, Regency
from clusters.models.waves import Wave
from clusters.querysets import QuotaSplitQuerySet
from records.ids import uuid7
from records.models import Stamped


class QuotaSplit(Stamped):
    """A version of a wave's split: proposed by one person or job, published by a second person, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    wave = models.ForeignKey(Wave, models.PROTECT, related_name="splits")
    version = models.PositiveIntegerField()
    total = models.PositiveIntegerField()
    unassigned = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    inputs_digest = models.CharField(max_length=64)
    policy = models.JSONField(help_text="policy figures, data sets with dates, code version")
    divisors = models.JSONField(help_text="persons per place by cluster code, as numerator and denominator")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    objects: ClassVar[QuotaSplitQuerySet] = QuotaSplitQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wave", "version"], name="clusters_quotasplit_version"),
            models.CheckConstraint(condition=~Q(proposed_by=F("published_by")), name="clusters_quotasplit_two_persons"),
            models.CheckConstraint(
                condition=Q(published_by__isnull=True) ^ Q(published_at__isnull=False),
                name="clusters_quotasplit_published",
            ),
            models.CheckConstraint(condition=Q(unassigned__lte=F("total")), name="clusters_quotasplit_unassigned"),
        ]

    def __str__(self) -> str:
        return f"{self.wave_id} v{self.version}"


class QuotaCell(models.Model):
    """Places of one cluster in one regency, with everything needed to recompute and explain the number."""

    class Binds(models.TextChoices):
        FLOOR = "floor"
        CAP = "cap"
        NOTHING = ""

    split = models.ForeignKey(QuotaSplit, models.PROTECT, related_name="cells")
    cluster = models.ForeignKey(Cluster, models.PROTECT)
    regency = models.ForeignKey(Regency, models.PROTECT)
    weight = models.PositiveBigIntegerField(help_text="persons times lcm(1..4)=12")
    floor = models.PositiveIntegerField()
    cap = models.PositiveIntegerField()
    seats = models.PositiveIntegerField()
    binds = models.CharField(max_length=5, choices=Binds, blank=True)
    next_price = models.CharField(
        max_length=40, blank=True, help_text="weight per place at which the next place would come"
    )
    basis = models.JSONField(
        help_text="the figures behind weight, floor and cap: observation ids, estimated or missing"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["split", "cluster", "regency"], name="clusters_quotacell_once"),
            models.CheckConstraint(condition=Q(seats__lte=F("cap")), name="clusters_quotacell_cap"),
            models.CheckConstraint(condition=Q(seats__gte=F("floor")), name="clusters_quotacell_floor"),
        ]

    def __str__(self) -> str:
        return f"{self.cluster_id}/{self.regency_id}: {self.seats}"
