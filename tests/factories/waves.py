"""What a wave gets on its way: counted seats, a split, classes. Data contoh."""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import count

from django.utils import timezone

from accounts.models import User
from clusters.models import Dataset, Observation, QuotaCell, QuotaSplit, Wave
from clusters.services.observations import NewObservation, record_observations
from tests.factories.places import make_clusters, make_regency
from tests.factories.staff import make_user
from training.models import Programme, Provider, TrainingClass

_codes = count(1)


def record_seats(wave: Wave, seats: Mapping[tuple[int, int], int], *, now: datetime | None = None) -> Dataset:
    """`seats` by (cluster index, regency id), as the training room counts them."""
    make_clusters()
    rows = [
        NewObservation(
            Observation.Indicator.OPEN_SEATS, make_regency(regency).pk, cluster, wave.pk, "2026", value, "places", "uji"
        )
        for (cluster, regency), value in seats.items()
    ]
    return record_observations(dataset_name="uji", publisher="uji", rows=rows, now=now or timezone.now())


def make_split(
    wave: Wave, seats: Mapping[tuple[int, int], int], *, published_by: User | None = None, published: bool = True
) -> QuotaSplit:
    """A split with these places by (cluster index, regency id); published by a second person unless told otherwise."""
    make_clusters()
    now = timezone.now()
    split = QuotaSplit.objects.create(
        wave=wave,
        version=wave.splits.count() + 1,
        total=sum(seats.values()),
        unassigned=0,
        reason="Data contoh",
        inputs_digest="0" * 64,
        policy={},
        divisors={},
        published_by=(published_by or make_user()) if published else None,
        published_at=now if published else None,
        as_of=now,
    )
    for (cluster, regency), places in seats.items():
        QuotaCell.objects.create(
            split=split,
            cluster_id=cluster,
            regency=make_regency(regency),
            weight=places * 12,
            floor=0,
            cap=places,
            seats=places,
            basis={},
        )
    return split


def make_class(wave: Wave, code: str = "", *, regency: int = 3301, cluster: int = 0, seats: int = 16) -> TrainingClass:
    make_clusters()
    programme, _ = Programme.objects.get_or_create(
        code="BARISTA", defaults={"name_id": "Barista", "name_en": "Barista", "hours": 40}
    )
    provider, _ = Provider.objects.get_or_create(
        name="BLK Contoh", defaults={"kind": "blk", "regency": make_regency(regency), "is_sample": True}
    )
    return TrainingClass.objects.create(
        wave=wave,
        code=code or f"KLS-{next(_codes):03}",
        programme=programme,
        provider=provider,
        regency=make_regency(regency),
        cluster_id=cluster,
        seats=seats,
        minimum=min(8, seats),
        venue="Ruang 1",
        schedule="Senin-Jumat 08.00",
        starts_on=date(2027, 1, 12),
        ends_on=date(2027, 1, 30),
        as_of=timezone.now(),
    )
