"""What planners say about single figures. Nothing is overwritten: the newest row of a place and indicator counts."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.scope import Scope
from clusters.models import FigureChoice, Indicator, Observation, Regency
from clusters.selectors.figures import PERCENT
from records.services.locks import take_turns
from records.services.log import record_event

MOST = 10**9  # no count of the province comes near it


class FigureRefused(Exception):
    """Nothing was written. code: what is wrong."""

    code = ""


class UnknownPlace(FigureRefused):
    """There is no such indicator or regency."""

    code = "place"


class NotAFigureHere(FigureRefused):
    """The observation is not of this indicator and place, or a newer one has taken its place."""

    code = "figure"


class FigureKnown(FigureRefused):
    """A figure is published here, so one is chosen and none is entered."""

    code = "known"


class ImpossibleValue(FigureRefused):
    """Below 0, above 100 percent, or with more than three decimals."""

    code = "value"


class ReasonMissing(FigureRefused):
    code = "reason"


def choose_figure(
    *, scope: Scope, indicator: str, regency_id: int | None, observation_id: UUID, reason: str, now: datetime
) -> FigureChoice:
    """Let this published figure speak for the place (None: the province). Only for planners; the same again writes nothing.

    Raises PermissionDenied, UnknownPlace, NotAFigureHere, ReasonMissing.
    """
    with transaction.atomic():
        _begin(scope, indicator, regency_id)
        if not _published(indicator, regency_id).filter(pk=observation_id).exists():
            raise NotAFigureHere
        return _write(scope, indicator, regency_id, "figure.chosen", reason, now, observation_id=observation_id)


def enter_figure(
    *, scope: Scope, indicator: str, regency_id: int | None, value: Decimal, reason: str, now: datetime
) -> FigureChoice:
    """Give a figure, in the indicator's unit, where none is published. Only for planners; the same again writes nothing.

    Raises PermissionDenied, UnknownPlace, FigureKnown, ImpossibleValue, ReasonMissing.
    """
    with transaction.atomic():
        unit = _begin(scope, indicator, regency_id)
        if not 0 <= value <= (100 if unit == PERCENT else MOST) or round(value, 3) != value:
            raise ImpossibleValue
        if _published(indicator, regency_id).exists():
            raise FigureKnown
        return _write(scope, indicator, regency_id, "figure.entered", reason, now, value=value)


def withdraw_choice(
    *, scope: Scope, indicator: str, regency_id: int | None, reason: str, now: datetime
) -> FigureChoice | None:
    """Give the word back to the rule. Only for planners; where nothing stands, nothing is written and None returned.

    Raises PermissionDenied, UnknownPlace, ReasonMissing.
    """
    with transaction.atomic():
        _begin(scope, indicator, regency_id)
        standing = _newest(indicator, regency_id)
        if standing is None or standing.is_withdrawal:
            return None
        return _write(scope, indicator, regency_id, "figure.withdrawn", reason, now)


def _begin(scope: Scope, indicator: str, regency_id: int | None) -> str:
    """The indicator's unit, once nobody else is deciding about this figure."""
    if "planner" not in scope.roles:
        raise PermissionDenied
    take_turns(f"figure:{indicator}:{regency_id}")
    unit = Indicator.objects.filter(pk=indicator).values_list("unit", flat=True).first()
    if unit is None or (regency_id is not None and not Regency.objects.filter(pk=regency_id).exists()):
        raise UnknownPlace
    return unit


def _published(indicator: str, regency_id: int | None) -> Any:
    return Observation.objects.current().published().filter(indicator=indicator, regency=regency_id)


def _newest(indicator: str, regency_id: int | None) -> FigureChoice | None:
    newest: FigureChoice | None = FigureChoice.objects.filter(indicator=indicator, regency=regency_id).first()
    return newest


def _write(
    scope: Scope,
    indicator: str,
    regency_id: int | None,
    kind: str,
    reason: str,
    now: datetime,
    *,
    observation_id: UUID | None = None,
    value: Decimal | None = None,
) -> FigureChoice:
    if not (reason := reason.strip()):
        raise ReasonMissing
    newest = _newest(indicator, regency_id)
    if newest and (newest.observation_id, newest.value, newest.reason) == (observation_id, value, reason):
        return newest
    choice = FigureChoice.objects.create(
        indicator_id=indicator,
        regency_id=regency_id,
        observation_id=observation_id,
        value=value,
        reason=reason,
        chosen_by_id=scope.actor_id,
        chosen_at=now,
    )
    record_event(
        kind=kind,
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type="figure_choice",
        subject_id=choice.pk,
        regency_id=regency_id,
        fields=["observation"] if observation_id else ["value"] if value is not None else ["observation", "value"],
        reason=reason,
        at=now,
    )
    return choice
