"""A wave that is ready for its draw: one regency, classes, a published split, people who joined."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from accounts.scope import Scope
from clusters.models import Cluster, QuotaCell, QuotaSplit, Regency, Wave
from records.models import Job
from registrations.models import Registration
from registrations.services.bulk import register_many
from tests.factories.people import make_person, make_region, make_wave
from tests.factories.staff import make_staff, make_user
from training.models import Draw, Programme, Provider, TrainingClass, Wish, WishList
from training.services import draws

DICE = "3141 5265 3563 4264 3321 5626 4515 2631 6524 1364 2615"


@dataclass(frozen=True)
class Ready:
    wave: Wave
    planner: Scope
    approver: Scope


def make_class(wave: Wave, code: str, *, cluster: int = 3, seats: int = 4, regency_id: int = 3374) -> TrainingClass:
    programme, _ = Programme.objects.get_or_create(
        code="BARISTA", defaults={"name_id": "Barista", "name_en": "Barista", "hours": 40}
    )
    provider, _ = Provider.objects.get_or_create(
        name="BLK Contoh", defaults={"kind": "blk", "regency_id": regency_id, "is_sample": True}
    )
    return TrainingClass.objects.create(
        wave=wave,
        code=code,
        programme=programme,
        provider=provider,
        regency_id=regency_id,
        cluster_id=cluster,
        seats=seats,
        minimum=1,
        venue="Jalan Contoh 1",
        schedule="Senin-Jumat 08.00-15.00",
        starts_on=date(2027, 1, 12),
        ends_on=date(2027, 2, 12),
        as_of=wave.as_of,
    )


def publish_quota(wave: Wave, seats: dict[int, int], *, regency_id: int = 3374) -> QuotaSplit:
    """A published split with these places by cluster index in the one regency, 0 elsewhere."""
    now = timezone.now()
    split = QuotaSplit.objects.create(
        wave=wave,
        version=1,
        total=sum(seats.values()),
        unassigned=0,
        reason="Data contoh",
        inputs_digest="0" * 64,
        policy={},
        divisors={},
        published_by=make_user(),
        published_at=now,
        as_of=now,
    )
    QuotaCell.objects.bulk_create(
        QuotaCell(split=split, cluster=cluster, regency=regency, weight=0, floor=0, cap=n, seats=n, basis={})
        for regency in Regency.objects.all()
        for cluster in Cluster.objects.all()
        for n in [seats.get(cluster.index, 0) if regency.pk == regency_id else 0]
    )
    return split


def scope_of(role: str) -> Scope:
    return Scope(user_id=make_staff(role).pk, roles=frozenset({role}))


def make_ready(*, people: int = 20, seed: int = 1, now: datetime | None = None, **over: Any) -> Ready:
    """A closed wave of cluster AFIRMASI with 2 classes of 4 seats, 6 places, and `people` who joined and wished."""
    now = now or timezone.now()
    make_region()
    wave = make_wave(now=now, draws_at=now + timedelta(days=7), **over)
    classes = [make_class(wave, "A-1"), make_class(wave, "A-2")]
    publish_quota(wave, {3: 6})
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
