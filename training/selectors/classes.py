"""The classes of a wave as the province plans them."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum

from clusters.models import Cluster, Regency
from training.models import TrainingClass

PAGE = 50


@dataclass(frozen=True, slots=True)
class SeatTable:
    """Seats by regency (rows by official code) and cluster; the last column and `totals` are sums."""

    clusters: list[Cluster]
    rows: list[tuple[Regency, list[int], int]]
    totals: list[int]
    total: int


def seat_table(wave_id: UUID) -> SeatTable:
    """Every regency, also those without a class: 0 seats there is a fact. Three queries."""
    clusters = list(Cluster.objects.all())
    seats: defaultdict[tuple[int, int], int] = defaultdict(int)
    cells = TrainingClass.objects.filter(wave=wave_id).values_list("regency_id", "cluster_id")
    for regency_id, cluster_id, total in cells.annotate(Sum("seats")):
        seats[regency_id, cluster_id] = total
    rows = []
    for regency in Regency.objects.all():
        cells_of = [seats[regency.pk, cluster.pk] for cluster in clusters]
        rows.append((regency, cells_of, sum(cells_of)))
    totals = [sum(column) for column in zip(*(cells_of for _, cells_of, _ in rows), strict=True)]
    return SeatTable(clusters, rows, totals, sum(totals))


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
