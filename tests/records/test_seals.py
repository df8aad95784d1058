"""Sealing: every row once, whatever the order of commits and wherever the database stands; the command says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.utils import ConnectionHandler
from django.utils import timezone

from records import chain
from records.models import Event, LogLine, Message, Seal
from records.services import seals
from records.services.log import record_read
from records.services.messages.templates import load_shipped
from tests.factories.staff import make_user
from tests.prakerja.database import ask
from tests.records.tampering import event, seal, settle, settled, triggers_off

pytestmark = pytest.mark.django_db(transaction=True)


def read() -> None:
    record_read(
        actor_id=make_user().pk,
        actor_role="auditor",
        person_id=uuid4(),
        regency_id=None,
        field="nik",
        reason="Uji",
        at=timezone.now(),
    )


def sealed_kinds() -> list[str]:
    kinds = dict(Event.objects.values_list("number", "kind"))
    return [kinds[number] for number in LogLine.objects.order_by("position").values_list("number", flat=True)]


@contextmanager
def another_connection() -> Iterator[None]:
    """Inside, `connection` is a second one to the same database."""
    ours = connections["default"]
    wrapper = ConnectionHandler(connections.settings)["default"]
    wrapper.settings_dict = ours.settings_dict
    connections["default"] = wrapper
    try:
        yield
    finally:
        connections["default"] = ours
        wrapper.close()


def test_events_and_reads_stand_in_one_chain_each_once() -> None:
    event()
    read()
    event("lain", ["état", "☂"])
    assert (seal(), seal()) == (3, 0)
    assert list(LogLine.objects.order_by("position").values_list("position", "log")) == [
        (1, "event"), (2, "read"), (3, "event")
    ]  # fmt: skip
    assert Seal.objects.get().last == 3
    verdict = seals.verify_logs()
    assert (verdict.fault, verdict.lines) == (None, 3)


def test_a_row_that_commits_late_is_sealed_although_younger_ones_were_before() -> None:
    with transaction.atomic():
        event("lambat")
        with another_connection():
            for kind in ("cepat", "kemudian"):
                event(kind)
                assert seal() == 1
            assert seals.verify_logs().fault is None, "who is at work has changed nothing"
    assert seal() == 1
    assert sealed_kinds() == ["cepat", "kemudian", "lambat"]
    assert seals.verify_logs().fault is None


def test_a_number_is_given_only_to_a_transaction_that_has_its_id() -> None:
    """Else a row could still appear behind a seal that takes everything older for settled."""
    for table in ("records_event", "records_read"):
        ((default,),) = ask(
            "SELECT column_default FROM information_schema.columns WHERE table_name = %s AND column_name = 'number'",
            table,
        )
        assert default.index("pg_current_xact_id") < default.index("nextval")
    with transaction.atomic():
        assert ask("SELECT pg_current_xact_id_if_assigned()") == [(None,)]
        ask("SELECT CASE WHEN pg_current_xact_id() IS NOT NULL THEN nextval('records_log_number') END")
        assert ask("SELECT pg_current_xact_id_if_assigned() IS NOT NULL") == [(True,)]


def test_a_search_starts_where_nothing_can_appear_any_more() -> None:
    event()
    seal()
    with transaction.atomic():
        event("lambat")
        with another_connection():
            event("cepat")
            seal()
            event("kemudian")
            seal()
            assert settled() < Event.objects.get(kind="cepat").number, "a row below the newest seal may still appear"
    settle(Event.objects.get(kind="kemudian").number)
    assert seals.verify_logs().fault is None


def test_a_database_restored_on_a_young_server_goes_on() -> None:
    """There transaction ids start again: its seals seem to come from the future."""
    event("lama")
    seal()
    event("belum")
    with connection.cursor() as cursor, triggers_off():
        cursor.execute("UPDATE records_seal SET xid = xid + 1000000000")
    event("baru")
    assert (seal(), seal()) == (2, 0)
    assert sealed_kinds() == ["lama", "belum", "baru"]
    assert settled() == Event.objects.get(kind="lama").number


def test_batches_are_closed_by_seals_and_a_large_backlog_is_caught_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "BATCH", 10)
    for _ in range(25):
        event()
    assert seal() == 25
    assert list(Seal.objects.order_by("n").values_list("n", "last", "count")) == [(1, 10, 10), (2, 20, 10), (3, 25, 5)]
    assert seals.verify_logs().lines == 25
    assert seals.verify_logs(from_seal=3).lines == 5


def test_one_sealer_at_a_time() -> None:
    event()
    with transaction.atomic():
        ask("SELECT pg_advisory_xact_lock(hashtextextended('seal the logs', 0))")
        with another_connection():
            assert seal() == 0
    assert seal() == 1


def test_a_sealer_that_is_killed_leaves_nothing_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    event()
    monkeypatch.setattr(Seal.objects, "create", lambda **fields: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        seal()
    monkeypatch.undo()
    assert LogLine.objects.count() == 0
    assert seal() == 1


def test_lines_and_seals_are_append_only() -> None:
    event()
    seal()
    for change in ("UPDATE records_seal SET count = 2", "DELETE FROM records_logline"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            ask(change)


def command(*arguments: str) -> str:
    output = StringIO()
    call_command("verify_chain", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_counts_or_names_the_first_fault() -> None:
    event()
    read()
    seal()
    newest = seals.newest_seal() or chain.BEFORE_THE_FIRST
    assert command(f"--head={newest.head.hex()}").startswith(f"intact: 2 rows up to seal 1, head {newest.head.hex()}, ")
    with pytest.raises(CommandError, match=chain.HEAD_MISSING):
        command(f"--head={'0' * 64}")
    with pytest.raises(CommandError, match="64 hexadecimal digits"):
        command("--head=12")
    with pytest.raises(CommandError, match="no seal 7"):
        command("--from=8")
    with connection.cursor() as cursor, triggers_off():
        cursor.execute("UPDATE records_event SET kind = 'diubah'")
    row = Event.objects.get()
    with pytest.raises(CommandError) as caught:
        command()
    assert str(caught.value) == f"position 1: records_event {row.pk}: {chain.ROW_CHANGED}"


def test_the_text_of_a_row_is_the_same_in_every_zone_and_after_a_new_column() -> None:
    event()
    seal()
    with connection.cursor() as cursor:
        cursor.execute("SET timezone TO 'Asia/Jakarta'")
        cursor.execute("ALTER TABLE records_event ADD COLUMN later text")
        try:
            assert seals.verify_logs().fault is None
        finally:
            cursor.execute("ALTER TABLE records_event DROP COLUMN later")
            cursor.execute("SET timezone TO 'UTC'")


def test_the_newest_head_is_mailed_once_to_those_who_keep_heads(settings: Any) -> None:
    load_shipped(timezone.now())
    settings.SEAL_ADDRESSES = ["inspektorat@contoh.example", "kementerian@contoh.example"]
    assert seals.mail_newest_head(now=timezone.now()) == 0, "nothing is sealed yet"
    event()
    seal()
    for _ in range(2):
        assert seals.mail_newest_head(now=timezone.now()) == 2
    message, other = Message.objects.all()
    assert {message.destination.open(), other.destination.open()} == set(settings.SEAL_ADDRESSES)
    assert message.plain_values["head"] == bytes(Seal.objects.get().head).hex()
