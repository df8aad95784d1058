"""Sealing and following the chain: `make bench-seals` (half a minute per 500,000 events).

The limit is COPY of the very same lines into the very same table, in the same run: what sealing adds to it is finding the
rows, their text, two digests each and the signatures.
"""

import os
import time
from io import StringIO

from prakerja.embedded.services import ensure

EVENTS = int(os.environ.get("N", "500000"))

FILL = """
INSERT INTO records_event (id, at, kind, actor_role, subject_type, subject_id, person_id, regency_id, fields, reason)
SELECT gen_random_uuid(), now(), 'registration.created', 'public', 'registration', gen_random_uuid(), gen_random_uuid(), 3374,
       '["state"]', '' FROM generate_series(1, %s)
"""


def main() -> None:
    with ensure("dev"):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prakerja.settings")
        import django

        django.setup()
        from prakerja.rehearsal.database import own_database

        with own_database("bench"):
            measure()


def measure() -> None:
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.utils import timezone

    from records.services.seals import seal_logs, verify_logs

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [EVENTS])
        cursor.execute("ANALYZE records_event")

    started = time.perf_counter()
    assert seal_logs(now=timezone.now()) == EVENTS  # noqa: S101
    sealing = time.perf_counter() - started

    started = time.perf_counter()
    assert seal_logs(now=timezone.now()) == 0  # noqa: S101
    idle = time.perf_counter() - started

    started = time.perf_counter()
    verdict = verify_logs()
    verifying = time.perf_counter() - started
    assert verdict.fault is None and verdict.lines == EVENTS  # noqa: S101

    lines = StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY records_logline TO STDOUT", lines)
        cursor.execute("CREATE TABLE again (LIKE records_logline INCLUDING ALL)")
        lines.seek(0)
        started = time.perf_counter()
        with transaction.atomic():
            cursor.copy_expert("COPY again FROM STDIN", lines)
        copying = time.perf_counter() - started

    print(f"{EVENTS:,} events: sealed at {EVENTS / sealing:,.0f}/s, followed at {EVENTS / verifying:,.0f}/s")
    print(f"RESULT seals rows={EVENTS} sealing_seconds={sealing:.2f} rows_in_seconds_ratio={EVENTS / sealing:.0f}")
    print(f"RESULT seals copy_seconds={copying:.2f} sealing_to_copy_ratio={sealing / copying:.2f}")
    print(f"RESULT seals verifying_seconds={verifying:.2f} nothing_new_seconds={idle:.4f}")


if __name__ == "__main__":
    main()
