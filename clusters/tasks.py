"""Work of the quota queue."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from clusters.selectors.demand import split_inputs
from clusters.selectors.quota import PROPOSE
from clusters.services import waves
from clusters.services.memberships import ADMIT, admit
from clusters.services.quota import Unsplittable, propose_split
from clusters.services.recomputing import request_due_splits
from clusters.services.restoring import restore_split
from records.services.jobs import run_job
from records.tasks import start_on_commit


@shared_task(name=PROPOSE)
def propose_split_job(job_id: str) -> None:
    run_job(job_id=UUID(job_id), effect=_propose)


def _propose(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Safe twice: the same figures give the same version. That no split exists is a result too, told to the planner."""
    requested_by = payload["requested_by"]
    if "restores" in payload:
        return _restore(payload)
    scenario_id = payload.get("scenario_id")
    try:
        split = propose_split(
            wave_id=UUID(payload["wave_id"]),
            requested_by=UUID(requested_by) if requested_by else None,
            reason=payload["reason"],
            scenario_id=UUID(scenario_id) if scenario_id else None,
            revision=payload.get("revision", 0),
            now=timezone.now(),
        )
    except Unsplittable as error:
        return {"inputs_digest": error.digest, "cells": error.cells, "short": error.short}
    digest = split.inputs_digest
    if scenario_id:  # today's by the rules in force: the beat does not answer a scenario by proposing those again
        digest = split_inputs(wave=split.wave, today=timezone.localdate()).digest
    return {"inputs_digest": digest, "split_id": str(split.pk), "version": split.version}


def _restore(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The digest is that of today's figures: the beat does not answer an undo by proposing them again."""
    try:
        split, digest = restore_split(
            wave_id=UUID(payload["wave_id"]),
            split_id=UUID(payload["restores"]),
            requested_by=UUID(payload["requested_by"]),
            reason=payload["reason"],
            now=timezone.now(),
        )
    except Unsplittable as error:
        return {"inputs_digest": error.digest, "cells": error.cells, "short": error.short}
    return {"inputs_digest": digest, "split_id": str(split.pk), "version": split.version}


@shared_task(name="clusters.propose_due_splits")
def propose_due_splits() -> None:
    """Beat: a new proposal for every wave whose figures changed materially since its newest version."""
    _propose_due()


@shared_task(name="clusters.propose_nightly")
def propose_nightly() -> None:
    """Beat: a new proposal for every wave of which any figure changed."""
    _propose_due(nightly=True)


def _propose_due(*, nightly: bool = False) -> None:
    with transaction.atomic():
        for job in request_due_splits(now=timezone.now(), nightly=nightly):
            start_on_commit(job)


@shared_task(name="clusters.advance_waves")
def advance_waves() -> None:
    """Beat: move on the waves whose day has come."""
    waves.advance_waves(now=timezone.now())


@shared_task(name=ADMIT)
def admit_member_job(job_id: str) -> None:
    run_job(job_id=UUID(job_id), effect=_admit)


def _admit(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    user = admit(proposal_id=UUID(payload["proposal_id"]), now=timezone.now())
    return {"user_id": str(user.pk)}
