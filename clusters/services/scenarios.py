"""Scenarios: rules that a planner tries on a wave, kept by name. Nothing follows from one until it is proposed."""

from collections.abc import Mapping
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.scope import Scope
from clusters.models import Scenario, ScenarioComment, Wave
from clusters.policy import read_rules
from clusters.selectors.demand import current_policy
from clusters.selectors.policies import check_indicators
from clusters.services.quota import ScenarioChanged
from records.services.constraints import violated
from records.services.log import record_event

MAX_NAME = 120


class NameTaken(Exception):
    """Another scenario of this wave that is not archived has this name."""


def create_scenario(
    *,
    scope: Scope,
    wave: Wave,
    name: str,
    overrides: Mapping[str, Any],
    copied_from: Scenario | None = None,
    now: datetime,
) -> Scenario:
    """Keep these rules under a name. Only for planners.

    Raises PermissionDenied, NameTaken, clusters.policy.BadRules: what is kept can be read, and its formulas name what counts
    persons, or what `copied_from` names.
    """
    _only_planners(scope)
    _check(overrides, copied_from.overrides if copied_from else {})
    scenario = Scenario(
        wave=wave,
        name=name,
        overrides=dict(overrides),
        copied_from=copied_from,
        author_id=scope.actor_id,
        created_at=now,
        changed_at=now,
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                scenario.save(force_insert=True)
        except IntegrityError as error:
            raise _refused(error) from error
        _record("scenario.created", scope, scenario.pk, now)
    return scenario


def change_scenario(
    *, scope: Scope, scenario_id: UUID, revision: int, name: str, overrides: Mapping[str, Any], now: datetime
) -> None:
    """Replace name and rules, if nobody did since `revision` was read: of two at once one is refused. Only for planners.

    Raises PermissionDenied, ScenarioChanged (also for one that is archived or not there), NameTaken, clusters.policy.BadRules.
    """
    _only_planners(scope)
    _check(overrides, {})
    with transaction.atomic():
        try:
            with transaction.atomic():
                _update(scope, scenario_id, revision, name=name, overrides=dict(overrides), changed_at=now)
        except IntegrityError as error:
            raise _refused(error) from error
        _record("scenario.changed", scope, scenario_id, now, "name", "overrides")


def archive_scenario(*, scope: Scope, scenario_id: UUID, revision: int, now: datetime) -> None:
    """Put it aside; it stays readable, can be copied, and its name is free again. Only for planners.

    Raises PermissionDenied, ScenarioChanged.
    """
    _only_planners(scope)
    with transaction.atomic():
        _update(scope, scenario_id, revision, archived=True, changed_at=now)
        _record("scenario.archived", scope, scenario_id, now, "archived")


def duplicate_scenario(*, scope: Scope, scenario: Scenario, now: datetime) -> Scenario:
    """A copy with the first free name of "name (salinan)", "name (salinan 2)" and so on.

    Raises PermissionDenied, NameTaken when somebody took that name just now.
    """
    taken = set(
        Scenario.objects.within(scope).filter(wave=scenario.wave_id, archived=False).values_list("name", flat=True)
    )
    word = _("salinan")
    endings = (f" ({word}{f' {number}' if number > 1 else ''})" for number in count(1))
    names = (scenario.name[: MAX_NAME - len(ending)] + ending for ending in endings)
    name = next(name for name in names if name not in taken)
    return create_scenario(
        scope=scope, wave=scenario.wave, name=name, overrides=scenario.overrides, copied_from=scenario, now=now
    )


def comment_on(*, scope: Scope, scenario: Scenario, text: str, now: datetime) -> ScenarioComment:
    """A remark, by planners and by approvers, who thereby change nothing of the scenario. Raises PermissionDenied."""
    if not scope.is_province:
        raise PermissionDenied
    with transaction.atomic():
        comment = ScenarioComment.objects.create(scenario=scenario, text=text, author_id=scope.actor_id, created_at=now)
        _record("scenario.commented", scope, scenario.pk, now)
    return comment


def _only_planners(scope: Scope) -> None:
    if "planner" not in scope.roles:
        raise PermissionDenied


def _check(overrides: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    policy = current_policy()[1]
    check_indicators(read_rules(policy, overrides), read_rules(policy, before))


def _update(scope: Scope, scenario_id: UUID, revision: int, **fields: Any) -> None:
    """One statement compares the revision and counts it up, so the second of two waits for the first and finds nothing."""
    mine = Scenario.objects.within(scope).filter(pk=scenario_id, revision=revision, archived=False)
    if not mine.update(revision=F("revision") + 1, **fields):
        raise ScenarioChanged


def _refused(error: IntegrityError) -> Exception:
    return NameTaken() if violated(error) == "clusters_scenario_name" else error


def _record(kind: str, scope: Scope, scenario_id: UUID, now: datetime, *fields: str) -> None:
    record_event(
        kind=kind,
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type="scenario",
        subject_id=scenario_id,
        fields=fields,
        at=now,
    )
