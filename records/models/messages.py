"""Messages to people: their texts, the outbox, and what became of each."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from records.fields import BlindIndexField, EncryptedField
from records.ids import uuid7


class Channel(models.TextChoices):
    SMS = "sms"
    EMAIL = "email"
    WHATSAPP = "whatsapp"


class MessageTemplate(models.Model):
    """One version of a text; the newest is used. Append-only: a message pins the version it was made from.

    `author` is the person who changed it; versions that came with a release have none.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel)
    language = models.CharField(max_length=5)
    version = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=120, blank=True, help_text="e-mail only")
    body = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name", "channel", "language", "version"], name="records_messagetemplate_version"
            ),
            models.CheckConstraint(
                condition=Q(channel="email") ^ Q(subject=""), name="records_messagetemplate_subject"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.channel} {self.language} v{self.version}"


class Message(models.Model):
    """The outbox: a row here is a promise that somebody will be told, made in the transaction of its cause.

    To a `recipient`, whose address is looked up when the message is sent, or to a `destination` nobody is known under
    yet. `due_at` is the next moment at which a worker may take the row; while it is being sent, the end of the lease.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        EXPIRED = "expired"
        SUPPRESSED = "suppressed"

    class Kind(models.TextChoices):
        """Codes go out at any hour; notices are owed and cannot be opted out of; reminders can."""

        CODE = "code"
        NOTICE = "notice"
        REMINDER = "reminder"

    LIVE: ClassVar = (State.QUEUED, State.SENDING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=120, help_text="one message per key, whoever asks and however often")
    template = models.ForeignKey(MessageTemplate, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    channel = models.CharField(max_length=10, choices=Channel)
    recipient_kind = models.CharField(max_length=20, blank=True, help_text="a key of settings.ADDRESS_BOOKS")
    recipient_id = models.UUIDField(null=True)
    destination = EncryptedField(aad="records.message.destination", null=True)
    plain_values = models.JSONField(default=dict, help_text="of the placeholders, when neither personal nor secret")
    sealed_values = EncryptedField(aad="records.message.values", null=True, help_text="JSON of the others")
    secret = models.BooleanField(default=False, help_text="values and destination go once it is delivered or expired")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    reason = models.CharField(max_length=20, blank=True, help_text="why it waits, failed or was not sent")
    attempt = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="records_message_key"),
            models.CheckConstraint(
                condition=~Q(recipient_kind="") & Q(recipient_id__isnull=False, destination__isnull=True)
                | Q(recipient_kind="", recipient_id__isnull=True)
                & (Q(destination__isnull=False) | Q(finished_at__isnull=False)),
                name="records_message_one_address",
            ),
            models.CheckConstraint(
                condition=Q(secret=False) | Q(expires_at__isnull=False, plain_values={}), name="records_message_secret"
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) ^ ~Q(state__in=["queued", "sending"]),
                name="records_message_finished",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "due_at"], condition=Q(state__in=["queued", "sending"]), name="message_due"),
            models.Index(fields=["recipient_id", "-created_at"], name="message_of_recipient"),
            models.Index(fields=["-created_at", "-id"], name="message_newest"),
            models.Index(
                fields=["expires_at"], condition=Q(sealed_values__isnull=False, secret=True), name="message_to_wipe"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class Delivery(models.Model):
    """One attempt to send a message: where, how it ended, what it cost in rupiah. Append-only; no address, no text."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted"
        REJECTED = "rejected"  # this message will never be taken
        UNAVAILABLE = "unavailable"  # certainly not taken
        UNCERTAIN = "uncertain"  # perhaps taken: the answer was lost, or the worker was

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(Message, models.PROTECT, related_name="deliveries")
    at = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField()
    gateway = models.CharField(max_length=60, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome)
    reference = models.CharField(max_length=80, blank=True, help_text="the provider's own")
    error = models.CharField(max_length=60, blank=True, help_text="class of the error, or HTTP status")
    cost = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["gateway", "-at"], name="delivery_of_gateway")]

    def __str__(self) -> str:
        return f"{self.gateway} {self.outcome}"


class Spending(models.Model):
    """What a channel has cost on one day, reserved before sending so that a cap holds however many workers there are."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.CharField(max_length=10, choices=Channel)
    day = models.DateField()
    rupiah = models.PositiveIntegerField(default=0)
    alerted = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "day"], name="records_spending_day")]

    def __str__(self) -> str:
        return f"{self.channel} {self.day} {self.rupiah}"


class OptOut(models.Model):
    """A person's word that an address wants no reminders, or wants them again; the last one counts. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.CharField(max_length=10, choices=Channel)
    address_index = BlindIndexField()
    out = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["address_index", "channel", "-at"], name="optout_of_address")]

    def __str__(self) -> str:
        return f"{self.channel} {'out' if self.out else 'in'}"
