"""Fixtures for every room: a database that can be flushed, requests that end as in production, signed-in clients."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.signals import request_finished
from django.db import connection
from django.test import Client

from tests.factories.staff import make_staff


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Append-only tables refuse TRUNCATE, which is how a transactional test is cleaned up: here they may be truncated."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only_truncate'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only_truncate")


@pytest.fixture(autouse=True)
def _requests_end_their_transaction() -> Iterator[None]:
    """Role and scope are local to a transaction; in a test the outer one goes on, so they are given back here."""

    def leave_scope(**_: object) -> None:
        if connection.in_atomic_block and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('role', 'none', true), set_config('app.scope', '', true)")

    request_finished.connect(leave_scope)
    yield
    request_finished.disconnect(leave_scope)


@pytest.fixture
def as_role(db: None) -> Callable[..., Client]:
    """`as_role("mentor", regency=3301)`: a client signed in as somebody new with this role."""

    def signed_in(role: str, regency: int | None = None) -> Client:
        client = Client()
        client.force_login(make_staff(role, regency))
        return client

    return signed_in
