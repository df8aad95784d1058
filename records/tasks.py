"""Starting jobs, at once after the request's commit and again by a sweep when that was lost; and what beat asks for."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from random import SystemRandom
from typing import Any
from uuid import UUID

from celery import current_app, shared_task
from django.db import transaction
from django.utils import timezone

from records.models import Job
from records.services import imports
from records.services.jobs import forgotten_jobs, run_job
from records.services.messages import delivery
from records.services.seals import mail_newest_head, seal_logs


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


@shared_task(name=imports.TASK)
def work_on_import(job_id: str) -> None:
    """One step of an import; it starts the next."""
    run_job(job_id=UUID(job_id), effect=_work_on_import)


def _work_on_import(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    following = imports.work(import_id=UUID(payload["import_id"]), now=timezone.now())
    if following:
        start_on_commit(following)
    return {}


@shared_task(name="records.clear_imports")
def clear_imports() -> None:
    """Beat: discard imports that nobody decides, and files and undo records that have served their time."""
    imports.clear(now=timezone.now())


@shared_task(name="records.seal_logs")
def seal_logs_now() -> None:
    """Seal what both logs have gained; a second call while one is at work does nothing."""
    seal_logs(now=timezone.now())


@shared_task(name="records.mail_newest_head")
def mail_newest_head_now() -> None:
    """Send the newest head to those who keep one (settings.SEAL_ADDRESSES)."""
    mail_newest_head(now=timezone.now())


SENDING = timedelta(seconds=5)  # of one sweep; beat starts the next one
_chance = SystemRandom().random


@shared_task(name="records.deliver_due_messages")
def deliver_due_messages() -> None:
    """Beat: send what is due, for as long as until the next beat."""
    delivery.deliver_due(now=timezone.now, chance=_chance, until=timezone.now() + SENDING)


@shared_task(name="records.deliver_wipe")
def wipe_expired_messages() -> None:
    """Beat: wipe the values of secret messages that ended."""
    delivery.wipe_expired(now=timezone.now())
