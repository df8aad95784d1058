"""Fixtures for every room: a database that can be flushed, requests that end as in production, signed-in clients."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.factories.staff import make_staff, sign_in


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Append-only tables refuse TRUNCATE, which is how a transactional test is cleaned up: here they may be truncated."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only_truncate'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only_truncate")


@pytest.fixture(autouse=True)
def _requests_end_their_transaction(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], "tests.ending.EndOfTransaction", settings.MIDDLEWARE[-1]]


@pytest.fixture
def as_role(db: None) -> Callable[..., Client]:
    """`as_role("mentor", regency=3301)`: a client signed in as somebody new with this role."""

    def signed_in(role: str, regency: int | None = None) -> Client:
        client = Client()
        sign_in(client, make_staff(role, regency))
        return client

    return signed_in


@pytest.fixture(autouse=True)
def _limits_of_the_api_are_far(settings: Any) -> None:
    settings.API_LIMITS = {kind: (1_000_000, window) for kind, (_limit, window) in settings.API_LIMITS.items()}
