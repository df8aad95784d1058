"""What a backup and a verified restore cost beside bare pg_dump and pg_restore: `make bench-backup`.

Twice: the sample province, and the same with 200,000 registrations, whose numbers are really encrypted.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from bench import own_portal

PEOPLE = 200_000

REGISTRATIONS = """
INSERT INTO registrations_registration (id, applicant_id, number, idempotency_key, {columns})
SELECT gen_random_uuid(), a.id, lpad((row_number() OVER () + 100000000000)::text, 12, '0'), gen_random_uuid(), {values}
FROM registrations_applicant a,
  (SELECT * FROM registrations_registration WHERE state = 'registered' LIMIT 1) r WHERE a.address = 'Jalan Ukur'
"""


def main() -> None:
    with own_portal() as name:
        build()
        measure("sample", name)
        enlarge()
        measure("large", name)


def build() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with Path(os.devnull).open("w") as nowhere:
        call_command("load_reference_data", stdout=nowhere)
        call_command("build_sample", stdout=nowhere)


def enlarge() -> None:
    """People until there are PEOPLE, by COPY, each with numbers of their own; then a registration for each."""
    from django.db import connection
    from django.utils import timezone

    from records.fields import BlindIndexField, keyring
    from records.ids import uuid7
    from records.services.copying import copy_rows
    from registrations.models import Applicant, Registration

    model = Applicant.objects.values(*(f.attname for f in Applicant._meta.concrete_fields))[0]
    now = timezone.now()
    rows = []
    for serial in range(PEOPLE - Applicant.objects.count()):
        row = model | {"id": uuid7(), "address": "Jalan Ukur", "created_at": now, "updated_at": now, "as_of": now}
        for field, text in (("nik", f"9{serial:015}"), ("kk", f"8{serial:015}"), ("phone", f"+62899{serial:08}")):
            row[field] = keyring().encrypt(f"registrations.applicant.{field}", row["id"], text)
            row[f"{field}_index"] = BlindIndexField.of(field, text)
        rows.append(row)
    with connection.cursor() as cursor:
        for at in range(0, len(rows), 10_000):
            copy_rows(cursor, Applicant, rows[at : at + 10_000])
        own = {"id", "applicant_id", "number", "idempotency_key", "search_name"}
        shared = [f.column for f in Registration._meta.concrete_fields if f.column not in own]
        values = ", ".join(f"r.{column}" for column in shared)
        cursor.execute(REGISTRATIONS.format(columns=", ".join(shared), values=values))


def measure(label: str, name: str) -> None:
    from django.utils import timezone

    from prakerja.operations.backup import DUMP, make_backup, read_backup
    from prakerja.operations.postgres import connected, run
    from prakerja.operations.restore import restore
    from prakerja.rehearsal.database import own_database
    from records.fields import keyring

    folder = Path(mkdtemp(prefix="prakerja-bench-"))
    with connected() as opened:
        version = opened.server_version // 10000

    def bare_dump() -> None:
        run("pg_dump", ["--format=custom", f"--file={folder / 'bare'}"], database=name, server_version=version)

    def bare_restore(into: str) -> None:
        arguments: list[str | Path] = ["--no-owner", "--single-transaction", f"--dbname={into}", folder / "bare"]
        run("pg_restore", arguments, database=into, server_version=version)

    try:
        dumping, _ = timed(bare_dump)
        sampled, made = timed(
            lambda: make_backup(to=folder / "a", keyring=keyring(), keys_to=None, sample=1000, now=timezone.now())
        )
        whole, _ = timed(
            lambda: make_backup(to=folder / "b", keyring=keyring(), keys_to=None, sample=None, now=timezone.now())
        )
        manifest = read_backup(made, keyring())
        with own_database("restored") as other:
            loading, _ = timed(lambda: bare_restore(other))
        with own_database("restored"):
            restoring, back = timed(
                lambda: restore(folder=made, keyring=keyring(), replace=False, sample=None, now=timezone.now())
            )
        rows = sum(table["rows"] for table in manifest["tables"].values())
        print(
            f"RESULT backup_{label} rows={rows} bytes={(made / DUMP).stat().st_size} seconds={sampled:.2f}"
            f" every_value_seconds={whole:.2f} pg_dump_seconds={dumping:.2f} ratio={sampled / dumping:.2f}"
            f" every_value_ratio={whole / dumping:.2f}"
        )
        print(
            f"RESULT restore_{label} rows={rows} values={sum(back['personal'].values())} seconds={restoring:.2f}"
            f" pg_restore_seconds={loading:.2f} ratio={restoring / loading:.2f}",
            flush=True,
        )
    finally:
        rmtree(folder)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


if __name__ == "__main__":
    main()
