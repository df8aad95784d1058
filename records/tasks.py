"""Starting jobs: at once after the request's commit, and again by the sweep when that was lost."""

from functools import partial
from uuid import UUID

from celery import current_app, shared_task
from django.db import transaction
from django.utils import timezone

from records.models import Job
from records.services.jobs import forgotten_jobs
from records.services.seals import seal_logs


def start_on_commit(job: Job) -> None:
    """Tell the worker after the commit. Losing this costs seconds, not the job: the sweep finds it."""
    transaction.on_commit(partial(_send, job.task, job.pk), robust=True)


def _send(task: str, job_id: UUID) -> None:
    current_app.send_task(task, kwargs={"job_id": str(job_id)}, retry=False)


@shared_task(name="records.sweep_jobs")
def sweep_jobs() -> None:
    """Start every live job that no worker holds."""
    for task, job_id in forgotten_jobs(now=timezone.now()):
        _send(task, job_id)


@shared_task(name="records.seal_logs")
def seal_logs_now() -> None:
    """Seal what both logs have gained; a second call while one is at work does nothing."""
    seal_logs(now=timezone.now())
