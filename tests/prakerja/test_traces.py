"""Numbers of people leave no trace: not in any table in plain, not in sessions, jobs, logs or addresses."""

import logging
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection

from records.models import Job
from tests.prakerja.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def tables_with(secret: str) -> list[str]:
    """Tables with a row that holds the text, as text or as bytes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        tables = [table for (table,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(
                f"SELECT EXISTS (SELECT 1 FROM {table} t WHERE t::text LIKE %s OR t::text LIKE %s)",  # noqa: S608
                [f"%{secret}%", f"%{secret.encode().hex()}%"],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_a_days_work_leaves_no_number_behind(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    own, mentor, public = world.own, world.clients["mentor"], world.clients["public"]
    file = f"/kantor/peserta/{own.registration.pk}/"
    addresses = [file]
    for secret in own.secrets:
        addresses.append(mentor.post("/kantor/cari/", {"q": secret})["Location"])
        public.post("/masuk/", {"login": f"0{secret}", "password": secret})
    addresses.append(mentor.post("/kantor/cari/", {"q": own.name})["Location"])
    for field in ("nik", "kk", "phone"):
        shown = mentor.post(f"{file}nomor/", {"field": field, "purpose": "identity", "note": "Datang ke loket"})
        assert "Hanya ditampilkan sekali" in shown.content.decode()
    sessions = str([session.get_decoded() for session in Session.objects.all()])
    for secret in own.secrets:
        assert tables_with(secret) == []
        assert secret not in caplog.text
        assert secret not in sessions + str(addresses) + str(
            list(Job.objects.values_list("payload", "result", "error"))
        )
    assert own.name not in caplog.text + str(addresses)


def test_the_reading_finds_what_stands_in_a_table(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE public.leak AS SELECT %s::bytea AS raw", [b"x3374995003957001"])
    assert tables_with("3374995003957001") == ["leak"]


def test_an_error_page_and_its_log_show_no_number(
    world: World, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    """A view that breaks in the middle of a reveal: the traceback is written, its values are not."""
    client = world.clients["mentor"]
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("REVOKE INSERT ON records_read FROM portal_web")
    answer = client.post(
        f"/kantor/peserta/{world.own.registration.pk}/nomor/",
        {"field": "nik", "purpose": "identity", "note": "Datang ke loket"},
    )
    assert answer.status_code == 500 and "permission denied" in caplog.text
    assert not any(secret in caplog.text + answer.content.decode() for secret in world.own.secrets)
