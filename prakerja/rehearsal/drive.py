"""One wave, from registration to published places, by the services the portal itself uses."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from django.db import connection
from django.utils import timezone

from clusters.models import Wave
from clusters.services.waves import transition
from prakerja.rehearsal.population import Place, people
from prakerja.rehearsal.province import Staff, choose_wishes
from records.models import Job
from records.services.jobs import Effect, run_job
from registrations.models import Registration
from registrations.services.bulk import register_many
from registrations.services.receipts import NUMBER_DIGITS
from registrations.services.validation import Person
from training.models import Draw, TrainingClass
from training.services import draws
from training.services.wishes import Choice, choose_many


@dataclass
class Clock:
    """Seconds by step, in the order taken."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


class Sources:
    """Numbers, ids, keys, salts and dice from one seed: nothing in a rehearsal comes from elsewhere."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - a rehearsal must be repeatable

    def numbers(self, count: int) -> list[str]:
        return [f"{self.random.randrange(10**NUMBER_DIGITS):0{NUMBER_DIGITS}}" for _ in range(count)]

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def salt(self, size: int) -> bytes:
        return self.random.randbytes(size)

    def dice(self) -> str:
        return "".join(str(self.random.randint(1, 6)) for _ in range(60))


@dataclass(frozen=True)
class Crowd:
    """Submissions of a wave: how many, from where, and which serial numbers they use (no two crowds share any)."""

    count: int
    places: Sequence[Place]
    first_serial: int = 0

    def people(self, *, seed: int, now: datetime) -> Iterator[Person]:
        return people(count=self.count, seed=seed, places=self.places, today=now.date(), first_serial=self.first_serial)


def register(*, wave: Wave, submissions: Iterator[Person], sources: Sources, now: datetime) -> Counter[str]:
    """Take everybody in by the bulk intake; returns how many were refused, by reason."""
    report = register_many(
        wave=wave,
        people=submissions,
        now=now,
        join=True,
        number_source=sources.numbers,
        id_source=sources.id,
        key_source=sources.id,
    )
    return report.refusals


def wish(*, wave: Wave, popularity: dict[str, int], sources: Sources, now: datetime) -> None:
    """First lists of wishes for everybody who joined and has none."""
    classes = list(TrainingClass.objects.filter(wave=wave).order_by("code"))
    of_cell: dict[tuple[int, int], list[tuple[str, int]]] = {}
    for offered in classes:
        cell = of_cell.setdefault((offered.regency_id, offered.cluster_id), [])
        cell.append((offered.code, popularity[offered.code]))
    ids = {offered.code: offered.pk for offered in classes}
    joined = (
        Registration.objects.filter(wave=wave, state=Registration.State.JOINED, wish_list__isnull=True)
        .order_by("number")
        .values_list("pk", "regency_id", "clusters")
    )

    def choices() -> Iterator[Choice]:
        for pk, regency_id, clusters in joined:
            own = [c for i in range(4) if clusters >> i & 1 for c in of_cell.get((regency_id, i), ())]
            chosen, strict = choose_wishes(random=sources.random, classes=own)
            yield Choice(pk, [ids[code] for code in chosen], strict)

    choose_many(wave=wave, choices=choices(), now=now)


def close(*, staff: Staff, wave: Wave) -> datetime:
    """Close at the announced time; returns the moment after it."""
    now = wave.closes_at + timedelta(seconds=1)
    transition(scope=staff.planner, wave_id=wave.pk, to=Wave.State.CLOSED, now=now)
    return now


def freeze(*, staff: Staff, wave: Wave, sources: Sources, now: datetime) -> Draw:
    draw, job = draws.request_freeze(scope=staff.planner, wave_id=wave.pk, now=now)
    _work(job, lambda _payload: draws.freeze_list(draw_id=draw.pk, now=now, random_bytes=sources.salt))
    return draw


def roll(*, staff: Staff, draw: Draw, sources: Sources, now: datetime) -> Draw:
    """Dice entered by two persons, the draw, and the verifier's word."""
    dice = sources.dice()
    witnesses = "Saksi Contoh Satu, serikat pekerja (data contoh)\nSaksi Contoh Dua, perguruan tinggi (data contoh)"
    draws.record_dice(scope=staff.planner, draw_id=draw.pk, dice=dice, witnesses=witnesses, now=now)
    _draw, job = draws.confirm_dice(scope=staff.approver, draw_id=draw.pk, dice=dice, now=now)
    _work(job, lambda _payload: draws.run_draw(draw_id=draw.pk, now=now))
    draw.refresh_from_db()
    return draw


def publish(*, staff: Staff, draw: Draw, now: datetime) -> None:
    job = draws.request_publication(scope=staff.approver, draw_id=draw.pk)
    _work(job, lambda _payload: draws.release_results(scope=staff.approver, draw_id=draw.pk, now=now))


def _work(job: Job, effect: Effect) -> None:
    """Do a job here and now: like the worker, or inside the caller's transaction where there is one."""
    if not connection.in_atomic_block:
        run_job(job_id=job.pk, effect=effect)
    else:
        Job.objects.filter(pk=job.pk).update(state=Job.State.DONE, result=dict(effect({})), finished_at=timezone.now())
