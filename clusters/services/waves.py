"""Waves as the province runs them: prepared, opened, extended, closed, cancelled.

The steps from the freeze on are the draw's (training.services.draws); the dates of the training move a wave by themselves.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.scope import Scope
from clusters.models import Wave
from clusters.selectors.waves import open_seats
from clusters.services.states import WrongState, move_wave
from records.services.constraints import violated
from records.services.locks import take_turns
from records.services.log import record_event

SYSTEM = Scope(roles=frozenset({"system"}))  # the name in the log of what happens by date; it holds no right
STEPS = frozenset({Wave.State.OPEN, Wave.State.CLOSED, Wave.State.CANCELLED})
# From the freeze on a wave moves by its draw alone; who wants it back sets the draw aside, which takes two persons.
BEFORE_THE_LIST = frozenset({Wave.State.DRAFT, Wave.State.OPEN, Wave.State.CLOSED})
DRAFT_FIELDS = frozenset(
    {
        *["slug", "name", "decision", "rule_set", "opens_at", "closes_at", "draws_at", "starts_on", "ends_on"],
        *["mode", "guarantees"],
    }
)
# What people who registered may rely on stands once the wave is open; a later close has a step of its own.
OPEN_FIELDS = frozenset({"name", "decision", "draws_at", "starts_on", "ends_on"})
EDITABLE = {Wave.State.DRAFT: DRAFT_FIELDS, Wave.State.OPEN: OPEN_FIELDS}


class NotReady(Exception):
    """The wave lacks what the step needs. `needs` are codes: "seats" (open seats), "dates" (a closing time ahead)."""

    def __init__(self, needs: list[str]) -> None:
        super().__init__(", ".join(needs))
        self.needs = needs


class ReasonMissing(Exception):
    """This step goes against what was announced, so it needs a reason that everybody can read."""


class FieldStands(Exception):
    """These fields can no longer change in the wave's state."""

    def __init__(self, fields: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(fields)))
        self.fields = fields


class AfterTraining(Exception):
    """The draw would not be before the first day of training."""


class NotLater(Exception):
    """An extension must end later than the closing time that was announced, and in the future."""


class DecisionUsed(Exception):
    """Another wave that is not cancelled has this decision: its places would be given twice."""


class NameTaken(Exception):
    """Another wave has this address."""


def create_wave(*, scope: Scope, values: Mapping[str, Any], now: datetime) -> Wave:
    """A draft with these fields (DRAFT_FIELDS); only the province sees it.

    Raises PermissionDenied, NameTaken, DecisionUsed, django.db.IntegrityError (clusters_wave_dates,
    clusters_wave_training_dates).
    """
    _province_only(scope)
    if extra := values.keys() - DRAFT_FIELDS:
        raise FieldStands(frozenset(extra))
    wave = Wave(state=Wave.State.DRAFT, as_of=now, **values)
    with transaction.atomic():
        _reserve_decision(wave)
        with _unique("clusters_wave_slug"):
            wave.save(force_insert=True)
    _record(scope, "wave.created", "wave", wave.pk, now)
    return wave


def edit_wave(*, scope: Scope, wave_id: UUID, values: Mapping[str, Any], now: datetime) -> Wave:
    """Change what still may change: everything in a draft, OPEN_FIELDS while open, nothing later.

    Values that are as before do not count.

    Raises PermissionDenied, FieldStands, NameTaken, DecisionUsed, django.db.IntegrityError (clusters_wave_dates,
    clusters_wave_training_dates).
    """
    with transaction.atomic():
        wave = _locked(scope, wave_id)
        changes = {name: value for name, value in values.items() if getattr(wave, name) != value}
        if fixed := changes.keys() - EDITABLE.get(Wave.State(wave.state), frozenset()):
            raise FieldStands(frozenset(fixed))
        if changes:
            _save(wave, changes, now)
            _record(scope, "wave.changed", "wave", wave.pk, now, fields=sorted(changes))
        return wave


def transition(*, scope: Scope, wave_id: UUID, to: str, now: datetime, reason: str = "") -> Wave:
    """Open, close or cancel a wave, as clusters.states.TRANSITIONS allows.

    Opening needs open seats and a closing time ahead. Closing before the announced time and cancelling need a reason;
    closing early also makes now the closing time. Cancelled waves stay visible with their reason.

    Raises PermissionDenied, WrongState, NotReady, ReasonMissing.
    """
    with transaction.atomic():
        wave = _locked(scope, wave_id)
        if to not in STEPS or wave.state not in BEFORE_THE_LIST:
            raise WrongState(f"{wave.slug}: {wave.state} > {to} is not a step of the province")
        if to == Wave.State.OPEN and (needs := missing_for_opening(wave=wave, now=now)):
            raise NotReady(needs)
        early = to == Wave.State.CLOSED and wave.state == Wave.State.OPEN and now < wave.closes_at
        if (early or to == Wave.State.CANCELLED) and not reason.strip():
            raise ReasonMissing
        if early:
            if now <= wave.opens_at:
                raise WrongState(f"{wave.slug} has not taken a registration yet: cancel it")
            _save(wave, {"closes_at": now}, now)
        return move_wave(scope=scope, wave=wave, to=to, now=now, reason=reason.strip())


