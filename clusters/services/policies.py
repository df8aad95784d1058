"""The province's rules of the split: a new version in place of the one that counts, and what it would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from accounts.scope import Scope
from clusters.apportionment import Counts
from clusters.models import QuotaPolicy, Wave
from clusters.policy import BadRules, Rules, read_rules
from clusters.selectors.demand import current_policy, split_inputs
from clusters.selectors.policies import check_indicators
from clusters.services.quota import OPEN_FOR_SPLITS, Unsplittable, evaluate
from records.services.constraints import violated
from records.services.locks import take_turns
from records.services.log import record_event


class PolicyRefused(Exception):
    """The rules cannot be stored as asked."""


class NothingSaid(PolicyRefused):
    """A version needs a name and a reason. field: which of them is empty."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is empty")
        self.field = field


class SameRules(PolicyRefused):
    """These rules count already."""


class PolicyChanged(PolicyRefused):
    """Somebody stored a version since the one that these rules were made from."""


def store_policy(
    *, scope: Scope, name: str, rules: Mapping[str, Any], reason: str, based_on: int, now: datetime
) -> QuotaPolicy:
    """Store the rules as the next version; from then on it counts, and the clock proposes new splits. Only for planners.

    rules: all of them, as clusters.policy.read_rules takes them, but no total: that is the decree's. based_on: the version
    they were made from. Versions are stored in turn, so of two at once the second finds its own out of date; asked for the same
    twice, the second time is refused as SameRules.

    Raises PermissionDenied, NothingSaid, BadRules, SameRules, PolicyChanged.
    """
    if "planner" not in scope.roles:
        raise PermissionDenied
    for field, text in (("name", name), ("reason", reason)):
        if not text.strip():
            raise NothingSaid(field)
    wanted = read_rules(rules)
    if wanted.total is not None:
        raise BadRules("total", "unknown")
    with transaction.atomic():
        take_turns("quota_policy")
        version, stored = current_policy()
        current = read_rules(stored)
        if _same(wanted, current):
            raise SameRules
        if version != based_on:
            raise PolicyChanged
        check_indicators(wanted, current)
        policy = QuotaPolicy(
            version=version + 1,
            name=name.strip(),
            rules=dict(rules),
            reason=reason.strip(),
            author_id=scope.actor_id,
            created_at=now,
        )
        try:
            with transaction.atomic():
                policy.save(force_insert=True)
        except IntegrityError as error:
            if "version" in violated(error):
                raise PolicyChanged from error
            raise
        record_event(
            kind="policy.stored",
            actor_id=scope.user_id,
            actor_role=scope.actor_role,
            subject_type="quota_policy",
            subject_id=policy.pk,
            fields=["rules"],
            reason=policy.reason,
            at=now,
        )
    return policy


def _same(one: Rules, other: Rules) -> bool:
    """A factor of 1 is none."""

    def plain(rules: Rules) -> tuple[Any, ...]:
        fields = {name: getattr(rules, name) for name in Rules.__dataclass_fields__}
        fields["factors"] = {code: factor for code, factor in rules.factors.items() if factor != 1}
        return tuple(fields.values())

    return plain(one) == plain(other)


@dataclass(frozen=True, slots=True)
class Effect:
    """What other rules would do to one wave on today's figures. moved: places that would lie in other cells, None where one of
    both sets of rules gives no split. clusters: (code, places now, places then); unassigned: now and then. short: places short
    under the new rules.
    """

    wave: Wave
    moved: int | None
    clusters: Sequence[tuple[str, int, int]] = ()
    unassigned: tuple[int, int] = (0, 0)
    short: int = 0


def effects(*, rules: Mapping[str, Any], today: date) -> list[Effect]:
    """Of each wave that can still be split, under its own overrides. Changes nothing. Raises BadRules."""
    version, stored = current_policy()
    waves = Wave.objects.filter(state__in=OPEN_FOR_SPLITS).select_related("decision").newest_first()
    return [_effect(wave, (version, stored), (version + 1, dict(rules)), today) for wave in waves]


def _effect(wave: Wave, now: tuple[int, dict[str, Any]], then: tuple[int, dict[str, Any]], today: date) -> Effect:
    tables: list[tuple[Counts, int] | None] = []
    short = 0
    for policy in (now, then):
        inputs = split_inputs(wave=wave, today=today, policy=policy)
        try:
            division, _unit = evaluate(inputs)
        except Unsplittable as error:
            tables.append(None)
            short = error.short
        else:
            tables.append((division.seats, division.unassigned))
            short = 0
    before, after = tables
    if before is None or after is None:
        return Effect(wave, moved=None, short=short)
    (old, left), (new, over) = before, after
    codes = [cluster.code for cluster in inputs.clusters]
    more, fewer = (int(np.maximum(change, 0).sum()) for change in (new - old, old - new))
    return Effect(
        wave,
        moved=max(more, fewer),
        clusters=list(zip(codes, old.sum(axis=1).tolist(), new.sum(axis=1).tolist(), strict=True)),
        unassigned=(left, over),
    )
