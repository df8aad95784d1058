"""How many people there are, by cluster, regency and state: sums of the tally, one query."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.scope import Scope
from clusters.models import Wave
from registrations.models import Registration, Tally

STATES = tuple(Registration.State)


@dataclass(frozen=True)
class Group:
    """People of one regency and state with one eligibility set."""

    regency_id: int
    state: str
    clusters: int
    people: int

    def is_in(self, cluster: int) -> bool:
        return bool(self.clusters >> cluster & 1)


@dataclass(frozen=True)
class Numbers:
    """People by state, in the order of STATES."""

    by_state: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(people for _, people in self.by_state)


def groups_of(*, scope: Scope, wave: Wave, regency_id: int | None = None) -> list[Group]:
    counts = Tally.objects.within(scope).filter(wave=wave).counts("regency_id", "state", "clusters")
    if regency_id:
        counts = counts.filter(regency_id=regency_id)
    return [Group(**row) for row in counts]


def count(groups: Iterable[Group]) -> Numbers:
    """Everybody of these groups, each once."""
    people: Counter[str] = Counter()
    for group in groups:
        people[group.state] += group.people
    return Numbers(tuple((state, people[state]) for state in STATES))
