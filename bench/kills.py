"""Joining while servers die: `make bench-kills` (several minutes; KILLS=3 for a short one, SYNC=off for its counter-proof).

PostgreSQL, a web process and Valkey are killed with -9 in turn, KILLS times each, while people join without a pause. Whoever
got a receipt must be found joined afterwards, once. With synchronous_commit off the same run must lose some of them: else it
could not have noticed. Servers and database are its own. Exit status 1 when a receipt is lost, or with SYNC=off when none is.
"""

import os
import queue
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil

from bench import http, open_wave
from prakerja.embedded.servers import Running, start_postgres, start_valkey
from prakerja.embedded.state import State

KILLS, CLIENTS = int(os.environ.get("KILLS", "20")), 6
BETWEEN = 150  # receipts from one kill to the next
SYNC = os.environ.get("SYNC", "on")


class Servers:
    """PostgreSQL and Valkey in a folder of their own."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.postgres: Running = start_postgres(state)
        self.valkey: Running = start_valkey(state)

    def kill_postgres(self) -> None:
        """And start it again, as soon as the last of its processes has noticed."""
        backends = psutil.Process(self.postgres.process.pid).children()
        _kill(self.postgres)
        psutil.wait_procs(backends, timeout=60)
        (self.state.folder / "postgres" / "data" / "postmaster.pid").unlink()  # its last word was "ready"
        self.postgres = start_postgres(self.state)

    def kill_valkey(self) -> None:
        _kill(self.valkey)
        self.valkey = start_valkey(self.state, again=self.valkey)

    def stop(self) -> None:
        for server in (self.postgres, self.valkey):
            server.process.send_signal(server.stop_signal)
            server.process.wait(60)


class Crowd:
    """People who click until they get their receipt."""

    def __init__(self, port: int, slips: list[str]) -> None:
        self.port, self.slips = port, queue.SimpleQueue[str]()
        for slip in slips:
            self.slips.put(slip)
        self.acknowledged: list[str] = []
        self.failures: Counter[str] = Counter()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._click, daemon=True) for _ in range(CLIENTS)]

    def _click(self) -> None:
        while not self.ended.is_set():
            try:
                slip = self.slips.get_nowait()
            except queue.Empty:
                return
            request = http.post("/daftar/gabung/", {"slip": slip})
            while not self.ended.is_set():
                if self._sent(request):
                    self.acknowledged.append(slip)
                    break
                time.sleep(0.05)  # a person's finger

    def _sent(self, request: bytes) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 20) as connection:
                connection.sendall(request)
                status, _header = http.answer(connection)
        except OSError as error:
            self.failures[type(error).__name__] += 1
            return False
        if status != 302:
            self.failures[str(status)] += 1
        return status == 302

    def wait_for(self, more: int) -> None:
        wanted, deadline = len(self.acknowledged) + more, time.monotonic() + 120
        while len(self.acknowledged) < wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody gets a receipt any more: {dict(self.failures)}")
            time.sleep(0.02)


def measure(servers: Servers) -> bool:
    from django.db import connection
    from django.utils import timezone

    from prakerja.rehearsal import drive, province
    from records.models import Event
    from registrations.models import Registration
    from registrations.services.bulk import register_many

    now = timezone.now()
    wave = open_wave(now)
    several = drive.Crowd(count=(KILLS * 3 + 2) * BETWEEN * 4, places=province.places(now.date()))
    register_many(wave=wave, people=several.people(seed=1, now=now), now=now, join=False)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER ROLE CURRENT_USER SET synchronous_commit = {SYNC}")
    slips = [each.slip for each in Registration.objects.all()]
    connection.close()
    with http.web("prakerja.wsgi:application", worker_class="prakerja.operations.worker.Worker") as (port, web):

        def kill_web() -> None:
            with suppress(psutil.NoSuchProcess, IndexError):
                web.children()[0].kill()

        crowd = Crowd(port, slips)
        for thread in crowd.threads:
            thread.start()
        kills: tuple[Callable[[], None], ...] = (servers.kill_postgres, kill_web, servers.kill_valkey)
        for kill in kills * KILLS:
            crowd.wait_for(BETWEEN)
            kill()
        crowd.wait_for(BETWEEN)
        crowd.ended.set()
        for thread in crowd.threads:
            thread.join()
    acknowledged: list[UUID] = [Registration.of_slip(slip)[1] for slip in crowd.acknowledged]
    joined = set(Registration.objects.filter(state="joined").values_list("pk", flat=True))
    steps: Counter[Any] = Counter(Event.objects.filter(kind="registration.joined").values_list("subject_id", flat=True))
    lost = len(set(acknowledged) - joined)
    double = sum(count - 1 for count in steps.values()) + len(joined ^ steps.keys())
    failed = " ".join(f"failed_{name}={count}" for name, count in sorted(crowd.failures.items()))
    print(
        f"RESULT kills synchronous_commit={SYNC} kills_of_each={KILLS} acknowledged={len(acknowledged)}"
        f" unacknowledged={len(joined) - len(acknowledged) + lost} {failed} lost={lost} double={double}"
    )
    return not double and (lost > 0 if SYNC == "off" else not lost)


def _kill(server: Running) -> None:
    server.process.kill()
    server.process.wait()


if __name__ == "__main__":
    folder = Path(tempfile.mkdtemp(prefix="pk-", dir="/var/tmp"))
    folder.chmod(0o711)
    state = State(folder)
    state.prepare()
    state.ensure_keys()
    servers = Servers(state)
    try:
        os.environ |= {
            "DATABASE_URL": servers.postgres.url, "REDIS_URL": servers.valkey.url, "PRAKERJA_KEYS": str(state.keys),
            "PRAKERJA_STATE": str(folder), "DJANGO_SETTINGS_MODULE": "prakerja.settings",
        }  # fmt: skip
        import django

        django.setup()
        held = measure(servers)
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(not held)
