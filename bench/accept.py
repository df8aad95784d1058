"""What it costs to take somebody in: `make bench-accept` (about two minutes).

Joining by slip, saving a page, and sending a finished draft (register and join: encryption, decision, events, outbox), each by
HTTP through the web processes of `make up`, beside (a) pgbench inserting a row of the same shape, prepared, and (b) a plain
ModelSerializer endpoint as it is generated, without encryption, event or outbox, in the same run. CPU is that of web processes
and database together, the steadier figure; rates depend on what else the machine does, and on the load generator beside them.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from psutil import Process

from bench import http, open_wave, own_portal

JOINS, DRAFTS, PLAIN, INSERTS, ROUNDS, CLIENTS = 3_000, 600, 1_200, 20_000, 3, 16

# As registrations_applicant: an id, three unique indexes, three ciphertexts.
TABLE = """
CREATE TABLE bench_row (id uuid PRIMARY KEY, key uuid UNIQUE, nik_index bytea UNIQUE, phone_index bytea UNIQUE,
                        nik bytea, kk bytea, phone bytea, name text, address text, village bigint, born date, at timestamptz)
"""
INSERT = """
INSERT INTO bench_row VALUES (gen_random_uuid(), gen_random_uuid(), sha256(gen_random_uuid()::text::bytea),
  sha256(gen_random_uuid()::text::bytea), decode(repeat('ab', 45), 'hex'), decode(repeat('cd', 45), 'hex'),
  decode(repeat('ef', 42), 'hex'), 'Siti Contoh', 'Dusun Contoh RT 01 RW 02', 3374011001, '1995-03-10', now());
