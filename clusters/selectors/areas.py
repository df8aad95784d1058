"""The lists of places that open a cluster or the offline route."""

from dataclasses import dataclass
from datetime import date

from clusters.models import BlankSpotVillage, ClusterArea


@dataclass(frozen=True, kw_only=True)
class AreaLists:
    """Primary keys of villages and regencies. `villages` and `regencies` are by cluster code."""

    blank_spots: frozenset[int]
    villages: dict[str, frozenset[int]]
    regencies: dict[str, frozenset[int]]


def area_lists(day: date) -> AreaLists:
    """The lists of a day: the areas in force then, and every known blank spot."""
    areas = list(ClusterArea.objects.in_force(day).values_list("cluster__code", "village_id", "regency_id"))
    codes = {code for code, _village, _regency in areas}
    return AreaLists(
        blank_spots=frozenset(BlankSpotVillage.objects.values_list("pk", flat=True)),
        villages={c: frozenset(village for code, village, _ in areas if code == c and village) for c in codes},
        regencies={c: frozenset(regency for code, _, regency in areas if code == c and regency) for c in codes},
    )
