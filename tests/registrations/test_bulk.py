"""Many people at once: the same rows and the same refusals as one by one, and one seed, one province."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import models, transaction
from django.utils import timezone

from accounts.scope import NOBODY
from clusters.models import Wave
from records.fields import Sealed
from records.models import Event
from registrations.models import (
    Applicant,
    Consent,
    Disability,
    DisabilityNeed,
    EligibilityDecision,
    IdentityCheck,
    Registration,
    Tally,
)
from registrations.services import bulk, intake
from registrations.services.bulk import IntakeReport, register_many
from registrations.services.intake import WaveNotOpen
from registrations.services.validation import Person
from tests.factories.people import make_person, make_region, make_wave
from tests.factories.registered import make_list

pytestmark = pytest.mark.django_db

TABLES: list[type[models.Model]] = [
    Applicant,
    Disability,
    DisabilityNeed,
    Registration,
    EligibilityDecision,
    IdentityCheck,
    Consent,
    Event,
]
# What one registration cannot share with another of the same person: identifiers, and who did it by which way.
OWN = {
    *("id", "number", "code_index", "idempotency_key", "channel"),
    *("applicant", "registration", "actor_role", "subject_id", "person_id"),
}


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def many(wave: Wave, people: list[Person], **over: Any) -> IntakeReport:
    return register_many(**{"wave": wave, "people": people, "now": timezone.now(), "join": False} | over)


def rolled_back(read: Callable[[], Any]) -> Any:
    """What `read` finds; then the rows of append-only tables are gone in the only way they can go."""
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        found = read()
        raise ZeroDivisionError
    return found


def rows() -> dict[str, list[str]]:
    """Every row of a registration without its identifiers, encrypted values opened."""
    found = {}
    for model in TABLES:
        columns = [field.attname for field in model._meta.concrete_fields if field.name not in OWN]
        found[model.__name__] = sorted(
            str([_plain(getattr(row, column)) for column in columns]) for row in model._default_manager.all()
        )
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Sealed):
        return value.open()
    return bytes(value) if isinstance(value, memoryview) else value


@pytest.mark.parametrize("over", [{}, {"disability": True, "disability_need": "kursi\\roda"}, {"disability": False}])
def test_both_ways_write_equal_rows(wave: Wave, over: dict[str, Any]) -> None:
    person = make_person(email="siti@contoh.example", remote=True, warnings=("nik_region", "kk_region"), **over)
    make_list("laid_off", person.nik)

    def alone() -> dict[str, list[str]]:
        submission = {"scope": NOBODY, "wave": wave, "idempotency_key": uuid4(), "language": "id"}
        intake.register(person=person, now=timezone.now(), **submission)
        return rows()

    def together() -> dict[str, list[str]]:
        many(wave, [person])
        return rows()

    with time_machine.travel(timezone.now(), tick=False):
        single, bulk_rows = rolled_back(alone), rolled_back(together)
    assert single == bulk_rows
    assert all(
        single[model.__name__] for model in TABLES if over.get("disability") or "Disability" not in model.__name__
    )


def test_refusals_are_reasons_in_input_order(wave: Wave) -> None:
    known, kk = make_person(), make_person().kk
    many(wave, [known])
    pupil, elsewhere = make_person(), make_person()
    make_list("in_education", pupil.nik)
    make_list("in_education", elsewhere.nik, regency=3301)
    people = [
        pupil,
        elsewhere,
        known,
        make_person(nik="123"),
        make_person(in_education=True),
        make_person(kk=kk),
        twice := make_person(kk=kk),
        make_person(kk=kk),
        twice,
        make_person(village_id=3399999999),
    ]
    report = many(wave, people)
    assert [result if isinstance(result, str) else "ok" for result in report.results] == [
        "in_education",
        "ok",
        "duplicate_applicant",
        "nik_length",
        "in_education",
        "ok",
        "ok",
        "household_limit",
        "duplicate_applicant",
        "village_unknown",
    ]
    assert report.accepted == 3
    assert report.refusals["duplicate_applicant"] == 2
    accepted = {result for result in report.results if isinstance(result, UUID)}
    assert accepted <= set(Registration.objects.values_list("pk", flat=True))


def test_the_limits_hold_across_chunks(wave: Wave, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 1)
    kk = make_person().kk
    report = many(wave, [make_person(kk=kk), make_person(kk=kk), make_person(kk=kk)])
    assert report.results[2] == "household_limit"


def test_joining_at_once_counts_in_the_tally(wave: Wave) -> None:
    many(wave, [make_person(), make_person()], join=True)
    assert Registration.objects.filter(state="joined", joined_at__isnull=False).count() == 2
    assert list(Tally.objects.counts("state").values_list("state", "people")) == [("joined", 2)]
    assert Event.objects.filter(kind="registration.joined").count() == 2


def test_awkward_text_survives_the_copy(wave: Wave) -> None:
    name, address = "O\\'Neil \\N Ñandú", 'RT 01\\t "dua" \\. {}'
    many(wave, [make_person(name=name, address=address)])
    applicant = Applicant.objects.get()
    assert (applicant.name, applicant.address) == (name, address)


def test_numbers_that_are_taken_are_drawn_again(wave: Wave) -> None:
    many(wave, [make_person()], number_source=lambda _count: ["000000000001"])
    drawn = iter([["000000000001", "000000000002"], ["000000000003"]])
    many(wave, [make_person(), make_person()], number_source=lambda _count: next(drawn))
    assert sorted(Registration.objects.values_list("number", flat=True)) == [f"{number:012}" for number in (1, 2, 3)]


def seeded(seed: int) -> dict[str, Callable[..., Any]]:
    dice = random.Random(seed)

    def identifier() -> UUID:
        return UUID(int=dice.getrandbits(128), version=4)

    return {
        "number_source": lambda count: [f"{dice.randrange(10**12):012}" for _ in range(count)],
        "id_source": identifier,
        "key_source": identifier,
    }


def test_one_seed_one_result(wave: Wave) -> None:
    people = [make_person(disability=True, disability_need="kursi roda") for _ in range(3)]

    def run(seed: int) -> tuple[Any, ...]:
        def read() -> tuple[Any, ...]:
            results = many(wave, people, now=wave.opens_at, join=True, **seeded(seed)).results
            found = Registration.objects.order_by("pk").values_list("pk", "number", "code_index", "joined_at")
            return results, [(pk, number, bytes(code), at) for pk, number, code, at in found]

        return rolled_back(read)

    assert run(7) == run(7) != run(8)


def test_not_in_a_closed_wave(wave: Wave) -> None:
    with pytest.raises(WaveNotOpen):
        many(wave, [make_person()], now=timezone.now() + timedelta(days=30))
    assert not Applicant.objects.exists()
