"""A split's numbers as words and short figures, for people without a calculator."""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from clusters.policy import SHIPPED
from clusters.selectors.figures import PERCENT, TWELFTHS, UNIT
from clusters.selectors.quota import Reason

FIGURES = {
    "pmi_placed": _("pekerja migran yang ditempatkan"),
    "population": _("penduduk"),
    "phk_workers": _("pekerja yang terkena PHK"),
    "unemployed_female": _("perempuan yang menganggur"),
    "population_female": _("penduduk perempuan"),
    "registrants": _("pendaftar yang terverifikasi"),
    "open_seats": _("kursi kelas yang dibuka"),
    "eligible_people": _("orang yang memenuhi syarat"),
    "granted_places": _("tempat yang sudah diberikan"),
}
CONFIDENCE = {"high": _("dapat diandalkan"), "medium": _("cukup dapat diandalkan"), "low": _("kurang pasti")}

# What a demand may stand on, as clusters.policy.Rules.errors.
KINDS = {
    **CONFIDENCE,
    "entered": _("diisi perencana"),
    "estimated": _("perkiraan"),
    "counted": _("dihitung portal sendiri"),
}


def short(value: Fraction | None, digits: int = 2) -> Decimal | None:
    """To `digits` decimals, half up, without trailing zeros."""
    if value is None:
        return None
    rounded = (Decimal(value.numerator) / value.denominator).quantize(Decimal(10) ** -digits, ROUND_HALF_UP)
    return rounded.quantize(Decimal(1)) if rounded == rounded.to_integral_value() else rounded.normalize()


def percent(share: Fraction) -> Decimal | None:
    """A share of 1 as per cent."""
    return short(share * 100, 1)


def price(value: Fraction | None) -> Decimal | None:
    """Persons per place: exact where four decimals say it, else with as many as a reader can use."""
    return short(value, 4)


def period_in_words(period: str) -> str:
    """ "2021", "2021-08", "2020-04-29", "2025-01..02" as a reader says them; anything else as it stands."""
    first, _dots, last = period.partition("..")
    try:
        year, *rest = [int(part) for part in first.split("-")]
        months = [str(MONTHS[month]) for month in [*rest[:1], *([int(last)] if last else [])]]
    except (ValueError, KeyError):
        return period
    if len(rest) == 2 and not last:
        return f"{rest[1]} {months[0]} {year}"
    return " ".join(filter(None, ["\N{EN DASH}".join(months), str(year)]))


def figure(reference: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A stored reference to a figure, ready to be read: what, when, from where, how sure; or who entered it and why."""
    if reference is None:
        return None
    value, unit = reference["value"], reference["unit"]
    read = {
        "name": name_of(reference["indicator"]),
        "value": short(Fraction(value, UNIT)) if unit == TWELFTHS else value,
        "unit": "%" if unit == PERCENT else "",
        "as_of": date.fromisoformat(reference["as_of"][:10]),
    }
    if "source" not in reference:
        return read | {"entered": reference["reason"]}
    source = str(reference["source"])
    host = urlsplit(source).hostname if source.startswith(("https://", "http://")) else None
    return read | {
        "period": period_in_words(reference["period"]),
        "source": host.removeprefix("www.") if host else source,
        "href": source if host else "",
        "confidence": CONFIDENCE.get(reference["confidence"], reference["confidence"]),
        "note": reference["note"],
        "dataset": reference["dataset"],
    }


def name_of(indicator: str) -> str:
    """In words; of an indicator that no page names yet, its code."""
    return " + ".join(str(FIGURES.get(name, name.replace("_", " "))) for name in indicator.split(" + "))


def part(basis: Mapping[str, Any]) -> dict[str, Any]:
    """One indicator of a weight as term.html shows it."""
    rate, choice = basis.get("rate"), basis.get("choice")
    estimate = None
    if rate:
        inhabitants, of, persons = (
            Fraction(str(n)) for n in (basis["population"]["value"], rate["figure"], rate["persons"])
        )
        estimate = round(inhabitants * of / persons)
    return {
        "status": basis["status"],
        "name": name_of(basis["indicator"]),
        "factor": short(Fraction(basis["factor"]), 4) if "factor" in basis else None,
        "chosen": _chosen(basis),
        "base": _chosen(basis.get("base")),
        "others": [figure(other) for other in basis.get("others", [])],
        "choice": choice and {"reason": choice["reason"], "as_of": date.fromisoformat(choice["as_of"][:10])},
        "villages": basis.get("villages"),
        "population": figure(basis.get("population")),
        "rate": rate and rate | {"sources": [figure(reference) for reference in rate.get("of", [])]},
        "estimate": estimate,
    }


def _chosen(basis: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The published figure, or the planner's entry."""
    if basis and "entered" in basis:
        unit = PERCENT if "base" in basis else ""
        return figure({"indicator": basis["indicator"], "value": basis["entered"], "unit": unit, **basis["choice"]})
    return figure(basis.get("chosen")) if basis else None


def why(reason: Reason) -> dict[str, Any]:
    """What reason.html shows of a cell."""
    cell = reason.cell
    weight, floor, cap = (cell.basis[name] for name in ("weight", "floor", "cap"))
    return {
        "regency": cell.regency.name,
        "cluster": cell.cluster.name,
        "status": weight["status"],
        "name": name_of(weight["indicator"]),
        "persons": short(reason.persons),
        "parts": [part(term) for term in weight.get("terms", [weight])],
        "is_sum": "terms" in weight,
        "inhabitants": _chosen(weight.get("inhabitants")),
        "by_registrants": weight["indicator"] == "registrants",
        "method": cell.split.method,
        "per_cluster": price(reason.per_cluster),
        "per_regency": price(reason.per_regency),
        "divisor": price(reason.divisor),
        "quotient": short(reason.quotient),
        "rounded": reason.rounded,
        "is_tie": reason.is_tie and not cell.binds,
        "floor": cell.floor,
        "policy_floor": floor["policy"],
        "floor_is_a_class": floor["policy"] == SHIPPED["floor"],
        "granted": figure(floor["granted"]),
        "cap": cell.cap,
        "seats_open": figure(cap["seats"]),
        "eligible": figure(cap["eligible"]),
        "policy_cap": cap.get("policy"),
        "band": cell.basis.get("band"),
        "binds": cell.binds,
        "seats": cell.seats,
        "next_price": price(reason.next_price),
        "carries": _carries(cell.basis.get("sensitivity")),
    }


def _carries(stored: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """How far the number carries; None where no demand is known or assumed to be off."""
    error = Fraction(stored["error"]) if stored else Fraction()
    return {**stored, "percent": percent(error)} if stored and error else None
