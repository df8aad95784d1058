"""Undo: a former version of a split proposed again. Nothing is taken back; it becomes a new version with its own two persons."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.scope import Scope
from clusters.models import QuotaCell, QuotaSplit, Wave
from clusters.selectors.changes import changes_between, stated
from clusters.selectors.demand import SplitInputs, split_inputs
from clusters.selectors.figures import Basis
from clusters.selectors.quota import PROPOSE
from clusters.services.quota import OPEN_FOR_SPLITS, SplitRefused, Unsplittable, WaveIsFrozen
from records.models import Job
from records.services.jobs import request_job
from records.services.log import record_event

KEPT = ("total", "unassigned", "method", "inputs_digest", "overrides", "policy", "divisors")


class NotRestorable(SplitRefused):
    """The version was never published, or is the one in force."""


def request_restore(*, scope: Scope, split_id: UUID, reason: str) -> Job:
    """Ask for a published former version to be proposed again. Only for planners; the reason is public later.

    Raises QuotaSplit.DoesNotExist outside the scope, PermissionDenied, WaveIsFrozen, NotRestorable.
    """
    former = QuotaSplit.objects.within(scope).select_related("wave").get(pk=split_id)
    if "planner" not in scope.roles:
        raise PermissionDenied
    _refuse(former.wave, former)
    payload = {
        "wave_id": str(former.wave_id),
        "requested_by": str(scope.user_id),
        "reason": reason,
        "restores": str(split_id),
    }
    key = f"{PROPOSE}:{former.wave_id}:{former.version}"
    return request_job(task=PROPOSE, key=key, payload=payload, requested_by=scope.user_id)


def restore_split(
    *, wave_id: UUID, split_id: UUID, requested_by: UUID, reason: str, now: datetime
) -> tuple[QuotaSplit, str]:
    """Store the cells of a former version as the wave's next one, and say by which digest the figures of today go.

    The new version keeps the former's figures and rules, which explain its numbers. Today's granted places, seats, eligible
    people, decrees and policy's maxima must allow it; only the band is left aside, since going back is a decision. While
    the newest version is that proposal already, it is the answer. Must run with the owner's rights.

    Raises QuotaSplit.DoesNotExist, WaveIsFrozen, NotRestorable, Unsplittable.
    """
    with transaction.atomic():
        wave = Wave.objects.select_for_update(no_key=True, of=("self",)).select_related("decision").get(pk=wave_id)
        former = wave.splits.get(pk=split_id)
        _refuse(wave, former)
        today = timezone.localdate(now)
        digest = split_inputs(wave=wave, today=today).digest
        newest = wave.splits.order_by("-version")[0]
        if newest.restores_id == former.pk and newest.published_at is None:
            return newest, digest
        cells = list(former.cells.select_related("cluster"))
        rules = {**former.overrides, "band": None}
        _check(former, cells, split_inputs(wave=wave, today=today, overrides=rules), digest)
        split = QuotaSplit.objects.create(
            wave=wave,
            version=newest.version + 1,
            restores=former,
            reason=reason,
            proposed_by_id=requested_by,
            as_of=now,
            changes=changes_between(stated(newest), stated(former)),
            **{name: getattr(former, name) for name in KEPT},
        )
        for cell in cells:
            cell.pk, cell.split = None, split
        QuotaCell.objects.bulk_create(cells)
        record_event(
            kind="quota.proposed",
            actor_id=requested_by,
            actor_role="planner",
            subject_type="quota_split",
            subject_id=split.pk,
            fields=["restores"],
            reason=reason,
            at=now,
        )
    return split, digest


def _refuse(wave: Wave, former: QuotaSplit) -> None:
    if wave.state not in OPEN_FOR_SPLITS:
        raise WaveIsFrozen
    later = wave.splits.filter(version__gt=former.version, published_at__isnull=False)
    if former.published_at is None or not later.exists():
        raise NotRestorable


def _check(former: QuotaSplit, cells: list[QuotaCell], inputs: SplitInputs, digest: str) -> None:
    """Raises Unsplittable, naming the cells whose places today's facts do not allow, or none where decrees differ."""
    decreed = inputs.wave.decision.places
    if former.total != decreed or former.policy.get("decreed") != inputs.policy["decreed"]:
        raise Unsplittable(cells=[], short=abs(former.total - decreed), digest=digest)
    rows = {cluster.pk: row for row, cluster in enumerate(inputs.clusters)}
    columns = {regency.pk: column for column, regency in enumerate(inputs.regencies)}
    short = 0
    refused: list[tuple[int | None, str | None]] = []
    for cell in cells:
        at = rows[cell.cluster_id], columns[cell.regency_id]
        excess = max(_granted(inputs.basis[at[0]][at[1]]) - cell.seats, cell.seats - int(inputs.cap[at]))
        if excess > 0:
            short += excess
            refused.append((cell.regency_id, cell.cluster.code))
    if refused:
        raise Unsplittable(cells=refused, short=short, digest=digest)


def _granted(basis: Basis) -> int:
    granted = basis["floor"]["granted"]
    return int(granted["value"]) if granted else 0
