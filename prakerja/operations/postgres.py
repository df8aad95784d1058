"""PostgreSQL's own programs and plain connections, for the work that is no request's."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
from django.db import connection

from prakerja.embedded.servers import postgres_programs
from prakerja.embedded.state import EmbeddedError, State

# What rows look like as text must not depend on the server they lie on.
PLAIN = "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex -c extra_float_digits=1"


class ProgramError(Exception):
    """A program of PostgreSQL is missing, too old or failed; one line for the person who called it."""


@contextmanager
def connected(name: str | None = None) -> Iterator[Any]:
    """A connection of its own as the portal's account, to the configured database or to another of its server."""
    parameters = connection.get_connection_params()
    wanted = {"host", "port", "user", "password", "sslmode", "sslrootcert"}
    given = {key: value for key, value in parameters.items() if key in wanted}
    with closing(psycopg2.connect(dbname=name or parameters["dbname"], options=PLAIN, **given)) as opened:
        yield opened


def run(program: str, arguments: Sequence[str | Path], *, database: str, server_version: int) -> None:
    """Run pg_dump or pg_restore on a database of the configured server; ProgramError with the first line of its complaint."""
    result = subprocess.run(
        [_path_of(program, server_version), *arguments],
        env={**os.environ, **_environment(database)},
        capture_output=True,
        text=True,
        errors="replace",
    )
    if result.returncode != 0:
        # The lines after the first may quote rows.
        complaint = next((line for line in result.stderr.splitlines() if "error" in line), "no word")
        raise ProgramError(f"{program} failed: {complaint}")


def _environment(database: str) -> dict[str, str]:
    parameters = connection.get_connection_params() | {"dbname": database}
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
    }
    return {names[key]: str(value) for key, value in parameters.items() if key in names and value}


def _path_of(program: str, server_version: int) -> str:
    for found in _installed(program):
        told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        version = re.search(r"\d+", told)
        if version and int(version[0]) >= server_version:
            return found
    raise ProgramError(
        f"{program} {server_version} or newer is not installed; on Debian: apt install postgresql-client-{server_version}"
    )


def _installed(program: str) -> Iterator[str]:
    """That of the embedded servers where there are any, then the system's."""
    if state := os.environ.get("PRAKERJA_STATE"):
        with suppress(EmbeddedError):
            yield str(postgres_programs(State(Path(state))) / program)
    if found := shutil.which(program):
        yield found
