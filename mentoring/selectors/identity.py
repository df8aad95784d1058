"""What the civil registry said about people, as the office works on it."""

from dataclasses import dataclass

from django.db.models import Count

from accounts.scope import Scope
from clusters.models import Wave
from registrations.models import IdentityCheck


@dataclass(frozen=True)
class Mismatches:
    """People whose data did not match; `sighted`: of these, who waits for the second person."""

    total: int
    sighted: int


def mismatches_of(*, scope: Scope, wave: Wave, regency_id: int | None = None) -> Mismatches:
    """One query, over the index of just these rows."""
    found = IdentityCheck.objects.within(scope).filter(wave=wave, state=IdentityCheck.State.NOT_MATCHED)
    if regency_id:
        found = found.filter(regency_id=regency_id)
    return Mismatches(**found.aggregate(total=Count("pk"), sighted=Count("sighted_by")))
