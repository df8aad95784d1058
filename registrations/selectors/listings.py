"""What lists of people say: of each source the newest list of the day, for the people of its regency or of the province."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from registrations.eligibility import Listing
from registrations.models import PersonList


class ListAnswer(NamedTuple):
    """Of one person: the kinds of lists there are to look in, and the lists that name the person, in a fixed order."""

    kinds: frozenset[str]
    listings: tuple[Listing, ...]

    @property
    def on_aid_list(self) -> bool | None:
        """None: there is no list of aid to look in."""
        kind = PersonList.Kind.AID_RECIPIENT.value
        return any(one.kind == kind for one in self.listings) if kind in self.kinds else None


def lists_about(*, nik_index: bytes, regency_id: int, day: date) -> ListAnswer:
    """For one person, whatever the scope of the request; the lists themselves stay closed to it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM registrations_lists_about(%s, %s, %s)", [nik_index, regency_id, day])
        rows = cursor.fetchall()
    return ListAnswer(
        frozenset(kind for kind, *_rest in rows),
        tuple(sorted(Listing(kind, source, of) for kind, source, of, listed in rows if listed)),
    )


@dataclass(frozen=True)
class Listings:
    """The lists of a day and whom of some people they name, by the index of their NIK. None as a regency is the province."""

    kinds: Mapping[int | None, frozenset[str]]
    named: Mapping[bytes, Sequence[tuple[int | None, Listing]]]

    def about(self, nik_index: bytes, regency_id: int) -> ListAnswer:
        nothing: frozenset[str] = frozenset()
        return ListAnswer(
            self.kinds.get(None, nothing) | self.kinds.get(regency_id, nothing),
            tuple(sorted(one for place, one in self.named.get(nik_index, ()) if place in (None, regency_id))),
        )


def lists_about_many(*, nik_indexes: Sequence[bytes], day: date) -> Listings:
    """The same for many people at once; as the owner."""
    return _listings(day, "WHERE p.nik_index = ANY(%s)", list(nik_indexes))


def lists_about_wave(*, wave_id: UUID, day: date) -> Listings:
    """The same for everybody of a wave; as the owner."""
    of_wave = (
        "WHERE EXISTS (SELECT 1 FROM registrations_applicant a JOIN registrations_registration r ON r.applicant_id = a.id"
        " WHERE a.nik_index = p.nik_index AND r.wave_id = %s)"
    )
    return _listings(day, of_wave, wave_id)


def _listings(day: date, of_whom: str, whom: UUID | list[bytes]) -> Listings:
    named: dict[bytes, list[tuple[int | None, Listing]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT regency_id, array_agg(DISTINCT kind::text) FROM registrations_lists_on(%s) GROUP BY 1", [day]
        )
        kinds = {regency_id: frozenset(found) for regency_id, found in cursor}
        cursor.execute(
            "SELECT p.nik_index, l.regency_id, l.kind, l.source, l.day FROM registrations_lists_on(%s) l"  # noqa: S608 - ours
            f" JOIN registrations_listedperson p ON p.list_id = l.id {of_whom}",
            [day, whom],
        )
        for nik_index, regency_id, *listing in cursor:
            named[bytes(nik_index)].append((regency_id, Listing(*listing)))
    return Listings(kinds, named)
