"""1,000,000 rows with NIK from the upload to the table: `make bench-import` (some minutes, 2 GB of disk).

Through the services and jobs of the portal, against what the database alone needs for the same final rows (COPY and index
build), and against django-import-export as it comes. Fails when a row is missing or wrong, or memory grows with the file.
"""

# ruff: noqa: N999 - named like its verb

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from statistics import median
from typing import Any

from bench import own_portal

SMALL, LARGE, DEFAULT = 100_000, 1_000_000, 10_000
BIRTHDAYS = 20_000
FLAT = 1.2  # peak memory at LARGE by peak memory at SMALL


def measure() -> int:
    from celery import current_app
    from django.core.management import call_command
    from django.db import connection

    from accounts.services import create_user
    from clusters.models import Regency
    from records.fields import BlindIndexField
    from registrations.models import ListedPerson

    current_app.conf.broker_url = "memory://"  # the jobs are worked off here
    call_command("migrate", verbosity=0)
    user = create_user(name="Ukur", email="ukur@contoh.example")
    Regency.objects.create(
        pk=3374, code="33.74", bps_code="3374", name="Ukur", kind="kota", seat="", tile_col=1, tile_row=1
    )

    peaks, seconds = {}, {}
    for rows in (DEFAULT, SMALL, LARGE):
        seconds[rows], steps = run(rows, user.pk)
        peaks[rows] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(
            f"RESULT import_csv rows={rows} seconds={seconds[rows]:.2f} rows_per_second={rows / seconds[rows]:.0f}"
            f" peak_bytes={peaks[rows]} " + " ".join(f"{name}_seconds={spent:.2f}" for name, spent in steps.items())
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT nik_index) FROM registrations_listedperson JOIN"
            " registrations_personlist l ON l.id = list_id WHERE source = %s",
            [str(LARGE)],
        )
        complete = cursor.fetchone() == (LARGE, LARGE)

    def stored(number: int) -> tuple[str, str, date]:
        index = BlindIndexField.of("nik", person(number)[0])
        found = ListedPerson.objects.get(list__source=str(LARGE), nik_index=index)
        return found.nik.open(), found.reference, found.since

    right = all(stored(number) == person(number) for number in (0, LARGE // 2, LARGE - 1))

    raw, into = bare(connection, LARGE), same_table(connection, LARGE)
    plain = default(DEFAULT)
    print(f"RESULT import_raw rows={LARGE} seconds={raw:.2f} ratio={seconds[LARGE] / raw:.2f}")
    print(f"RESULT import_same_table rows={LARGE} seconds={into:.2f} ratio={seconds[LARGE] / into:.2f}")
    print(
        f"RESULT import_default rows={DEFAULT} seconds={plain:.2f}"
        f" ratio={(plain / DEFAULT) / (seconds[LARGE] / LARGE):.1f} ratio_at_same_size={plain / seconds[DEFAULT]:.1f}"
    )
    print(f"RESULT import_memory ratio={peaks[LARGE] / peaks[SMALL]:.3f}")
    return 0 if complete and right and peaks[LARGE] <= FLAT * peaks[SMALL] else 1


def person(number: int) -> tuple[str, str, date]:
    """NIK, reference, since. District 99, so that nobody has the NIK."""
    day, rest = divmod(number, 9_999)
    born = date(1970, 1, 1) + timedelta(days=day)
    return (
        f"337499{born:%d%m%y}{rest + 1:04}",
        f"PHK/{number % 500}/2026",
        date(2026, 1, 1) + timedelta(days=number % 200),
    )


def file(rows: int) -> Iterator[bytes]:
    yield b"NIK,Nomor surat,Sejak tanggal\n"
    for start in range(0, rows, 10_000):
        lines = (person(number) for number in range(start, min(rows, start + 10_000)))
        yield "".join([f"{nik},{reference},{since}\n" for nik, reference, since in lines]).encode()


def run(rows: int, user_id: Any) -> tuple[float, dict[str, float]]:
    """Seconds from the upload to the table, and those of each state of the import."""
    from django.db import transaction
    from django.utils import timezone

    from records.models import Import, Job
    from records.services import imports
    from records.tasks import work_on_import

    who = {"actor_id": user_id, "actor_role": "mentor"}
    steps: dict[str, float] = {}
    content = list(file(rows)) if rows <= DEFAULT else file(rows)
    making = sum(1 for _ in ()) if rows <= DEFAULT else timed(lambda: sum(map(len, file(rows))))

    began = time.perf_counter()
    with transaction.atomic():
        record, _job = imports.receive_file(
            **who,
            kind="person_list",
            regency_id=3374,
            name="ukur.csv",
            content=content,
            now=timezone.now(),
            options={"kind": "laid_off", "source": str(rows), "day": "2026-10-01"},
        )
    steps["receive"] = time.perf_counter() - began - making
    for _decided in range(2):
        while job := Job.objects.filter(key__startswith=f"import:{record.pk}", state="queued").first():
            state, start = job.key.split(":")[2], time.perf_counter()
            work_on_import(str(job.pk))
            steps[state] = steps.get(state, 0) + time.perf_counter() - start
        record = Import.objects.get(pk=record.pk)
        if record.state == "checked":
            assert (record.new, record.refused) == (rows, 0), record.__dict__  # noqa: S101
            with transaction.atomic():
                imports.decide(**who, import_id=record.pk, take="all", now=timezone.now())
    assert record.state == "done", (record.state, record.problem)  # noqa: S101
    return time.perf_counter() - began - making, steps


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def copied(cursor: Any, rows: int, copy: Any) -> None:
    """The final rows as COPY reads them."""
    cursor.cursor.copy_expert(
        "COPY (SELECT p.* FROM registrations_listedperson p JOIN registrations_personlist l ON l.id = list_id"  # noqa: S608
        f" WHERE source = '{rows}') TO STDOUT",
        copy,
    )


def same_table(connection: Any, rows: int) -> float:
    """COPY of the same rows into a table that is in use: both indexes and the foreign key hold meanwhile. Median of three."""
    with tempfile.TemporaryFile() as copy, connection.cursor() as cursor:
        copied(cursor, rows, copy)
        samples = []
        for _ in range(3):
            copy.seek(0)
            cursor.execute(
                "CREATE TABLE raw (LIKE registrations_listedperson, PRIMARY KEY (id), UNIQUE (list_id, nik_index),"
                " FOREIGN KEY (list_id) REFERENCES registrations_personlist DEFERRABLE INITIALLY DEFERRED)"
            )
            began = time.perf_counter()
            cursor.cursor.copy_expert("COPY raw FROM STDIN", copy)
            samples.append(time.perf_counter() - began)
            cursor.execute("DROP TABLE raw")
    return median(samples)


def bare(connection: Any, rows: int) -> float:
    """COPY of the same final rows into a table without indexes, then the indexes: median of three.

    Without the foreign key of the table, which `same_table` has.
    """
    with tempfile.TemporaryFile() as copy, connection.cursor() as cursor:
        copied(cursor, rows, copy)
        samples = []
        for _ in range(3):
            copy.seek(0)
            cursor.execute("CREATE TABLE raw (LIKE registrations_listedperson)")
            began = time.perf_counter()
            cursor.cursor.copy_expert("COPY raw FROM STDIN", copy)
            cursor.execute("ALTER TABLE raw ADD PRIMARY KEY (id), ADD UNIQUE (list_id, nik_index)")
            samples.append(time.perf_counter() - began)
            cursor.execute("DROP TABLE raw")
    return median(samples)


def default(rows: int) -> float:
    """django-import-export with its default settings, for the same columns, keys and checks."""
    import tablib
    from django.utils import timezone
    from import_export.resources import ModelResource

    from registrations.models import ListedPerson, PersonList
    from registrations.resources import PersonListImport

    target = PersonList.objects.create(
        kind="laid_off", regency_id=3374, source="default", day=date(2026, 10, 1), as_of=timezone.now()
    )
    ours = PersonListImport()

    class Default(ModelResource):
        nik, nik_index, since = ours.fields["nik"], ours.fields["nik_index"], ours.fields["since"]

        class Meta:
            model = ListedPerson
            import_id_fields = ("nik_index",)
            fields = ("nik", "nik_index", "reference", "since")

        def get_queryset(self) -> Any:
            return ListedPerson.objects.filter(list=target)

        def after_init_instance(self, instance: ListedPerson, new: bool, row: Any, **kwargs: Any) -> None:
            instance.list = target

    people = random.Random(1).sample(range(LARGE), rows)
    data = tablib.Dataset(
        *[(nik, reference, str(since)) for nik, reference, since in (person(n) for n in people)],
        headers=["nik", "reference", "since"],
    )
    return timed(lambda: Default().import_data(data, raise_errors=True))


if __name__ == "__main__":
    with own_portal():
        sys.exit(measure())
