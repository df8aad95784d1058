"""Logs that are sealed, and what somebody with the rights of the owner can do to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from records import chain
from records.services import seals
from records.services.log import record_event
from tests.prakerja.database import ask

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
        kind=kind, actor_id=None, actor_role="system", subject_type="uji", subject_id=uuid4(), fields=fields or []
    )


def seal() -> int:
    return seals.seal_logs(now=timezone.now())


def settled() -> int:
    return (seals.newest_seal() or chain.BEFORE_THE_FIRST).settled


def settle(number: int) -> None:
    """Go on until no row up to this number can appear: other runs of the suite have transactions on this server too."""
    for _ in range(600):
        event()
        seal()
        if settled() >= number:
            return
        ask("SELECT pg_sleep(0.05)")
    raise AssertionError("somebody on this server has had a transaction open for half a minute")
