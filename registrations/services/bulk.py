"""Registering many people at once: the checks and the rows of the single intake, written by COPY."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, models, transaction
from django.utils import timezone

from clusters.models import Wave
from clusters.selectors.areas import AreaLists, area_lists
from records.fields import BlindIndexField
from records.ids import uuid7
from records.models import Event
from records.services.copying import copy_rows
from registrations.eligibility import Areas, RuleSet, decide
from registrations.models import Applicant, Consent, Disability, DisabilityNeed, EligibilityDecision, Registration
from registrations.selectors.listings import ListAnswer, lists_about_many
from registrations.selectors.places import Places, all_places, regency_of
from registrations.selectors.waves import is_open
from registrations.services import rows
from registrations.services.intake import WaveNotOpen
from registrations.services.receipts import NumberSource, random_numbers
from registrations.services.rows import Row, Subject
from registrations.services.validation import Person, check

CHUNK = 5_000  # people of one transaction
BATCH = 1_000
# Referred-to tables first.
TABLES = (Applicant, Disability, DisabilityNeed, Registration, EligibilityDecision, Consent, Event)

IdSource = Callable[[], UUID]
Tables = dict[type[models.Model], list[Row]]


@dataclass(frozen=True)
class IntakeReport:
    """What became of each person, in the order given: the id of the registration, or the code of the refusal.

    Codes: those of `validation.check`, of `eligibility.FAILURES`, and "duplicate_applicant".
    """

    results: list[UUID | str]

    @property
    def accepted(self) -> int:
        return sum(isinstance(result, UUID) for result in self.results)

    @property
    def refusals(self) -> Counter[str]:
        return Counter(result for result in self.results if isinstance(result, str))


def register_many(
    *,
    wave: Wave,
    people: Iterable[Person],
    now: datetime,
    join: bool,
    language: str = "id",
    number_source: NumberSource = random_numbers,
    id_source: IdSource = uuid7,
    key_source: IdSource = uuid4,
) -> IntakeReport:
    """Register people whom the portal does not know yet, in chunks of one transaction each; for jobs, as the owner.

    Refuses by the same checks as `intake.register` and goes on with the rest. With `join` they take part in the draw at
    once. Everything written except ciphertexts follows from the arguments, so seeded sources give equal rows.
    Raises WaveNotOpen.
    """
    if not is_open(wave, now):
        raise WaveNotOpen(wave.slug)
    day = timezone.localdate(now)
    lists = area_lists(day)
    intake = _Intake(
        wave=wave,
        now=now,
        day=day,
        join=join,
        language=language,
        number_source=number_source,
        id_source=id_source,
        key_source=key_source,
        places=all_places(),
        lists=lists,
        rules=rows.rules_of(wave.rule_set),
        areas=rows.areas_of(lists),
    )
    rest, results = iter(people), list[UUID | str]()
    while chunk := list(islice(rest, CHUNK)):
        with transaction.atomic():
            results += intake.register(chunk)
    return IntakeReport(results)


@dataclass(frozen=True, kw_only=True)
class _Intake:
    """What is the same for everybody of one call."""

    wave: Wave
    now: datetime
    day: date
    join: bool
    language: str
    number_source: NumberSource
    id_source: IdSource
    key_source: IdSource
    places: Places
    lists: AreaLists
    rules: RuleSet
    areas: Areas

    def register(self, chunk: Sequence[Person]) -> list[UUID | str]:
        """One batch is written by the database while the next one is made: COPY waits outside Python's lock."""
        results: list[UUID | str] = []
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            ThreadPoolExecutor(max_workers=1) as writer,
        ):
            list(writer.map(partial(_write, cursor.cursor), self._batches(chunk, results)))
        return results

    def _batches(self, chunk: Sequence[Person], results: list[UUID | str]) -> Iterator[Tables]:
        """The rows of the chunk by table, BATCH people at a time; what became of each person goes to `results`."""
        _close_gate()
        indexes = [(BlindIndexField.of("nik", person.nik), BlindIndexField.of("kk", person.kk)) for person in chunk]
        known = _present("registrations_applicant", "nik_index", [nik for nik, _kk in indexes])
        households = self._households([kk for _nik, kk in indexes])
        lists = lists_about_many(nik_indexes=[nik for nik, _kk in indexes], day=self.day)
        everybody = zip(chunk, indexes, self._numbers(len(chunk)), strict=True)
        while batch := list(islice(everybody, BATCH)):
            tables: Tables = defaultdict(list)
            for person, (nik, kk), number in batch:
                about = lists.about(nik, regency_of(person.village_id))
                result = (
                    "duplicate_applicant" if nik in known else self._add(person, households[kk], about, number, tables)
                )
                if isinstance(result, UUID):
                    known.add(nik)
                    households[kk] += 1
                results.append(result)
            yield tables

    def _add(self, person: Person, household: int, lists: ListAnswer, number: str, tables: Tables) -> UUID | str:
        """Append the person's rows to the tables and return the registration's id, or a refusal."""
        now = self.now
        findings = check(vars(person), places=self.places, today=self.day)
        if rejection := next((finding.code for finding in findings if finding.grade == "reject"), None):
            return rejection
        applicant_id, registration_id = self.id_source(), self.id_source()
        subject = Subject.of(applicant_id, person)
        blank_spot = person.village_id in self.lists.blank_spots
        facts = rows.facts_of(subject, person, blank_spot=blank_spot, household=household, lists=lists)
        decision = decide(facts, self.rules, self.areas, self.day)
        if decision.failures:
            return decision.failures[0][0]

        tables[Applicant].append(rows.applicant_row(person, applicant_id=applicant_id, now=now))
        if person.disability is not None:
            tables[Disability].append({"applicant_id": applicant_id, "stated": person.disability})
        if person.disability and person.disability_need:
            need = rows.need_row(person, applicant_id=applicant_id, need_id=self.id_source())
            tables[DisabilityNeed].append(need)
        tables[Registration].append(
            rows.registration_row(
                subject,
                person,
                facts,
                decision,
                registration_id=registration_id,
                wave_id=self.wave.pk,
                number=number,
                idempotency_key=self.key_source(),
                channel=Registration.Channel.BULK.value,
                warnings=tuple(finding.code for finding in findings),
                now=now,
                joined=self.join,
            )
        )
        tables[EligibilityDecision].append(
            rows.decision_row(facts, decision, decision_id=self.id_source(), registration_id=registration_id, now=now)
        )
        tables[Consent] += [
            rows.consent_row(
                purpose, consent_id=self.id_source(), registration_id=registration_id, language=self.language, now=now
            )
            for purpose in rows.purposes_of(person.disability)
        ]
        tables[Event] += [
            rows.event_row(kind, fields, subject, event_id=self.id_source(), registration_id=registration_id, now=now)
            for kind, fields in [("created", list[str]()), *([("joined", ["state"])] if self.join else [])]
        ]
        return registration_id

    def _households(self, kk_indexes: list[bytes]) -> Counter[bytes]:
        """Registered people of the wave by family card."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT kk_index, count(*) FROM registrations_applicant a JOIN registrations_registration r"
                " ON r.applicant_id = a.id WHERE kk_index = ANY(%s) AND wave_id = %s GROUP BY 1",
                [kk_indexes, self.wave.pk],
            )
            return Counter({bytes(kk): people for kk, people in cursor})

    def _numbers(self, count: int) -> list[str]:
        """Numbers that nobody has, in the order drawn."""
        numbers = dict[str, None]()
        while len(numbers) < count:
            drawn = self.number_source(count - len(numbers))
            taken = _present("registrations_registration", "number", drawn)
            numbers |= dict.fromkeys(number for number in drawn if number not in taken)
        return list(numbers)


def _write(cursor: Any, tables: Tables) -> None:
    for model in TABLES:
        copy_rows(cursor, model, tables[model])


def _close_gate() -> None:
    """No single registration runs until the transaction ends, so households and NIKs may be counted ahead."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('registrations.households'), 0)")


def _present(table: str, column: str, values: list[Any]) -> set[Any]:
    """Those of the values that stand in the column."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE {column} = ANY(%s)", [values])  # noqa: S608 - our names
        return {bytes(value) if isinstance(value, memoryview) else value for (value,) in cursor}
