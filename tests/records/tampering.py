"""Logs that are sealed, and what somebody with the rights of the owner can do to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from records import chain
from records.models import Seal
from records.services import seals
from records.services.log import record_event

TABLES = ("records_event", "records_read", "records_logline", "records_seal")


@contextmanager
def triggers_off() -> Iterator[None]:
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        try:
            yield
        finally:
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER append_only")


def event(kind: str = "uji", fields: list[str] | None = None) -> None:
    record_event(
        kind=kind,
        actor_id=None,
        actor_role="system",
        subject_type="uji",
        subject_id=uuid4(),
        fields=fields or [],
        at=timezone.now(),
    )


def seal() -> int:
    return seals.seal_logs(now=timezone.now())


def settled() -> int:
    return (seals.newest_seal() or chain.BEFORE_THE_FIRST).settled


def settle(number: int) -> None:
    """Go on as on another server, where all old transactions have ended: no row up to this number can appear any more.

    Not by waiting until they end on this one, where other runs of the suite keep theirs open for minutes.
    """
    with connection.cursor() as cursor, triggers_off():
        for row in Seal.objects.values_list(*chain.Seal._fields):
            old = seals._as_seal(row)
            moved = old._replace(xid=old.xid + 10**9)
            values = [moved.xid, seals.sign(moved.message()), old.n]
            cursor.execute("UPDATE records_seal SET xid = %s, signature = %s WHERE n = %s", values)
    event()
    seal()
    assert settled() >= number
