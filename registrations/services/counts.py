"""How many people ask for places, counted for the room that divides them."""

from collections import Counter
from datetime import datetime
from itertools import product
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import Coalesce

from clusters.models import Cluster, Observation, Regency, Wave
from clusters.selectors.demand import UNIT
from clusters.services.observations import Cell, record_counts
from registrations.models import Registration

COUNTED = (Wave.State.OPEN, Wave.State.CLOSED, Wave.State.FROZEN)  # later nobody comes or goes


def count_people(*, now: datetime) -> None:
    """Write down who takes part in the waves whose people may still change; nothing where nothing changed.

    Who joined was found eligible by the rules and counts; who only registered or withdrew does not. A person who fits k
    clusters is UNIT / k registrants of each of their cells, and one eligible person in each. By group: the same registrants
    by sex and by whether they stated a disability; who stated nothing counts among those without. In a wave that nobody
    joined yet nothing is known; from the first person on a cell without people has 0. Must run with the owner's rights.
    """
    for wave_id in Wave.objects.filter(state__in=COUNTED).order_by("pk").values_list("pk", flat=True):
        _count_wave(wave_id, now)


@transaction.atomic
def _count_wave(wave_id: UUID, now: datetime) -> None:
    wave = Wave.objects.select_for_update(no_key=True).get(pk=wave_id)
    people = list(
        Registration.objects.filter(wave=wave, state=Registration.State.JOINED)
        .values_list("regency_id", "clusters", "applicant__sex", Coalesce("applicant__disability__stated", False))
        .annotate(Count("pk"))
    )
    clusters = Cluster.objects.values_list("pk", flat=True)
    everywhere = [Cell(*cell) for cell in product(Regency.objects.values_list("pk", flat=True), clusters)]
    registrants = Counter(dict.fromkeys(everywhere if people else (), 0))
    eligible, by_group = registrants.copy(), Counter[Cell]()
    for regency_id, fits, sex, disabled, persons in people:
        for cluster_id in (index for index in clusters if fits >> index & 1):
            cell, share = Cell(regency_id, cluster_id), persons * UNIT // fits.bit_count()
            eligible[cell] += persons
            registrants[cell] += share
            by_group[cell._replace(sex=sex.lower(), with_disability=disabled)] += share
    record_counts(
        wave=wave,
        dataset_name=f"Pendaftar {wave.name}",
        counts={
            Observation.Indicator.REGISTRANTS: registrants,
            Observation.Indicator.ELIGIBLE: eligible,
            Observation.Indicator.BY_GROUP: by_group,
        },
        now=now,
    )
