"""Both logs as one list, newest first: by person, by who acted, by kind, by time; a page costs the same at any depth."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.scope import Scope
from clusters.models import Regency
from prakerja.audit import words
from records.fields import BlindIndexField
from records.models import Event, Read
from registrations.models import Applicant, Registration

PAGE_SIZE = 50
READ = "read"  # stands beside the kinds of events


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is None or empty does not narrow. `since` is in, `until` is not."""

    person_id: UUID | None = None
    actor_id: UUID | None = None
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """A line as it is shown. `registration` is one of the person's, as a way to the file."""

    number: int
    at: datetime
    actor_id: UUID | None
    who: str
    role: str
    what: str
    about: str
    registration: Registration | None
    regency: str
    why: str


@dataclass(frozen=True)
class Page:
    """`after`: the number behind which the next page starts, where there is one."""

    entries: list[Entry]
    after: int | None


def events_of(wanted: Wanted) -> QuerySet[Event]:
    found = _narrow(Event.objects.all(), wanted)
    return found.filter(kind=wanted.kind) if wanted.kind else found


def reads_of(wanted: Wanted) -> QuerySet[Read]:
    return _narrow(Read.objects.all(), wanted) if wanted.kind in ("", READ) else Read.objects.none()


def _narrow(found: QuerySet[Any], wanted: Wanted) -> QuerySet[Any]:
    if wanted.person_id:
        found = found.filter(person_id=wanted.person_id)
    if wanted.actor_id:
        found = found.filter(actor_id=wanted.actor_id)
    if wanted.since:
        found = found.filter(at__gte=wanted.since)
    if wanted.until:
        found = found.filter(at__lt=wanted.until)
    return found.order_by("-at", "-number")


def page_of(*, scope: Scope, wanted: Wanted, after: int | None = None) -> Page:
    """Up to PAGE_SIZE lines behind the one with the number `after`. Raises Event.DoesNotExist when there is none."""
    rows = list(_lines(wanted, after, PAGE_SIZE + 1))
    shown = rows[:PAGE_SIZE]
    return Page(list(in_words(scope, shown)), shown[-1].number if len(rows) > PAGE_SIZE else None)


def _lines(wanted: Wanted, after: int | None, limit: int) -> Iterator[Event | Read]:
    key = Q()
    if after is not None:
        at = _moment_of(after)
        key = Q(at__lte=at) & (Q(at__lt=at) | Q(number__lt=after))  # the first condition is what an index starts from
    both: list[Event | Read] = []
    for found in (events_of(wanted), reads_of(wanted)):
        both += found.filter(key)[:limit]
    yield from sorted(both, key=lambda row: (row.at, row.number), reverse=True)[:limit]


def _moment_of(number: int) -> datetime:
    for log in (Event, Read):
        found = log.objects.filter(number=number).values_list("at", flat=True).first()
        if found:
            return found
    raise Event.DoesNotExist


def in_words(scope: Scope, rows: list[Event | Read]) -> Iterator[Entry]:
    names = dict(User.objects.filter(pk__in={row.actor_id for row in rows}).values_list("pk", "name"))
    regencies = dict(Regency.objects.filter(pk__in={row.regency_id for row in rows}).values_list("pk", "name"))
    people = {row.person_id for row in rows if row.person_id}
    files = {
        registration.applicant_id: registration
        for registration in Registration.objects.within(scope)
        .filter(applicant_id__in=people)
        .only("number", "applicant_id")
        .order_by("created_at")
    }
    for row in rows:
        kind = "" if isinstance(row, Read) else row.kind
        yield Entry(
            number=row.number,
            at=row.at,
            actor_id=row.actor_id,
            who=names[row.actor_id] if row.actor_id else "",
            role=words.role_words(row.actor_role, kind),
            what=words.read_words(row.field) if isinstance(row, Read) else words.kind_words(kind),
            about="" if isinstance(row, Read) or row.person_id else words.subject_words(row.subject_type),
            registration=files.get(row.person_id) if row.person_id else None,
            regency=regencies.get(row.regency_id, "") if row.regency_id else "",
            why=row.reason,
        )


def person_by(*, scope: Scope, nik: str = "", number: str = "") -> UUID | None:
    """The applicant with this NIK or registration number."""
    if nik:
        index = BlindIndexField.of("nik", nik)
        return Applicant.objects.within(scope).filter(nik_index=index).values_list("pk", flat=True).first()
    return Registration.objects.within(scope).filter(number=number).values_list("applicant_id", flat=True).first()


def staff_named(beginning: str) -> list[tuple[UUID, str]]:
    """Up to ten accounts whose name starts so."""
    return list(User.objects.filter(name__istartswith=beginning).order_by("name").values_list("pk", "name")[:10])
