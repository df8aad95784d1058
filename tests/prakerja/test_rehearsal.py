"""The rehearsal's people, its repeatability, and its eyes for broken promises."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from clusters.models import District, Wave
from prakerja.rehearsal import drive, province
from prakerja.rehearsal.population import Place, people
from prakerja.rehearsal.report import broken_invariants
from training.models import Draw

TODAY = date(2026, 11, 24)
PLACES = [Place(3301012001, 3301, False), Place(3308092008, 3308, True), Place(3374011001, 3374, False)]


class TestPeople:
    def test_one_seed_one_crowd(self) -> None:
        crowds = [list(people(count=300, seed=seed, places=PLACES, today=TODAY)) for seed in (7, 7, 8)]
        assert crowds[0] == crowds[1]
        assert crowds[0] != crowds[2]

    def test_a_part_of_them_is_wrong_in_every_way(self) -> None:
        crowd = list(people(count=4000, seed=1, places=PLACES, today=TODAY))
        niks = Counter(person.nik for person in crowd)
        assert any(count > 1 for count in niks.values())
        assert any(len(person.nik) != 16 for person in crowd)
        assert any(not person.name for person in crowd)
        assert any(person.occupation == "asn" for person in crowd)
        assert any(not (person.remote or person.unfamiliar_digital) for person in crowd)
        assert any((TODAY - person.birth_date).days < 18 * 365 for person in crowd)


@pytest.mark.django_db
class TestWave:
    def test_nobody_can_exist(self) -> None:
        call_command("load_reference_data", verbosity=0)
        assert not District.objects.filter(code__endswith=".99").exists()

    def test_keeps_its_promises_and_sees_a_broken_one(self) -> None:
        call_command("load_reference_data", verbosity=0)
        now, sources = timezone.now(), drive.Sources(1)
        staff = province.make_staff()
        wave = province.make_wave(
            staff=staff, slug="uji", name="Uji", total=100, opens_at=now - timedelta(days=1), now=now
        )
        popularity = province.make_classes(
            wave=wave, places_wanted=100, seed=1, now=now, regencies=frozenset({3301, 3374}), source=sources.id
        )
        province.publish_quota(staff=staff, wave=wave, now=now)
        wave = province.open_wave(staff=staff, wave=wave, now=now)
        places = [place for place in province.places(now.date()) if place.regency_id in {3301, 3374}]
        crowd = drive.Crowd(count=150, places=places).people(seed=1, now=now)
        refused = drive.register(wave=wave, submissions=crowd, sources=sources, now=now)
        drive.wish(wave=wave, popularity=popularity, sources=sources, now=now)
        drive.close(staff=staff, wave=wave)
        draw = drive.freeze(staff=staff, wave=wave, sources=sources, now=wave.draws_at)
        draw = drive.roll(staff=staff, draw=draw, sources=sources, now=wave.draws_at)
        assert draw.state == "agreed", draw.report
        assert broken(wave, draw, refused) == ["engine and verifier agree", "every result became a place"]
        drive.publish(staff=staff, draw=draw, now=wave.draws_at)
        draw.refresh_from_db()
        assert broken(wave, draw, refused) == []
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE registrations_tally SET change = change + 1 WHERE id = (SELECT min(id) FROM registrations_tally)"
            )
        assert broken(wave, draw, refused) == ["counts equal lists"]


def broken(wave: Wave, draw: Draw, refused: Counter[str]) -> list[str]:
    return broken_invariants(wave=wave, draw=draw, submitted=150, refused=refused)


@pytest.mark.django_db
def test_sample_data_are_for_development_only() -> None:
    with override_settings(SAMPLE_DATA=False), pytest.raises(CommandError, match="development only"):
        call_command("build_sample")
