"""What happened, and who read personal data. Append-only."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from records.ids import uuid7


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
