"""Programmes, providers and the classes of a wave."""

from django.db import models
from django.db.models import F, Q

from clusters.models import Cluster, Named, Regency, Wave
from records.ids import uuid7
from records.models import Stamped


class Provider(models.Model):
    """A training centre (BLK) or institution (LPK)."""

    class Kind(models.TextChoices):
        BLK = "blk"
        LPK = "lpk"
        MTU = "mtu"

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=4, choices=Kind)
    regency = models.ForeignKey(Regency, models.PROTECT)
    is_sample = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class Programme(Named):
    """What is taught, and for how many hours (JP)."""

    code = models.CharField(max_length=12, primary_key=True)
    hours = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return self.name_id


class TrainingClass(Stamped):
    """A class of one wave, paid from one cell (cluster, regency). `taken` counts live placements and never exceeds `seats`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    wave = models.ForeignKey(Wave, models.PROTECT, related_name="classes")
    code = models.CharField(max_length=20, help_text="ASCII; stands in the frozen list and the draw's pack")
    programme = models.ForeignKey(Programme, models.PROTECT)
    provider = models.ForeignKey(Provider, models.PROTECT)
    regency = models.ForeignKey(Regency, models.PROTECT)
    cluster = models.ForeignKey(Cluster, models.PROTECT)
    seats = models.PositiveIntegerField(default=16)
    minimum = models.PositiveIntegerField(default=8)
    taken = models.PositiveIntegerField(default=0)
    venue = models.CharField(max_length=160)
    schedule = models.CharField(max_length=120)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wave", "code"], name="training_trainingclass_code"),
            models.CheckConstraint(condition=Q(taken__lte=F("seats")), name="training_trainingclass_seats"),
            models.CheckConstraint(condition=Q(starts_on__lte=F("ends_on")), name="training_trainingclass_dates"),
            models.CheckConstraint(condition=Q(code__regex=r"^[A-Z0-9-]+$"), name="training_trainingclass_ascii"),
        ]
        indexes = [models.Index(fields=["wave", "regency", "cluster", "code"])]

    def __str__(self) -> str:
        return self.code
