"""A worker killed with -9 in the middle of an import, and another one that goes on: as if nothing had happened."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from celery import current_app
from django.db import transaction
from django.utils import timezone

from records.models import Import, Job
from records.services import imports
from records.services.imports.working import STEP
from records.services.jobs import forgotten_jobs
from records.tasks import start_on_commit
from registrations.models import ListedPerson
from tests.factories.imports import LIST, csv_of, nik
from tests.factories.places import make_regency
from tests.factories.staff import make_user
from tests.faults.workers import kill, locked, until, worker

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = STEP * 5 // 2


@contextmanager
def killed(table: str, record: Import) -> Iterator[None]:
    """A worker that is killed while it waits to write to `table`; the body starts its work."""
    with worker() as first:
        yield
        with locked(table) as waited_for:
            until(waited_for, f"the worker to write to {table}")
            kill(first)
    Job.objects.filter(state="running").update(lease_until=timezone.now() - timedelta(seconds=1))
    until(lambda: bool(forgotten_jobs(now=timezone.now())), "the dead worker's lock to be released")


def state_of(record: Import) -> str:
    return str(Import.objects.get(pk=record.pk).state)


def finished_by_another(record: Import, state: str) -> Import:
    with worker():
        current_app.send_task("records.sweep_jobs")
        until(lambda: state_of(record) == state, f"the second worker to reach {state}")
    return Import.objects.get(pk=record.pk)


def test_killed_at_half_of_the_reading_and_in_the_middle_of_the_writing() -> None:
    make_regency(3374)
    who = {"actor_id": make_user().pk, "actor_role": "mentor"}
    rows = [(nik(number), f"S/{number}", "") for number in range(ROWS)]
    content = csv_of([*rows, ("1", "refused", ""), rows[0]])
    with transaction.atomic():
        record, job = imports.receive_file(
            **who,
            kind="person_list",
            regency_id=3374,
            name="daftar.csv",
            content=[content],
            options=LIST,
            now=timezone.now(),
        )
    with killed("records_importrow", record):
        start_on_commit(job)
        until(lambda: Import.objects.get(pk=record.pk).line > 0, "the first step")
    half = Import.objects.get(pk=record.pk)
    assert (half.state, half.rows in (STEP, 2 * STEP)) == ("reading", True)

    record = finished_by_another(record, "checked")
    assert (record.rows, record.new, record.duplicate, record.refused) == (ROWS + 2, ROWS, 1, 1)
    assert Job.objects.filter(attempt=2).count() == 1

    with killed("registrations_listedperson", record), transaction.atomic():
        start_on_commit(imports.decide(**who, import_id=record.pk, take="good", now=timezone.now()))
    assert (state_of(record), ListedPerson.objects.count()) == ("applying", 0)

    finished_by_another(record, "done")
    stored = sorted((person.nik.open(), person.reference) for person in ListedPerson.objects.all())
    assert stored == sorted((number, reference) for number, reference, _since in rows)
