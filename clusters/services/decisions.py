"""Decrees that set how many places there are; written once, replaced by later ones, never changed."""

from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Sum

from accounts.scope import Scope
from clusters.models import QuotaDecision
from records.services.constraints import violated
from records.services.locks import take_turns
from records.services.log import record_event

# Whose part a decree of each level may be; only the country's and the province's stand alone.
PARENTS: dict[str, str | None] = {
    "national": None,
    "province": "national",
    "cluster": "province",
    "regency": "province",
}


class DecisionRefused(Exception):
    """The decree does not fit among the others. code: what is wrong."""

    code = ""


class WrongParent(DecisionRefused):
    """A decree of this level is no part of that one, or the one it replaces is of another place."""

    code = "parent"


class MoreThanWhole(DecisionRefused):
    """The parts would say more places than the whole. left: places that no other part says."""

    code = "total"

    def __init__(self, left: int) -> None:
        super().__init__(f"{left} places are left")
        self.left = left


class AlreadyDecided(DecisionRefused):
    """This decree is recorded for this place, or another one stands for it: a later one has to replace that."""

    code = "decree_number"


def create_decision(
    *,
    scope: Scope,
    decree_number: str,
    decree_date: date,
    author: str,
    total: int | None,
    document: str = "",
    level: str = QuotaDecision.Level.PROVINCE,
    parent: QuotaDecision | None = None,
    cluster_id: int | None = None,
    regency_id: int | None = None,
    replaces: QuotaDecision | None = None,
    now: datetime,
) -> QuotaDecision:
    """Record a total of places with its decree; it never changes afterwards. total: None where the decree leaves it open.

    The decrees for the clusters of one parent, and those for its regencies, together say no more than the parent. Parts of
    one parent are recorded in turn, so that two at once cannot exceed it.

    Raises PermissionDenied, WrongParent, MoreThanWhole, AlreadyDecided, django.db.IntegrityError
    (clusters_quotadecision_level).
    """
    if not scope.is_province:
        raise PermissionDenied
    place = (level, parent.pk if parent else None, cluster_id, regency_id)
    if parent and parent.level != PARENTS[level]:
        raise WrongParent
    if replaces and place != (replaces.level, replaces.parent_id, replaces.cluster_id, replaces.regency_id):
        raise WrongParent
    decision = QuotaDecision(
        level=level,
        parent=parent,
        cluster_id=cluster_id,
        regency_id=regency_id,
        replaces=replaces,
        decree_number=decree_number,
        decree_date=decree_date,
        author=author,
        total=total,
        document=document,
        as_of=now,
    )
    with transaction.atomic():
        if parent:
            take_turns(f"parts:{parent.pk}")
            _check_parts(decision, parent, replaces.pk if replaces else None)
        try:
            with transaction.atomic():
                decision.save(force_insert=True)
        except IntegrityError as error:
            if violated(error).startswith(("clusters_quotadecision_decree_number", "clusters_quotadecision_replaces")):
                raise AlreadyDecided from error
            raise
        record_event(
            kind="decision.created",
            actor_id=scope.user_id,
            actor_role=scope.actor_role,
            subject_type="quota_decision",
            subject_id=decision.pk,
            at=now,
        )
    return decision


def _check_parts(decision: QuotaDecision, parent: QuotaDecision, replaced: UUID | None) -> None:
    others = QuotaDecision.objects.standing().filter(parent=parent, level=decision.level).exclude(pk=replaced)
    if decision.level != QuotaDecision.Level.PROVINCE and others.filter(
        cluster=decision.cluster_id, regency=decision.regency_id
    ):
        raise AlreadyDecided
    if decision.total is None or parent.total is None:
        return
    left = parent.total - (others.aggregate(said=Sum("total"))["said"] or 0)
    if decision.total > left:
        raise MoreThanWhole(left)
