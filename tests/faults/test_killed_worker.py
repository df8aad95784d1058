"""A worker killed with -9 in the middle: the job is finished once, by another, with the same outcome."""

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from clusters.models import QuotaSplit
from clusters.services.quota import request_split
from records.models import Job
from records.services.jobs import forgotten_jobs
from tests.clusters.quota_data import deliver_indicators, deliver_seats, make_wave
from tests.factories.draws import make_ready, roll
from tests.factories.staff import scope_of
from tests.faults.workers import kill, locked, until, worker
from training.models import DrawPack, DrawResult
from training.services import draws
from training.services.outcome import outcome_of

pytestmark = pytest.mark.django_db(transaction=True)


def killed_and_resumed(job: Job, table: str) -> Job:
    """Kill the worker while it waits to write to `table`, let its lease run out, and have another do the job."""
    with locked(table) as waited_for, worker() as first:
        current_app.send_task(job.task, kwargs={"job_id": str(job.pk)})
        until(waited_for, f"the worker to write to {table}")
        kill(first)
    assert Job.objects.get(pk=job.pk).state == "running"
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    until(lambda: (job.task, job.pk) in forgotten_jobs(now=timezone.now()), "the dead worker's lock to be released")
    with worker():
        current_app.send_task("records.sweep_jobs")
        until(lambda: Job.objects.get(pk=job.pk).state == "done", "the second worker")
    return Job.objects.get(pk=job.pk)


def test_in_the_middle_of_the_draw() -> None:
    ready = make_ready(people=40)
    when = ready.wave.draws_at
    draw, freezing = draws.request_freeze(scope=ready.planner, wave_id=ready.wave.pk, now=when)
    Job.objects.filter(pk=freezing.pk).update(state="done")
    draws.freeze_list(draw_id=draw.pk, now=when)
    done = killed_and_resumed(roll(ready, draw), "training_drawpack")
    draw.refresh_from_db()
    assert (draw.state, done.attempt) == ("agreed", 2), draw.report
    assert DrawResult.objects.filter(draw=draw).count() == 40
    assert DrawPack.objects.filter(draw=draw).count() == 2
    assert draw.result_sha256 == outcome_of(draw).result_sha256


def test_in_the_middle_of_the_split() -> None:
    wave = make_wave()
    deliver_indicators()
    deliver_seats(wave, {(0, 3301): 64, (2, 3374): 48, (3, 3309): 32})
    job = request_split(scope=scope_of("planner"), wave=wave, reason="Uji")
    done = killed_and_resumed(job, "clusters_quotacell")
    split = QuotaSplit.objects.get(wave=wave)
    assert done.attempt == 2
    assert split.cells.count() == 16
    assert sum(split.cells.values_list("seats", flat=True)) + split.unassigned == split.total
