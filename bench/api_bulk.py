"""Bulk answers of the API at 200,000 registrations: `make bench-api-bulk`.

Prints how far the peak of memory grows while they are streamed, and the time as a ratio to COPY of the same statement into
nothing (what opening and masking 200,000 NIKs adds) and of the bare table (what building the JSON adds), in the same run.
Fails when memory grows with the rows or a row is missing.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import own_portal

ROWS, BATCH, RUNS = 200_000, 10_000, 3
MOST_GROWTH = 32 * 1024  # KB


class Nothing:
    """Where COPY writes to when only its own time counts."""

    def write(self, row: bytes) -> int:
        return len(row)


def measure() -> int:
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    from registrations.models import Registration
    from tests.factories.clients import ApiCaller

    call_command("migrate", verbosity=0)
    fill()
    caller = ApiCaller()
    asked = {"Authorization": f"Bearer {caller.token}", "Host": "127.0.0.1"}

    def pieces(query: str = "") -> Iterator[bytes]:
        response = Client().get(f"/api/v1/registrations.ndjson{query}", headers=asked)
        if response.status_code != 200:
            raise SystemExit(f"{response.status_code} {response.content!r}")
        try:
            yield from response.streaming_content
        finally:
            response.close()

    sum(len(piece) for piece in pieces("?regency=3301"))  # everything is loaded
    statement = captured_statement(lambda: sum(len(piece) for piece in pieces("?regency=3301")))
    statement = statement.replace("= 3301", "= regency_id")  # every row, by the same statement
    forget_peak()
    before = memory("VmRSS")
    api, same, table, lines, size = [], [], [], 0, 0
    for _ in range(RUNS):
        began = time.perf_counter()
        lines = size = 0
        for piece in pieces():
            lines, size = lines + piece.count(b"\n"), size + len(piece)
        api.append(time.perf_counter() - began)
    growth = memory("VmHWM") - before
    for samples, copied in ((same, statement), (table, f"COPY {Registration._meta.db_table} TO STDOUT")):
        for _ in range(RUNS):
            with connection.cursor() as cursor:
                began = time.perf_counter()
                cursor.cursor.copy_expert(copied, Nothing())
                samples.append(time.perf_counter() - began)
    seconds, raw, bare = (sorted(samples)[RUNS // 2] for samples in (api, same, table))
    print(
        f"RESULT api_bulk rows={lines} size_bytes={size} growth_bytes={growth * 1024} seconds={seconds:.2f}"
        f" ratio_same_copy={seconds / raw:.2f} ratio_table_copy={seconds / bare:.2f}"
    )
    return 0 if lines == ROWS and growth < MOST_GROWTH else 1


def memory(name: str) -> int:
    """VmRSS (now) or VmHWM (the most since `forget_peak`), in KB."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(f"{name}:")))


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def captured_statement(run: Any) -> str:
    """The COPY statement that a stream sends."""
    from unittest.mock import patch

    from records.services import copying

    seen: list[str] = []
    real = copying.Thread

    def spy(*args: Any, target: Any, **kwargs: Any) -> Any:
        cells = dict(zip(target.__code__.co_freevars, target.__closure__ or (), strict=True))
        seen.append(cells["statement"].cell_contents)
        return real(*args, target=target, **kwargs)

    with patch.object(copying, "Thread", spy):
        run()
    return seen[0]


def fill() -> None:
    """People of one village, with real ciphertexts, and their registrations."""
    from datetime import date

    from django.db import connection, transaction
    from django.utils import timezone

    from records.fields import BlindIndexField, keyring
    from records.ids import uuid7
    from records.services.copying import copy_rows
    from registrations.models import Applicant
    from tests.factories.people import VILLAGE_ID, make_region, make_wave

    make_region()
    wave, now, keys = make_wave(), timezone.now(), keyring()
    for start in range(0, ROWS, BATCH):
        people = []
        for number in range(start, start + BATCH):
            pk, nik = uuid7(), f"337499{number:010}"
            sealed = {name: keys.encrypt(f"registrations.applicant.{name}", pk, nik) for name in ("nik", "kk", "phone")}
            indexes = {f"{name}_index": BlindIndexField.of(name, nik) for name in sealed}
            people.append(
                {"id": pk, **sealed, **indexes, "email": "", "name": f"Contoh {number}", "birth_date": date(1995, 3, 10),
                 "sex": "F", "regency_id": 3374, "village_id": VILLAGE_ID, "address": "Data contoh", "education": "sma",
                 "marital_status": "single", "dependants": 0, "created_at": now, "updated_at": now, "as_of": now}
            )  # fmt: skip
        with transaction.atomic(), connection.cursor() as cursor:
            copy_rows(cursor, Applicant, people)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO registrations_registration
              (id, applicant_id, wave_id, regency_id, state, number, code_index, idempotency_key, channel, name, occupation,
               citizen, in_education, received_before, pmi_candidate, laid_off, remote, blank_spot, unfamiliar_digital, clusters,
               warnings, created_at, updated_at, as_of)
            SELECT gen_random_uuid(), id, %s, regency_id, 'registered', lpad((row_number() OVER ())::text, 12, '0'), nik_index,
               gen_random_uuid(), 'bulk', name, 'jobseeker', true, false, false, false, false, false, false, true, 8, '[]',
               created_at, updated_at, as_of FROM registrations_applicant""",
            [wave.pk],
        )
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    with own_portal("bench_api"):
        sys.exit(measure())
