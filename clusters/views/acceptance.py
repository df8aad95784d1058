"""What a split would mean for those who registered: their chances by cluster, regency, sex and disability."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.scope import Scope
from clusters.acceptance import Persons, expected_places
from clusters.apportionment import Counts
from clusters.selectors.demand import SplitInputs
from clusters.selectors.scenarios import GROUPS, Seats, registrants_by_group

NAMES = {
    ("f", False): gettext_lazy("Perempuan tanpa disabilitas"),
    ("f", True): gettext_lazy("Perempuan dengan disabilitas"),
    ("m", False): gettext_lazy("Laki-laki tanpa disabilitas"),
    ("m", True): gettext_lazy("Laki-laki dengan disabilitas"),
}


def acceptance(
    inputs: SplitInputs, seats: Counts, since: Seats | None, *, scope: Scope, chosen: str, here: Mapping[str, Any]
) -> dict[str, Any] | None:
    """For acceptance.html; None while nobody takes part.

    since: the places in force, for the province's own table; chosen: the id of the regency shown cluster by cluster, if of
    any; here: the parameters of this address.
    """
    registered = registrants_by_group(inputs, scope=scope)
    if registered is None:
        return None
    people, expected = expected_places(seats, registered)
    before = None
    if since is not None:
        in_force = [[since.get((c.pk, r.pk), 0) for r in inputs.regencies] for c in inputs.clusters]
        _people, before = expected_places(np.array(in_force, dtype=np.int64), registered)
    clusters = [*(cluster.code for cluster in inputs.clusters), _("Semua klaster")]

    def rows(place: int, before: Persons | None = None) -> list[tuple[str, list[dict[str, Any]]]]:
        return [
            (
                name,
                [
                    {
                        "people": _short(people[row, place, group]),
                        "expected": _short(expected[row, place, group]),
                        "share": _share(expected, people, (row, place, group)),
                        "before": None if before is None else _share(before, people, (row, place, group)),
                    }
                    for group in range(len(GROUPS) + 1)
                ],
            )
            for row, name in enumerate(clusters)
        ]

    return {
        "groups": [*(NAMES[group] for group in GROUPS), _("Semua")],
        "province": rows(-1, before),
        "regencies": [
            (
                regency.name,
                f"?{urlencode({**here, 'daerah': regency.pk})}#peluang-daerah",
                [_share(expected, people, (-1, place, group)) for group in range(len(GROUPS) + 1)],
            )
            for place, regency in enumerate(inputs.regencies)
        ],
        "chosen": next(
            (
                {"id": regency.pk, "name": regency.name, "rows": rows(place)}
                for place, regency in enumerate(inputs.regencies)
                if str(regency.pk) == chosen
            ),
            None,
        ),
        "guarantees": bool(inputs.wave.guarantees),
    }


def _share(expected: Persons, people: Persons, at: tuple[int, int, int]) -> float | None:
    """Per cent to one decimal; None where nobody is."""
    return round(float(100 * expected[at] / people[at]), 1) if people[at] else None


def _short(persons: float) -> int | float:
    """To one decimal, which a whole number does not need."""
    rounded = round(float(persons), 1)
    return int(rounded) if rounded.is_integer() else rounded