def extend_wave(
    *, scope: Scope, wave_id: UUID, closes_at: datetime, draws_at: datetime, reason: str, now: datetime
) -> Wave:
    """Close later than announced, and draw no earlier than that; a wave that just closed opens again.

    Raises PermissionDenied, WrongState (neither open nor closed), NotLater, AfterTraining, ReasonMissing, NotReady (it has no
    open seats), django.db.IntegrityError (clusters_wave_dates).
    """
    with transaction.atomic():
        wave = _locked(scope, wave_id)
        if wave.state not in {Wave.State.OPEN, Wave.State.CLOSED}:
            raise WrongState(f"{wave.slug}: {wave.state} cannot be extended")
        if closes_at <= max(wave.closes_at, now):
            raise NotLater
        if timezone.localdate(draws_at) >= wave.starts_on:
            raise AfterTraining
        if not reason.strip():
            raise ReasonMissing
        _save(wave, {"closes_at": closes_at, "draws_at": draws_at}, now)
        _record(scope, "wave.extended", "wave", wave.pk, now, fields=["closes_at", "draws_at"], reason=reason.strip())
        if wave.state == Wave.State.CLOSED:
            transition(scope=scope, wave_id=wave.pk, to=Wave.State.OPEN, now=now)
            wave.state = Wave.State.OPEN
        return wave


def missing_for_opening(*, wave: Wave, now: datetime) -> list[str]:
    """Codes of what a wave still needs before it can open; see NotReady."""
    return [code for code, met in [("seats", open_seats(wave.pk) > 0), ("dates", wave.closes_at > now)] if not met]


def advance_waves(*, now: datetime) -> list[Wave]:
    """Move waves on whose day has come: open ones close, published ones start, running ones finish.

    Nothing opens by itself. A wave that somebody holds at this moment is left for the next time.
    """
    today = timezone.localdate(now)
    moved = []
    with transaction.atomic():
        waves = Wave.objects.select_for_update(no_key=True, skip_locked=True).order_by("pk")
        for wave in waves.filter(state__in=[Wave.State.OPEN, Wave.State.PUBLISHED, Wave.State.RUNNING]):
            due = {
                Wave.State.OPEN: (wave.closes_at <= now, Wave.State.CLOSED),
                Wave.State.PUBLISHED: (wave.starts_on <= today, Wave.State.RUNNING),
                Wave.State.RUNNING: (wave.ends_on < today, Wave.State.FINISHED),
            }
            is_due, to = due[Wave.State(wave.state)]
            if is_due:
                moved.append(move_wave(scope=SYSTEM, wave=wave, to=to, now=now))
    return moved


def _province_only(scope: Scope) -> None:
    if not scope.is_province:
        raise PermissionDenied


def _locked(scope: Scope, wave_id: UUID) -> Wave:
    """The wave, held until the transaction ends, for one of the province. Raises PermissionDenied, Wave.DoesNotExist."""
    _province_only(scope)
    wave: Wave = Wave.objects.select_for_update(no_key=True).get(pk=wave_id)
    return wave


def _save(wave: Wave, changes: Mapping[str, Any], now: datetime) -> None:
    for name, value in changes.items():
        setattr(wave, name, value)
    wave.as_of = now
    if "decision" in changes:
        _reserve_decision(wave)
    with _unique("clusters_wave_slug"):
        wave.save(update_fields=[*changes, "as_of", "updated_at"])


def _reserve_decision(wave: Wave) -> None:
    take_turns(f"decision:{wave.decision_id}")
    others = Wave.objects.exclude(pk=wave.pk).exclude(state=Wave.State.CANCELLED)
    if others.filter(decision=wave.decision_id).exists():
        raise DecisionUsed


@contextmanager
def _unique(constraint: str) -> Iterator[None]:
    """NameTaken in place of a violation of this unique constraint; Django ends its name with a digest."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if violated(error).startswith(constraint):
            raise NameTaken from error
        raise


def _record(
    scope: Scope,
    kind: str,
    subject_type: str,
    subject_id: UUID,
    now: datetime,
    *,
    fields: list[str] | None = None,
    reason: str = "",
) -> None:
    record_event(
        kind=kind,
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type=subject_type,
        subject_id=subject_id,
        fields=fields or [],
        reason=reason,
        at=now,
    )
