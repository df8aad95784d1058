"""The list of a wave's people."""

from dataclasses import dataclass
from uuid import UUID

from accounts.scope import Scope
from clusters.models import Cluster, Village, Wave
from records.fields import BlindIndexField
from registrations.models import Applicant, Registration
from registrations.querysets import RegistrationQuerySet

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which people of a wave: what is None or empty does not narrow."""

    wave: Wave
    regency_id: int | None = None
    state: str = ""
    cluster: Cluster | None = None
    identity: str = ""
    name: str = ""


@dataclass(frozen=True)
class Page:
    """`before` and `after`: the registration behind which the neighbouring page starts, where there is one."""

    rows: list[Registration]
    villages: dict[UUID, Village]
    before: UUID | None
    after: UUID | None

    @property
    def rows_with_villages(self) -> list[tuple[Registration, Village | None]]:
        return [(row, self.villages.get(row.applicant_id)) for row in self.rows]


def registrations(*, scope: Scope, wanted: Wanted) -> RegistrationQuerySet:
    """Everybody who is wanted, by name."""
    found = Registration.objects.within(scope).filter(wave=wanted.wave).name_starts(wanted.name).by_name()
    if wanted.regency_id:
        found = found.filter(regency_id=wanted.regency_id)
    if wanted.state:
        found = found.filter(state=wanted.state)
    if wanted.identity:
        found = found.with_identity(wanted.identity)
    if wanted.cluster:
        found = found.in_cluster(wanted.cluster.index)
    return found


def page_of(*, scope: Scope, wanted: Wanted, after: UUID | None = None, before: UUID | None = None) -> Page:
    """Up to PAGE_SIZE people behind `after` or in front of `before`, in two or three queries at any depth.

    Raises Registration.DoesNotExist when the key is nobody this scope sees.
    """
    found = registrations(scope=scope, wanted=wanted)
    key = after or before
    if key:
        name = Registration.objects.within(scope).values_list("search_name", flat=True).get(pk=key)
        found = found.after(name, key) if after else found.before(name, key)
    rows = list(found[: PAGE_SIZE + 1])
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    forward = bool(after) or not before
    if not forward:
        rows.reverse()
    has_previous, has_next = (bool(key), more) if forward else (more, True)
    return Page(
        rows,
        _villages(scope, rows),
        rows[0].pk if rows and has_previous else None,
        rows[-1].pk if rows and has_next else None,
    )


def _villages(scope: Scope, rows: list[Registration]) -> dict[UUID, Village]:
    """By person. Read apart, because who has moved away is another office's person while the registration stays here."""
    people = Applicant.objects.within(scope).filter(pk__in=[row.applicant_id for row in rows])
    return {person.pk: person.village for person in people.select_related("village__district__regency").only("village")}


def find_by_nik(*, scope: Scope, wave: Wave, nik: str) -> UUID | None:
    """The registration of the person with this NIK in this wave; a person of another office is not found."""
    of_wave = Registration.objects.within(scope).filter(wave=wave)
    return of_wave.filter(applicant__nik_index=BlindIndexField.of("nik", nik)).values_list("pk", flat=True).first()


def find_by_number(*, scope: Scope, number: str) -> UUID | None:
    return Registration.objects.within(scope).filter(number=number).values_list("pk", flat=True).first()
