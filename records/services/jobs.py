"""Jobs: requested in the caller's transaction, claimed with a lease, finished together with their effect.

A worker that holds a job keeps its row locked while it works, so a job whose lease is over and whose row is free has lost
its worker and may be started again. A worker that wakes up late finds its attempt number out of date and rolls back.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from records.ids import uuid7
from records.models import Job

logger = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 5

Effect = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class StaleAttempt(Exception):
    """Another worker took the job over; this attempt's work is rolled back."""


def request_job(*, task: str, key: str, payload: Mapping[str, Any], requested_by: UUID | None = None) -> Job:
    """The live job with this key, created in the caller's transaction when there is none; only `pk` and `task` are loaded.

    Two callers at once get the same job (records_job_one_live). Works in every scope, though few may read the queue.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT records_request_job(%s, %s, %s, %s, %s)",
            [uuid7(), task, key, json.dumps(dict(payload)), requested_by],
        )
        return Job(pk=cursor.fetchone()[0], task=task, key=key)


def run_job(*, job_id: UUID, effect: Effect, now: Callable[[], datetime] = timezone.now) -> Job.State | None:
    """Claim the job and do its effect; None when it is done, held by another worker or not due.

    `effect` gets the payload, runs inside the transaction that also stores its answer as the job's result, and may be run
    again after a crash. A lost connection leaves the job to the sweep, up to MAX_ATTEMPTS; any other exception marks it failed
    with its text. Either is raised again.
    """
    attempt = _claim(job_id, now())
    if attempt is None:
        return None
    with structlog.contextvars.bound_contextvars(job_id=str(job_id), attempt=attempt):
        return _run(job_id, attempt, effect, now)


def _run(job_id: UUID, attempt: int, effect: Effect, now: Callable[[], datetime]) -> Job.State | None:
    try:
        with transaction.atomic(durable=True):
            job = Job.objects.select_for_update().filter(pk=job_id, attempt=attempt, state=Job.State.RUNNING).first()
            if job is None:
                raise StaleAttempt(str(job_id))
            job.result = dict(effect(job.payload))
            job.state, job.finished_at, job.error = Job.State.DONE, now(), ""
            job.save(update_fields=["result", "state", "finished_at", "error"])
    except StaleAttempt:
        return None
    except (OperationalError, InterfaceError):
        connection.close()
        Job.objects.filter(pk=job_id, attempt=attempt, state=Job.State.RUNNING).update(lease_until=now())
        raise
    except Exception as error:
        Job.objects.filter(pk=job_id, attempt=attempt, state=Job.State.RUNNING).update(
            state=Job.State.FAILED, error=_reason(error), finished_at=now()
        )
        raise
    logger.info("job", task=job.task, state=Job.State.DONE.value)
    return Job.State.DONE


def _reason(error: Exception) -> str:
    """Its first line: those after it may quote the row that the database refused."""
    return f"{type(error).__name__}: {error}".partition("\n")[0][:2000]


def _claim(job_id: UUID, now: datetime) -> int | None:
    with transaction.atomic(durable=True):
        job = Job.objects.select_for_update(skip_locked=True).filter(_due(now), pk=job_id).first()
        if job is None:
            return None
        job.state, job.attempt, job.started_at, job.lease_until = (
            Job.State.RUNNING,
            job.attempt + 1,
            now,
            now + LEASE,
        )
        job.save(update_fields=["state", "attempt", "started_at", "lease_until"])
        return job.attempt


def _due(now: datetime) -> Q:
    return Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_until__lt=now)


def forgotten_jobs(*, now: datetime) -> list[tuple[str, UUID]]:
    """(task, id) of live jobs nobody works on; those tried too often are marked failed instead."""
    with transaction.atomic(durable=True):
        free = Job.objects.select_for_update(skip_locked=True).filter(
            _due(now), Q(state=Job.State.RUNNING) | Q(created_at__lt=now - timedelta(seconds=5))
        )
        spent = [job.pk for job in free if job.attempt >= MAX_ATTEMPTS]
        Job.objects.filter(pk__in=spent).update(
            state=Job.State.FAILED, error="The worker was lost every time.", finished_at=now
        )
        return [(job.task, job.pk) for job in free if job.pk not in spent]
