"""What happened, and who read personal data. Append-only."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from records.ids import uuid7


class NextNumber(models.Func):
    """The next number of both logs. The transaction gets its id first: what a seal may take for settled depends on it."""

    template = "CASE WHEN pg_current_xact_id() IS NOT NULL THEN nextval('records_log_number') END"
    output_field = models.BigIntegerField()


class Event(models.Model):
    """Something that happened to a person, a wave or a decision: ids and names of fields, never personal values."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.BigIntegerField(unique=True, db_default=NextNumber(), editable=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
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
            models.Index(fields=["actor", "at", "number"], name="records_event_actor"),
            models.Index(fields=["kind", "at", "number"], name="records_event_kind"),
            models.Index(fields=["at", "number"], name="records_event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Read(models.Model):
    """Somebody saw a personal value in full: who, whose, which field, why."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.BigIntegerField(unique=True, db_default=NextNumber(), editable=False)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    actor_role = models.CharField(max_length=20)
    person_id = models.UUIDField()
    regency_id = models.IntegerField(null=True)
    field = models.CharField(max_length=40)
    reason = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["person_id", "at"]),
            models.Index(fields=["actor", "at", "number"], name="records_read_actor"),
            models.Index(fields=["at", "number"], name="records_read_at"),
        ]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="records_read_reason")]

    def __str__(self) -> str:
        return f"{self.field} {self.at:%Y-%m-%d %H:%M}"
