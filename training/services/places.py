"""Places after the draw: taking one, answering an offer, and handing free ones on down the same list."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils.timezone import localdate

from accounts.scope import NOBODY, Scope
from clusters.models import Observation, Wave
from clusters.services.observations import Cell, record_counts
from records.models import Job
from records.services.constraints import violated
from records.services.jobs import request_job
from records.services.log import record_event
from registrations.models import Registration
from training import allocation
from training.lottery import draw_order
from training.models import Draw, Placement, TrainingClass
from training.selectors.draws import capacities, entrants
from training.services.notices import tell_lapsed, tell_offers
from training.services.outcome import unchanged_list


class PlaceTaken(Exception):
    """The class has no free seat, or the person already holds a place; nothing was changed."""


class OfferClosed(Exception):
    """The offer was answered already or its date has passed; nothing was changed."""


@transaction.atomic
def take_place(
    *, scope: Scope, registration: Registration, class_id: UUID, draw_id: UUID, answer_by: date, now: datetime
) -> Placement:
    """Offer a seat of the class to the person.

    However many ask at once, a class never has more live placements than seats and a person never more than one: the database
    counts and refuses (training_trainingclass_seats, training_placement_one_live). Raises PlaceTaken.
    """
    try:
        with transaction.atomic():
            placement = Placement.objects.create(
                registration=registration,
                applicant_id=registration.applicant_id,
                training_class_id=class_id,
                draw_id=draw_id,
                answer_by=answer_by,
                as_of=now,
            )
    except IntegrityError as error:
        if violated(error) in {"training_trainingclass_seats", "training_placement_one_live"}:
            raise PlaceTaken(str(class_id)) from error
        raise
    _record(scope, placement, registration, "placement.offered", now)
    return placement


@transaction.atomic
def answer_offer(*, scope: Scope, placement_id: UUID, accept: bool, now: datetime) -> Job | None:
    """Accept or decline one's own offered place, once. A declined place goes on by the returned job.

    An offer is answered by its last day; an accepted place may be given back until training begins. Saying the same again
    changes nothing. Raises OfferClosed for another answer, too late, or when the person accepted a place of another wave
    (training_placement_one_accepted).
    """
    placement = (
        Placement.objects.within(scope)
        .select_related("registration")
        .get(pk=placement_id, registration__applicant_id=scope.applicant_id)
    )
    to = Placement.State.ACCEPTED if accept else Placement.State.DECLINED
    in_time = Q(state=Placement.State.OFFERED, answer_by__gte=localdate(now))
    if not accept:
        in_time |= Q(state=Placement.State.ACCEPTED)
    # The row's own state stands in the statement, not in a join: it is tested again after waiting for a faster answer.
    published = Draw.objects.filter(wave__state=Wave.State.PUBLISHED)
    answerable = Placement.objects.filter(in_time, pk=placement_id, draw__in=published)
    try:
        with transaction.atomic():
            changed = answerable.update(state=to, answered_at=now, as_of=now)
    except IntegrityError as error:
        if violated(error) == "training_placement_one_accepted":
            raise OfferClosed(str(placement_id)) from error
        raise
    if not changed:
        placement.refresh_from_db(fields=["state"])
        if placement.state == to:
            return None
        raise OfferClosed(str(placement_id))
    _record(scope, placement, placement.registration, f"placement.{to}", now)
    return None if accept else request_refill(scope=scope, draw_id=placement.draw_id, cause=placement.pk)


def last_day_to_answer(wave: Wave, now: datetime) -> date:
    """The rule set's days from today, but before training begins, so that an unanswered place can still go on."""
    return min(
        localdate(now) + timedelta(days=int(wave.rule_set.rules["offer_days"])), wave.starts_on - timedelta(days=1)
    )


def request_refill(*, scope: Scope, draw_id: UUID, cause: UUID) -> Job:
    """A refill for what came free by `cause` (a placement): a key of its own, since one that runs now may not see it."""
    return request_job(
        task="training.refill",
        key=f"refill:{draw_id}:{cause}",
        payload={"draw_id": str(draw_id)},
        requested_by=scope.user_id,
    )


