"""Places: one live per registration, one accepted per person in all waves, never more than a class has seats."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from records.ids import uuid7
from records.models import Stamped
from registrations.models import Applicant, Registration
from training.models.catalogue import TrainingClass
from training.models.draws import Draw
from training.querysets import OfRegistrationQuerySet


class Placement(Stamped):
    class State(models.TextChoices):
        OFFERED = "offered"
        ACCEPTED = "accepted"
        DECLINED = "declined"
        LAPSED = "lapsed"

    LIVE = (State.OFFERED, State.ACCEPTED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="placements")
    applicant = models.ForeignKey(Applicant, models.PROTECT, related_name="+")
    training_class = models.ForeignKey(TrainingClass, models.PROTECT, related_name="placements")
    draw = models.ForeignKey(Draw, models.PROTECT, related_name="placements")
    state = models.CharField(max_length=8, choices=State, default=State.OFFERED)
    answer_by = models.DateField()
    answered_at = models.DateTimeField(null=True)

    objects: ClassVar[OfRegistrationQuerySet] = OfRegistrationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registration"],
                condition=Q(state__in=["offered", "accepted"]),
                name="training_placement_one_live",
            ),
            models.UniqueConstraint(
                fields=["applicant"], condition=Q(state="accepted"), name="training_placement_one_accepted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} {self.state}"
