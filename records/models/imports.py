"""Files that offices bring, from the upload to the decision and its undoing."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from records.ids import uuid7

# What a step of the machine may follow; the trigger of the table holds the same pairs.
IMPORT_TRANSITIONS: dict[str, frozenset[str]] = {
    "received": frozenset({"reading", "failed", "discarded"}),
    "reading": frozenset({"checked", "failed", "discarded"}),
    "checked": frozenset({"reading", "applying", "discarded"}),
    "applying": frozenset({"checked", "reading", "done", "failed"}),
    "done": frozenset({"undoing"}),
    "undoing": frozenset({"done", "undone"}),
    "failed": frozenset({"discarded"}),
    "discarded": frozenset(),
    "undone": frozenset(),
}


class _Scope(Protocol):
    @property
    def sees_all(self) -> bool: ...
    @property
    def regency_ids(self) -> frozenset[int]: ...


class ImportQuerySet(models.QuerySet[Any]):
    def within(self, scope: _Scope) -> Self:
        return self if scope.sees_all else self.filter(regency_id__in=scope.regency_ids)


class Import(models.Model):
    """One file and what becomes of it. `regency_id` empty means the province's own."""

    class State(models.TextChoices):
        RECEIVED = "received"
        READING = "reading"
        CHECKED = "checked"
        APPLYING = "applying"
        DONE = "done"
        UNDOING = "undoing"
        UNDONE = "undone"
        DISCARDED = "discarded"
        FAILED = "failed"

    class Take(models.TextChoices):
        ALL = "all"
        GOOD = "good"
        NOTHING = "nothing"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=40, help_text="key of settings.IMPORTS")
    regency_id = models.IntegerField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    take = models.CharField(max_length=8, choices=Take, blank=True)
    options = models.JSONField(default=dict, help_text="what the uploader states about the whole file")
    name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    encoding = models.CharField(max_length=12, blank=True, help_text="of a CSV file, as its first reading found it")
    headers = models.JSONField(default=list)
    notes = models.JSONField(default=list, help_text="what the reader supposed: [code, values]")
    mapping = models.JSONField(default=dict, help_text="header of the file by column of the resource")
    constants = models.JSONField(default=dict, help_text="columns that every row shares")
    line = models.IntegerField(default=0, help_text="the last line that was read")
    offset = models.BigIntegerField(default=0, help_text="the byte behind it")
    rows = models.IntegerField(default=0)
    new = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    duplicate = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    problem = models.JSONField(default=list, help_text="why the last step stopped: [code, values]")
    row_xmin = models.BigIntegerField(
        null=True, help_text="transaction that wrote the rows: they are unused while it shows"
    )
    created_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[ImportQuerySet] = ImportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["regency_id", "created_at"], name="import_by_office")]
        constraints = [
            models.CheckConstraint(
                condition=Q(take="") | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="records_import_decided",
            ),
            models.CheckConstraint(condition=~Q(take="all") | Q(refused=0), name="records_import_all_means_all"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class ImportChunk(models.Model):
    """A piece of an undecided import's file, encrypted (aad: the import's id and the number); gone once it is decided."""

    of_import = models.ForeignKey(Import, models.CASCADE, related_name="chunks", db_index=False)
    number = models.IntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of_import", "number"], name="records_importchunk_once")]

    def __str__(self) -> str:
        return f"{self.of_import_id} {self.number}"


class ImportMapping(models.Model):
    """How an office's files of one kind call their columns, as confirmed last."""

    kind = models.CharField(max_length=40)
    regency_id = models.IntegerField(null=True)
    columns = models.JSONField(default=dict)

    objects: ClassVar[ImportQuerySet] = ImportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "regency_id"], nulls_distinct=False, name="records_importmapping_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.regency_id or ''}"


class ImportRow(models.Model):
    """A row as read and cleaned, until the import is decided: one unlogged partition an import, filled by COPY.

    `values` are columns of the target, personal ones sealed. Of a refused row they are the file's cells by column, personal
    ones left out. `before` holds the stored values of a row that would change.
    """

    class Verdict(models.TextChoices):
        NEW = "new"
        CHANGED = "changed"
        DUPLICATE = "duplicate"
        REFUSED = "refused"

    pk = models.CompositePrimaryKey("import_id", "line")
    import_id = models.UUIDField()
    line = models.IntegerField()
    key = models.BinaryField(null=True, help_text="digest of the key")
    verdict = models.CharField(max_length=9, choices=Verdict)
    values = models.JSONField()
    before = models.JSONField(null=True)
    reasons = models.JSONField(null=True, help_text="[[column, code, values], ...]")

    class Meta:
        managed = False  # the migration partitions it

    def __str__(self) -> str:
        return f"{self.import_id} {self.line}"


class FormerRow(models.Model):
    """What an applied import changed, as it was before. What it added shows `row_xmin` and needs no list."""

    of_import = models.ForeignKey(Import, models.CASCADE, related_name="former", db_index=False)
    target = models.TextField(help_text="the row's key")
    before = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of_import", "target"], name="records_formerrow_once")]

    def __str__(self) -> str:
        return f"{self.of_import_id} {self.target}"
