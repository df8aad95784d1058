"""A worker killed with -9 in the middle of a recompute that new figures asked for: one proposal, as if nothing had happened."""

from typing import Any

import pytest
from django.db import transaction

from clusters.models import QuotaSplit, Wave
from clusters.services.quota import propose_split
from clusters.tasks import propose_split_job
from records.models import Event, Job
from tests.clusters.quota_data import NOW, deliver, deliver_indicators, deliver_seats, figure, make_wave
from tests.faults.test_killed_worker import killed_and_resumed

pytestmark = pytest.mark.django_db(transaction=True)


def content(split: QuotaSplit) -> dict[str, Any]:
    """Everything that is stored of a version and follows from the figures."""
    names = ("total", "unassigned", "method", "reason", "overrides", "changes", "divisors", "inputs_digest")
    cells = split.cells.order_by("cluster_id", "regency_id").values_list(
        *["cluster_id", "regency_id", "seats", "weight", "floor", "cap", "binds", "next_price", "basis"]
    )
    return {name: getattr(split, name) for name in names} | {"cells": list(cells)}


def uninterrupted(wave: Wave, reason: str) -> dict[str, Any]:
    """What a run gives that nobody kills; taken back again."""
    with transaction.atomic():
        found = content(propose_split(wave_id=wave.pk, requested_by=None, reason=reason, now=NOW))
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("table", ["clusters_quotasplit", "records_event"], ids=["first write", "last write"])
def test_new_figures_and_a_killed_worker_give_the_proposal_of_an_uninterrupted_run(table: str) -> None:
    wave = make_wave()
    deliver_indicators()
    deliver_seats(wave, {(0, 3301): 64, (0, 3308): 320, (2, 3374): 48, (3, 3309): 32})
    first = propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW)
    deliver(figure("pmi_placed", 3301, 4, period="2026"))
    job = Job.objects.get()
    expected = uninterrupted(wave, job.payload["reason"])
    assert expected["cells"] != content(first)["cells"]

    done = killed_and_resumed(job, table)

    resumed = QuotaSplit.objects.exclude(pk=first.pk).get()
    assert content(resumed) == expected
    assert (done.attempt, done.result) == (
        2,
        {"inputs_digest": expected["inputs_digest"], "split_id": str(resumed.pk), "version": 2},
    )
    assert list(Event.objects.values_list("subject_id", flat=True)) == [first.pk, resumed.pk]
    propose_split_job(str(job.pk))
    assert QuotaSplit.objects.count() == 2, "a late message of the broker changes nothing"
