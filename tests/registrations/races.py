"""Two transactions at the same moment, each on a connection of its own, in an order that does not depend on luck."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, current_thread
from typing import Any

from django.db import connection, transaction

from accounts.scope import NOBODY
from accounts.services import enter_scope

TIMEOUT = 20  # seconds; a deadlock fails the test instead of hanging it


def race(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """Run `first` up to its commit, start `second` as a web request, let `first` commit when `second` waits or is done.

    Gives what each returned, or the exception it raised.
    """
    worked, may_commit, backend = Event(), Event(), Future[int]()

    def run(act: Callable[[], Any], *, hold: bool) -> Any:
        try:
            with transaction.atomic():
                enter_scope(NOBODY, web_role=True)
                if not hold:
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT pg_backend_pid()")
                        backend.set_result(cursor.fetchone()[0])
                result = act()
                if hold:
                    worked.set()
                    assert may_commit.wait(TIMEOUT), current_thread().name
            return result
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        ahead = threads.submit(run, first, hold=True)
        assert worked.wait(TIMEOUT), ahead.result()
        behind = threads.submit(run, second, hold=False)
        try:
            while not behind.done() and not _waits(backend.result(TIMEOUT)):
                pass
        finally:
            may_commit.set()
        return ahead.result(TIMEOUT), behind.result(TIMEOUT)


def _waits(backend: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [backend])
        return bool(cursor.fetchone()[0])
