"""Identity checks: queued with every registration, asked of a registry that may be slow or down, and answered once."""

import json
import os
import signal
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from clusters.models import Wave
from records.gateways import Unavailable
from records.models import Event
from registrations import gate
from registrations.dukcapil import Question, read_answer
from registrations.models import IdentityCheck, Registration, RegistryGate
from registrations.services import identity
from registrations.services.bulk import BATCH as COPIED
from registrations.services.bulk import register_many
from registrations.services.identity import LEASE, MAX_ATTEMPTS
from registrations.tasks import check_identities
from tests.factories.people import make_person, make_region, make_wave
from tests.factories.registered import make_registration
from tests.prakerja.database import ask
from tests.records.outbox import Clock
from tests.records.test_jobs import in_threads
from tests.registrations.registry import Simulator, simulator

pytestmark = pytest.mark.django_db(transaction=True)

NIK = "33749950039{:05}"  # the simulator answers by the last digits


@pytest.fixture
def registry(settings: Any) -> Iterator[Simulator]:
    with simulator() as running:
        settings.DUKCAPIL_URL, settings.DUKCAPIL_SECONDS = running.url, 5
        yield running


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def register(wave: Wave, *serials: int) -> list[Registration]:
    return [make_registration(wave, nik=NIK.format(50_000 + serial), name=f"Rahayu {serial}") for serial in serials]


def later() -> Clock:
    """A clock that has passed the registrations of this test."""
    return Clock(timezone.now() + timedelta(seconds=1))


def sweep(clock: Clock) -> int:
    """Everything that is due now: the time stands still, and what is put off waits."""
    return identity.check_due(now=clock, chance=lambda: 0.0, until=clock.at + timedelta(hours=1))


def states() -> Counter[str]:
    return Counter(IdentityCheck.objects.values_list("state", flat=True))


def serials_asked(registry: Simulator) -> list[int]:
    return [int(nik[-4:]) for nik, _outcome in registry.seen()]


