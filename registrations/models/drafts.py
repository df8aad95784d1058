"""A registration that is being filled in, or corrected."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from records.fields import BlindIndexField, EncryptedField
from records.ids import uuid7
from registrations.models.assistance import Assistance
from registrations.models.people import Applicant, Registration
from registrations.querysets import DraftQuerySet


class Draft(models.Model):
    """Pages filled in so far, until the registration is made of them or `expires_at` has come.

    With a `registration` they are its answers on the way to being corrected; the session that began that holds it.

    `pages` is JSON (registrations.selectors.drafts reads it). `step` is the page to go on with, empty when none is left.
    Opened by the session that began it, by its code (kept as a keyed hash), by the applicant known from an earlier wave, or
    by the office that fills it in for somebody.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    applicant = models.ForeignKey(Applicant, models.PROTECT, null=True, related_name="+")
    registration = models.ForeignKey(Registration, models.PROTECT, null=True, related_name="+", db_index=False)
    assistance = models.OneToOneField(Assistance, models.PROTECT, null=True, related_name="draft")
    code_index = BlindIndexField(null=True)
    pages = EncryptedField(aad="registrations.draft.pages")
    step = models.CharField(max_length=20, blank=True)
    revision = models.PositiveIntegerField(help_text="how often it was saved")
    saved_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    objects: ClassVar[DraftQuerySet] = DraftQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code_index"], name="registrations_draft_code"),
            models.UniqueConstraint(
                fields=["applicant"],
                condition=Q(registration__isnull=True),
                name="registrations_draft_applicant",
            ),
            models.UniqueConstraint(fields=["registration"], name="registrations_draft_registration"),
            models.CheckConstraint(
                condition=Q(registration__isnull=True) | Q(applicant__isnull=False),
                name="registrations_draft_corrects_own",
            ),
            models.CheckConstraint(
                condition=Q(applicant__isnull=True, assistance__isnull=True)
                | Q(applicant__isnull=True, code_index__isnull=True)
                | Q(assistance__isnull=True, code_index__isnull=True),
                name="registrations_draft_one_way_in",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("saved_at")), name="registrations_draft_ends"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
