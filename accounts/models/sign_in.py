"""What opens an account once: codes and links sent by message, and the word of two colleagues."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from records.fields import BlindIndexField
from records.ids import uuid7


class OneTimeSecret(models.Model):
    """A code or a link that a message promised, as a keyed hash only.

    A login that nobody has gets one too, without an account, so that neither the answer nor the work tells it apart.
    Where a message was asked for at the sign-in page, hashes of login and address say whose budget it came from.
    """

    class Kind(models.TextChoices):
        CODE = "code"
        LINK = "link"

    TRIES = 5

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=4, choices=Kind)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    secret = BlindIndexField()
    login = BlindIndexField(null=True)
    address = BlindIndexField(null=True)
    rupiah = models.PositiveIntegerField(default=0, help_text="what its message costs")
    asked_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["secret"], name="accounts_onetimesecret_secret"),
            models.CheckConstraint(condition=Q(tries__lte=5), name="accounts_onetimesecret_tries"),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(used_at__lt=F("expires_at")),
                name="accounts_onetimesecret_in_time",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(user__isnull=False), name="accounts_onetimesecret_of_somebody"
            ),
        ]
        indexes = [models.Index(fields=["login", "asked_at"]), models.Index(fields=["address", "asked_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.asked_at:%Y-%m-%d %H:%M}"


class FactorReset(models.Model):
    """Somebody lost every second factor: one colleague asks for new ones, another one agrees."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.TextField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="accounts_factorreset_reason"),
            models.CheckConstraint(condition=~Q(asked_by=F("approved_by")), name="accounts_factorreset_two_persons"),
            models.CheckConstraint(
                condition=~Q(user=F("asked_by")) & ~Q(user=F("approved_by")), name="accounts_factorreset_not_own"
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(approved_by__isnull=True), name="accounts_factorreset_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M}"
