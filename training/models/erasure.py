"""The wish to be erased, from the asking to the deed."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clusters.models import Regency
from records.ids import uuid7
from records.models import Stamped
from registrations.models import Applicant
from training.querysets import GrievanceQuerySet

ERASURE_WORDS = {
    "requested": _("Menunggu petugas pertama"),
    "proposed": _("Menunggu petugas kedua"),
    "approved": _("Disetujui, sedang dijalankan"),
    "done": _("Dihapus"),
    "refused": _("Ditolak"),
    "withdrawn": _("Ditarik"),
}


class Erasure(Stamped):
    """Asked for by the person, proposed by one of the office, approved by a second one, done by the worker.

    Done ones are the tombstones: a backup from before brings the person back, and `manage.py tombstones` erases them again.
    """

    class State(models.TextChoices):
        REQUESTED = "requested"
        PROPOSED = "proposed"
        APPROVED = "approved"
        DONE = "done"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    WAITING: ClassVar = (State.REQUESTED, State.PROPOSED)
    OPEN: ClassVar = (*WAITING, State.APPROVED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    applicant = models.ForeignKey(Applicant, models.PROTECT, related_name="+")
    regency = models.ForeignKey(Regency, models.PROTECT, help_text="whose office decides")
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True, help_text="why it was refused, as the person reads it")

    objects: ClassVar[GrievanceQuerySet] = GrievanceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["applicant"],
                condition=Q(state__in=["requested", "proposed", "approved"]),
                name="training_erasure_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "done"])
                | Q(proposed_by__isnull=False, decided_by__isnull=False) & ~Q(proposed_by=F("decided_by")),
                name="training_erasure_two_persons",
            ),
            models.CheckConstraint(
                condition=~Q(state="proposed") | Q(proposed_by__isnull=False), name="training_erasure_proposed"
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="training_erasure_refused"),
        ]
        indexes = [
            models.Index(
                fields=["regency", "due_at"], condition=Q(state__in=["requested", "proposed"]), name="erasure_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.applicant_id} {self.state}"

    def get_state_display(self) -> str:  # type: ignore[no-redef]
        return str(ERASURE_WORDS[self.state])
