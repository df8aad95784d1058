"""A database of its own beside the configured one, so that a rehearsal touches nobody's data."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def own_database(suffix: str, *, keep: bool = False) -> Iterator[str]:
    """Point the default connection of this process at a fresh, empty database `<name>_<suffix>`; drop it afterwards.

    A database of that name left by an earlier run is replaced. Raises django.db.DatabaseError when the account may not
    create databases.
    """
    configured = connection.settings_dict["NAME"]
    own = f"{configured}_{suffix}"
    _recreate(own)
    connection.close()
    connection.settings_dict["NAME"] = own
    try:
        yield own
    finally:
        connection.close()
        connection.settings_dict["NAME"] = configured
        if not keep:
            _drop(own)


def _recreate(name: str) -> None:
    _drop(name)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {connection.ops.quote_name(name)}")


def _drop(name: str) -> None:
    """Not WITH (FORCE): autovacuum gives way to a plain DROP, while FORCE wants the right to end it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
            [name],
        )
        cursor.execute(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(name)}")
