"""What pages cost at 20,000 and at 2,000,000 registrations: `make bench-pages` (several minutes, 4 GB of disk).

The large province is the small one repeated by SQL under new ids and numbers, so pages show the same kind of people. A page
that costs more at 2,000,000 is broken; the ratio says how far off it is.
"""

import statistics
import time
from collections.abc import Callable

from bench import open_wave, own_portal

SMALL, LARGE, RUNS = 20_000, 2_000_000, 15

REPEAT = """
WITH copies AS (SELECT generate_series(1, %s) AS copy),
people AS (
  INSERT INTO registrations_applicant
  SELECT (jsonb_populate_record(a, jsonb_build_object('id', md5(a.id::text || copy)::uuid,
           'nik_index', '\\x' || encode(sha256((a.id::text || copy)::bytea), 'hex')))).*
  FROM registrations_applicant a, copies)
INSERT INTO registrations_registration (id, applicant_id, number, idempotency_key, {columns})
SELECT md5(r.id::text || copy)::uuid, md5(r.applicant_id::text || copy)::uuid,
       lpad((row_number() OVER () + 100000000000)::text, 12, '0'), md5('key' || r.id || copy)::uuid, {columns}
FROM registrations_registration r, copies
"""


def measure() -> None:
    from django.db import connection
    from django.test import Client
    from django.utils import timezone

    from accounts.models import User
    from clusters.models import Cluster
    from prakerja.rehearsal import drive, province
    from registrations.models import Registration
    from registrations.services.tally import fold_tally
    from tests.factories.staff import sign_in

    now = timezone.now()
    wave = open_wave(now)
    crowd = drive.Crowd(count=SMALL * 4 // 3, places=province.places(now.date()))
    drive.register(wave=wave, submissions=crowd.people(seed=1, now=now), sources=drive.Sources(1), now=now)

    clients = {}
    for email in ("cilacap@contoh.example", "perencana@contoh.example"):
        clients[email] = Client(headers={"host": "127.0.0.1"})
        sign_in(clients[email], User.objects.get(email=email))
    mentor, planner = clients.values()
    somebody = Registration.objects.filter(wave=wave, regency_id=3301).order_by("search_name", "id")
    middle = somebody[somebody.count() // 2]
    afirmasi = Cluster.objects.get(code="AFIRMASI").index
    pages: dict[str, Callable[[], object]] = {
        "landing": lambda: Client().get("/"),
        "office": lambda: mentor.get("/kantor/"),
        "people": lambda: mentor.get("/kantor/peserta/"),
        "people_of_a_state": lambda: mentor.get("/kantor/peserta/?keadaan=joined"),
        "people_of_a_cluster": lambda: mentor.get(f"/kantor/peserta/?klaster={afirmasi}"),
        "people_from_the_middle": lambda: mentor.get(f"/kantor/peserta/?sesudah={middle.pk}"),
        "people_by_name": lambda: mentor.post("/kantor/cari/", {"q": "sri"}, follow=True),
        "person": lambda: mentor.get(f"/kantor/peserta/{middle.pk}/"),
        "province_office": lambda: planner.get("/kantor/"),
        "province_people": lambda: planner.get("/kantor/peserta/"),
        "province": lambda: planner.get("/provinsi/"),
        "studio": lambda: planner.get("/provinsi/kuota/ukur/studio/?factor_PMI=2"),
    }
    seconds: dict[int, dict[str, float]] = {}
    for rows in (SMALL, LARGE):
        if rows == LARGE:
            columns = ", ".join(
                field.column
                for field in Registration._meta.concrete_fields
                if field.column not in {"id", "applicant_id", "number", "idempotency_key", "search_name"}
            )
            people = Registration.objects.count()
            with connection.cursor() as cursor:
                cursor.execute("SET synchronous_commit = on")
                cursor.execute(REPEAT.format(columns=columns), [LARGE // people])
            fold_tally()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        seconds[Registration.objects.count()] = {name: timed(page) for name, page in pages.items()}
    (small, before), (large, after) = seconds.items()
    for name in pages:
        print(
            f"RESULT page_{name} rows={small},{large} small_seconds={before[name]:.4f} large_seconds={after[name]:.4f}"
            f" ratio={after[name] / before[name]:.2f}"
        )


def timed(page: Callable[[], object]) -> float:
    """The median of RUNS, after two to warm up."""
    samples = []
    for _ in range(RUNS + 2):
        began = time.perf_counter()
        answer = page()
        samples.append(time.perf_counter() - began)
        assert getattr(answer, "status_code", 0) == 200, answer  # noqa: S101 - a benchmark of error pages is none
    return statistics.median(samples[2:])


if __name__ == "__main__":
    with own_portal():
        measure()