def test_a_registration_waits_for_nobody_and_is_queued_with_its_own_transaction(wave: Wave, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        settings.DUKCAPIL_URL = f"http://127.0.0.1:{silent.getsockname()[1]}/periksa"
        (registration,) = register(wave, 1)
        silent.settimeout(0)
        with pytest.raises(BlockingIOError):
            silent.accept()
    check = IdentityCheck.objects.get()
    assert (check.registration, check.state, check.attempts) == (registration, "pending", 0)
    assert (check.applicant_id, check.wave, check.regency_id) == (registration.applicant_id, wave, 3374)
    assert check.next_try == registration.created_at
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        register(wave, 2)
        raise ZeroDivisionError
    assert IdentityCheck.objects.count() == 1


@pytest.fixture
def statements() -> Iterator[Callable[[], int]]:
    """How many statements have added identity checks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE statements (at timestamptz DEFAULT clock_timestamp());"
            "CREATE FUNCTION count_statement() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN INSERT INTO statements DEFAULT VALUES; RETURN NULL; END $$;"
            "CREATE TRIGGER count_statement AFTER INSERT ON registrations_identitycheck"
            " FOR EACH STATEMENT EXECUTE FUNCTION count_statement()"
        )
        yield lambda: ask("SELECT count(*) FROM statements")[0][0]
        cursor.execute(
            "DROP TRIGGER count_statement ON registrations_identitycheck;"
            "DROP FUNCTION count_statement(); DROP TABLE statements"
        )


def test_two_thousand_at_once_are_queued_by_a_statement_for_each_copy(
    wave: Wave, statements: Callable[[], int]
) -> None:
    people = [make_person() for _ in range(2_000)]
    assert register_many(wave=wave, people=people, now=timezone.now(), join=False).accepted == 2_000
    assert statements() == 2_000 // COPIED
    assert IdentityCheck.objects.filter(state="pending", registration__wave=wave).count() == 2_000


def test_the_migration_queues_whoever_is_registered_already(wave: Wave) -> None:
    registrations = register(wave, 1, 2)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registrations_identitycheck DISABLE TRIGGER never_deleted")
        try:
            cursor.execute("DELETE FROM registrations_identitycheck")
            cursor.execute(
                f"{import_module('registrations.migrations.0007_identity_checks').ASK} FROM registrations_registration"
            )
        finally:
            cursor.execute("ALTER TABLE registrations_identitycheck ENABLE TRIGGER never_deleted")
    rows = IdentityCheck.objects.values_list("registration_id", "state", "next_try", "as_of")
    assert sorted(rows) == sorted((one.pk, "pending", one.created_at, one.as_of) for one in registrations)


@pytest.mark.parametrize(
    ("serial", "state", "differs"),
    [
        (1, "matched", []),
        (7, "not_matched", ["kk"]),
        (17, "not_matched", ["name"]),
        (27, "not_matched", ["birth_date"]),
        (37, "not_matched", ["nik"]),
    ],
)
def test_the_answer_is_kept_as_what_differs_and_told_in_the_log(
    wave: Wave, registry: Simulator, serial: int, state: str, differs: list[str]
) -> None:
    (registration,) = register(wave, serial)
    clock = later()
    assert (sweep(clock), sweep(clock)) == (1, 0)
    check = IdentityCheck.objects.get()
    assert (check.state, check.differs, check.checked_at, check.next_try) == (state, differs, clock.at, None)
    assert check.request_id.startswith("SIM-") and check.as_of == clock.at
    event = Event.objects.get(kind__startswith="identity.")
    assert (event.kind, event.fields, event.actor_role) == (f"identity.{state}", differs, "system")
    assert (event.subject_id, event.person_id) == (registration.pk, registration.applicant_id)


@pytest.mark.parametrize("mode", ["broken", "garbage", "slow", "dead"])
def test_a_registry_in_trouble_is_left_alone_and_the_backlog_drains_when_it_is_back(
    wave: Wave, registry: Simulator, settings: Any, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    caplog.set_level("DEBUG")
    settings.DUKCAPIL_SECONDS = 0.3
    register(wave, *range(100, 120))
    registry.be(mode)
    clock = later()
    assert gate.TRIP <= sweep(clock) <= gate.TRIP + identity.BATCH
    assert RegistryGate.objects.get().retry_at == clock.at + gate.COOL_DOWN
    asked = len(registry.seen())
    clock.wait(seconds=59)
    assert sweep(clock) == 0, "open"
    clock.wait(seconds=1)
    assert sweep(clock) == 1 and len(registry.seen()) == asked + 1, "half open: a probe, and shut again"
    register(wave, 120)
    assert states() == {"pending": 21}, "registering goes on"

    registry.be("matched")
    settings.DUKCAPIL_SECONDS = 5
    clock.wait(hours=1)
    assert sweep(clock) == 21
    assert states() == {"matched": 21} and RegistryGate.objects.get().retry_at is None
    assert Event.objects.filter(kind="identity.matched").count() == 21
    assert "the way to the civil registry is open" in caplog.text
    assert "Rahayu" not in caplog.text and NIK[:11] not in caplog.text and "1995" not in caplog.text


def test_who_waits_longest_is_asked_about_first(wave: Wave, registry: Simulator, monkeypatch: Any) -> None:
    monkeypatch.setattr(identity, "BATCH", 1)
    register(wave, 503, 501, 502)
    sweep(later())
    assert serials_asked(registry) == [503, 501, 502]


def test_a_probe_is_about_somebody_whom_the_registry_has_not_choked_on(wave: Wave, registry: Simulator) -> None:
    register(wave, *(1_057 + 1_000 * number for number in range(gate.TRIP)))
    clock = later()
    sweep(clock)
    register(wave, 1)
    clock.wait(hours=1)
    IdentityCheck.objects.filter(attempts=0).update(next_try=clock.at)  # due after all the others
    assert sweep(clock) > 1
    assert serials_asked(registry)[gate.TRIP] == 1 and states()["matched"] == 1


def test_no_minute_has_more_questions_than_agreed(wave: Wave, registry: Simulator, settings: Any) -> None:
    settings.DUKCAPIL_PER_MINUTE = 10
    register(wave, *range(100, 115))
    clock = later()
    clock.at = clock.at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    assert sweep(clock) == 10
    clock.wait(seconds=59)
    assert sweep(clock) == 0
    clock.wait(seconds=1)
    assert sweep(clock) == 5


def test_two_workers_at_once_ask_about_everybody_once(wave: Wave, registry: Simulator) -> None:
    register(wave, *range(100, 140))
    registry.be("matched")
    together, clock = Barrier(2), later()

    def work() -> int:
        together.wait(10)
        return sweep(clock)

    assert sum(in_threads(work, work)) == 40
    assert sorted(serials_asked(registry)) == list(range(100, 140))
    assert states() == {"matched": 40}


def test_a_worker_killed_between_asking_and_writing_is_made_up_for(wave: Wave, registry: Simulator) -> None:
    register(wave, 1, 2)
    clock = later()
    connection.close()
    if (child := os.fork()) == 0:
        identity._write_down = lambda *_arguments: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        try:
            sweep(clock)
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert (
        len(registry.seen()) == 2 and states() == {"pending": 2} and not Event.objects.filter(kind="identity.matched")
    )

    assert sweep(clock) == 0, "its lease is not over"
    clock.at += LEASE
    assert sweep(clock) == 2
    assert states() == {"matched": 2} and Event.objects.filter(kind="identity.matched").count() == 2


@pytest.mark.parametrize(("mode", "state"), [("matched", "matched"), ("broken", "pending")])
def test_a_worker_that_comes_back_late_changes_nothing(
    wave: Wave, registry: Simulator, monkeypatch: pytest.MonkeyPatch, mode: str, state: str
) -> None:
    register(wave, 7)
    clock, write_down = later(), identity._write_down

    def overtaken(*arguments: Any) -> None:
        monkeypatch.setattr(identity, "_write_down", write_down)
        registry.be(mode)
        in_threads(lambda: sweep(Clock(clock.at + LEASE)))
        write_down(*arguments)

    monkeypatch.setattr(identity, "_write_down", overtaken)
    sweep(clock)
    assert len(registry.seen()) == 2 and states() == {state: 1}
    assert not Event.objects.filter(kind="identity.not_matched").exists()


def test_what_brings_no_answer_is_tried_later_and_later_and_in_the_end_daily(wave: Wave, registry: Simulator) -> None:
    register(wave, 1)
    registry.be("broken")
    clock, waits = later(), []
    for _ in range(MAX_ATTEMPTS + 2):
        sweep(clock)
        check = IdentityCheck.objects.get()
        waits.append((check.next_try - clock.at).total_seconds())
        clock.at = max(check.next_try, RegistryGate.objects.get().retry_at or check.next_try)
    assert waits[:4] == [5, 10, 20, 40] and waits[-3:] == [86_400] * 3
    assert (check.state, check.error, check.attempts) == ("failed", "HTTP 503", MAX_ATTEMPTS + 2)
    registry.be("matched")
    sweep(clock)
    assert states() == {"matched": 1}


def test_the_beat_asks_and_without_an_address_checks_wait(wave: Wave, registry: Simulator, settings: Any) -> None:
    register(wave, 1)
    url, settings.DUKCAPIL_URL = settings.DUKCAPIL_URL, ""
    check_identities()
    assert states() == {"pending": 1}
    settings.DUKCAPIL_URL = url
    check_identities()
    assert states() == {"matched": 1}


FINE = {"request_id": "x-1", "nik": True, "no_kk": True, "nama_lgkp": True, "tgl_lhr": True}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"null", b"[]", b'"nik"', b"\xff",
        *(
            json.dumps(FINE | change).encode()
            for change in (
                {"nik": "true"}, {"nik": None}, {"no_kk": 1}, {"nama_lgkp": "Siti"}, {"alamat": True}, {"request_id": 7},
                {"request_id": ""}, {"request_id": "x" * 65}, {"request_id": "a b"}, {"request_id": "q3374995003950001"},
            )
        ),
        json.dumps({name: value for name, value in FINE.items() if name != "tgl_lhr"}).encode(),
    ],
)  # fmt: skip
def test_only_the_agreed_answer_is_an_answer(body: bytes) -> None:
    assert read_answer(json.dumps(FINE).encode()).differs == ()
    with pytest.raises(Unavailable) as refusal:
        read_answer(body)
    assert "Siti" not in str(refusal.value) and "3374" not in str(refusal.value)


def test_a_question_shows_nobody() -> None:
    person = make_person()
    question = Question(person.village_id, person.nik, person.kk, person.name, person.birth_date)
    assert repr(question) == f"Question(reference={person.village_id})"
