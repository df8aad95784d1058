"""What differs between the inputs of a version and of the one before (clusters.changes), ready for templates."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext_lazy as _

from clusters.changes import CELL_NAMES, Change
from clusters.selectors.figures import UNIT
from clusters.views.reasons import name_of, short

NAMES = {"weight": _("Permintaan"), "floor": _("Batas bawah"), "cap": _("Batas atas")}
ONE_OF = {"policy": "rule"}  # several changes of a kind are one cause
FIRST = 20


def causes(changes: Iterable[Change]) -> list[Change]:
    """For cause.html: each cause once, registrants in persons, `moved` as a count from 0 up."""
    found: dict[str, Change] = {}
    for change in changes:
        name = str(change["name"])
        name = ONE_OF.get(name, name)
        if name in CELL_NAMES:
            continue
        cause = change | {"name": name}
        if name == "registrants":
            cause |= {side: _persons(change[side]) for side in ("before", "after")}
        if name in {"granted_places", "lapsed_places"}:
            cause["moved"] = abs(change["after"] - change["before"])
        found.setdefault(f"dataset {change['dataset']}" if name == "dataset" else name, cause)
    return list(found.values())


def changed_cells(changes: Sequence[Change], regencies: Mapping[int, str]) -> dict[str, Any]:
    """rows: the first of them, persons for twelfths; more: how many others; regencies: names by id."""
    cells = [change for change in changes if change["name"] in CELL_NAMES]
    return {"rows": [_row(cell, regencies) for cell in cells[:FIRST]], "more": max(0, len(cells) - FIRST)}


def _row(cell: Change, regencies: Mapping[int, str]) -> dict[str, Any]:
    of_people = cell["name"] == "weight"
    before, after = (_persons(cell[side]) if of_people else cell[side] for side in ("before", "after"))
    return {
        "regency": regencies.get(cell["regency"], cell["regency"]),
        "cluster": cell["cluster"],
        "name": NAMES[cell["name"]],
        "before": before,
        "after": after,
        "figures": [_figure(figure) for figure in cell["figures"]],
    }


def _figure(figure: Change) -> dict[str, Any]:
    in_twelfths = figure["indicator"] == "registrants"
    before, after = (_persons(figure[side]) if in_twelfths else figure[side] for side in ("before", "after"))
    return {"name": name_of(figure["indicator"]), "before": before, "after": after, "dataset": figure["dataset"]}


def _persons(twelfths: int | None) -> Any:
    return None if twelfths is None else short(Fraction(twelfths, UNIT))
