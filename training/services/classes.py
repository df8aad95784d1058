"""The classes of a wave: added and changed by the province until the list is frozen, counted as open seats."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Sum

from accounts.scope import Scope
from clusters.models import Observation, Wave
from clusters.services.observations import Cell, record_counts
from clusters.services.waves import SYSTEM
from records.models import Job
from records.services.jobs import request_job
from records.services.log import record_event
from training.models import TrainingClass

CELL_FIELDS = frozenset({"programme", "provider", "regency", "cluster"})
DETAIL_FIELDS = frozenset({"seats", "minimum", "venue", "schedule", "starts_on", "ends_on"})
OPEN_FOR_CLASSES = frozenset({Wave.State.DRAFT, Wave.State.OPEN})  # classes are added
# People choose classes while the wave is open, so what a class is stands from then on; a seat count of 0 takes one out.
EDITABLE = {
    Wave.State.DRAFT: CELL_FIELDS | DETAIL_FIELDS,
    Wave.State.OPEN: DETAIL_FIELDS,
    Wave.State.CLOSED: DETAIL_FIELDS,
}


class ClassesStand(Exception):
    """The wave's classes can no longer change in this way; its list is frozen, or people already chose among them."""


class TooFewHours(Exception):
    """The programme is shorter than the wave's rule set asks for."""

    def __init__(self, *, hours: int, minimum: int) -> None:
        super().__init__(f"{hours} < {minimum}")
        self.hours, self.minimum = hours, minimum


class OutsideTheWave(Exception):
    """The class does not lie within the training dates of its wave."""


def add_class(*, scope: Scope, wave_id: UUID, values: Mapping[str, Any], now: datetime) -> tuple[TrainingClass, Job]:
    """A class with these values (CELL_FIELDS and DETAIL_FIELDS) under the wave's next code, and the job that counts seats.

    Raises PermissionDenied, ClassesStand (the wave is neither a draft nor open), TooFewHours, OutsideTheWave.
    """
    with transaction.atomic():
        wave = _locked_wave(scope, wave_id)
        if wave.state not in OPEN_FOR_CLASSES:
            raise ClassesStand
        code = f"K{TrainingClass.objects.filter(wave=wave).count() + 1:04}"
        added = TrainingClass(wave=wave, code=code, as_of=now, **values)
        _check(wave, added)
        added.save(force_insert=True)
        _record(scope, "class.added", added, now, sorted(values))
        return added, _request_count(scope, wave, now)


def change_class(
    *, scope: Scope, class_id: UUID, values: Mapping[str, Any], now: datetime
) -> tuple[TrainingClass, Job | None]:
    """Change what may still change (EDITABLE); with the job that counts seats, None when nothing changed.

    Raises TrainingClass.DoesNotExist, PermissionDenied, ClassesStand, TooFewHours, OutsideTheWave.
    """
    with transaction.atomic():
        wave = _locked_wave(scope, TrainingClass.objects.values_list("wave_id", flat=True).get(pk=class_id))
        changed = TrainingClass.objects.select_related("programme").get(pk=class_id)
        changes = changes_of(changed, values)
        if changes.keys() - EDITABLE.get(Wave.State(wave.state), frozenset()):
            raise ClassesStand
        if not changes:
            return changed, None
        for name, value in changes.items():
            setattr(changed, name, value)
        changed.as_of = now
        _check(wave, changed)
        changed.save(update_fields=[*changes, "as_of", "updated_at"])
        _record(scope, "class.changed", changed, now, sorted(changes))
        return changed, _request_count(scope, wave, now)


def take_classes(*, wave_id: UUID, rows: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Add and change classes by their code, as a planner decided for a whole file, and have the seats counted.

    Effect of a job: the events are the system's, the decision is the import's. Raises as add_class and change_class do.
    """
    with transaction.atomic():
        wave = Wave.objects.select_for_update(no_key=True, of=("self",)).select_related("rule_set").get(pk=wave_id)
        stored = {each.code: each for each in TrainingClass.objects.filter(wave=wave)}
        for values in rows:
            training_class = stored.get(values["code"])
            if training_class is None and wave.state not in OPEN_FOR_CLASSES:
                raise ClassesStand
            if training_class is None:
                kind, training_class, changes = "class.added", TrainingClass(wave=wave), dict(values)
            else:
                kind, changes = "class.changed", changes_of(training_class, values)
                if changes.keys() - may_change(wave):
                    raise ClassesStand
            for name, value in changes.items():
                setattr(training_class, name, value)
            training_class.as_of = now
            _check(wave, training_class)
            training_class.save()
            _record(SYSTEM, kind, training_class, now, sorted(changes))
        _request_count(SYSTEM, wave, now)


def may_change(wave: Wave) -> frozenset[str]:
    """The columns of a stored class that may still change, foreign keys by their column."""
    field: Any = TrainingClass._meta.get_field
    return frozenset(field(name).attname for name in EDITABLE.get(Wave.State(wave.state), ()))


def changes_of(training_class: TrainingClass, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `values` that the stored class has otherwise."""
    return {name: value for name, value in values.items() if getattr(training_class, name) != value}


def record_open_seats(*, wave_id: UUID, now: datetime) -> dict[str, int]:
    """Write the seats of each (regency, cluster) down as observations, 0 where a class went away. Effect of a job.

    The wave is held while counting, so of two counts the later one stands. Must run with the owner's rights.
    """
    with transaction.atomic():
        wave = Wave.objects.select_for_update(no_key=True).get(pk=wave_id)
        cells = TrainingClass.objects.filter(wave=wave).values_list("regency_id", "cluster_id")
        seats = {Cell(*cell): total for *cell, total in cells.annotate(Sum("seats"))}
        record_counts(
            wave=wave,
            dataset_name=f"Kursi kelas {wave.name}",
            counts={Observation.Indicator.OPEN_SEATS: seats},
            now=now,
        )
        return {"cells": len(seats), "seats": sum(seats.values())}


def _locked_wave(scope: Scope, wave_id: UUID) -> Wave:
    if "planner" not in scope.roles:  # approvers publish the splits that seats decide
        raise PermissionDenied
    wave: Wave = Wave.objects.select_for_update(no_key=True, of=("self",)).select_related("rule_set").get(pk=wave_id)
    return wave


def _check(wave: Wave, training_class: TrainingClass) -> None:
    hours, minimum = training_class.programme.hours, wave.rule_set.rules["min_hours"]
    if hours < minimum:
        raise TooFewHours(hours=hours, minimum=minimum)
    starts_on: date = training_class.starts_on
    if not wave.starts_on <= starts_on <= training_class.ends_on <= wave.ends_on:
        raise OutsideTheWave


def _request_count(scope: Scope, wave: Wave, now: datetime) -> Job:
    """A job of its own for every change: one that already runs may have counted before this change."""
    return request_job(
        task="training.record_open_seats",
        key=f"seats:{wave.pk}:{now.isoformat()}",
        payload={"wave_id": str(wave.pk)},
        requested_by=scope.user_id,
    )


def _record(scope: Scope, kind: str, training_class: TrainingClass, now: datetime, fields: list[str]) -> None:
    record_event(
        kind=kind,
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type="training_class",
        subject_id=training_class.pk,
        regency_id=training_class.regency_id,
        fields=fields,
        at=now,
    )
