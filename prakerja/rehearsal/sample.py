"""The sample province of `make up`: one wave in each state, a few thousand people, all of it *data contoh*."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.scope import NOBODY
from clusters.models import Wave
from clusters.selectors.offices import scope_of
from clusters.services.waves import advance_waves, transition
from prakerja.rehearsal import drive, province
from prakerja.rehearsal.province import Staff
from prakerja.rehearsal.report import Say
from registrations.models import Registration
from registrations.services.counts import count_people
from training.models import DrawResult, Grievance, Placement
from training.services import grievances
from training.services.places import answer_offer, record_granted_places

SOME = frozenset({3301, 3305, 3308, 3309, 3314, 3324, 3329, 3374})  # the regencies of the smaller waves
CROWD = 450


_STORIES = (
    "Saya dirumahkan sejak Agustus, tetapi saya hanya diundi di satu klaster. Surat dari pabrik sudah saya serahkan.",
    "Pabrik tempat saya bekerja tutup bulan lalu. Mohon diperiksa apakah saya termasuk klaster PHK.",
    "Tetangga saya dengan urutan lebih besar mendapat tempat. Mohon dijelaskan mengapa saya tidak.",
    "Saya datang ke loket pukul sepuluh, tetapi tidak ada yang melayani sampai siang.",
    "Kami memeriksa arsip loket dan daftar PHK. Surat Anda belum ada di keduanya, jadi klaster Anda tetap.",
)  # data contoh


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
    say("appeals and complaints ...")
    _grievances(drive.Sources(seed), now)


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


def _grievances(sources: drive.Sources, now: datetime) -> None:
    """About the published wave: of people without a place, of one with a place, and of nobody known."""
    results = DrawResult.objects.filter(registration__wave__state=Wave.State.PUBLISHED).order_by("-position")
    without = results.filter(training_class__isnull=True).select_related("registration")
    raised = []
    for office in (3301, 3374):
        for day, result in enumerate(without.filter(registration__regency=office)[:3]):
            raised.append(_raise(result, "draw", "laid_off", _STORIES[day], sources, now - timedelta(days=4 - day)))
    placed = results.filter(training_class__isnull=False).select_related("registration")[0]
    raised.append(_raise(placed, "service", "", _STORIES[3], sources, now - timedelta(days=1)))
    grievances.file_complaint(
        scope=NOBODY, regency_id=3301, subject="service", text=_STORIES[3], phone="", key=sources.id(), language="id",
        now=now - timedelta(hours=5),
    )  # fmt: skip
    office_scope = scope_of(User.objects.get(email="cilacap@contoh.example"))
    for grievance in raised[:2]:
        grievances.open_text(scope=office_scope, grievance_id=grievance.pk, now=now - timedelta(hours=4))
        given: dict[str, Any] = {"verdict": "rejected", "text": _STORIES[4], "now": now - timedelta(hours=3)}
        grievances.answer(scope=office_scope, grievance_id=grievance.pk, **given)
    raised[0].refresh_from_db()
    asker = NOBODY.as_applicant(Registration.objects.get(grievances=raised[0]).applicant_id)
    grievances.escalate(scope=asker, grievance=raised[0], now=now - timedelta(hours=2))


def _raise(result: DrawResult, subject: str, claim: str, text: str, sources: drive.Sources, now: datetime) -> Grievance:
    return grievances.file_own(
        scope=NOBODY.as_applicant(result.registration.applicant_id), registration_id=result.registration_id,
        subject=subject, claim=claim, text=text, key=sources.id(), language="id", now=now,
    )  # fmt: skip


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), timezone.get_current_timezone())
