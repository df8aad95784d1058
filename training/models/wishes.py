"""Which classes a person would like, in order."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from registrations.models import Registration
from training.models.catalogue import TrainingClass
from training.querysets import OfRegistrationQuerySet


class WishList(models.Model):
    """Exists once a person has chosen. `strict`: rather no place than a class that is not listed."""

    registration = models.OneToOneField(Registration, models.PROTECT, primary_key=True, related_name="wish_list")
    strict = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[OfRegistrationQuerySet] = OfRegistrationQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return str(self.pk)


class Wish(models.Model):
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="wishes")
    rank = models.PositiveSmallIntegerField(help_text="0 is the first wish")
    training_class = models.ForeignKey(TrainingClass, models.PROTECT, related_name="+")

    objects: ClassVar[OfRegistrationQuerySet] = OfRegistrationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration", "rank"], name="training_wish_rank"),
            models.UniqueConstraint(fields=["registration", "training_class"], name="training_wish_once"),
            models.CheckConstraint(condition=Q(rank__lt=5), name="training_wish_five"),
        ]

    def __str__(self) -> str:
        return f"{self.rank + 1}"
