"""The queue of pairs that may be one person, and both sides of one of them."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from accounts.phone import mask_phone
from accounts.scope import Scope
from registrations.eligibility import age_on
from registrations.models import Applicant, DuplicateDecision, DuplicatePair, Registration
from registrations.nik import mask_nik
from registrations.querysets import DuplicatePairQuerySet

PAGE_SIZE = 50


@dataclass(frozen=True)
class Queue:
    """`after`: behind which pair the next page starts, where there is one."""

    rows: list[DuplicatePair]
    after: UUID | None


@dataclass(frozen=True)
class Side:
    """One of the two, masked; `applicant` is None for a person who has moved to another office since."""

    registration: Registration
    applicant: Applicant | None
    nik: str
    kk: str
    phone: str
    age: int | None


@dataclass(frozen=True)
class Comparison:
    pair: DuplicatePair
    older: Side
    younger: Side
    decisions: list[DuplicateDecision]


def queue_of(*, scope: Scope, regency_id: int | None = None, after: UUID | None = None) -> Queue:
    """Up to PAGE_SIZE pairs that wait, the longest waiting first, behind `after`; two queries at any depth.

    To the province those that lie between two offices, to an office its own. Raises DuplicatePair.DoesNotExist.
    """
    found: DuplicatePairQuerySet = DuplicatePair.objects.within(scope).waiting()
    if regency_id:
        found = found.filter(regency_id=regency_id)
    found = found.select_related("older", "younger", "regency", "other_regency", "wave").order_by("found_at", "pk")
    if after:
        key = DuplicatePair.objects.within(scope).get(pk=after)
        found = found.behind(key.found_at, key.pk)
    rows = list(found[: PAGE_SIZE + 1])
    return Queue(rows[:PAGE_SIZE], rows[PAGE_SIZE - 1].pk if len(rows) > PAGE_SIZE else None)


def compare(*, scope: Scope, pair_id: UUID, today: date) -> Comparison:
    """Four queries. Raises DuplicatePair.DoesNotExist, also for what another office's person is part of."""
    pair: DuplicatePair = (
        DuplicatePair.objects.within(scope)
        .select_related("older__wave", "older__regency", "younger__wave", "younger__regency")
        .get(pk=pair_id)
    )
    ids = {pair.older.applicant_id, pair.younger.applicant_id}
    people = Applicant.objects.within(scope).select_related("village__district").in_bulk(ids)
    decisions = pair.decisions.select_related("actor").order_by("-at", "-pk")
    columns = [field.name for field in DuplicateDecision._meta.fields] + ["actor__name"]
    return Comparison(
        pair,
        _side(pair.older, people.get(pair.older.applicant_id), today),
        _side(pair.younger, people.get(pair.younger.applicant_id), today),
        list(decisions.only(*columns)),
    )


def _side(registration: Registration, applicant: Applicant | None, today: date) -> Side:
    if applicant is None:
        return Side(registration, None, "", "", "", None)
    return Side(
        registration,
        applicant,
        nik=mask_nik(applicant.nik.open()),
        kk=mask_nik(applicant.kk.open()),
        phone=mask_phone(applicant.phone.open()),
        age=age_on(applicant.birth_date, today),
    )