@transaction.atomic
def lapse_offers(*, now: datetime) -> list[Job]:
    """End the offers whose last day has passed without an answer; the returned refills hand the places on."""
    late = list(
        Placement.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(state=Placement.State.OFFERED, answer_by__lt=localdate(now))
        .select_related("registration")
        .order_by("pk")
    )
    Placement.objects.filter(pk__in=[placement.pk for placement in late]).update(
        state=Placement.State.LAPSED, answered_at=now, as_of=now
    )
    for placement in late:
        _record(NOBODY, placement, placement.registration, "placement.lapsed", now)
    tell_lapsed(placement_ids=[placement.pk for placement in late], now=now)
    last_of = {placement.draw_id: placement.pk for placement in late}
    return [request_refill(scope=NOBODY, draw_id=draw_id, cause=last) for draw_id, last in last_of.items()]


@transaction.atomic
def refill(*, draw_id: UUID, now: datetime) -> Mapping[str, Any]:
    """Give the places that came free to the next in the order of the draw (methods: refill). Effect of a job.

    Reads the frozen list and the live placements; nobody who holds a place loses it. Running it again with nothing free gives
    nothing. Raises DrawChanged when list, rules or seed were edited.
    """
    draw = Draw.objects.select_for_update(of=("self", "wave")).select_related("wave__rule_set").get(pk=draw_id)
    if draw.state != Draw.State.PUBLISHED or draw.wave.state != Wave.State.PUBLISHED:  # classes may have begun
        return {"placed": 0}
    rules = json.loads(draw.rules)
    ids, lines, _ = unchanged_list(draw)
    people, tables = entrants(rules, lines), capacities(rules)
    row_of = {pk: row for row, pk in enumerate(ids)}
    class_of = {code: index for index, code in enumerate(c["code"] for c in rules["classes"])}
    holding, waiting = np.full(len(ids), -1, np.int32), np.ones(len(ids), np.bool_)
    placements = Placement.objects.filter(draw=draw).values_list("registration_id", "training_class__code", "state")
    for registration_id, code, state in placements:
        row = row_of[str(registration_id)]
        waiting[row] = False
        if state in Placement.LIVE:
            holding[row] = class_of[code]
    elsewhere = Placement.objects.filter(state=Placement.State.ACCEPTED).values("applicant")
    gone = [Registration.State.WITHDRAWN, Registration.State.INELIGIBLE]
    out = Q(state__in=gone) | Q(applicant__in=elsewhere)
    for registration_id in Registration.objects.filter(out, wave=draw.wave).values_list("id", flat=True):
        if str(registration_id) in row_of:
            waiting[row_of[str(registration_id)]] = False
    given = allocation.refill(
        holding=holding,
        waiting=waiting,
        order=draw_order(bytes.fromhex(draw.seed), people.numbers),
        **people.arrays,
        **tables,
    )
    classes = {c.code: c.pk for c in TrainingClass.objects.filter(wave=draw.wave)}
    registrations = Registration.objects.in_bulk([ids[row] for row in np.flatnonzero(given.class_index >= 0)])
    for registration in registrations.values():
        code = rules["classes"][given.class_index[row_of[str(registration.pk)]]]["code"]
        take_place(
            scope=NOBODY,
            registration=registration,
            class_id=classes[code],
            draw_id=draw.pk,
            answer_by=last_day_to_answer(draw.wave, now),
            now=now,
        )
    tell_offers(draw_id=draw.pk, now=now)
    return {"placed": len(registrations)}


def record_granted_places(*, now: datetime) -> None:
    """Write the live placements of each (regency, cluster) down as observations, of every wave whose places are given out.

    Nothing is written where nothing changed. Must run with the owner's rights.
    """
    for wave_id in Wave.objects.filter(state__in=[Wave.State.PUBLISHED, Wave.State.RUNNING]).values_list(
        "pk", flat=True
    ):
        with transaction.atomic():
            wave = Wave.objects.select_for_update(no_key=True).get(pk=wave_id)
            cells = Placement.objects.filter(training_class__wave=wave, state__in=Placement.LIVE).values_list(
                "training_class__regency_id", "training_class__cluster_id"
            )
            places = {Cell(*cell): count for *cell, count in cells.annotate(Count("pk"))}
            counts = {Observation.Indicator.GRANTED: places}
            record_counts(wave=wave, dataset_name=f"Tempat yang diberikan {wave.name}", counts=counts, now=now)


def _record(scope: Scope, placement: Placement, registration: Registration, kind: str, now: datetime) -> None:
    record_event(
        kind=kind,
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type="placement",
        subject_id=placement.pk,
        person_id=registration.applicant_id,
        regency_id=registration.regency_id,
        fields=["state"],
        at=now,
    )
