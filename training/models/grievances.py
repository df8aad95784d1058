"""Appeals and complaints: one answer by the office, a second one by somebody else at the province."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clusters.models import Regency
from records.fields import BlindIndexField, EncryptedField
from records.ids import uuid7
from records.models import Stamped
from registrations.models import Applicant, Registration
from training.querysets import GrievanceQuerySet

KIND_WORDS = {"appeal": _("Sanggahan"), "complaint": _("Pengaduan"), "correction": _("Perbaikan data")}
SUBJECT_WORDS = {
    "eligibility": _("Dinyatakan tidak memenuhi syarat, atau klasternya keliru"),
    "mismatch": _("Data dinyatakan tidak padan"),
    "draw": _("Hasil undian"),
    "correction": _("NIK, nama, jenis kelamin, atau tanggal lahir saya keliru"),
    "service": _("Pelayanan kantor"),
    "other": _("Lainnya"),
}
STATE_WORDS = {
    "received": _("Diterima"),
    "working": _("Sedang ditangani"),
    "answered": _("Dijawab kantor"),
    "escalated": _("Di provinsi"),
    "closed": pgettext_lazy("pengaduan", "Selesai"),
    "withdrawn": _("Ditarik"),
}
VERDICT_WORDS = {"upheld": _("Dikabulkan"), "rejected": _("Ditolak")}


class Grievance(Stamped):
    """An appeal against a decision on one's registration; the wish that the office corrects what the civil registry fixes; or a
    complaint, also of somebody who is not registered.

    `number` is public. Whoever is registered follows it on the status page; anybody else with the code behind `code_index`.
    `due_on` is the last day of the next step: to answer while somebody has to, to go to the province once the office has
    answered. What was asked stands; of the two who answer none is the other.
    """

    class Kind(models.TextChoices):
        APPEAL = "appeal"
        COMPLAINT = "complaint"
        CORRECTION = "correction"

    class Subject(models.TextChoices):
        ELIGIBILITY = "eligibility"
        MISMATCH = "mismatch"
        DRAW = "draw"
        CORRECTION = "correction"
        SERVICE = "service"
        OTHER = "other"

    class State(models.TextChoices):
        RECEIVED = "received"
        WORKING = "working"
        ANSWERED = "answered"
        ESCALATED = "escalated"
        CLOSED = "closed"
        WITHDRAWN = "withdrawn"

    class Verdict(models.TextChoices):
        UPHELD = "upheld"
        REJECTED = "rejected"

    APPEALS: ClassVar = (Subject.ELIGIBILITY, Subject.MISMATCH, Subject.DRAW)
    AT_OFFICE: ClassVar = (State.RECEIVED, State.WORKING)
    OPEN: ClassVar = (*AT_OFFICE, State.ANSWERED, State.ESCALATED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=12)
    code_index = BlindIndexField(null=True)
    idempotency_key = models.UUIDField()
    kind = models.CharField(max_length=10, choices=Kind)
    subject = models.CharField(max_length=12, choices=Subject)
    claim = models.CharField(max_length=20, blank=True, help_text="a key of training.selectors.effects.CLAIMS")
    regency = models.ForeignKey(Regency, models.PROTECT, help_text="whose office answers")
    registration = models.ForeignKey(Registration, models.PROTECT, null=True, related_name="grievances")
    applicant = models.ForeignKey(Applicant, models.PROTECT, null=True, related_name="+")
    language = models.CharField(max_length=5)
    text = EncryptedField(aad="training.grievance.text")
    phone = EncryptedField(aad="training.grievance.phone", null=True)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    verdict = models.CharField(max_length=8, choices=Verdict, blank=True)
    received_at = models.DateTimeField()
    due_on = models.DateField()
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    second_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects: ClassVar[GrievanceQuerySet] = GrievanceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number"], name="training_grievance_number"),
            models.UniqueConstraint(fields=["idempotency_key"], name="training_grievance_idempotency"),
            models.UniqueConstraint(
                fields=["registration", "subject"],
                condition=Q(state__in=["received", "working", "answered", "escalated"]),
                name="training_grievance_one_open",
            ),
            models.CheckConstraint(
                condition=Q(
                    registration__isnull=False, applicant__isnull=False, code_index__isnull=True, phone__isnull=True
                )
                | Q(registration__isnull=True, applicant__isnull=True, code_index__isnull=False),
                name="training_grievance_asker",
            ),
            models.CheckConstraint(
                condition=Q(kind="complaint")
                | Q(kind="appeal", applicant__isnull=False, subject__in=["eligibility", "mismatch", "draw"])
                | Q(kind="correction", applicant__isnull=False, subject="correction"),
                name="training_grievance_appeal",
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(answered_by__isnull=False) & ~Q(verdict=""),
                name="training_grievance_answered",
            ),
            models.CheckConstraint(condition=~Q(state="closed") | ~Q(verdict=""), name="training_grievance_closed"),
            models.CheckConstraint(condition=~Q(answered_by=F("second_by")), name="training_grievance_two_persons"),
        ]
        indexes = [
            models.Index(fields=["regency", "state", "due_on", "id"], name="grievance_of_office"),
            models.Index(fields=["state", "due_on", "id"], name="grievance_due"),
        ]

    def __str__(self) -> str:
        return self.number

    # Words are no part of the choices, so that changing one needs no migration.
    def get_kind_display(self) -> str:  # type: ignore[no-redef]
        return str(KIND_WORDS[self.kind])

    def get_subject_display(self) -> str:  # type: ignore[no-redef]
        return str(SUBJECT_WORDS[self.subject])

    def get_state_display(self) -> str:  # type: ignore[no-redef]
        return str(STATE_WORDS[self.state])


class GrievanceStep(models.Model):
    """A step that was taken: which state it led to, by whom, and what was said. Never changed, never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grievance = models.ForeignKey(Grievance, models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=Grievance.State)
    verdict = models.CharField(max_length=8, choices=Grievance.Verdict, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_role = models.CharField(max_length=20)
    note = EncryptedField(aad="training.grievancestep.note", null=True)

    def __str__(self) -> str:
        return f"{self.state} {self.at:%Y-%m-%d %H:%M}"
