"""The classes of a wave as the province plans them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from clusters.models import Cluster, QuotaCell, QuotaSplit, Regency
from training.models import TrainingClass

PAGE = 50


@dataclass(frozen=True, slots=True)
class Supply:
    """Seats and classes of a cell or a sum, and the places a split puts there.

    lack: "short" (places without a seat), "none" (demand and no seat), "full" (the seats stop the demand), "" otherwise.
    """

    seats: int = 0
    classes: int = 0
    places: int = 0
    lack: str = ""

    @property
    def short(self) -> int:
        return self.places - self.seats


@dataclass(frozen=True, slots=True)
class SupplyTable:
    """Supply by regency (rows by official code: regency, cells, sum, number of providers) and cluster, with its sums.

    split: the version whose places are meant, None where there is none; lacks: how many cells lack what.
    """

    clusters: list[Cluster]
    rows: list[tuple[Regency, list[Supply], Supply, int]]
    totals: list[Supply]
    total: Supply
    providers: int
    split: QuotaSplit | None
    lacks: Counter[str]


def supply_table(wave_id: UUID, *, split: QuotaSplit | None = None) -> SupplyTable:
    """Every regency, also those without a class: 0 seats there is a fact. Three queries, one more with `split`."""
    divided = {(cell.regency_id, cell.cluster_id): cell for cell in split.cells.all()} if split else {}
    seats, classes, providers = Counter[Any](), Counter[Any](), defaultdict[int, set[int]](set)
    offered = TrainingClass.objects.filter(wave=wave_id).values_list("regency_id", "cluster_id", "provider_id")
    for regency_id, cluster_id, provider_id, count, total in offered.annotate(Count("pk"), Sum("seats")):
        seats[regency_id, cluster_id] += total
        classes[regency_id, cluster_id] += count
        providers[regency_id].add(provider_id)
    clusters, rows = list(Cluster.objects.all()), []
    for regency in Regency.objects.all():
        keys = [(regency.pk, cluster.pk) for cluster in clusters]
        cells = [_supply(seats[key], classes[key], divided.get(key)) for key in keys]
        rows.append((regency, cells, _summed(cells), len(providers[regency.pk])))
    totals = [_summed(column) for column in zip(*(cells for _, cells, _, _ in rows), strict=True)]
    lacks = Counter(cell.lack for _, cells, _, _ in rows for cell in cells)
    everyone = set[int]().union(*providers.values())
    return SupplyTable(clusters, rows, totals, _summed(totals), len(everyone), split, lacks)


def _supply(seats: int, classes: int, cell: QuotaCell | None) -> Supply:
    if cell is None:
        return Supply(seats, classes)
    if cell.seats > seats:
        lack = "short"
    elif cell.weight and not seats:
        lack = "none"
    else:
        lack = "full" if cell.binds == "cap" and cell.seats == seats else ""
    return Supply(seats, classes, cell.seats, lack)


def _summed(cells: Sequence[Supply]) -> Supply:
    return Supply(*(sum(column) for column in zip(*((c.seats, c.classes, c.places) for c in cells), strict=True)))


def classes_table(wave_id: UUID) -> QuerySet[TrainingClass, tuple[Any, ...]]:
    """Values in the order of training.resources.TrainingClassResource, so that what is taken away can be brought back."""
    return (
        TrainingClass.objects.filter(wave=wave_id)
        .order_by("code")
        .values_list(
            "code", "programme_id", "provider__name", "regency__code", "cluster__code", "seats", "minimum", "venue", "schedule",
            "starts_on", "ends_on",
        )
    )  # fmt: skip


def classes_of(wave_id: UUID, *, regency_id: int | None = None, after: str = "") -> QuerySet[TrainingClass]:
    """Classes by code, after the code `after`."""
    classes = TrainingClass.objects.filter(wave=wave_id, code__gt=after).order_by("code")
    if regency_id is not None:
        classes = classes.filter(regency_id=regency_id)
    return classes.select_related("programme", "provider", "regency", "cluster")
