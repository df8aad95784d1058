"""Registering a person in a wave, joining its draw, and leaving it again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import Wave
from clusters.selectors.areas import area_lists
from records.fields import BlindIndexField
from records.ids import uuid7
from records.services.constraints import violated
from records.services.log import record_event
from records.services.messages import Recipient, queue_message
from registrations.eligibility import Decision, decide
from registrations.models import Applicant, Consent, Disability, DisabilityNeed, EligibilityDecision, Registration
from registrations.selectors.listings import lists_about
from registrations.selectors.waves import open_waves, takes_registrations
from registrations.services import rows
from registrations.services.receipts import NumberSource, Receipt, random_numbers, secret_code
from registrations.services.rows import Subject
from registrations.services.validation import Answers, Person
from registrations.states import TRANSITIONS

NUMBER_ATTEMPTS = 5
RECEIPTS_A_PHONE_A_DAY = 5  # by SMS; a family may share one phone, and anybody can type anybody's number


class WaveNotOpen(Exception):
    """The wave does not take this step at this moment."""


class NotEligible(Exception):
    """A rule says no; `decision` names every rule that does, with its article."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(", ".join(rule for rule, _article in decision.failures))
        self.decision = decision


class Listed(NotEligible):
    """The NIK is on a list that a rule looks at, which is not for everybody to know."""


class HouseholdFull(NotEligible):
    """As many people of this family card as the rule set allows are registered in the wave."""


class DuplicateApplicant(Exception):
    """This NIK is known already, or this person is registered in this wave already."""


class KeyReused(Exception):
    """The idempotency key belongs to somebody else's submission."""


_CONFLICTS: dict[str, type[Exception]] = {
    "registrations_applicant_nik": DuplicateApplicant,
    "registrations_registration_once": DuplicateApplicant,
    "registrations_registration_idempotency": KeyReused,
}


def register(
    *,
    scope: Scope,
    wave: Wave,
    person: Person,
    idempotency_key: UUID,
    now: datetime,
    language: str,
    number_source: NumberSource = random_numbers,
) -> Receipt:
    """Register somebody new: every row of it, or none. `person` has passed `validation.check` without a rejection.

    The same key and NIK once more give the same receipt. Afterwards the transaction's scope includes the applicant.
    Raises WaveNotOpen, NotEligible, Listed, HouseholdFull, DuplicateApplicant, KeyReused.
    """
    applicant_id = uuid7()

    def create_applicant() -> None:
        Applicant(**rows.applicant_row(person, applicant_id=applicant_id, now=now)).save(force_insert=True)
        if person.disability is not None:
            Disability(applicant_id=applicant_id, stated=person.disability).save(force_insert=True)
        if person.disability and person.disability_need:
            need = rows.need_row(person, applicant_id=applicant_id, need_id=uuid7())
            DisabilityNeed(**need).save(force_insert=True)

    return _Submission(scope, wave, idempotency_key, now, language, number_source).register(
        Subject.of(applicant_id, person),
        answers=person,
        nik_index=BlindIndexField.of("nik", person.nik),
        kk_index=BlindIndexField.of("kk", person.kk),
        phone_index=BlindIndexField.of("phone", person.phone),
        warnings=person.warnings,
        first=create_applicant,
    )


def register_again(
    *,
    scope: Scope,
    wave: Wave,
    applicant: Applicant,
    answers: Answers,
    idempotency_key: UUID,
    now: datetime,
    language: str,
    number_source: NumberSource = random_numbers,
) -> Receipt:
    """Register a known applicant in a further wave; identity, domicile and disability stay as recorded.

    `scope` is the applicant's own. Raises what `register` raises.
    """
    stated = Disability.objects.filter(applicant=applicant).values_list("stated", flat=True).first()
    return _Submission(scope, wave, idempotency_key, now, language, number_source).register(
        Subject.known(applicant, disability=stated),
        answers=answers,
        nik_index=bytes(applicant.nik_index),
        kk_index=bytes(applicant.kk_index),
        phone_index=bytes(applicant.phone_index),
    )


def join(*, scope: Scope, registration_id: UUID, now: datetime) -> bool:
    """Take part in the wave's draw; whether this call changed anything, so joining twice is joining once.

    Raises WaveNotOpen, also for whom the rules have turned away, and Registration.DoesNotExist where the scope sees no such
    registration.
    """
    changes = {"state": Registration.State.JOINED, "joined_at": now, "as_of": now}
    return _move(scope, registration_id, changes, open_waves(now).values("pk"), now)


def withdraw(*, scope: Scope, registration_id: UUID, now: datetime) -> bool:
    """Give up the registration while the list is not frozen; whether this call changed anything.

    Raises WaveNotOpen, and Registration.DoesNotExist where the scope sees no such registration.
    """
    unfrozen = Wave.objects.filter(state__in=[Wave.State.OPEN, Wave.State.CLOSED]).values("pk")
    return _move(scope, registration_id, {"state": Registration.State.WITHDRAWN, "as_of": now}, unfrozen, now)


def _move(scope: Scope, registration_id: UUID, changes: dict[str, object], waves: object, now: datetime) -> bool:
    """One conditional UPDATE: the row's own state is tested again after waiting for a faster request."""
    to = str(changes["state"])
    mine = Registration.objects.within(scope).filter(pk=registration_id)
    before = {old for old, steps in TRANSITIONS.items() if to in steps} - {Registration.State.INELIGIBLE}
    with transaction.atomic():
        changed = mine.filter(state__in=before, wave__in=waves).update(**changes)
        registration = mine.only("state", "applicant_id", "regency_id").get()
        if changed:
            _record(scope, f"registration.{to}", registration, now=now, fields=["state"])
        elif registration.state != to:
            raise WaveNotOpen(str(registration_id))
    return bool(changed)


