"""What must be remembered: events, reads of personal data, and jobs."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from records.ids import uuid7


class Stamped(models.Model):
    """A row that may leave by the API: public UUID, `updated_at` kept by a trigger, `as_of` by the clock of the act.

    The act's clock is passed in, so a rehearsal reproduces `as_of`; `updated_at` is the database's own.
    """

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)
    as_of = models.DateTimeField()

    class Meta:
        abstract = True


class Event(models.Model):
    """Something that happened to a person, a wave or a decision: ids and names of fields, never personal values."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_role = models.CharField(max_length=20)
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    person_id = models.UUIDField(null=True)
    regency_id = models.IntegerField(null=True)
    fields = models.JSONField(default=list)
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["person_id", "at"]),
            models.Index(fields=["subject_id", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Read(models.Model):
    """Somebody saw a personal value in full: who, whose, which field, why."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    actor_role = models.CharField(max_length=20)
    person_id = models.UUIDField()
    regency_id = models.IntegerField(null=True)
    field = models.CharField(max_length=40)
    reason = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["person_id", "at"])]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="records_read_reason")]

    def __str__(self) -> str:
        return f"{self.field} {self.at:%Y-%m-%d %H:%M}"


class Job(models.Model):
    """Work for the worker. This table is the truth about it; the broker only makes it start sooner."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.CharField(max_length=80, help_text="name of the Celery task")
    key = models.CharField(max_length=120, help_text="at most one live job has this key")
    payload = models.JSONField(default=dict, help_text="ids only")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(state__in=["queued", "running"]), name="records_job_one_live"
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "lease_until"], condition=Q(state__in=["queued", "running"]), name="job_live"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.state}"
