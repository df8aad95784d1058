"""What of a split is shown to whom: a proposal to the second person, and what is published to everybody.

A published split's files (JSON, CSV, XLSX, PDF) are all made from one content.
"""

import json
from collections.abc import Mapping
from fractions import Fraction
from hashlib import sha256
from typing import Any

from django.utils import timezone

from clusters.models import Cluster, QuotaCell, QuotaSplit
from clusters.selectors.demand import UNIT
from clusters.selectors.quota import cells_for_export

FORMAT = "prakerja-split-1"  # as clusters.recompute_split reads it

Content = dict[str, Any]


def shown_digest(split: QuotaSplit, in_force: QuotaSplit | None) -> str:
    """SHA-256 of a version's cells and of those of the version in force that it is compared with. Two queries."""
    names = ("regency_id", "cluster_id", "seats", "weight", "floor", "cap", "binds")
    shown = [
        version
        and [
            *[str(version.pk), version.version, version.total, version.unassigned, version.reason],
            list(version.cells.order_by("regency_id", "cluster_id").values_list(*names)),
        ]
        for version in (split, in_force)
    ]
    return sha256(json.dumps(shown, separators=(",", ":")).encode()).hexdigest()


def published_content(split: QuotaSplit) -> Content:
    """Everything needed to recompute a published split, and where it comes from (`split` with its wave and decree).

    Numbers are texts, exact: whole numbers, and fractions as "7/2". Persons of weights and claims are twelfths; divisors
    are persons per place, and where both margins are decreed a cell's is its cluster's times its regency's.
    sha256: of all the rest, keys sorted, without spaces.

    Raises ValueError for a split that is not published.
    """
    if split.published_at is None:
        raise ValueError(f"{split} is not published")
    cells = list(cells_for_export(split))
    clusters = list(Cluster.objects.filter(pk__in={cell.cluster_id for cell in cells}))
    decision, policy = split.wave.decision, split.policy
    decreed = policy.get("decreed", {})
    demand = {cluster.pk: 0 for cluster in clusters}
    for cell in cells:
        demand[cell.cluster_id] += cell.weight
    content: Content = {
        "format": FORMAT,
        "wave": split.wave.slug,
        "wave_name": split.wave.name,
        "version": split.version,
        "restores": split.restores and split.restores.version,
        "reason": split.reason,
        "figures_of": timezone.localdate(split.as_of).isoformat(),
        "published": timezone.localtime(split.published_at).isoformat(timespec="seconds"),
        "inputs_digest": split.inputs_digest,
        "decree": {
            "number": policy.get("decree", decision.decree_number),
            "date": policy.get("decree_date", decision.decree_date.isoformat()),
            "author": decision.author,
        },
        "method": split.method,
        "total": split.total,
        "unassigned": split.unassigned,
        "between": _fraction(split, "*"),
        "policy": policy,
        "clusters": [
            {
                "code": cluster.code,
                "name": cluster.name,
                **_claim(policy, cluster.code, demand[cluster.pk]),
                "decreed": decreed.get("clusters", {}).get(cluster.code),
                "divisor": _fraction(split, cluster.code),
            }
            for cluster in clusters
        ],
        "regencies": [
            {
                "id": str(regency.pk),
                "code": regency.code,
                "name": regency.name,
                "decreed": decreed.get("regencies", {}).get(str(regency.pk)),
                "divisor": _fraction(split, str(regency.pk)),
            }
            for regency in {cell.regency_id: cell.regency for cell in cells}.values()
        ],
        "cells": [_cell(cell) for cell in cells],
    }
    content = _as_text(content)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return content | {"sha256": sha256(canonical.encode()).hexdigest()}


def _fraction(split: QuotaSplit, key: str) -> str | None:
    return str(Fraction(*stored)) if (stored := split.divisors.get(key)) else None


def _claim(policy: Mapping[str, Any], code: str, demand: int) -> Content:
    """What the cluster claims of the total, as SplitInputs.claims."""
    share = (policy.get("shares") or {}).get(code)
    factor = Fraction((policy.get("factors") or {}).get(code, 1))
    claim = round(demand * factor) if share is None else share
    return {"demand": demand, "factor": str(factor), "share": share, "claim": claim}


def _cell(cell: QuotaCell) -> Content:
    return {
        "regency": str(cell.regency_id),
        "cluster": cell.cluster.code,
        "seats": cell.seats,
        "weight": cell.weight,
        "floor": cell.floor,
        "cap": cell.cap,
        "binds": cell.binds,
        # Stored in the weight's unit, as the weight; said in persons, as the divisors.
        "next_place_at": str(Fraction(cell.next_price) / UNIT) if cell.next_price else None,
        "figures": cell.basis,
    }


def _as_text(value: Any) -> Any:
    """Numbers as they are written, so that no reader rounds them."""
    match value:
        case dict():
            return {key: _as_text(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_as_text(inner) for inner in value]
        case bool() | None:
            return value
        case int() | float():
            return str(value)
        case _:
            return value


COLUMNS = [
    "kode", "kabupaten_kota", "klaster", "tempat", "permintaan_perduabelas_orang", "keadaan_permintaan", "batas_bawah",
    "batas_atas", "yang_menentukan", "orang_per_tempat_pembilang", "orang_per_tempat_penyebut", "versi", "disahkan",
]  # fmt: skip


def table_of(content: Content) -> list[list[str]]:
    """One row of COLUMNS per cell, for spreadsheets. orang_per_tempat is the divisor that decides the cell, if any."""
    regencies = {regency["id"]: regency for regency in content["regencies"]}
    clusters = {cluster["code"]: cluster for cluster in content["clusters"]}
    day = content["published"][:10]
    rows = []
    for cell in content["cells"]:
        regency, cluster = regencies[cell["regency"]], clusters[cell["cluster"]]
        per = divisor_of(content["method"], cluster, regency)
        rows.append(
            [
                *[regency["code"], regency["name"], cluster["code"], cell["seats"], cell["weight"]],
                *[cell["figures"].get("weight", {}).get("status", ""), cell["floor"], cell["cap"], cell["binds"]],
                *(map(str, per.as_integer_ratio()) if per else ("", "")),
                *[content["version"], day],
            ]
        )
    return rows


def divisor_of(method: str, cluster: Content, regency: Content) -> Fraction | None:
    """Persons per place of a cell of this cluster and regency."""
    parts = {"two_way": (cluster, regency), "by_regency": (regency,)}.get(method, (cluster,))
    if any(part["divisor"] is None for part in parts):
        return None
    product = Fraction(1)
    for part in parts:
        product *= Fraction(part["divisor"])
    return product
