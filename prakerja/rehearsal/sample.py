"""The sample province of `make up`: one wave in each state, a few thousand people, all of it *data contoh*."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from django.utils import timezone

from accounts.scope import NOBODY
from clusters.models import Wave
from clusters.services.waves import advance_waves, transition
from prakerja.rehearsal import drive, province
from prakerja.rehearsal.province import Staff
from prakerja.rehearsal.report import Say
from registrations.services.counts import count_people
from training.models import Placement
from training.services.places import answer_offer, record_granted_places

SOME = frozenset({3301, 3305, 3308, 3309, 3314, 3324, 3329, 3374})  # the regencies of the smaller waves
CROWD = 450


@dataclass(frozen=True)
class Plan:
    """A wave by how long ago it opened and how far it has come."""

    slug: str
    days_ago: int
    state: str
    people: int = CROWD
    total: int = 400
    regencies: frozenset[int] | None = SOME


PLANS = (
    Plan("2026-1", 190, "finished"),
    Plan("2026-2", 100, "running"),
    Plan("2026-3", 60, "cancelled", people=0),
    Plan("2026-4", 26, "published", people=2_400, total=1_800, regencies=None),
    Plan("2026-5", 24, "drawn"),
    Plan("2026-6", 22, "frozen"),
    Plan("2026-7", 20, "closed"),
    Plan("2026-8", 3, "open", people=700, total=20_000, regencies=None),
    Plan("2026-9", -30, "draft", people=0),
)


def build(*, now: datetime, seed: int, say: Say) -> None:
    """Build every wave of PLANS, oldest first, each at its own time, by the services that the pages use."""
    staff, serial = province.make_staff(), 0
    every = province.places(now.date())
    for index, plan in enumerate(PLANS):
        say(f"wave {plan.slug} ({plan.state}) ...")
        places = [p for p in every if plan.regencies is None or p.regency_id in plan.regencies]
        crowd = drive.Crowd(count=plan.people, places=places, first_serial=serial)
        serial += plan.people
        _wave(plan, staff=staff, crowd=crowd, seed=seed + index, opens_at=now - timedelta(days=plan.days_ago))


def _wave(plan: Plan, *, staff: Staff, crowd: drive.Crowd, seed: int, opens_at: datetime) -> None:
    sources = drive.Sources(seed)
    before = opens_at - timedelta(days=5)
    wave = province.make_wave(
        staff=staff,
        slug=plan.slug,
        name=f"Gelombang {plan.slug[-1]}",
        total=plan.total,
        opens_at=opens_at,
        now=before,
    )
    wanted = plan.total * 11 // 10
    popularity = province.make_classes(
        wave=wave, places_wanted=wanted, seed=seed, now=before, regencies=plan.regencies, source=sources.id
    )
    if plan.state == "draft":
        return
    province.publish_quota(staff=staff, wave=wave, now=before)
    wave = province.open_wave(staff=staff, wave=wave, now=opens_at)
    if plan.state == "cancelled":
        transition(
            scope=staff.planner,
            wave_id=wave.pk,
            to=Wave.State.CANCELLED,
            now=opens_at + timedelta(days=2),
            reason="Balai latihan kerja dipakai untuk posko banjir (data contoh).",
        )
        return
    opened = opens_at + timedelta(hours=1)
    drive.register(wave=wave, submissions=crowd.people(seed=seed, now=opened), sources=sources, now=opened)
    drive.wish(wave=wave, popularity=popularity, sources=sources, now=opened)
    count_people(now=opened)
    if plan.state == "open":
        return
    _draw(plan, staff=staff, wave=wave, sources=sources)


def _draw(plan: Plan, *, staff: Staff, wave: Wave, sources: drive.Sources) -> None:
    closed = drive.close(staff=staff, wave=wave)
    if plan.state == "closed":
        return
    draw = drive.freeze(staff=staff, wave=wave, sources=sources, now=closed + timedelta(hours=1))
    if plan.state == "frozen":
        return
    draw = drive.roll(staff=staff, draw=draw, sources=sources, now=wave.draws_at)
    if plan.state == "drawn":
        return
    published = wave.draws_at + timedelta(hours=2)
    drive.publish(staff=staff, draw=draw, now=published)
    _answers(wave, sources.random, published + timedelta(days=1))
    record_granted_places(now=published + timedelta(days=1))
    if plan.state in {"running", "finished"}:
        advance_waves(now=_noon(wave.starts_on))
    if plan.state == "finished":
        advance_waves(now=_noon(wave.ends_on) + timedelta(days=1))


def _answers(wave: Wave, random: Random, now: datetime) -> None:
    """Two of three accept, a few decline, the rest have not answered yet."""
    offers = Placement.objects.filter(training_class__wave=wave, state=Placement.State.OFFERED)
    for pk, person in offers.order_by("registration__number").values_list("pk", "registration__applicant_id"):
        word = random.random()
        if word < 0.7:
            answer_offer(scope=NOBODY.as_applicant(person), placement_id=pk, accept=word < 0.66, now=now)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), timezone.get_current_timezone())
