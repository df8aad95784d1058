"""A wave that is ready for its draw: one regency, classes, a published split, people who joined."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.scope import Scope
from clusters.models import Wave
from records.models import Job
from registrations.models import Registration
from registrations.services.bulk import register_many
from tests.factories import waves
from tests.factories.people import make_person, make_region, make_wave
from tests.factories.staff import scope_of
from training.models import Draw, TrainingClass, Wish, WishList
from training.services import draws

DICE = "3141 5265 3563 4264 3321 5626 4515 2631 6524 1364 2615"


@dataclass(frozen=True)
class Ready:
    wave: Wave
    planner: Scope
    approver: Scope


def make_class(wave: Wave, code: str, *, cluster: int = 3, seats: int = 4, regency_id: int = 3374) -> TrainingClass:
    """A class of the one regency, in cluster AFIRMASI unless told otherwise."""
    return waves.make_class(wave, code, regency=regency_id, cluster=cluster, seats=seats)


def make_ready(*, people: int = 20, seed: int = 1, now: datetime | None = None, **over: Any) -> Ready:
    """A closed wave of cluster AFIRMASI with 2 classes of 4 seats, 6 places, and `people` who joined and wished."""
    now = now or timezone.now()
    make_region()
    wave = make_wave(now=now, draws_at=now + timedelta(days=7), **over)
    classes = [make_class(wave, "A-1"), make_class(wave, "A-2")]
    waves.make_split(wave, {(3, 3374): 6})
    report = register_many(wave=wave, people=[make_person() for _ in range(people)], now=now, join=True)
    assert report.accepted == people
    random = Random(seed)
    for registration in Registration.objects.filter(wave=wave):
        wished = random.sample(classes, random.randint(0, 2))
        WishList.objects.create(registration=registration, strict=bool(wished) and random.random() < 0.2)
        Wish.objects.bulk_create(
            Wish(registration=registration, rank=rank, training_class=c) for rank, c in enumerate(wished)
        )
    Wave.objects.filter(pk=wave.pk).update(state="closed", closes_at=now)
    wave.refresh_from_db()
    return Ready(wave, scope_of("planner"), scope_of("approver"))


def roll(ready: Ready, draw: Draw) -> Job:
    """Dice by the planner, confirmed by the approver; the job that draws."""
    when = ready.wave.draws_at
    draws.record_dice(scope=ready.planner, draw_id=draw.pk, dice=DICE, witnesses="Saksi Contoh", now=when)
    return draws.confirm_dice(scope=ready.approver, draw_id=draw.pk, dice=DICE, now=when)[1]


def drawn(ready: Ready) -> Draw:
    """Take the wave to an agreed draw, one service after the other."""
    when = ready.wave.draws_at
    draw, _job = draws.request_freeze(scope=ready.planner, wave_id=ready.wave.pk, now=when)
    draws.freeze_list(draw_id=draw.pk, now=when)
    roll(ready, draw)
    draws.run_draw(draw_id=draw.pk, now=when)
    draw.refresh_from_db()
    return draw


def published(ready: Ready) -> Draw:
    draw = drawn(ready)
    draws.release_results(scope=ready.approver, draw_id=draw.pk, now=ready.wave.draws_at)
    draw.refresh_from_db()
    return draw


def frozen(ready: Ready) -> Draw:
    draw, _job = draws.request_freeze(scope=ready.planner, wave_id=ready.wave.pk, now=ready.wave.closes_at)
    draws.freeze_list(draw_id=draw.pk, now=ready.wave.closes_at)
    return draw


def refused(sql: str, *params: object) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
    except DatabaseError:
        return True
    return False
