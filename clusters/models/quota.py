"""The split of a wave's total over clusters and regencies. Versions are append-only."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clusters.models.places import Cluster, Regency
from clusters.models.waves import Wave
from clusters.querysets import ProvinceQuerySet, QuotaSplitQuerySet
from records.ids import uuid7
from records.models import Stamped


class QuotaPolicy(models.Model):
    """A version of the province's rules of the split (clusters.policy). The highest counts; version 0 ships with the code."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=120)
    rules = models.JSONField()
    reason = models.CharField(max_length=300)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects: ClassVar[ProvinceQuerySet] = ProvinceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.CheckConstraint(condition=Q(version__gt=0), name="clusters_quotapolicy_version"),
            models.CheckConstraint(condition=~Q(name=""), name="clusters_quotapolicy_name"),
            models.CheckConstraint(condition=~Q(reason=""), name="clusters_quotapolicy_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.name}"


class Scenario(models.Model):
    """A planner's what-if of a wave: rules laid over the policy. Nothing follows from it until it is proposed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    wave = models.ForeignKey(Wave, models.PROTECT, related_name="scenarios")
    name = models.CharField(max_length=120)
    overrides = models.JSONField(default=dict, help_text="overrides of the policy, as clusters.policy.Rules")
    copied_from = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    revision = models.PositiveIntegerField(
        default=1, help_text="counts up with each change, so that none is lost unseen"
    )
    archived = models.BooleanField(default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects: ClassVar[ProvinceQuerySet] = ProvinceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-changed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["wave", "name"], condition=Q(archived=False), name="clusters_scenario_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ScenarioComment(models.Model):
    """What a colleague remarks on a scenario."""

    scenario = models.ForeignKey(Scenario, models.PROTECT, related_name="comments")
    text = models.CharField(max_length=600)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects: ClassVar[ProvinceQuerySet] = ProvinceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.scenario_id} {self.created_at}"


class QuotaSplit(Stamped):
    """A version of a wave's split: proposed by one person or job, published by a second person, never changed."""

    class Method(models.TextChoices):
        """As clusters.division."""

        TWO_STAGES = "two_stages"
        BY_REGENCY = "by_regency"
        TWO_WAY = "two_way"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    wave = models.ForeignKey(Wave, models.PROTECT, related_name="splits")
    version = models.PositiveIntegerField()
    total = models.PositiveIntegerField()
    unassigned = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    method = models.CharField(max_length=12, choices=Method, default=Method.TWO_STAGES)
    inputs_digest = models.CharField(max_length=64)
    overrides = models.JSONField(default=dict, help_text="the scenario's overrides of the policy")
    scenario = models.ForeignKey(Scenario, models.PROTECT, null=True, related_name="+")
    restores = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", help_text="the version it goes back to"
    )
    changes = models.JSONField(default=list, help_text="which inputs differ from the version before")
    shown_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of what the second person was shown")
    policy = models.JSONField(help_text="policy figures, data sets with dates, code version")
    divisors = models.JSONField(
        help_text="persons per place by cluster code and regency id, as numerator and denominator"
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    causes: list[dict[str, Any]]  # where selectors.quota.versions_with_names read it

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
