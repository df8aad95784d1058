"""What stood before somebody's data were changed, and a phone number on its way to being changed."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from records.fields import BlindIndexField, EncryptedField
from records.ids import uuid7
from registrations.models.people import Applicant, Registration
from registrations.querysets import FormerValueQuerySet, PhoneChangeQuerySet

# Why something was changed. Words are no part of the choices, so that changing one needs no migration.
REASON_WORDS = {
    "own": _("Diperbaiki pendaftar"),
    "moved": _("Pindah tempat tinggal"),
    "family": _("Menikah, bercerai, atau pisah KK"),
    "mistake": _("Salah isi"),
    "other": _("Sebab lain"),
}


class FormerValue(models.Model):
    """A value that was replaced: what it was, from when until when it stood, who replaced it and why. Append-only.

    `former` is JSON; `reason`: a key of REASON_WORDS, or the words of whoever corrected it at the office. `registration`: of
    which registration it was an answer, None for a value of the person's own. Disability is never among them: whoever takes
    that statement back leaves nothing of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    applicant = models.ForeignKey(Applicant, models.PROTECT, related_name="former_values", db_index=False)
    registration = models.ForeignKey(Registration, models.PROTECT, null=True, related_name="+", db_index=False)
    field = models.CharField(max_length=30)
    former = EncryptedField(aad="registrations.formervalue.former")
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.CharField(max_length=300)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    actor_role = models.CharField(max_length=20)
    idempotency_key = models.UUIDField()

    objects: ClassVar[FormerValueQuerySet] = FormerValueQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["idempotency_key", "field"], name="registrations_formervalue_once"),
            models.CheckConstraint(condition=Q(since__lte=F("until")), name="registrations_formervalue_span"),
            models.CheckConstraint(condition=~Q(reason=""), name="registrations_formervalue_reason"),
            models.CheckConstraint(
                condition=~Q(field__startswith="disability"), name="registrations_formervalue_disability"
            ),
        ]
        indexes = [models.Index(fields=["applicant", "until"], name="formervalue_of_person")]

    def __str__(self) -> str:
        return f"{self.field} {self.until:%Y-%m-%d %H:%M}"


class PhoneChange(models.Model):
    """A new number that waits for the code that was sent to it. Only a keyed hash of the code is kept."""

    TRIES: ClassVar = 5

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    applicant = models.ForeignKey(Applicant, models.PROTECT, related_name="+", db_index=False)
    phone = EncryptedField(aad="registrations.phonechange.phone")
    code_index = BlindIndexField()
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    objects: ClassVar[PhoneChangeQuerySet] = PhoneChangeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(tries__lte=5), name="registrations_phonechange_tries"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("asked_at")), name="registrations_phonechange_ends"),
        ]
        indexes = [models.Index(fields=["applicant", "asked_at"], name="phonechange_of_person")]

    def __str__(self) -> str:
        return str(self.pk)
