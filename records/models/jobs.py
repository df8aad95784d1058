"""Work for the worker."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from records.ids import uuid7


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
