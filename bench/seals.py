"""Sealing and following the chain, and the auditor's pages over it: `make bench-seals` (N=2000000 for more events).

The limit is COPY of the very same lines into the very same table, in the same run: what sealing adds to it is finding the
rows, their text, two digests each and the signatures. A page of the auditor's that costs more at N events than at 20,000
is broken; the ratio says how far off it is.
"""

import os
import statistics
import time
from datetime import timedelta
from io import StringIO

from bench import own_portal

EVENTS, FEW, RUNS = int(os.environ.get("N", "500000")), 20_000, 15

FILL = """
INSERT INTO records_event (id, at, kind, actor_role, subject_type, subject_id, person_id, regency_id, fields, reason)
SELECT gen_random_uuid(), now() - n * interval '1 second', 'registration.created', 'public', 'registration',
       gen_random_uuid(), gen_random_uuid(), 3374, '["state"]', '' FROM generate_series(%s, %s) n
"""


def measure() -> None:
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.utils import timezone

    from records.services.seals import seal_logs, verify_logs

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [1, FEW])
        cursor.execute("ANALYZE records_event")
        few = page_seconds()
        cursor.execute(FILL, [FEW + 1, EVENTS])
        cursor.execute("VACUUM ANALYZE records_event")
        many = page_seconds()

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
    for name, seconds in many.items():
        print(f"RESULT seals page_{name}_seconds={seconds:.4f} to_few_events_ratio={seconds / few[name]:.2f}")
    print(f"RESULT seals verifying_seconds={verifying:.2f} nothing_new_seconds={idle:.4f}")


def page_seconds() -> dict[str, float]:
    """The median time of a page of lines, by what narrows it and how far down it stands."""
    from uuid import UUID

    from django.db import transaction
    from django.utils import timezone

    from accounts.scope import Scope
    from accounts.services import enter_scope
    from prakerja.audit.trail import Wanted, page_of
    from records.models import Event

    scope, now = Scope(UUID(int=1), frozenset({"auditor"})), timezone.now()
    middle = Event.objects.order_by("at")[Event.objects.count() // 2].number
    searches = {
        "newest": (Wanted(), None),
        "deep": (Wanted(), middle),
        "kind": (Wanted(kind="registration.created"), middle),
        "day": (Wanted(since=now - timedelta(hours=5), until=now - timedelta(hours=4)), None),
        "actor": (Wanted(actor_id=UUID(int=1)), None),
    }
    found = {}
    for name, (wanted, after) in searches.items():
        times = []
        for _ in range(RUNS):
            with transaction.atomic():
                enter_scope(scope, web_role=True)
                started = time.perf_counter()
                page_of(scope=scope, wanted=wanted, after=after)
                times.append(time.perf_counter() - started)
        found[name] = statistics.median(times)
    return found


if __name__ == "__main__":
    with own_portal():
        measure()
