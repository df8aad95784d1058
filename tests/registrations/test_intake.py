"""Registering one person: the rows it leaves, the answers it gives, and what two people at once cannot do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.scope import NOBODY
from accounts.services import enter_scope
from clusters.models import BlankSpotVillage, ClusterArea, Wave
from records.models import Event
from registrations.models import Applicant, Consent, Disability, DisabilityNeed, EligibilityDecision, Registration
from registrations.services import intake
from registrations.services.intake import (
    DuplicateApplicant,
    HouseholdFull,
    KeyReused,
    NotEligible,
    WaveNotOpen,
    join,
    register_again,
    withdraw,
)
from registrations.services.receipts import ALPHABET, Receipt, code_index, normalise_code, random_numbers, secret_code
from registrations.services.validation import Answers, Person
from tests.factories.people import VILLAGE_ID, make_person, make_region, make_wave
from tests.registrations.races import race

pytestmark = pytest.mark.django_db


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def register(wave: Wave, person: Person | None = None, key: UUID | None = None, **over: Any) -> Receipt:
    submission = {"scope": NOBODY, "now": timezone.now(), "language": "id"} | over
    return intake.register(wave=wave, person=person or make_person(), idempotency_key=key or uuid4(), **submission)


def answers(**over: Any) -> Answers:
    person = make_person(**over)
    return Answers(**{field: getattr(person, field) for field in Answers.__dataclass_fields__})


def refused(wave: Wave, **over: Any) -> set[str]:
    with pytest.raises(NotEligible) as refusal:
        register(wave, make_person(**over))
    assert not Applicant.objects.exists()
    assert all(article for _rule, article in refusal.value.decision.failures)
    return {rule for rule, _article in refusal.value.decision.failures}


class TestRows:
    def test_everything_of_one_registration(self, wave: Wave) -> None:
        person = make_person(
            pmi_candidate=True, disability=True, disability_need="kursi roda", warnings=("nik_region",)
        )
        receipt = register(wave, person)
        applicant = Applicant.objects.get()
        registration = applicant.registrations.get()
        assert (applicant.nik.open(), applicant.kk.open(), applicant.phone.open()) == (
            person.nik,
            person.kk,
            person.phone,
        )
        assert (registration.state, registration.clusters, registration.warnings) == ("registered", 9, ["nik_region"])
        assert (registration.name, registration.regency_id) == (person.name, 3374)
        assert Disability.objects.get().stated
        assert DisabilityNeed.objects.get().text.open() == "kursi roda"
        decision = EligibilityDecision.objects.get()
        assert (decision.clusters, decision.rule_set_id) == (9, "2023")
        assert decision.reasons["clusters"] == ["pmi_candidate", "borobudur_not", "phk_not", "afirmasi_woman"]
        assert set(Consent.objects.values_list("purpose", flat=True)) == {"programme", "disability"}
        event = Event.objects.get()
        assert (event.kind, event.person_id, event.regency_id) == ("registration.created", applicant.pk, 3374)
        assert receipt.number == registration.number
        assert bytes(registration.code_index) == code_index(receipt.number, receipt.code)

    def test_disability_not_answered_leaves_no_row_and_no_consent(self, wave: Wave) -> None:
        register(wave, make_person(disability=None))
        assert not Disability.objects.exists()
        assert Consent.objects.get().purpose == "programme"

    def test_the_code_stands_nowhere(self, wave: Wave) -> None:
        receipt = register(wave)
        with connection.cursor() as cursor:
            cursor.execute("SELECT r::text FROM registrations_registration r")
            assert receipt.code not in cursor.fetchone()[0]

    def test_a_number_that_is_taken_is_drawn_again(self, wave: Wave) -> None:
        first = register(wave)
        drawn = iter([[first.number], ["000000000042"]])
        assert register(wave, number_source=lambda _count: next(drawn)).number == "000000000042"

    def test_a_blank_spot_is_a_reason_by_itself(self, wave: Wave) -> None:
        BlankSpotVillage.objects.create(
            village_id=VILLAGE_ID, printed_name="Contoh", period="2026", source="https://contoh.id"
        )
        register(wave, make_person(unfamiliar_digital=False))
        assert Registration.objects.get().blank_spot

    def test_borobudur_is_known_from_the_village(self, wave: Wave) -> None:
        ClusterArea.objects.create(cluster_id=1, village_id=VILLAGE_ID, ring="core", active=True, source="Contoh")
        register(wave, make_person(sex="M", nik="3374991003950001"))
        assert Registration.objects.get().clusters == 2


class TestReceipt:
    def test_the_same_submission_gives_the_same_receipt(self, wave: Wave) -> None:
        person, key = make_person(), uuid4()
        first, again = register(wave, person, key), register(wave, person, key)
        assert (again.number, again.code, again.registration_id) == (first.number, first.code, first.registration_id)
        assert (first.created, again.created) == (True, False)
        assert Registration.objects.count() == 1

    def test_a_key_belongs_to_one_person(self, wave: Wave) -> None:
        key = uuid4()
        register(wave, key=key)
        with pytest.raises(KeyReused):
            register(wave, key=key)
        assert Applicant.objects.count() == 1

    def test_codes_can_be_read_aloud(self) -> None:
        code = secret_code(uuid4())
        assert len(code) == 10
        assert set(code) <= set(ALPHABET)
        assert normalise_code(" ab1o-il ") == "AB1011"

    def test_numbers_have_twelve_digits(self) -> None:
        assert all(len(number) == 12 and number.isdigit() for number in random_numbers(100))


class TestRefusals:
    @pytest.mark.parametrize(
        ("over", "rule"),
        [
            ({"citizen": False}, "citizen"),
            ({"in_education": True}, "in_education"),
            ({"occupation": "tni"}, "excluded_office"),
            ({"received_before": True}, "received_before"),
            ({"unfamiliar_digital": False}, "offline_entitlement"),
            ({"sex": "M"}, "no_cluster"),
            ({"birth_date": timezone.localdate() - timedelta(days=17 * 365)}, "min_age"),
            ({"birth_date": timezone.localdate() - timedelta(days=66 * 365)}, "max_age"),
        ],
    )
    def test_a_rule_says_no_and_nothing_is_kept(self, wave: Wave, over: dict[str, Any], rule: str) -> None:
        assert rule in refused(wave, **over)

    def test_nik_once(self, wave: Wave) -> None:
        person = make_person()
        register(wave, person)
        with pytest.raises(DuplicateApplicant):
            register(wave, person)

    def test_two_of_a_family_card(self, wave: Wave) -> None:
        kk = make_person().kk
        register(wave, make_person(kk=kk))
        register(wave, make_person(kk=kk))
        with pytest.raises(HouseholdFull):
            register(wave, make_person(kk=kk))
        register(make_wave(), make_person(kk=kk))  # the limit is of one wave

    def test_not_after_the_closing(self, wave: Wave) -> None:
        with pytest.raises(WaveNotOpen):
            register(wave, now=timezone.now() + timedelta(days=8))

    def test_before_the_opening_one_registers_and_does_not_join(self, wave: Wave) -> None:
        early = timezone.now() - timedelta(days=2)
        receipt = register(wave, now=early)
        step = {"scope": NOBODY.as_applicant(receipt.applicant_id), "registration_id": receipt.registration_id}
        with pytest.raises(WaveNotOpen):
            join(**step, now=early)
        assert join(**step, now=wave.opens_at)

    def test_not_in_a_closed_wave(self) -> None:
        make_region()
        with pytest.raises(WaveNotOpen):
            register(make_wave("closed"))


class TestAgain:
    def test_a_known_person_is_not_retyped(self, wave: Wave) -> None:
        applicant_id = register(wave, make_person(disability=True)).applicant_id
        scope, later = NOBODY.as_applicant(applicant_id), make_wave()
        enter_scope(scope, web_role=True)
        submission = {"scope": scope, "wave": later, "now": timezone.now(), "language": "id"}
        applicant, key = Applicant.objects.get(), uuid4()
        receipt = register_again(applicant=applicant, answers=answers(), idempotency_key=key, **submission)
        again = register_again(applicant=applicant, answers=answers(), idempotency_key=key, **submission)
        assert again.number == receipt.number
        registration = Registration.objects.get(wave=later)
        assert registration.name == applicant.name
        assert registration.consents.count() == 2
        with pytest.raises(DuplicateApplicant):
            register_again(applicant=applicant, answers=answers(), idempotency_key=uuid4(), **submission)

    def test_rules_are_asked_again(self, wave: Wave) -> None:
        applicant_id = register(wave).applicant_id
        with pytest.raises(NotEligible):
            register_again(
                scope=NOBODY.as_applicant(applicant_id),
                wave=make_wave(),
                applicant=Applicant.objects.get(),
                answers=answers(in_education=True),
                idempotency_key=uuid4(),
                now=timezone.now(),
                language="id",
            )


class TestJoining:
    def test_join_withdraw_and_join_again(self, wave: Wave) -> None:
        receipt, now = register(wave), timezone.now()
        step = {
            "scope": NOBODY.as_applicant(receipt.applicant_id),
            "registration_id": receipt.registration_id,
            "now": now,
        }
        assert [join(**step), join(**step), withdraw(**step), withdraw(**step), join(**step)] == [
            True,
            False,
            True,
            False,
            True,
        ]
        kinds = Event.objects.order_by("pk").values_list("kind", flat=True)
        assert list(kinds) == [f"registration.{step}" for step in ("created", "joined", "withdrawn", "joined")]

    def test_not_after_closing(self, wave: Wave) -> None:
        receipt = register(wave)
        step = {"scope": NOBODY.as_applicant(receipt.applicant_id), "registration_id": receipt.registration_id}
        with pytest.raises(WaveNotOpen):
            join(**step, now=wave.closes_at)
        assert not Event.objects.filter(kind="registration.joined").exists()

    def test_nobody_joins_for_another(self, wave: Wave) -> None:
        receipt = register(wave)
        with pytest.raises(Registration.DoesNotExist):
            join(scope=NOBODY, registration_id=receipt.registration_id, now=timezone.now())


@contextmanager
def guard_off(off: str, on: str) -> Iterator[None]:
    """The database without one of its guards."""
    with connection.cursor() as cursor:
        cursor.execute(off)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE registrations_applicant CASCADE")
            cursor.execute(on)


NO_UNIQUE_NIK = (
    "ALTER TABLE registrations_applicant DROP CONSTRAINT registrations_applicant_nik",
    "ALTER TABLE registrations_applicant ADD CONSTRAINT registrations_applicant_nik UNIQUE (nik_index)",
)


def no_household_lock() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('registrations_count_household'::regproc)")
        function = cursor.fetchone()[0]
    unlocked = "\n".join(line for line in function.splitlines() if "pg_advisory_xact_lock" not in line)
    assert unlocked != function
    return unlocked.replace("%", "%%"), function.replace("%", "%%")


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def same_nik(self, wave: Wave) -> tuple[Callable[[], Receipt], Callable[[], Receipt]]:
        """Two people claim one NIK with different family cards, so only the constraint stands between them."""
        one, other = make_person(), make_person()
        other = make_person(nik=one.nik, kk=other.kk)
        return (lambda: register(wave, one)), (lambda: register(wave, other))

    def household(self, wave: Wave) -> tuple[Callable[[], Receipt], Callable[[], Receipt]]:
        kk = make_person().kk
        register(wave, make_person(kk=kk))
        second, third = make_person(kk=kk), make_person(kk=kk)
        return (lambda: register(wave, second)), (lambda: register(wave, third))

    def test_one_nik_one_row(self, wave: Wave) -> None:
        first, second = race(*self.same_nik(wave))
        assert isinstance(first, Receipt)
        assert isinstance(second, DuplicateApplicant)
        assert Applicant.objects.count() == Registration.objects.count() == 1

    def test_without_the_constraint_there_would_be_two(self, wave: Wave) -> None:
        with guard_off(*NO_UNIQUE_NIK):
            outcomes = race(*self.same_nik(wave))
            assert all(isinstance(outcome, Receipt) for outcome in outcomes)
            assert Applicant.objects.count() == 2

    def test_a_family_card_holds_two(self, wave: Wave) -> None:
        first, second = race(*self.household(wave))
        assert isinstance(first, Receipt)
        assert isinstance(second, HouseholdFull)
        assert Registration.objects.count() == 2

    def test_without_the_lock_it_would_hold_three(self, wave: Wave) -> None:
        with guard_off(*no_household_lock()):
            outcomes = race(*self.household(wave))
            assert all(isinstance(outcome, Receipt) for outcome in outcomes)
            assert Registration.objects.count() == 3

    def test_a_double_click_is_one_receipt(self, wave: Wave) -> None:
        person, key = make_person(), uuid4()
        first, second = race(lambda: register(wave, person, key), lambda: register(wave, person, key))
        assert (second.number, second.code, second.created) == (first.number, first.code, False)
        assert Registration.objects.count() == Event.objects.count() == 1

    def test_joining_twice_is_one_event(self, wave: Wave) -> None:
        receipt = register(wave)
        scope = NOBODY.as_applicant(receipt.applicant_id)

        def join_as_applicant() -> bool:
            enter_scope(scope)
            return join(scope=scope, registration_id=receipt.registration_id, now=timezone.now())

        assert race(join_as_applicant, join_as_applicant) == (True, False)
        assert Event.objects.filter(kind="registration.joined").count() == 1
