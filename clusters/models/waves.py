"""Waves (gelombang), the decrees that size them and the dated rules they run by."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clusters.models.places import Cluster, Regency
from clusters.querysets import QuotaDecisionQuerySet, WaveQuerySet
from records.ids import uuid7
from records.models import Stamped

STATE_WORDS = {
    "draft": _("Rancangan"),
    "open": _("Dibuka"),
    "closed": _("Ditutup"),
    "frozen": _("Daftar dibekukan"),
    "drawn": _("Sudah diundi"),
    "published": _("Hasil diumumkan"),
    "running": _("Pelatihan berjalan"),
    "finished": _("Selesai"),
    "cancelled": _("Dibatalkan"),
}


# Groups to whom a wave may guarantee places, in the order in which the draw serves them and as its bits.
GROUPS = ("women", "disability", "laid_off", "remote")


class QuotaDecision(Stamped):
    """A total of places with the decree that set it, for the country, the province, a cluster or a regency.

    total: None says that the decree left the size undecided. A corrected decree is a new row that replaces the former.
    """

    class Level(models.TextChoices):
        NATIONAL = "national"
        PROVINCE = "province"
        CLUSTER = "cluster"
        REGENCY = "regency"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    level = models.CharField(max_length=8, choices=Level, default=Level.PROVINCE)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="parts")
    cluster = models.ForeignKey(Cluster, models.PROTECT, null=True)
    regency = models.ForeignKey(Regency, models.PROTECT, null=True)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    decree_number = models.CharField(max_length=60)
    decree_date = models.DateField()
    author = models.CharField(max_length=160)
    total = models.PositiveIntegerField(null=True)
    document = models.URLField(max_length=300, blank=True)

    objects: ClassVar[QuotaDecisionQuerySet] = QuotaDecisionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["decree_number", "level", "cluster", "regency"],
                nulls_distinct=False,
                name="clusters_quotadecision_decree_number",
            ),
            models.CheckConstraint(
                condition=Q(level="national", parent__isnull=True, cluster__isnull=True, regency__isnull=True)
                | Q(level="province", cluster__isnull=True, regency__isnull=True)
                | Q(level="cluster", parent__isnull=False, cluster__isnull=False, regency__isnull=True)
                | Q(level="regency", parent__isnull=False, cluster__isnull=True, regency__isnull=False),
                name="clusters_quotadecision_level",
            ),
        ]

    def __str__(self) -> str:
        return self.decree_number

    @property
    def places(self) -> int:
        """The total. Raises ValueError where it was left undecided; a wave's never is (clusters_wave_decided)."""
        if self.total is None:
            raise ValueError(f"{self.decree_number} leaves the size undecided")
        return self.total


class RuleSet(models.Model):
    """Dated rules of eligibility and offers; a decision pins the one it used. `rules` is read by registrations.eligibility."""

    code = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=120)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    rules = models.JSONField()
    source = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.name


class Wave(Stamped):
    """One round: registration, list, draw, classes. Its total comes from a decision with a decree number."""

    class State(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        CLOSED = "closed"
        FROZEN = "frozen"
        DRAWN = "drawn"
        PUBLISHED = "published"
        RUNNING = "running"
        FINISHED = "finished"
        CANCELLED = "cancelled"

    class Mode(models.TextChoices):
        GUARDED = "guarded"
        SD = "sd"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    decision = models.ForeignKey(QuotaDecision, models.PROTECT, related_name="waves")
    rule_set = models.ForeignKey(RuleSet, models.PROTECT)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    draws_at = models.DateTimeField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.GUARDED)
    guarantees = models.JSONField(
        default=dict, blank=True, help_text="places guaranteed per regency by group code, in published order"
    )
    cancel_reason = models.TextField(blank=True)

    objects: ClassVar[WaveQuerySet] = WaveQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("closes_at")) & Q(closes_at__lte=F("draws_at")),
                name="clusters_wave_dates",
            ),
            models.CheckConstraint(condition=Q(starts_on__lte=F("ends_on")), name="clusters_wave_training_dates"),
            models.CheckConstraint(
                condition=Q(state="cancelled") ^ Q(cancel_reason=""), name="clusters_wave_cancel_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_state_display(self) -> str:  # type: ignore[no-redef]
        """The word for the state. Words are no part of the choices, so that changing one needs no migration."""
        return str(STATE_WORDS[self.state])
