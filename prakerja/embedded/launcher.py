"""The whole portal on one machine: servers, schema, sample province, web, worker and beat."""

import contextlib
import errno
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import dj_database_url
import django
import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.utils import OperationalError

from prakerja.celery import app
from prakerja.embedded.processes import dies_with_parent, last_lines, private_log, stop
from prakerja.embedded.services import Services, ensure
from prakerja.embedded.state import ROOT, EmbeddedError, State, take_lock

SECONDS_TO_START = 120
SECONDS_TO_STOP = 8
FIRST_LOOKS = {
    "/": "the public page",
    "/daftar/": "registration",
    "/masuk/": "sign-in, with a login from above",
    "/simulator/autentikator/": "the simulated phone with the codes of these logins",
    "/simulator/dukcapil/": "the simulated civil registry: let it be slow, or down",
}


@dataclass(frozen=True)
class Part:
    """A process of the portal, leader of its own process group."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """EmbeddedError with its last words when it has ended."""
        if (status := self.process.poll()) is not None:
            words = "\n".join(f"  {line}" for line in last_lines(self.log, 10))
            raise EmbeddedError(f"{self.name} ended with status {status}; the end of {self.log}:\n{words}")


def up(port: int) -> None:
    """Start the portal on `port`, tell where it is, and run it until a signal. EmbeddedError when it can't run."""
    began = time.monotonic()

    def progress(title: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {title}", flush=True)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, signal.default_int_handler)
    _refuse_taken(port)
    try:
        progress("PostgreSQL and Valkey")
        with _told_in_one_line(), ensure("dev") as services:
            _refuse_second(services.state)
            progress("Django")
            django.setup()
            redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5).ping()
            progress("migrations")
            call_command("migrate", verbosity=0, interactive=False)
            progress("reference data")
            call_command("load_reference_data")
            if settings.SAMPLE_DATA:
                progress("sample province")
                call_command("build_sample")
            connections.close_all()
            with _parts(services.state, port) as parts:
                progress("web, worker and beat")
                _wait_until_ready(port, parts)
                progress("ready")
                _tell(port, services.state)
                _watch(parts, services)
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)


def _refuse_taken(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no such port"
        raise EmbeddedError(f"Port {port} can't be used ({reason}): choose another, make up PORT=8001") from error


def _refuse_second(state: State) -> None:
    try:
        take_lock(state.folder / "launcher", fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise EmbeddedError(f"The portal of {state.folder} is running already; stop that one first.") from error


@contextlib.contextmanager
def _told_in_one_line() -> Iterator[None]:
    """Turn what an environment can do to us into EmbeddedError; a traceback is for our own mistakes."""
    try:
        yield
    except (dj_database_url.ParseError, dj_database_url.UnknownSchemeError) as error:
        raise EmbeddedError("DATABASE_URL is no database URL (postgres://user:password@host:port/name).") from error
    except OperationalError as error:
        raise EmbeddedError(f"The database fails: {' '.join(str(error).split())}") from error
    except (ImproperlyConfigured, CommandError) as error:
        raise EmbeddedError(" ".join(str(error).split())) from error
    except redis.RedisError as error:
        raise EmbeddedError(f"The broker of REDIS_URL fails: {error}") from error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise EmbeddedError(f"The disk is full: {error.filename or 'while writing'}") from error


@contextlib.contextmanager
def _parts(state: State, port: int) -> Iterator[list[Part]]:
    """With sample data the registry's simulator; web, worker, beat. They are stopped in this order, with their children."""
    queues = {settings.CELERY_TASK_DEFAULT_QUEUE, *(route["queue"] for route in settings.CELERY_TASK_ROUTES.values())}
    celery = ["-m", "celery", "-A", "prakerja.celery"]
    web = [
        "-m",
        "gunicorn",
        "prakerja.wsgi:application",
        "--worker-class=prakerja.operations.worker.Worker",
        "--workers=2",
        "--threads=4",
    ]
    web += [f"--bind=127.0.0.1:{port}", f"--graceful-timeout={SECONDS_TO_STOP - 3}", "--no-control-socket"]
    web += ["--preload"]  # one import of the application instead of two
    worker = [*celery, "worker", "--concurrency=2", f"--queues={','.join(sorted(queues))}", "--loglevel=INFO"]
    worker += ["--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", f"--schedule={state.folder / 'beat-schedule'}", "--loglevel=INFO"]
    parts: list[Part] = []
    try:
        # gunicorn's and Celery's own children notice the end of their parent, even a killed one
        if settings.SAMPLE_DATA and not settings.DUKCAPIL_URL:
            parts.append(_start_simulator(state))
        parts.append(_start("web", web, signal.SIGQUIT, state))
        parts.append(_start("worker", worker, signal.SIGKILL, state))
        parts.append(_start("beat", beat, signal.SIGKILL, state))
        yield parts
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # an impatient second Ctrl-C must not leave half of it running
        for part in parts:
            stop(part.process, signal.SIGTERM, SECONDS_TO_STOP)


def _start_simulator(state: State) -> Part:
    """The parts that start later find it by DUKCAPIL_URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        os.environ["DUKCAPIL_URL"] = f"http://127.0.0.1:{listening.getsockname()[1]}/periksa"
        fd = listening.fileno()
        simulator = ["-m", "prakerja.dukcapil_simulator", f"--fd={fd}"]
        return _start("dukcapil-simulator", simulator, signal.SIGKILL, state, pass_fds=[fd])


def _start(
    name: str, arguments: list[str], death_signal: signal.Signals, state: State, *, pass_fds: Sequence[int] = ()
) -> Part:
    path = state.log(name)
    with private_log(path) as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,
            pass_fds=pass_fds,
            preexec_fn=dies_with_parent(death_signal),
        )
    return Part(name, process, path)


def _wait_until_ready(port: int, parts: list[Part]) -> None:
    """Until the web answers and the worker takes jobs."""
    deadline = time.monotonic() + SECONDS_TO_START
    while not (_is_healthy(port) and app.control.ping(timeout=0.5, limit=1)):
        for part in parts:
            part.check()
        if time.monotonic() > deadline:
            raise EmbeddedError(f"Not ready after {SECONDS_TO_START} s; see {parts[0].log.parent}")
        time.sleep(0.1)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
        connection.request("GET", "/health/")
        return connection.getresponse().status == http.client.OK
    return False


def _tell(port: int, state: State) -> None:
    address = f"http://127.0.0.1:{port}"
    print(f"\nThe portal runs at {address}/ (stop it with Ctrl-C; logs in {state.folder}/logs). Look first at")
    for path, what in FIRST_LOOKS.items():
        print(f"  {address}{path:24} {what}")
    sys.stdout.flush()


def _watch(parts: list[Part], services: Services) -> None:
    while True:
        for part in parts:
            part.check()
        if name := services.lost():
            raise EmbeddedError(f"{name} ended; see {services.state.log(name)}")
        time.sleep(0.5)
