"""Indicator data: never overwritten, only superseded; what is missing has no row."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from clusters.models.places import Cluster, Named, Regency, in_language
from clusters.models.waves import Wave
from clusters.querysets import ObservationQuerySet, ProvinceQuerySet
from records.ids import uuid7
from records.models import Stamped


class Indicator(Named):
    """What a published figure counts, and what a planner may choose or enter figures of."""

    code = models.CharField(max_length=60, primary_key=True)
    unit = models.CharField(max_length=30)
    about_id = models.CharField(max_length=240, blank=True, help_text="what is counted, and what to beware of")
    about_en = models.CharField(max_length=240, blank=True)
    of = models.CharField(
        max_length=60, blank=True, help_text="the indicator a percentage is of, so that it can be turned into persons"
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.code

    @property
    def about(self) -> str:
        return in_language(self.about_id, self.about_en)


class Dataset(Stamped):
    """A delivery of observations: a published table, or what another room of the portal counted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    publisher = models.CharField(max_length=120)
    checksum = models.CharField(max_length=64, unique=True)
    source = models.CharField(max_length=300, blank=True, help_text="where the whole delivery can be read")
    period = models.CharField(max_length=20, blank=True)
    licence = models.CharField(max_length=120, blank=True)
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class Observation(Stamped):
    """One figure of one indicator. `regency` empty means the province; `wave` only where the figure belongs to one."""

    class Indicator(models.TextChoices):
        """Those of a wave, counted by the portal; published ones are open-ended."""

        OPEN_SEATS = "open_seats"
        REGISTRANTS = "registrants"
        ELIGIBLE = "eligible_people"
        GRANTED = "granted_places"
        BY_GROUP = "registrants_by_group"

    class Sex(models.TextChoices):
        FEMALE = "f"
        MALE = "m"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="observations")
    indicator = models.CharField(max_length=60)
    regency = models.ForeignKey(Regency, models.PROTECT, null=True)
    cluster = models.ForeignKey(Cluster, models.PROTECT, null=True)
    wave = models.ForeignKey(Wave, models.PROTECT, null=True)
    sex = models.CharField(max_length=1, choices=Sex, blank=True, default="", db_default="")
    with_disability = models.BooleanField(
        null=True, help_text="of persons with a disability, without, or not told apart"
    )
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
                fields=[
                    *["dataset", "indicator", "regency", "cluster", "wave", "sex", "with_disability"],
                    *["period", "source", "note"],
                ],
                nulls_distinct=False,
                name="clusters_observation_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.regency_id or 33} {self.period}"

    @property
    def is_of_everybody(self) -> bool:
        """Not only of a cluster, a sex, or people with or without a disability."""
        return self.cluster_id is None and not self.sex and self.with_disability is None


class FigureChoice(models.Model):
    """What a planner decided about one figure: which of competing ones counts, or his own where none is known.

    The newest row of a place and indicator counts; one with neither figure nor value gives the word back to the rule.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    indicator = models.ForeignKey(Indicator, models.PROTECT)
    regency = models.ForeignKey(Regency, models.PROTECT, null=True)
    observation = models.ForeignKey(Observation, models.PROTECT, null=True, related_name="+")
    value = models.DecimalField(max_digits=16, decimal_places=3, null=True)
    reason = models.CharField(max_length=300)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField()

    objects: ClassVar[ProvinceQuerySet] = ProvinceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["indicator", "regency", "-id"], name="clusters_choice_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(observation__isnull=True) | Q(value__isnull=True), name="clusters_figurechoice_one"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="clusters_figurechoice_reason"),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__gte=0), name="clusters_figurechoice_value"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.regency_id or 33}"

    @property
    def is_withdrawal(self) -> bool:
        return self.observation_id is None and self.value is None
