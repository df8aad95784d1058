"""Whether the civil registry knows who somebody says to be."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clusters.models import Regency, Wave
from records.models import Stamped
from registrations.models.people import Applicant, Registration
from registrations.querysets import IdentityCheckQuerySet

IDENTITY_WORDS = {
    "pending": _("Sedang diperiksa"),
    "failed": _("Belum terjawab"),
    "matched": _("Padan"),
    "not_matched": _("Tidak padan"),
    "confirmed": _("Disahkan kantor"),
}
# What did not match, as the office is told. What the registry holds is never known here.
DIFFERENCE_WORDS = {
    "nik": _("NIK tidak ditemukan"),
    "kk": _("nomor KK"),
    "name": _("nama"),
    "birth_date": _("tanggal lahir"),
}


class IdentityCheck(Stamped):
    """The check of one registration, and its place in the queue: a trigger adds it with the registration.

    `next_try` is the next moment at which a worker may take the row; while it is being asked, the end of the lease. `failed`
    was tried so often in vain that it is now tried daily. An office that saw the papers may confirm what did not match: one
    person sees them (`sighted`), another one signs (`confirmed`). History: the events identity.*.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        FAILED = "failed"
        MATCHED = "matched"
        NOT_MATCHED = "not_matched"
        CONFIRMED = "confirmed"

    LIVE: ClassVar = (State.PENDING, State.FAILED)

    registration = models.OneToOneField(Registration, models.PROTECT, primary_key=True, related_name="identity")
    applicant = models.ForeignKey(Applicant, models.PROTECT, related_name="+", db_index=False)
    wave = models.ForeignKey(Wave, models.PROTECT, related_name="+", db_index=False)
    regency = models.ForeignKey(Regency, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    differs = models.JSONField(default=list, help_text="codes of registrations.dukcapil.NAMES, never values")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    request_id = models.CharField(max_length=64, blank=True, help_text="the registry's own")
    error = models.CharField(max_length=60, blank=True, help_text="of the last try: class of the error, or HTTP status")
    sighted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    sighted_at = models.DateTimeField(null=True)
    sight_reason = models.CharField(max_length=300, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    confirmed_at = models.DateTimeField(null=True)

    objects: ClassVar[IdentityCheckQuerySet] = IdentityCheckQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["pending", "failed"], next_try__isnull=False, checked_at__isnull=True)
                | Q(state__in=["matched", "not_matched", "confirmed"], next_try__isnull=True, checked_at__isnull=False),
                name="registrations_identitycheck_queue",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["not_matched", "confirmed"]) ^ Q(differs=[]),
                name="registrations_identitycheck_differs",
            ),
            models.CheckConstraint(
                condition=Q(sighted_by__isnull=True, sighted_at__isnull=True, sight_reason="")
                | Q(sighted_by__isnull=False, sighted_at__isnull=False, state__in=["not_matched", "confirmed"])
                & ~Q(sight_reason=""),
                name="registrations_identitycheck_sighted",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") & Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(state="confirmed", confirmed_by__isnull=False, confirmed_at__isnull=False, sighted_by__isnull=False)
                & ~Q(confirmed_by=F("sighted_by")),
                name="registrations_identitycheck_two_persons",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try"], condition=Q(state__in=["pending", "failed"]), name="identity_due"),
            models.Index(fields=["wave", "regency"], condition=Q(state="not_matched"), name="identity_not_matched"),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} {self.state}"

    def get_state_display(self) -> str:  # type: ignore[no-redef]
        return str(IDENTITY_WORDS[self.state])


class RegistryGate(models.Model):
    """The one row about the way to the registry: registrations.gate.Gate. Whoever asks locks it first."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    minute = models.DateTimeField(null=True)
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="registrations_registrygate_one")]

    def __str__(self) -> str:
        return f"{self.failures} failures"
