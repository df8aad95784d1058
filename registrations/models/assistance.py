"""Registering with the help of an office: whom it helps, until when, and the paper forms it hands out."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from clusters.models import Regency
from records.ids import uuid7
from registrations.models.people import Applicant, Registration
from registrations.querysets import AssistanceQuerySet, PaperFormQuerySet, PaperLotQuerySet

MOST_FORMS = 50  # of one lot: two pages each, printed at once


class PaperLot(models.Model):
    """Blank forms that an office printed together. Append-only; the id is the idempotency key of the order."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    regency = models.ForeignKey(Regency, models.PROTECT, related_name="+")
    size = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(MOST_FORMS)])
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()

    objects: ClassVar[PaperLotQuerySet] = PaperLotQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(size__gte=1, size__lte=MOST_FORMS), name="registrations_paperlot_size")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class PaperForm(models.Model):
    """One blank form. Its number says nothing about anybody. Append-only."""

    number = models.CharField(max_length=10, primary_key=True)
    lot = models.ForeignKey(PaperLot, models.PROTECT, related_name="forms")

    objects: ClassVar[PaperFormQuerySet] = PaperFormQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.number


class Assistance(models.Model):
    """An office fills in somebody's registration: first a draft, then a registration until the person has claimed it.

    The right ends at `ends_at` or `claimed_at`, whichever is first; from then on the row only says what was. It begins with
    the person's word, spoken at the counter (`consent_text`: which words, in `language`), or with a signed paper form.
    `holder`: the member of staff who has it open; one person at a time, so that the screen never mixes two.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    regency = models.ForeignKey(Regency, models.PROTECT, related_name="+", help_text="of the office that helps")
    assistant = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    language = models.CharField(max_length=5)
    consent_text = models.CharField(max_length=20, blank=True, help_text="version of the words that were said yes to")
    form = models.OneToOneField(PaperForm, models.PROTECT, null=True, related_name="assistance")
    signed_on = models.DateField(null=True)
    captured_at = models.DateTimeField(null=True, help_text="filled in without a network: when, by the device's clock")
    began_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)
    registration = models.OneToOneField(Registration, models.PROTECT, null=True, related_name="assistance")
    applicant = models.ForeignKey(Applicant, models.PROTECT, null=True, related_name="+", db_index=False)
    claimed_at = models.DateTimeField(null=True)

    objects: ClassVar[AssistanceQuerySet] = AssistanceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["regency", "holder"], name="registrations_assistance_one_at_a_time"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("began_at")), name="registrations_assistance_ends"),
            models.CheckConstraint(
                condition=Q(form__isnull=False, signed_on__isnull=False, consent_text="")
                | Q(form__isnull=True, signed_on__isnull=True) & ~Q(consent_text=""),
                name="registrations_assistance_consent",
            ),
            models.CheckConstraint(
                condition=Q(registration__isnull=True, applicant__isnull=True)
                | Q(registration__isnull=False, applicant__isnull=False),
                name="registrations_assistance_person",
            ),
            models.CheckConstraint(
                condition=Q(claimed_at__isnull=True) | Q(registration__isnull=False, holder__isnull=True),
                name="registrations_assistance_claimed",
            ),
        ]
        indexes = [models.Index(fields=["regency", "ends_at"], name="assistance_of_office")]

    def __str__(self) -> str:
        return str(self.pk)
