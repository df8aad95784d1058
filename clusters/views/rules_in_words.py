"""Rules as sentences a reader without the code understands, and what differs between two sets of them."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from clusters.policy import CLUSTERS, Formula, Rules
from clusters.selectors.policies import known_indicators
from clusters.views.reasons import KINDS, name_of, percent, short

Names = Mapping[str, str]  # of indicators, by code; "" where nobody named one


def indicator(code: str, names: Names) -> str:
    return names.get(code) or name_of(code)


def choosable(stored: Mapping[str, Any]) -> dict[str, str]:
    """What a formula may name, in words by code: what counts persons, and what these rules name already. One query."""
    known = known_indicators(countable=True)
    named = {name for formula in stored["formulas"].values() for use in formula["use"] for name in use}
    return {code: indicator(code, known) for code in known.keys() | named}


def formulas_in_words(rules: Rules, names: Names) -> list[dict[str, Any]]:
    """Of each cluster: code, words (sentences)."""
    return [{"code": code, "words": formula_in_words(rules.formulas[code], names)} for code in CLUSTERS]


def formula_in_words(formula: Formula, names: Names) -> list[str]:
    """Which figures in which order, how they count, what stands in for a missing one, and where the cluster exists."""
    first, *others = [
        " + ".join(
            indicator(code, names) if factor == 1 else f"{_number(short(factor, 4))} × {indicator(code, names)}"
            for code, factor in use.items()
        )
        for use in formula.use
    ]
    return [
        _("Angka yang dipakai: %(figures)s.") % {"figures": first},
        *(
            _("Bila provinsi tidak punya angka itu dan tidak semua daerah punya: %(figures)s.") % {"figures": other}
            for other in others
        ),
        _("Dihitung per 100.000 penduduk, supaya daerah kecil yang terdampak berat didahulukan.")
        if formula.per == "head"
        else _("Dihitung menurut jumlah orang."),
        _("Daerah tanpa angka diperkirakan: rata-rata provinsi kali penduduknya.")
        if formula.missing == "rate"
        else _("Daerah tanpa angka tidak dihitung; tempatnya hanya batas bawah."),
        _("Klaster ini hanya ada di kawasan yang ditetapkan provinsi.")
        if formula.by_area
        else _("Klaster ini ada di semua kabupaten dan kota."),
    ]


def bounds_in_words(rules: Rules) -> dict[str, str]:
    """Everything but the formulas, by what it is called."""
    factors = {code: factor for code, factor in rules.factors.items() if factor != 1}
    words = {
        _("Batas bawah tiap sel"): _places(rules.floor) if rules.floor else _("tidak ada"),
        _("Batas atas tiap sel"): _("tidak ada") if rules.ceiling is None else _places(rules.ceiling),
        _("Perubahan paling banyak dari versi yang berlaku"): _("tidak dibatasi")
        if rules.band is None
        else _("%(n)s persen tiap sel") % {"n": rules.band},
        _("Faktor klaster"): "; ".join(
            _("permintaan %(code)s dihitung %(factor)s kali") % {"code": code, "factor": _number(short(factor, 4))}
            for code, factor in factors.items()
        )
        or _("tidak ada"),
        _("Bagian tetap klaster"): _("tidak ada, permintaan yang menentukan")
        if rules.shares is None
        else ", ".join(f"{code} {_number(share)}" for code, share in rules.shares.items()),
        _("Usulan otomatis bila kursi atau pendaftar berubah"): _(
            "segera, bila sedikitnya %(n)s dari tiap 1.000 tempat berpindah; selain itu pada malam hari"
        )
        % {"n": _number(rules.materiality)}
        if rules.materiality
        else _("segera, pada setiap perubahan"),
        _("Kesalahan angka yang diandaikan, bukan hasil pengukuran"): "; ".join(
            _("%(kind)s %(n)s persen") % {"kind": KINDS[kind], "n": _number(percent(error))}
            for kind, error in rules.errors.items()
        ),
    }
    single = [
        *(_("%(cell)s paling sedikit %(n)s") % {"cell": key, "n": _number(n)} for key, n in rules.floors.items()),
        *(_("%(cell)s paling banyak %(n)s") % {"cell": key, "n": _number(n)} for key, n in rules.caps.items()),
    ]
    return words | ({_("Batas sel tertentu"): "; ".join(single)} if single else {})


def differences(before: Rules, after: Rules, names: Names) -> list[dict[str, str]]:
    """Only what differs: label, before and after in words."""
    old, new = (
        {
            _("Rumus %(code)s") % {"code": code}: " ".join(formula_in_words(rules.formulas[code], names))
            for code in CLUSTERS
        }
        | bounds_in_words(rules)
        for rules in (before, after)
    )
    return [
        {"label": label, "before": old.get(label, _("tidak ada")), "after": new.get(label, _("tidak ada"))}
        for label in {**old, **new}
        if old.get(label) != new.get(label)
    ]


def _places(count: int) -> str:
    return _("%(n)s tempat") % {"n": _number(count)}


def _number(value: Any) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)
