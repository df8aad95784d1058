"""A migrated database that test databases are copied from: replaying every migration takes half a minute, a copy a second."""

import fcntl
import hashlib
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from prakerja.embedded.state import ROOT, take_lock

TEMPLATE = (
    "PRAKERJA_TEST_TEMPLATE"  # names it to the processes of a run; without one each migrates a database of its own
)
MIGRATED = "prakerja_migrated_"


def migrated_database(url: str, folder: Path) -> str:
    """Name of the database on the server of `url` that every migration of this checkout has run in; made where it is missing.

    One of other migrations is dropped. `folder` holds the lock of who makes it: the others wait.
    """
    name = MIGRATED + _digest()
    lock = take_lock(folder / "migrated", fcntl.LOCK_EX)
    try:
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [MIGRATED])
            found = {row[0] for row in cursor.fetchall()}
            if name in found:
                return name
            draft = f"{MIGRATED}draft"  # one that somebody was stopped in is no migrated one
            for old in {*found, draft}:
                cursor.execute(f"DROP DATABASE IF EXISTS {old}")
            cursor.execute(f"CREATE DATABASE {draft}")
            at_draft = urlunsplit(urlsplit(url)._replace(path=f"/{draft}"))
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
            subprocess.run(migrate, cwd=ROOT, env={**os.environ, "DATABASE_URL": at_draft}, check=True)
            cursor.execute(f"ALTER DATABASE {draft} RENAME TO {name}")
    finally:
        os.close(lock)
    return name


def _digest() -> str:
    """Of what decides the tables: our migrations, and the versions of the packages that bring their own."""
    files = [ROOT / "requirements.txt", *sorted(ROOT.glob("*/migrations/*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
