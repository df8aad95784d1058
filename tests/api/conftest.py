"""The API over WSGI in the test's own transaction."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def be_owner_again() -> None:
    """A stream ends its own transaction; in a test that one is a savepoint, and the role outlives it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', 'none', true), set_config('app.scope', '', true)")


@pytest.fixture
def wsgi(db: None) -> Wsgi:
    application = get_wsgi_application()

    def read_whole(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ.setdefault("REMOTE_ADDR", "127.0.0.1")
        for signal in (request_started, request_finished):  # the connection is the test's
            signal.disconnect(close_old_connections)
        try:
            return [b"".join(application(environ, start_response))]
        finally:
            be_owner_again()
            for signal in (request_started, request_finished):
                signal.connect(close_old_connections)

    return read_whole
