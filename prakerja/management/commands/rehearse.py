"""Take a synthetic province through one wave: `manage.py rehearse --n 20000 --seed 1`."""

from argparse import ArgumentParser
from collections import Counter
from datetime import timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from prakerja.rehearsal import drive, province
from prakerja.rehearsal.database import own_database
from prakerja.rehearsal.pages import register_by_http
from prakerja.rehearsal.report import broken_invariants, print_report

THROUGH_PAGES = 300


class Command(BaseCommand):
    help = "Rehearse one wave with synthetic people in a database of its own; exits 1 when an invariant is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--n", type=int, default=20_000, help="people who submit (default 20000)")
        parser.add_argument("--seed", type=int, default=1, help="one seed gives one digest")
        parser.add_argument("--keep", action="store_true", help="keep the rehearsal's database")

    def handle(self, *, n: int, seed: int, keep: bool, **options: Any) -> None:
        if n < THROUGH_PAGES:
            raise CommandError(f"--n must be at least {THROUGH_PAGES}: so many people go through the pages.")
        with own_database("rehearsal", keep=keep):
            self._rehearse(n, seed, drive.Clock())

    def _rehearse(self, n: int, seed: int, clock: drive.Clock) -> None:
        say, now, sources = self._say, timezone.now().replace(microsecond=0), drive.Sources(seed)
        settings.REGISTRATION_NUMBERS = sources.numbers
        with clock.step("tables"):
            say("tables and reference data ...")
            call_command("migrate", verbosity=0)
            call_command("load_reference_data", stdout=self.stderr)
        with clock.step("classes and quota"):
            say("staff, decree, classes, split ...")
            staff = province.make_staff()
            wave = province.make_wave(
                staff=staff,
                slug="geladi",
                name="Gelombang geladi (data contoh)",
                total=max(n // 4, 2_500),
                opens_at=now - timedelta(days=1),
                now=now - timedelta(days=2),
            )
            popularity = province.make_classes(
                wave=wave, places_wanted=max(n * 3 // 10, 3_000), seed=seed, now=now, source=sources.id
            )
            province.publish_quota(staff=staff, wave=wave, now=now)
            wave = province.open_wave(staff=staff, wave=wave, now=now)
        crowd = drive.Crowd(count=n, places=province.places(now.date()))
        submissions = crowd.people(seed=seed, now=now)
        refused: Counter[str] = Counter()
        with clock.step("through the pages"):
            say(f"{THROUGH_PAGES} people through the pages ...")
            refused += register_by_http(
                people=list(islice(submissions, THROUGH_PAGES)),
                popularity=popularity,
                ids={code: str(pk) for code, pk in wave.classes.values_list("code", "pk")},
                sources=sources,
            )
        with clock.step("bulk intake"):
            say(f"{n - THROUGH_PAGES:,} people by the bulk intake ...")
            refused += drive.register(wave=wave, submissions=submissions, sources=sources, now=now)
        with clock.step("wishes"):
            say("wishes ...")
            drive.wish(wave=wave, popularity=popularity, sources=sources, now=now)
        with clock.step("freeze"):
            say("freeze ...")
            closed = drive.close(staff=staff, wave=wave)
            draw = drive.freeze(staff=staff, wave=wave, sources=sources, now=closed)
        with clock.step("draw and verify"):
            say("dice, draw, verifier ...")
            draw = drive.roll(staff=staff, draw=draw, sources=sources, now=wave.draws_at)
        with clock.step("publish"):
            say("publish ...")
            if draw.state == draw.State.AGREED:
                drive.publish(staff=staff, draw=draw, now=wave.draws_at)
                draw.refresh_from_db()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        print_report(say=say, wave=wave, draw=draw, submitted=n, refused=refused, by_http=THROUGH_PAGES, clock=clock)
        if broken := broken_invariants(wave=wave, draw=draw, submitted=n, refused=refused):
            raise CommandError("Broken: " + "; ".join(broken))
        say("All invariants hold.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
