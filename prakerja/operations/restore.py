"""Bringing a backup back: into a database beside the present one, verified there, and only then under its name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg2 import sql

from prakerja.operations.backup import DUMP, BackupError, read_backup
from prakerja.operations.contents import DoesNotOpen, open_values, tables_of, walls_of
from prakerja.operations.postgres import ProgramError, connected, run
from records.keyring import Keyring
from records.walls import CREATE_ROLE

MAINTENANCE_DATABASE = "postgres"  # two databases change their names while nobody is connected to them
# Autovacuum gives way by itself, but not to DROP ... WITH (FORCE), which wants the right to end it.
CUT_OFF = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def is_empty() -> bool:
    """Whether the configured database has no table of ours."""
    with connected() as opened, opened.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        return bool(cursor.fetchone() == (0,))


def restore(*, folder: Path, keyring: Keyring, replace: bool, sample: int | None, now: datetime) -> dict[str, Any]:
    """Restore and verify; the manifest, with how many `personal` values were opened here.

    The database that stood there keeps its rows as `<name>_before_<time>` when `replace` is set; without it only an empty
    one is taken. Raises BackupError, with nothing changed, when anything differs from the manifest.
    """
    manifest = read_backup(folder, keyring)
    empty = is_empty()
    if not empty and not replace:
        raise BackupError("The database is not empty; --replace would set it aside.")
    _refuse_newer(manifest)
    try:
        with _scratch_database() as scratch:
            _load(folder / DUMP, scratch, manifest)
            opened = verify(scratch, manifest, keyring, sample=sample)
            aside = f"{connection.settings_dict['NAME']}_before_{now:%Y%m%d%H%M%S}"
            _take_its_place(scratch, aside, keep=not empty)
    except (ProgramError, DoesNotOpen, psycopg2.Error) as error:
        raise BackupError(str(error).splitlines()[0]) from error
    return manifest | {"personal": opened}


def verify(database: str, manifest: Mapping[str, Any], keyring: Keyring, *, sample: int | None) -> dict[str, int]:
    """Hold a database against a manifest; how many personal values were opened. BackupError names what differs."""
    with connected(database) as opened, opened.cursor() as cursor:
        opened.set_session(isolation_level="REPEATABLE READ", readonly=True)
        found, expected = tables_of(cursor), manifest["tables"]
        if differing := sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name)):
            raise BackupError(
                f"Not what was backed up: {'; '.join(_told(name, found, expected) for name in differing)}"
            )
        if walls_of(cursor) != manifest["walls"]:
            raise BackupError("Policies, triggers, constraints or grants are not those that were backed up.")
        counts = open_values(opened, keyring, sample=sample)
    if missing := sorted(set(manifest["personal"]) - set(counts)):
        raise BackupError(f"No value to open in {', '.join(missing)}.")
    return counts


def _told(name: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    here, there = (side.get(name, {}).get("rows", "no table") for side in (found, expected))
    return f"{name} ({here} instead of {there})" if here != there else f"{name} (other contents)"


def _refuse_newer(manifest: Mapping[str, Any]) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if unknown := [name for name in manifest["migrations"] if name not in known]:
        raise BackupError(f"The backup is of a newer portal: it has {unknown[-1]}, which this one does not know.")
    with connected() as opened:
        if int(manifest["postgres"].split(".")[0]) > opened.server_version // 10000:
            raise BackupError(f"The backup is of PostgreSQL {manifest['postgres']}; this server is older.")


def _load(dump: Path, database: str, manifest: Mapping[str, Any]) -> None:
    with connected(database) as opened, opened, opened.cursor() as cursor:
        cursor.execute(CREATE_ROLE)
        version = opened.server_version // 10000
    # One transaction: whole or not at all.
    arguments: list[str | Path] = [
        "--no-owner",
        "--single-transaction",
        "--exit-on-error",
        f"--dbname={database}",
        dump,
    ]
    run("pg_restore", arguments, database=database, server_version=version)


@contextmanager
def _scratch_database() -> Iterator[str]:
    name = f"{connection.settings_dict['NAME']}_restoring"
    _administer("DROP DATABASE IF EXISTS {}", name)
    _administer("CREATE DATABASE {}", name)
    try:
        yield name
    finally:
        _administer("DROP DATABASE IF EXISTS {}", name)


def _take_its_place(scratch: str, aside: str, *, keep: bool) -> None:
    """Whoever is connected is cut off; the portal's processes connect anew to what bears the name then."""
    name = connection.settings_dict["NAME"]
    connection.close()
    _administer("ALTER DATABASE {} RENAME TO {}", name, aside)
    try:
        _administer("ALTER DATABASE {} RENAME TO {}", scratch, name)
    except psycopg2.Error:
        _administer("ALTER DATABASE {} RENAME TO {}", aside, name)
        raise
    if not keep:
        _administer("DROP DATABASE {}", aside)


def _administer(statement: str, *names: str) -> None:
    with connected(MAINTENANCE_DATABASE) as opened, opened.cursor() as cursor:
        opened.autocommit = True
        cursor.execute(CUT_OFF, [names[0]])
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
