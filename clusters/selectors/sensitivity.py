"""How far the places of a split move when the figures behind its demand are off by the errors that the rules assume."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np

from clusters.apportionment import Band
from clusters.division import Division, band
from clusters.models import Observation
from clusters.selectors.demand import SplitInputs
from clusters.selectors.figures import Basis


def errors_of(inputs: SplitInputs) -> list[list[Fraction]]:
    """Of each weight (C, R) the relative error that the rules assume: that of its least sure figure. 0 without a figure."""
    return [[error_of(cell["weight"], inputs.rules.errors) for cell in row] for row in inputs.basis]


def error_of(weight: Basis, errors: Mapping[str, Fraction]) -> Fraction:
    """weight: as SplitInputs.basis has it. A confidence nobody knows counts as low."""
    if weight["indicator"] == Observation.Indicator.REGISTRANTS:
        return errors["counted"]
    return max((errors.get(kind, errors["low"]) for kind in _kinds(weight)), default=Fraction())


def _kinds(basis: Basis) -> Iterator[str]:
    """The status of what is estimated or entered, and the confidence of every figure that was chosen."""
    if basis.get("status") in {"estimated", "entered"}:
        yield basis["status"]
    if "chosen" in basis:
        yield basis["chosen"]["confidence"]
    for part in [*basis.get("terms", []), *(basis[name] for name in ("base", "inhabitants") if name in basis)]:
        yield from _kinds(part)


def band_of(inputs: SplitInputs, division: Division) -> Band:
    """Least and most places of each cell of `division`, the split of `inputs`, whatever its form. No queries."""
    rules = inputs.rules
    return band(
        division,
        weights=inputs.weight,
        error=np.array(errors_of(inputs), dtype=np.float64),
        total=inputs.total,
        floor=inputs.floor,
        cap=inputs.cap,
        shares=None if rules.shares is None else inputs.claims,
        factors=np.array([float(rules.factors.get(cluster.code, 1)) for cluster in inputs.clusters]),
        cluster_totals=inputs.cluster_totals,
        regency_totals=inputs.regency_totals,
    )
