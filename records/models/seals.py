"""The hash chain over both logs (records.chain). Append-only."""

from django.db import models


class LogLine(models.Model):
    """One row of a log in the chain. No foreign key: the line must outlast a row that somebody deletes."""

    position = models.BigIntegerField(primary_key=True)
    log = models.CharField(max_length=5, choices={"event": "event", "read": "read"})
    row_id = models.UUIDField()
    number = models.BigIntegerField(unique=True)
    digest = models.BinaryField(max_length=32)
    chain = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.position} {self.log}"


class Seal(models.Model):
    """Closes a batch of lines: see records.chain.Seal. Signed with a key that is not in the database."""

    n = models.BigIntegerField(primary_key=True)
    last = models.BigIntegerField()
    count = models.IntegerField()
    high = models.BigIntegerField()
    settled = models.BigIntegerField()
    xid = models.BigIntegerField()
    sealed_at = models.DateTimeField(db_index=True)
    head = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(count__gt=0), name="records_seal_count"),
            models.UniqueConstraint(fields=["last"], name="records_seal_last"),
        ]

    def __str__(self) -> str:
        return f"{self.n}"
