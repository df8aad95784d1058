"""Jobs: one live job per key, one worker per job, a lost worker's work taken over, a late one's undone."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import create_user
from records.models import Job
from records.services.jobs import LEASE, MAX_ATTEMPTS, forgotten_jobs, request_job, run_job
from records.tasks import start_on_commit, sweep_jobs

pytestmark = pytest.mark.django_db(transaction=True)


def make_job(key: str = "uji") -> Job:
    with transaction.atomic():
        return request_job(task="records.test", key=key, payload={"id": "1"})


def leave_mark(payload: Mapping[str, Any]) -> dict[str, Any]:
    """An effect that is seen: an account."""
    create_user(name="Jejak", email=f"{User.objects.count()}@contoh.example")
    return {"seen": payload["id"]}


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    answers: list[Any] = []

    def run(call: Callable[[], Any]) -> None:
        try:
            answers.append(call())
        finally:
            connection.close()

    threads = [Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_job_is_done_once_and_keeps_its_result() -> None:
    job = make_job()
    assert run_job(job_id=job.pk, effect=leave_mark) == Job.State.DONE
    assert run_job(job_id=job.pk, effect=leave_mark) is None
    job.refresh_from_db()
    assert (job.state, job.result, job.attempt, job.error) == ("done", {"seen": "1"}, 1, "")
    assert job.finished_at and User.objects.count() == 1


def test_two_workers_at_once_do_it_once() -> None:
    job, together = make_job(), Barrier(2)

    def work() -> Job.State | None:
        together.wait(10)
        return run_job(job_id=job.pk, effect=leave_mark)

    answers = in_threads(work, work)
    assert sorted(answers, key=str) == [None, Job.State.DONE]
    assert User.objects.count() == 1


def test_two_callers_at_once_get_the_same_live_job() -> None:
    together = Barrier(2)

    def ask() -> UUID:
        with transaction.atomic():
            together.wait(10)
            return make_job().pk

    first, second = in_threads(ask, ask)
    assert first == second and Job.objects.count() == 1
    run_job(job_id=first, effect=leave_mark)
    assert make_job().pk != first, "a finished job does not stand in the way of a new one"


def test_a_failed_effect_leaves_its_text_and_nothing_else() -> None:
    job = make_job()

    def fail(payload: Mapping[str, Any]) -> dict[str, Any]:
        leave_mark(payload)
        raise ValueError("kuota habis")

    with pytest.raises(ValueError, match="kuota habis"):
        run_job(job_id=job.pk, effect=fail)
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "ValueError: kuota habis")
    assert not User.objects.exists()
    assert forgotten_jobs(now=timezone.now() + timedelta(days=1)) == []


def test_a_lost_workers_job_is_free_after_its_lease() -> None:
    job, now = make_job(), timezone.now()
    Job.objects.update(state="running", attempt=1, lease_until=now + LEASE)
    assert run_job(job_id=job.pk, effect=leave_mark, now=lambda: now + LEASE) is None
    assert run_job(job_id=job.pk, effect=leave_mark, now=lambda: now + LEASE * 2) == Job.State.DONE
    job.refresh_from_db()
    assert job.attempt == 2


# Another worker takes the job over at the very moment when the first one's claim is committed.
TAKE_OVER = """
CREATE FUNCTION take_over() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN UPDATE records_job SET attempt = 2 WHERE id = NEW.id; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER take_over AFTER UPDATE ON records_job DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.attempt = 1) EXECUTE FUNCTION take_over()
"""


def test_a_worker_that_was_overtaken_does_nothing() -> None:
    job = make_job()
    with connection.cursor() as cursor:
        cursor.execute(TAKE_OVER)
        try:
            assert run_job(job_id=job.pk, effect=leave_mark) is None
        finally:
            cursor.execute("DROP TRIGGER take_over ON records_job; DROP FUNCTION take_over()")
    job.refresh_from_db()
    assert (job.state, job.attempt, job.result) == ("running", 2, {})
    assert not User.objects.exists()


def test_a_job_at_work_is_not_taken_over_even_when_its_lease_is_over() -> None:
    job, started, go_on = make_job(), Event(), Event()

    def slow(payload: Mapping[str, Any]) -> dict[str, Any]:
        started.set()
        assert go_on.wait(10)
        return leave_mark(payload)

    def other_worker() -> Any:
        assert started.wait(10)
        late = timezone.now() + LEASE * 3
        try:
            return run_job(job_id=job.pk, effect=leave_mark, now=lambda: late), forgotten_jobs(now=late)
        finally:
            go_on.set()

    answers = in_threads(lambda: run_job(job_id=job.pk, effect=slow), other_worker)
    assert Job.State.DONE in answers and (None, []) in answers
    assert User.objects.count() == 1


def test_the_sweep_finds_what_was_forgotten_and_gives_up_on_what_kills_workers() -> None:
    fresh, forgotten, lost, spent = (make_job(key) for key in ("baru", "terlupa", "hilang", "habis"))
    now = timezone.now()
    Job.objects.filter(pk=forgotten.pk).update(created_at=now - timedelta(minutes=1))
    past = now - timedelta(seconds=1)
    Job.objects.filter(pk=lost.pk).update(state="running", attempt=1, lease_until=past)
    Job.objects.filter(pk=spent.pk).update(state="running", attempt=MAX_ATTEMPTS, lease_until=past)
    assert {pk for _, pk in forgotten_jobs(now=now)} == {forgotten.pk, lost.pk}
    spent.refresh_from_db()
    fresh.refresh_from_db()
    assert (spent.state, spent.error) == ("failed", "The worker was lost every time.")
    assert fresh.state == "queued"


def test_the_broker_is_told_after_the_commit_with_an_id_and_nothing_else(queued: Callable[[], list[Any]]) -> None:
    with transaction.atomic():
        job = request_job(task="records.test", key="uji", payload={"id": "1"})
        start_on_commit(job)
        assert queued() == []
    assert queued() == [("records.test", {"job_id": str(job.pk)})]


def test_the_sweep_sends_the_forgotten_again(queued: Callable[[], list[Any]]) -> None:
    job = make_job()
    Job.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    sweep_jobs()
    assert queued() == [("records.test", {"job_id": str(job.pk)})]


def test_a_failed_job_quotes_no_row() -> None:
    job = make_job()

    def effect(_payload: Mapping[str, Any]) -> dict[str, Any]:
        User.objects.filter(pk=create_user(name="Kenari Rahasia", email="kenari@contoh.example").pk).update(email=None)
        return {}

    with pytest.raises(IntegrityError, match="Kenari"):
        run_job(job_id=job.pk, effect=effect)
    job.refresh_from_db()
    assert "accounts_user_reachable" in job.error and "Kenari" not in job.error