"""


@dataclass(frozen=True)
class Cost:
    """Of one request: how many a second, milliseconds of CPU, seconds that half and 99 of 100 askers waited at most."""

    rate: float
    web: float
    database: float
    p50: float = 0.0
    p99: float = 0.0

    @property
    def cpu(self) -> float:
        return self.web + self.database


def median(found: Sequence[Cost]) -> Cost:
    return sorted(found, key=lambda cost: cost.cpu)[len(found) // 2]


def asked(port: int, web: Process, database: Process, requests: Sequence[bytes], status: int) -> Cost:
    """The median of ROUNDS. Every answer must have this status."""
    each, found = len(requests) // ROUNDS, []
    for i in range(ROUNDS):
        before = http.cpu_seconds(web), http.cpu_seconds(database)
        statuses, waits, seconds = http.ask_all(port, requests[i * each : (i + 1) * each], connections=CLIENTS)
        used = [(http.cpu_seconds(p) - b) * 1000 / each for p, b in zip((web, database), before, strict=True)]
        assert set(statuses) == {status}, sorted(statuses)[-5:]  # noqa: S101 - a benchmark of error pages is none
        waits.sort()
        found.append(Cost(each / seconds, *used, waits[each // 2], waits[each * 99 // 100]))
    return median(found)


def inserted(database: Process) -> Cost:
    """pgbench, one prepared INSERT a transaction."""
    from django.db import connection

    from prakerja.operations.postgres import run

    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    found = []
    with TemporaryDirectory() as folder:
        script = Path(folder, "insert.sql")
        script.write_text(INSERT)
        for _ in range(ROUNDS):
            before, began = http.cpu_seconds(database), time.perf_counter()
            run(
                "pgbench",
                ["-n", "-M", "prepared", f"-c{CLIENTS}", "-j2", f"-t{INSERTS // CLIENTS}", f"-f{script}"],
                database=connection.settings_dict["NAME"],
                server_version=connection.pg_version // 10_000,
            )
            seconds = time.perf_counter() - began
            found.append(Cost(INSERTS / seconds, 0.0, (http.cpu_seconds(database) - before) * 1000 / INSERTS))
    return median(found)


def plain_requests() -> list[bytes]:
    def fields(i: int) -> dict[str, str]:
        return {
            "idempotency_key": str(uuid4()), "nik": f"337499{i:010}", "phone": f"+62812{i:08}", "kk": f"337499{i:010}",
            "name": "Siti Contoh", "address": "Dusun Contoh RT 01 RW 02", "village": "3374011001", "born": "1995-03-10",
        }  # fmt: skip

    return [http.post("/plain/", fields(i)) for i in range(PLAIN)]


def draft_requests() -> tuple[list[bytes], list[bytes]]:
    """Of people whose draft is complete: saving a page of it with another address, and sending it."""
    from django.middleware.csrf import _get_new_csrf_string

    from tests.registrations.journey import drafted, holding, typed

    saves, sends = [], []
    for i in range(1, DRAFTS + 1):
        own: dict[str, Any] = {"nik": f"337499500395{i:04}", "kk": f"337499010120{i:04}", "phone": f"0812345{i:05}"}
        draft, token = drafted(**own), _get_new_csrf_string()
        cookies = {"sessionid": holding(draft).cookies["sessionid"].value, "csrftoken": token}
        page = typed(**own, address="Dusun Contoh RT 03 RW 04")["tempat-tinggal"]
        about = {"csrfmiddlewaretoken": token}
        saves.append(
            http.post("/daftar/isi/tempat-tinggal/", page | about | {"revision": str(draft.revision)}, cookies=cookies)
        )
        sends.append(
            http.post(
                "/daftar/periksa/", about | {"action": "join", "revision": str(draft.revision + 1)}, cookies=cookies
            )
        )
    return saves, sends


def measure() -> None:
    from django.db import connection
    from django.utils import timezone

    from prakerja.rehearsal import drive, province
    from records.models import Event, Message
    from registrations.models import Registration
    from registrations.services.bulk import register_many
    from tests.faults.workers import database_url

    now = timezone.now()
    wave = open_wave(now)
    crowd = drive.Crowd(count=JOINS * 4 // 3, places=province.places(now.date()))
    register_many(wave=wave, people=crowd.people(seed=1, now=now), now=now, join=False)
    joins = [http.post("/daftar/gabung/", {"slip": known.slip}) for known in Registration.objects.all()[:JOINS]]
    saves, sends = draft_requests()

    database, url = http.postgres(), database_url()
    costs = {"insert": inserted(database)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    import bench.plain_drf as plain

    with connection.schema_editor() as editor:
        editor.create_model(plain.PlainRegistration)
    with http.web("bench.plain_drf:application", worker_class="gthread", DATABASE_URL=url) as (port, web):
        costs["plain_drf"] = asked(port, web, database, plain_requests(), 201)
    ours = "prakerja.operations.worker.Worker"
    with http.web("prakerja.wsgi:application", worker_class=ours, DATABASE_URL=url, SHED_SECONDS="60") as (port, web):
        http.ask_all(port, [b"GET /bantuan/ HTTP/1.1\r\nHost: localhost\r\n\r\n"] * 40, connections=CLIENTS)
        costs["join"] = asked(port, web, database, joins, 302)
        costs["draft_save"] = asked(port, web, database, saves, 302)
        costs["send"] = asked(port, web, database, sends, 302)
    done = JOINS // ROUNDS * ROUNDS + DRAFTS
    assert Registration.objects.filter(state="joined").count() == done, "all that was acknowledged is stored"  # noqa: S101
    assert Event.objects.filter(kind="registration.joined").count() == done  # noqa: S101
    assert Message.objects.filter(template__name="registration_received").count() >= DRAFTS  # noqa: S101
    for name, cost in costs.items():
        print(
            f"RESULT accept_{name} rate_per_seconds={cost.rate:.0f} p50_seconds={cost.p50:.4f} p99_seconds={cost.p99:.4f}"
            f" web_cpu_milliseconds={cost.web:.2f} database_cpu_milliseconds={cost.database:.2f}"
            f" insert_ratio={cost.cpu / costs['insert'].cpu:.1f} plain_drf_ratio={costs['plain_drf'].cpu / cost.cpu:.2f}"
        )


if __name__ == "__main__":
    with own_portal():
        measure()
