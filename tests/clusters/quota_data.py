"""Rows for the tests of observations, demand and quota: a small province of four regencies. Data contoh."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from accounts.scope import Scope
from clusters.models import ClusterArea, QuotaSplit, Wave
from clusters.selectors.published import shown_digest
from clusters.services.observations import NewObservation, record_observations
from clusters.services.quota import publish_split
from tests.factories import people
from tests.factories.places import make_clusters, make_regency
from tests.factories.staff import scope_of
from tests.factories.waves import record_seats

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
PMI, BOROBUDUR, PHK, AFIRMASI = range(4)
REGENCIES = {3301: "Kabupaten Cilacap", 3308: "Kabupaten Magelang", 3309: "Kabupaten Boyolali", 3374: "Kota Semarang"}


def make_province() -> None:
    make_clusters()
    for pk, name in REGENCIES.items():
        make_regency(pk, name=name)
    ClusterArea.objects.get_or_create(
        cluster_id=BOROBUDUR, regency_id=3308, defaults={"ring": "ring_1", "active": True, "source": "Perpres 58/2014"}
    )


def make_wave(*, slug: str = "gelombang-1", total: int = 400, state: str = "open") -> Wave:
    make_province()
    return people.make_wave(state, now=NOW, slug=slug, name="Gelombang 1", total=total)


def figure(
    indicator: str,
    regency_id: int | None,
    value: float,
    *,
    cluster_id: int | None = None,
    wave_id: UUID | None = None,
    period: str = "2025",
    unit: str = "persons",
    source: str = "https://contoh.example/sumber",
    confidence: str = "high",
    note: str = "",
) -> NewObservation:
    return NewObservation(
        indicator, regency_id, cluster_id, wave_id, period, Decimal(str(value)), unit, source, confidence, note
    )


def deliver(*rows: NewObservation, now: datetime = NOW) -> None:
    record_observations(dataset_name="Data contoh", publisher="Uji", rows=rows, now=now)


def deliver_seats(wave: Wave, seats: Mapping[tuple[int, int], int], *, now: datetime = NOW) -> None:
    """`seats` by (cluster, regency)."""
    record_seats(wave, seats, now=now)


def deliver_indicators() -> None:
    """Every kind of choice once: reported, reported twice, estimated by rate, and without population missing."""
    deliver(
        figure("population", None, 10_000_000, period="2023-12"),
        figure("population", 3301, 2_000_000, period="2023-12"),
        figure("population", 3301, 1_900_000, period="2020-09"),
        figure("population", 3308, 1_300_000, period="2023-12"),
        figure("population", 3374, 1_700_000, period="2023-12"),
        figure("pmi_placed", None, 5_000, period="2025-01..02"),
        figure("pmi_placed", 3301, 1_100, period="2025-01..02"),
        figure("pmi_placed", 3301, 3_433, period="2021"),
        figure("phk_workers", None, 8_000, period="2024-01..08"),
        figure("phk_workers", 3309, 1_662, period="2024-01..08"),
        figure("phk_workers", 3309, 1_950, period="2020-04-29"),
        figure("phk_workers", 3374, 1_135, period="2024-01..08"),
        figure(
            "phk_workers", 3374, 1_835, period="2024-01..08", confidence="medium", source="https://contoh.example/lain"
        ),
        figure("population_female", 3301, 973_452, period="2021"),
        figure("population_female", 3308, 647_804, period="2021"),
    )


def publish(split: QuotaSplit, *, scope: Scope | None = None, now: datetime = NOW) -> QuotaSplit:
    """Put in force by somebody who was shown this version beside the one in force."""
    in_force = QuotaSplit.objects.published().filter(wave=split.wave_id).order_by("-version").first()
    shown = shown_digest(split, in_force)
    return publish_split(scope=scope or scope_of("approver"), split_id=split.pk, shown=shown, now=now)
