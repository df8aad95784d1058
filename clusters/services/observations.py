"""Dated figures come in here: published tables, and what other rooms of the portal count.

Nothing is overwritten. A changed figure is a new row and the old one names its successor, so whoever used the old one
can still be explained.
"""

import json
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from clusters.models import Dataset, Observation, Wave
from clusters.services.recomputing import request_for_new_figures


@dataclass(frozen=True, slots=True)
class NewObservation:
    """One figure as delivered. `regency_id` None means the province; `wave_id` only where the figure belongs to one.

    Registrants come in the unit clusters.selectors.demand.TWELFTHS, since a person may fit several clusters.
    """

    indicator: str
    regency_id: int | None
    cluster_id: int | None
    wave_id: UUID | None
    period: str
    value: Decimal | int
    unit: str
    source: str
    confidence: str = "high"
    note: str = ""
    sex: str = ""
    with_disability: bool | None = None


def record_observations(
    *,
    dataset_name: str,
    publisher: str,
    rows: Sequence[NewObservation],
    now: datetime,
    source: str = "",
    period: str = "",
    licence: str = "",
    imported_by_id: UUID | None = None,
) -> Dataset:
    """Append a delivery and return its Dataset; the same delivery twice is one.

    `source`, `period` and `licence` are those of the whole delivery; a stored one keeps what it was first given.
    A figure of a wave supersedes the wave's current figure of the same (indicator, regency, cluster, sex,
    with_disability); a published one (no wave) only the same source's for the same period, so that competing figures
    stay side by side. Where value, unit and confidence are still the same no row is written. For new published figures a
    proposal of every wave that has a version is requested in the same transaction; those of a wave wait for the beat.
    Must run with the owner's rights: web requests cannot write figures.

    Raises django.db.IntegrityError (clusters_observation_once) when two rows of one delivery state the same figure.
    """
    content = json.dumps([dataset_name, publisher, now, [asdict(row) for row in rows]], default=str)
    with transaction.atomic():
        waves = {row.wave_id for row in rows if row.wave_id}
        list(Wave.objects.select_for_update(no_key=True).filter(pk__in=waves).order_by("pk"))
        dataset, is_new = Dataset.objects.get_or_create(
            checksum=sha256(content.encode()).hexdigest(),
            defaults={
                "name": dataset_name,
                "publisher": publisher,
                "as_of": now,
                "source": source,
                "period": period,
                "licence": licence,
                "imported_by_id": imported_by_id,
            },
        )
        if not is_new:
            return dataset
        current: dict[Hashable, Observation] = {
            _subject(old): old
            for old in Observation.objects.current().filter(
                Q(wave__in=waves) | Q(wave=None), indicator__in={row.indicator for row in rows}
            )
        }
        news = [
            Observation(dataset=dataset, as_of=now, **asdict(row))
            for row in rows
            if (old := current.get(_subject(row))) is None or _statement(old) != _statement(row)
        ]
        Observation.objects.bulk_create(news)
        superseded = []
        for new in news:
            if old := current.get(_subject(new)):
                old.superseded_by = new
                superseded.append(old)
        Observation.objects.bulk_update(superseded, ["superseded_by"])
        if any(new.wave_id is None for new in news):
            request_for_new_figures()
    return dataset


def _subject(row: NewObservation | Observation) -> Hashable:
    """What a figure is about: two figures about the same thing cannot both be current."""
    subject = (row.indicator, row.regency_id, row.cluster_id, row.wave_id, row.sex, row.with_disability)
    return subject if row.wave_id else (*subject, row.period, row.source, row.note)


def _statement(row: NewObservation | Observation) -> Hashable:
    """What a figure says of its subject."""
    return row.value, row.unit, row.confidence