def _record(scope: Scope, kind: str, registration: Registration, *, now: datetime, fields: list[str]) -> None:
    """An office's act stands under the office's regency, also for somebody who lives elsewhere."""
    own = scope.regency_ids
    record_event(
        kind=kind,
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type="registration",
        subject_id=registration.pk,
        person_id=registration.applicant_id,
        regency_id=min(own) if own and registration.regency_id not in own else registration.regency_id,
        fields=fields,
        at=now,
    )


@dataclass(frozen=True)
class _Submission:
    """One sending of the form."""

    scope: Scope
    wave: Wave
    idempotency_key: UUID
    now: datetime
    language: str
    number_source: NumberSource

    def register(
        self,
        subject: Subject,
        *,
        answers: Answers,
        nik_index: bytes,
        kk_index: bytes,
        phone_index: bytes,
        warnings: tuple[str, ...] = (),
        first: Callable[[], None] = lambda: None,
    ) -> Receipt:
        if not takes_registrations(self.wave, self.now):
            raise WaveNotOpen(self.wave.slug)
        for attempt in range(NUMBER_ATTEMPTS):
            try:
                with transaction.atomic():
                    household = self._count_household(nik_index, kk_index)
                    return self._repeat(nik_index) or self._create(
                        subject, answers, household, nik_index, phone_index, warnings, first
                    )
            except IntegrityError as error:
                conflict = violated(error)
                if conflict in _CONFLICTS:
                    # Two submissions of one form at the same moment: the faster one has created the receipt.
                    if repeat := self._repeat(nik_index):
                        return repeat
                    raise _CONFLICTS[conflict] from error
                if conflict != "registrations_registration_number" or attempt == NUMBER_ATTEMPTS - 1:
                    raise
        raise AssertionError("the loop returns or raises")

    @property
    def _channel(self) -> Registration.Channel:
        """Who is signed in fills in for somebody else: applicants have no account."""
        return Registration.Channel.OFFICE if self.scope.user_id else Registration.Channel.SELF

    def _count_household(self, nik_index: bytes, kk_index: bytes) -> int:
        """Other registered people of the family card in the wave; nobody else of it registers until we end."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT registrations_count_household(%s, %s, %s)", [kk_index, nik_index, self.wave.pk])
            return int(cursor.fetchone()[0])

    def _repeat(self, nik_index: bytes) -> Receipt | None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM registrations_find_repeat(%s, %s)", [self.idempotency_key, nik_index])
            found = cursor.fetchone()
        return self._receipt(*found, created=False) if found else None

    def _receipt(self, applicant_id: UUID, registration_id: UUID, number: str, *, created: bool) -> Receipt:
        return Receipt(
            applicant_id=applicant_id,
            registration_id=registration_id,
            number=number,
            code=secret_code(self.idempotency_key),
            created=created,
        )

    def _create(
        self,
        subject: Subject,
        answers: Answers,
        household: int,
        nik_index: bytes,
        phone_index: bytes,
        warnings: tuple[str, ...],
        first: Callable[[], None],
    ) -> Receipt:
        day = timezone.localdate(self.now)
        areas = area_lists(day)
        facts = rows.facts_of(
            subject,
            answers,
            blank_spot=subject.village_id in areas.blank_spots,
            household=household,
            lists=lists_about(nik_index=nik_index, regency_id=subject.regency_id, day=day),
        )
        decision = decide(facts, rows.rules_of(self.wave.rule_set), rows.areas_of(areas), day)
        if not decision.eligible:
            full = any(rule == "household_limit" for rule, _article in decision.failures)
            raise (HouseholdFull if full else Listed if decision.lists else NotEligible)(decision)

        enter_scope(self.scope.as_applicant(subject.applicant_id))
        first()
        registration = Registration(
            **rows.registration_row(
                subject,
                answers,
                facts,
                decision,
                registration_id=uuid7(),
                wave_id=self.wave.pk,
                number=self.number_source(1)[0],
                idempotency_key=self.idempotency_key,
                channel=self._channel.value,
                warnings=warnings,
                now=self.now,
            )
        )
        registration.save(force_insert=True)
        of_registration: dict[str, Any] = {"registration_id": registration.pk, "now": self.now}
        EligibilityDecision(**rows.decision_row(facts, decision, decision_id=uuid7(), **of_registration)).save(
            force_insert=True
        )
        consent = of_registration | {"language": self.language, "taken_by": self.scope.user_id}
        Consent.objects.bulk_create(
            Consent(**rows.consent_row(purpose, consent_id=uuid7(), **consent))
            for purpose in rows.purposes_of(subject.disability)
        )
        _record(self.scope, "registration.created", registration, now=self.now, fields=[])
        if self._is_to_be_told(phone_index):
            queue_message(
                template="registration_received",
                channel="sms",
                language=self.language,
                key=f"registration_received:{registration.pk}",
                values={"wave": self.wave.name, "number": registration.number},
                recipient=Recipient("applicant", subject.applicant_id),
                now=self.now,
            )
        return self._receipt(subject.applicant_id, registration.pk, registration.number, created=True)

    def _is_to_be_told(self, phone_index: bytes) -> bool:
        key = BlindIndexField.of("code", f"receipt by SMS {phone_index.hex()}")
        with connection.cursor() as cursor:
            since = self.now - timedelta(days=1)
            cursor.execute("SELECT registrations_add_attempt(%s, %s, %s)", [key, self.now, since])
            return bool(cursor.fetchone()[0] <= RECEIPTS_A_PHONE_A_DAY)
