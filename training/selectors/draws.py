"""Reads of a draw: the frozen list, the arrays for the pure modules, and what one person may see of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from clusters.models import Cluster, QuotaCell, QuotaSplit, Regency, Wave
from training.allocation import WISHES
from training.lottery import ClassRule, canonical_line
from training.models import Draw, TrainingClass

GROUPS = ("women", "disability", "laid_off", "remote")

# Who takes part: joined in this wave and without an accepted place in another. Disability stands in a table of its own and
# enters only the salted lines.
_LIST = """
SELECT r.id::text, r.number, g.code, r.clusters,
       (a.sex = 'F')::int + 2 * coalesce(d.stated, false)::int + 4 * r.laid_off::int
         + 8 * (r.remote OR r.blank_spot)::int,
       coalesce(l.strict, false),
       (SELECT array_agg(c.code ORDER BY w.rank) FROM training_wish w
          JOIN training_trainingclass c ON c.id = w.training_class_id WHERE w.registration_id = r.id)
FROM registrations_registration r
JOIN registrations_applicant a ON a.id = r.applicant_id
JOIN clusters_regency g ON g.id = r.regency_id
LEFT JOIN registrations_disability d ON d.applicant_id = a.id
LEFT JOIN training_wishlist l ON l.registration_id = r.id
WHERE r.wave_id = %s AND r.state = 'joined' AND NOT EXISTS (
  SELECT 1 FROM training_placement p WHERE p.applicant_id = r.applicant_id AND p.state = 'accepted')
ORDER BY r.number COLLATE "C"
"""


def list_of(wave: Wave) -> tuple[list[str], list[str]]:
    """(registration ids, canonical lines) of everybody who takes part, sorted by registration number."""
    ids: list[str] = []
    lines: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute(_LIST, [wave.pk])
        for pk, number, regency, clusters, groups, strict, codes in cursor:
            ids.append(pk)
            lines.append(canonical_line(number, regency, clusters, groups, strict, codes or ()))
    return ids, lines


def frozen_list(draw: Draw) -> tuple[list[str], list[str], list[bytes]]:
    """(registration ids, lines, salts) as they were frozen, in the order of the list."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT registration_id::text, line, salt FROM training_drawentry WHERE draw_id = %s ORDER BY position",
            [draw.pk],
        )
        rows = cursor.fetchall()
    return [r[0] for r in rows], [r[1] for r in rows], [bytes(r[2]) for r in rows]


class RuleTables(TypedDict):
    clusters: list[str]
    groups: list[str]
    regencies: list[str]
    classes: list[ClassRule]
    quota: list[list[int]]
    guarantee: list[list[int]] | None


def rule_tables(wave: Wave, split: QuotaSplit) -> RuleTables:
    """What the rules of the draw publish: codes in their order, classes by code, the split's places, the guarantees."""
    clusters = list(Cluster.objects.order_by("index"))
    regencies = list(Regency.objects.order_by("id"))
    places = {(cell.regency_id, cell.cluster_id): cell.seats for cell in QuotaCell.objects.filter(split=split)}
    classes = TrainingClass.objects.filter(wave=wave).select_related("regency", "cluster").order_by("code")
    promised = [int(wave.guarantees.get(group, 0)) for group in GROUPS]
    return {
        "clusters": [c.code for c in clusters],
        "groups": list(GROUPS),
        "regencies": [r.code for r in regencies],
        "classes": [ClassRule(c.code, c.regency.code, c.cluster.code, c.seats) for c in classes],
        "quota": [[places.get((r.pk, c.pk), 0) for c in clusters] for r in regencies],
        "guarantee": [promised] * len(regencies) if any(promised) else None,
    }


@dataclass(frozen=True)
class Entrants:
    """The frozen list as arrays, in its order; codes replaced by their places in the rules."""

    numbers: list[str]
    arrays: dict[str, NDArray[Any]]


def entrants(rules: Mapping[str, Any], lines: list[str]) -> Entrants:
    """The columns of the frozen lines that `allocate` wants. KeyError for a code that the rules do not know."""
    regency_of = {code: i for i, code in enumerate(rules["regencies"])}
    class_of = {c["code"]: i for i, c in enumerate(rules["classes"])}
    size = len(lines)
    regency, clusters, groups = (np.zeros(size, t) for t in (np.int16, np.uint16, np.uint16))
    wishes, strict = np.full((size, WISHES), -1, np.int32), np.zeros(size, np.bool_)
    numbers = []
    for i, line in enumerate(lines):
        number, code, cluster_set, group_set, only, codes = line.split("|")
        numbers.append(number)
        regency[i], clusters[i], groups[i], strict[i] = regency_of[code], int(cluster_set), int(group_set), only == "1"
        for rank, wished in enumerate(codes.split(",") if codes else ()):
            wishes[i, rank] = class_of[wished]
    return Entrants(
        numbers,
        {"regency": regency, "clusters": clusters, "groups": groups, "wishes": wishes, "strict": strict},
    )


class Capacities(TypedDict):
    class_regency: NDArray[np.int16]
    class_cluster: NDArray[np.int8]
    seats: NDArray[np.int32]
    quota: NDArray[np.int32]
    guarantee: NDArray[np.int32] | None
    mode: NotRequired[Any]


def capacities(rules: Mapping[str, Any]) -> Capacities:
    """The places of the rules as arrays for `allocate`."""
    regency_of = {code: i for i, code in enumerate(rules["regencies"])}
    cluster_of = {code: i for i, code in enumerate(rules["clusters"])}
    classes = rules["classes"]
    shape = (len(rules["regencies"]), len(rules["clusters"]))
    return {
        "class_regency": np.array([regency_of[c["regency"]] for c in classes], np.int16),
        "class_cluster": np.array([cluster_of[c["cluster"]] for c in classes], np.int8),
        "seats": np.array([c["seats"] for c in classes], np.int32),
        "quota": np.array(rules["quota"], np.int32).reshape(shape),
        "guarantee": None if rules["guarantee"] is None else np.array(rules["guarantee"], np.int32),
        "mode": rules["mode"],
    }


def live_draw(wave_id: UUID) -> Draw | None:
    """The wave's draw that is not void; the newest void one does not count."""
    return Draw.objects.filter(wave_id=wave_id).exclude(state=Draw.State.VOID).first()
