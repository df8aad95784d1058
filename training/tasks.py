"""The worker's part of the draw and of the places. Each task is one service call under a job's lease."""

from uuid import UUID

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from clusters.selectors.offices import scope_of
from records.services.jobs import run_job
from records.tasks import start_on_commit
from training.services import classes, draws, erasure, grievances, notices, places


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
            scope=scope_of(
                User.objects.get(pk=payload["user_id"])
            ),  # a membership that ended meanwhile does not publish
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


@shared_task(name="training.erase")
def erase(job_id: str) -> None:
    run_job(
        job_id=UUID(job_id),
        effect=lambda payload: erasure.erase_approved(erasure_id=UUID(payload["erasure_id"]), now=timezone.now()),
    )


@shared_task(name="training.lapse_offers")
def lapse_offers() -> None:
    """Beat: end unanswered offers and hand their places on."""
    with transaction.atomic():
        for job in places.lapse_offers(now=timezone.now()):
            start_on_commit(job)


@shared_task(name="training.remind_of_offers")
def remind_of_offers() -> None:
    """Beat: remind who has not answered an offer."""
    notices.remind_of_offers(now=timezone.now())


@shared_task(name="training.record_open_seats")
def record_open_seats(job_id: str) -> None:
    run_job(
        job_id=UUID(job_id),
        effect=lambda payload: classes.record_open_seats(wave_id=UUID(payload["wave_id"]), now=timezone.now()),
    )


@shared_task(name="training.record_granted_places")
def record_granted_places() -> None:
    """Beat: tell the quota room how many places of each cell are given out."""
    places.record_granted_places(now=timezone.now())


@shared_task(name="training.move_overdue_grievances")
def move_overdue_grievances() -> None:
    """Beat: to the province what an office has not answered in time."""
    grievances.move_overdue(now=timezone.now())
