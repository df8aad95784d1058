"""A backup: one folder with the dump and a manifest that says what must be in it. It holds no key.

Dump and figures come from one snapshot, so a backup made under load can be verified to the row. The manifest is sealed with
the portal's secret: whoever edits it, or the dump, without the key file is noticed.
"""

import hmac
import json
import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

import psycopg2
from django.db import connection

from prakerja.embedded.state import sync_folder, write_private
from prakerja.operations.contents import DoesNotOpen, chain_head_of, migrations_of, open_values, tables_of, walls_of
from prakerja.operations.keyfile import fingerprints
from prakerja.operations.postgres import ProgramError, connected, run
from records.keyring import Keyring

DUMP, MANIFEST = "portal.dump", "manifest.json"
FORMAT = 1


class BackupError(Exception):
    """A backup cannot be made, or is not what its manifest says; one line for the operator."""


def make_backup(*, to: Path, keyring: Keyring, keys_to: Path | None, sample: int | None, now: datetime) -> Path:
    """Write a new folder below `to` and return it; it bears its final name only when it is complete.

    `keys_to`: a new file for a copy of the key file, anywhere but with the backup.
    """
    _keep_apart(to.resolve(), keyring.path, keys_to)
    final = to / f"prakerja-{now:%Y%m%dT%H%M%SZ}"
    draft = final.with_suffix(".part")
    if final.exists():
        raise BackupError(f"{final} exists already.")
    try:
        to.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        manifest = _write_dump(draft, keyring, sample) | {"made_at": now.isoformat()}
        write_private(draft / MANIFEST, json.dumps(manifest | {"seal": _seal(manifest, keyring)}, indent=1) + "\n")
        if keys_to and keyring.path:
            _copy_keys(keyring.path, keys_to)
        draft.rename(final)
        sync_folder(to)
    except (ProgramError, DoesNotOpen, psycopg2.Error) as error:
        raise BackupError(str(error).splitlines()[0]) from error
    except OSError as error:
        raise BackupError(f"{error.filename or to}: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final


def read_backup(folder: Path, keyring: Keyring) -> dict[str, Any]:
    """The manifest of a backup whose dump is the one it was written for, under the keys that open it; else BackupError."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        if manifest["format"] != FORMAT:
            raise BackupError(f"{folder} has format {manifest['format']}; this portal reads {FORMAT}.")
        given, needed = fingerprints(keyring), manifest["keys"]
        seal = manifest.pop("seal")
    except OSError as error:
        raise BackupError(f"{folder} is no backup: {error.strerror}: {MANIFEST}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{folder / MANIFEST} is damaged.") from error
    if wrong := [name for name in needed if given.get(name) != needed[name]]:
        raise BackupError(f"These are not the keys of this backup: {', '.join(wrong)} differ or are missing.")
    if not hmac.compare_digest(str(seal), _seal(manifest, keyring)):
        raise BackupError(f"{folder / MANIFEST} was changed after the backup, or belongs to another portal.")
    dump = folder / DUMP
    if not dump.exists() or dump.stat().st_size != manifest["dump"]["bytes"]:
        raise BackupError(f"{dump} is missing or cut short: {manifest['dump']['bytes']} bytes were written.")
    if _file_sha256(dump) != manifest["dump"]["sha256"]:
        raise BackupError(f"{dump} was changed after the backup: its SHA-256 differs.")
    return manifest


def _keep_apart(to: Path, keys: Path | None, keys_to: Path | None) -> None:
    for path in (keys, keys_to):
        if path and path.resolve().is_relative_to(to):
            raise BackupError(f"Keys and backup must lie apart: {path} is inside {to}.")
    if keys_to and keys_to.exists():
        raise BackupError(f"{keys_to} exists already; a key file is never overwritten.")


def _write_dump(folder: Path, keyring: Keyring, sample: int | None) -> dict[str, Any]:
    with connected() as opened, opened.cursor() as cursor, ThreadPoolExecutor(1) as beside:
        opened.set_session(isolation_level="REPEATABLE READ", readonly=True)
        cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version')")
        snapshot, version = cursor.fetchone()
        arguments = ["--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={folder / DUMP}"]
        major = opened.server_version // 10000
        dumping = beside.submit(
            run, "pg_dump", arguments, database=connection.settings_dict["NAME"], server_version=major
        )
        manifest = {
            "format": FORMAT,
            "postgres": version,
            "migrations": migrations_of(cursor),
            "tables": tables_of(cursor),
            "walls": walls_of(cursor),
            "chain_head": chain_head_of(cursor),
            "personal": open_values(opened, keyring, sample=sample),
            "keys": fingerprints(keyring),
        }
        dumping.result()
    with (folder / DUMP).open("rb") as dump:
        os.fsync(dump.fileno())
    (folder / DUMP).chmod(0o600)
    return manifest | {"dump": {"bytes": (folder / DUMP).stat().st_size, "sha256": _file_sha256(folder / DUMP)}}


def _copy_keys(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(target, source.read_text())
    sync_folder(target.parent)


def _seal(manifest: Mapping[str, Any], keyring: Keyring) -> str:
    text = json.dumps(manifest, sort_keys=True)
    return hmac.digest(keyring.secret_key.encode(), f"backup manifest|{text}".encode(), "sha256").hex()


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
