"""The worker's part of the draw and of the places. Each task is one service call under a job's lease."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from accounts.scope import Scope
from records.services.jobs import run_job
from training.services import classes, draws, places


@shared_task(name="training.freeze_list")
def freeze_list(job_id: str) -> None:
    run_job(
        job_id=UUID(job_id),
        effect=lambda payload: draws.freeze_list(draw_id=UUID(payload["draw_id"]), now=timezone.now()),
    )


@shared_task(name="training.run_draw")
def run_draw(job_id: str) -> None:
    run_job(
        job_id=UUID(job_id),
        effect=lambda payload: draws.run_draw(draw_id=UUID(payload["draw_id"]), now=timezone.now()),
    )


@shared_task(name="training.release_results")
def release_results(job_id: str) -> None:
    run_job(
        job_id=UUID(job_id),
        effect=lambda payload: draws.release_results(
            scope=Scope(user_id=UUID(payload["user_id"]), roles=frozenset({payload["role"]})),
            draw_id=UUID(payload["draw_id"]),
            now=timezone.now(),
        ),
    )


@shared_task(name="training.refill")
def refill(job_id: str) -> None:
    run_job(
        job_id=UUID(job_id),
        effect=lambda payload: places.refill(draw_id=UUID(payload["draw_id"]), now=timezone.now()),
    )


@shared_task(name="training.record_open_seats")
def record_open_seats(job_id: str) -> None:
    run_job(
        job_id=UUID(job_id),
        effect=lambda payload: classes.record_open_seats(wave_id=UUID(payload["wave_id"]), now=timezone.now()),
    )
