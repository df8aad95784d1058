"""Dated figures come in here: published tables, and what other rooms of the portal count.

Nothing is overwritten. A changed figure is a new row and the old one names its successor, so whoever used the old one
can still be explained.
"""

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localdate

from clusters.models import Dataset, Observation, Wave
from clusters.selectors.demand import TWELFTHS
from clusters.services.recomputing import request_for_new_figures

PORTAL = "Portal Kuota Luring Prakerja"
UNITS = {
    Observation.Indicator.OPEN_SEATS: "places",
    Observation.Indicator.GRANTED: "places",
    Observation.Indicator.ELIGIBLE: "persons",
    Observation.Indicator.REGISTRANTS: TWELFTHS,
    Observation.Indicator.BY_GROUP: TWELFTHS,
}


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


class Cell(NamedTuple):
    """What the portal counts in: a cluster in a regency, or a group of people in it."""

    regency_id: int
    cluster_id: int
    sex: str = ""
    with_disability: bool | None = None


def record_counts(
    *, wave: Wave, dataset_name: str, counts: Mapping[Observation.Indicator, Mapping[Cell, int]], now: datetime
) -> None:
    """Append what a room of the portal counted of a wave, in UNITS; 0 for a cell that was counted before and is not in `counts`.

    Writes nothing, not even a Dataset, where everything stands as it was. The caller has held the wave's row since before
    he counted, so of two counts the later one stands. Must run with the owner's rights.
    """
    current = {
        (Observation.Indicator(indicator), Cell(*cell)): value
        for indicator, *cell, value in Observation.objects.current()
        .filter(wave=wave, indicator__in=counts)
        .values_list("indicator", *Cell._fields, "value")
    }
    counted = dict.fromkeys(current, 0) | {
        (indicator, cell): count for indicator, cells in counts.items() for cell, count in cells.items()
    }
    rows = [
        NewObservation(
            indicator=indicator,
            wave_id=wave.pk,
            period=localdate(now).isoformat(),
            value=count,
            unit=UNITS[indicator],
            source=PORTAL,
            **cell._asdict(),
        )
        for (indicator, cell), count in counted.items()
        if current.get((indicator, cell)) != count
    ]
    if rows:
        record_observations(dataset_name=dataset_name, publisher=PORTAL, rows=rows, now=now)


def _subject(row: NewObservation | Observation) -> Hashable:
    """What a figure is about: two figures about the same thing cannot both be current."""
    subject = (row.indicator, row.regency_id, row.cluster_id, row.wave_id, row.sex, row.with_disability)
    return subject if row.wave_id else (*subject, row.period, row.source, row.note)


def _statement(row: NewObservation | Observation) -> Hashable:
    """What a figure says of its subject."""
    return row.value, row.unit, row.confidence
