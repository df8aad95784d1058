"""Proposals that nobody asked for: new figures at once, none lost; small changes at night; never a publication."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from clusters.models import QuotaSplit, Wave
from clusters.services.quota import propose_split
from clusters.services.recomputing import queued_proposals
from clusters.tasks import propose_split_job
from records.models import Job
from tests.clusters.quota_data import (
    AFIRMASI,
    NOW,
    PHK,
    PMI,
    deliver,
    deliver_indicators,
    deliver_seats,
    figure,
    make_wave,
)
from tests.clusters.test_quota import wait_until_somebody_waits_for_us
from tests.faults.workers import locked, until

pytestmark = pytest.mark.django_db

SEATS = {
    (PMI, 3301): 320, (PMI, 3308): 320,
    (PHK, 3309): 320, (PHK, 3374): 320,
    (AFIRMASI, 3301): 400, (AFIRMASI, 3308): 400,
}  # fmt: skip


@pytest.fixture
def wave() -> Wave:
    """With a first version."""
    wave = make_wave()
    deliver_indicators()
    deliver_seats(wave, SEATS)
    propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW)
    return wave


BOTH = MIGRANTS, LAID_OFF = 400_000, 900_000


def deliver_migrants() -> None:
    deliver(figure("pmi_placed", 3301, MIGRANTS, period="2026"))


def deliver_laid_off() -> None:
    deliver(figure("phk_workers", 3309, LAID_OFF, period="2026"))


@contextmanager
def others() -> Iterator[Callable[[Callable[[], None]], Future[None]]]:
    """Starts work on connections of its own; its errors are raised at the end."""

    def alone(work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            connection.close()

    started = []
    with ThreadPoolExecutor() as pool:

        def start(work: Callable[[], None]) -> Future[None]:
            started.append(pool.submit(alone, work))
            return started[-1]

        yield start
    for each in started:
        each.result()


def waiting() -> int:
    """How many connections of this database wait for another."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def run_all() -> None:
    while jobs := queued_proposals():
        propose_split_job(str(jobs[0].pk))


def figures_of(split: QuotaSplit) -> tuple[float, float]:
    """The migrants of 3301 and the laid-off of 3309 that a version was made from."""
    return (
        split.cells.get(cluster=PMI, regency=3301).basis["weight"]["chosen"]["value"],
        split.cells.get(cluster=PHK, regency=3309).basis["weight"]["chosen"]["value"],
    )


def versions(wave: Wave) -> list[QuotaSplit]:
    return list(wave.splits.order_by("version"))


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_datasets_that_arrive_together_are_in_one_proposal(self, wave: Wave) -> None:
        with others() as start, transaction.atomic():
            deliver_migrants()
            start(deliver_laid_off)
            wait_until_somebody_waits_for_us()
        run_all()
        assert [split.version for split in versions(wave)] == [1, 2]
        assert figures_of(versions(wave)[-1]) == BOTH

    def test_a_dataset_that_arrives_while_the_worker_waits_for_it_is_in_his_proposal(self, wave: Wave) -> None:
        deliver_migrants()
        [job] = queued_proposals()
        with others() as start, transaction.atomic():
            deliver_laid_off()
            start(lambda: propose_split_job(str(job.pk)))
            wait_until_somebody_waits_for_us()
        assert queued_proposals() == []
        assert [split.version for split in versions(wave)] == [1, 2]
        assert figures_of(versions(wave)[-1]) == BOTH

    def test_a_dataset_that_arrives_after_the_worker_has_read_is_in_the_proposal_after(self, wave: Wave) -> None:
        deliver_migrants()
        [job] = queued_proposals()
        with others() as start, locked("clusters_quotacell") as waited_for:
            start(lambda: propose_split_job(str(job.pk)))
            until(waited_for, "the worker to write its cells")
            assert Job.objects.get().state == "running"
            second = start(deliver_laid_off)
            until(lambda: second.done() or waiting() == 2, "the second dataset")
        run_all()
        first, middle, last = versions(wave)
        assert (first.version, middle.version, last.version) == (1, 2, 3)
        assert figures_of(middle) == (MIGRANTS, figures_of(first)[1])
        assert figures_of(last) == BOTH
        assert Job.objects.filter(state="done").count() == 2
