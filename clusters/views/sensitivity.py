"""How far the places of a what-if carry, as the studio shows it."""

from typing import Any

from clusters.division import Division
from clusters.selectors.demand import SplitInputs
from clusters.selectors.sensitivity import band_of
from clusters.views.reasons import KINDS, percent


def sensitivity(inputs: SplitInputs, division: Division) -> dict[str, Any]:
    """Context of clusters/studio/sensitivity.html. A cell without known demand has no band: nobody can say how far it is off."""
    band = band_of(inputs, division)
    rows, spans = [], []
    for j, regency in enumerate(inputs.regencies):
        cells = []
        for i, cluster in enumerate(inputs.clusters):
            cell = {
                "status": inputs.basis[i][j]["weight"]["status"],
                "seats": int(division.seats[i, j]),
                "least": int(band.low[i, j]),
                "most": int(band.high[i, j]),
            }
            cell["is_unknown"] = cell["status"] == "missing" and int(inputs.cap[i, j]) > cell["seats"]
            cells.append(cell)
            if cell["status"] != "outside" and not cell["is_unknown"]:
                spans.append((cell["most"] - cell["least"], cell, regency.name, cluster.code))
        rows.append((regency.name, cells))
    width, widest, *where = max(spans, key=lambda span: span[0], default=(0, None, "", ""))
    return {
        "clusters": inputs.clusters,
        "rows": rows,
        "certain": sum(not span[0] for span in spans),
        "cells": len(spans),
        "unknown": sum(cell["is_unknown"] for _name, cells in rows for cell in cells),
        "widest": {"cell": widest, "regency": where[0], "cluster": where[1]} if width else None,
        "errors": [(KINDS[kind], percent(error)) for kind, error in inputs.rules.errors.items()],
        "method": division.method,
    }
