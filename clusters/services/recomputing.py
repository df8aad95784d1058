"""Splits that nobody asked for: a new proposal when figures, decrees or rules changed. Never a publication.

No change is lost. Whoever records published figures holds the wave's row when he asks, as a proposal does from its first look
until its job is done: so the live job he is answered with reads after him, or there is none and he gets a new one. What
a failed job leaves behind, and what nobody asked for, the beat finds by the digest of the figures.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_noop

from clusters.models import QuotaSplit, Wave
from clusters.selectors.changes import changes_between, is_decided, moved_by, stated, stated_by
from clusters.selectors.demand import SplitInputs, split_inputs
from clusters.selectors.quota import PROPOSE, proposal_jobs
from clusters.services.quota import OPEN_FOR_SPLITS, Unsplittable, ask_for_proposal, evaluate
from records.models import Job

CHANGED_FIGURES = gettext_noop("Angka masukan berubah")
NEW_DATASET = gettext_noop("Data baru diterima")
NIGHTLY = gettext_noop("Hitung ulang tiap malam")


def request_due_splits(*, now: datetime, nightly: bool = False) -> list[Job]:
    """Jobs for the waves whose figures differ from those of their newest version, and were not already tried in vain.

    By day only for what matters: a decision, a new data set, or counts that move enough places (Rules.materiality). What stays
    below that adds up, since it is compared with the newest version. A first version waits until seats are known.
    """
    jobs = []
    with transaction.atomic():
        for wave in Wave.objects.filter(state__in=OPEN_FOR_SPLITS).select_related("decision").order_by("pk"):
            inputs = split_inputs(wave=wave, today=timezone.localdate(now))
            digest = inputs.digest
            newest = wave.splits.order_by("-version").first()
            if newest is None and not inputs.cap.any():
                continue
            if newest and newest.inputs_digest == digest:
                continue
            if proposal_jobs(wave).filter(result__inputs_digest=digest).exists():
                continue
            if nightly or newest is None or _is_material(newest, inputs):
                reason = NIGHTLY if nightly else CHANGED_FIGURES
                jobs.append(ask_for_proposal(wave.pk, requested_by=None, reason=reason))
    return jobs


def _is_material(newest: QuotaSplit, inputs: SplitInputs) -> bool:
    """Also when there is no table: the planner has to hear of it."""
    if any(is_decided(change) for change in changes_between(stated(newest), stated_by(inputs))):
        return True
    try:
        division, _unit = evaluate(inputs)
    except Unsplittable:
        return True
    return moved_by(newest, inputs, division) * 1000 >= inputs.rules.materiality * inputs.total


def request_for_new_figures() -> list[Job]:
    """Jobs for the waves with a version that may still change, in the transaction that has just written the figures."""
    splits = QuotaSplit.objects.filter(wave=OuterRef("pk"))
    open_waves = Wave.objects.filter(Exists(splits), state__in=OPEN_FOR_SPLITS).order_by("pk")
    return [
        ask_for_proposal(wave.pk, requested_by=None, reason=NEW_DATASET)
        for wave in open_waves.select_for_update(no_key=True)
    ]


def queued_proposals() -> list[Job]:
    """Proposals that no worker has taken yet, to be started at once; the sweep starts them too."""
    return list(Job.objects.filter(task=PROPOSE, state=Job.State.QUEUED).only("pk", "task"))
