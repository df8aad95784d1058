"""A real Celery worker on the test's database, to be killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.conf import settings
from django.db import connection

DEADLINE = 60


def database_url() -> str:
    """The configured URL with the name of the test's own database."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A worker for all queues in a process group of its own; killed with -9 at the end."""
    process = subprocess.Popen(
        [
            *[sys.executable, "-m", "celery", "-A", "prakerja.celery:app", "worker", "--concurrency", "1"],
            *["-Q", "default,quota,draw,import", "--loglevel", "error", "--without-mingle", "--without-gossip"],
        ],
        env={**os.environ, "DATABASE_URL": database_url(), "REDIS_URL": settings.REDIS_URL},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def locked(table: str) -> Iterator[Callable[[], bool]]:
    """Hold `table` on another connection; the value says whether somebody waits for it."""
    with psycopg2.connect(**connection.get_connection_params()) as holder, holder.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")

        def waited_for() -> bool:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE relation = %s::regclass AND NOT granted)", [table]
            )
            return bool(cursor.fetchone()[0])

        yield waited_for
        holder.rollback()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE} s for: {what}"
        time.sleep(0.05)
