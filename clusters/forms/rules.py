"""The fields that a what-if and the policy share: bounds, factors and shares."""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.forms.fields import WholeField, grouped
from clusters.policy import CLUSTERS, MAX_FACTOR

FACTOR = re.compile(r"\d{1,4}(?:[.,]\d{1,4}|/\d{1,4})?", re.ASCII)
BOUNDS = ("floor", "ceiling", "band")


class FactorField(forms.CharField):
    """A factor as people write it: "1,5", "1.5", "2/3". Kept as text with a point, so that what was typed is what counts."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=12, widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}), **options
        )

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return "1"
        written = text.replace(",", ".")
        if not FACTOR.fullmatch(text) or written.endswith("/0") or Fraction(written) > MAX_FACTOR:
            raise ValidationError(
                _("%(field)s: isi angka dari 0 sampai %(most)s, misalnya 1,5. Yang Anda isi: %(given)s."),
                params={"field": self.label, "most": grouped(MAX_FACTOR), "given": text},
            )
        return written


class SaidForm(forms.Form):
    """Always bound: what the asker typed over what `said` says."""

    def __init__(self, given: Mapping[str, str], said: Mapping[str, Any]) -> None:
        super().__init__({**{field: "" if value is None else str(value) for field, value in said.items()}, **given})


class RulesForm(SaidForm):
    """Bounds, factors and shares."""

    floor = WholeField(
        label=gettext_lazy("Batas bawah tiap sel"),
        error_messages={"required": gettext_lazy("Batas bawah tiap sel: isi angka, atau 0 bila tidak ada.")},
        help_text=gettext_lazy("Tempat untuk tiap klaster di tiap daerah, bila kursinya ada. 0: tanpa batas bawah."),
    )
    ceiling = WholeField(
        label=gettext_lazy("Batas atas tiap sel"), required=False, help_text=gettext_lazy("Kosong: tanpa batas atas.")
    )
    band = WholeField(
        label=gettext_lazy("Perubahan paling banyak (persen)"),
        required=False,
        most=100,
        help_text=gettext_lazy("Dari versi yang berlaku, untuk tiap sel. Kosong: bebas."),
    )

    def __init__(self, given: Mapping[str, str], said: Mapping[str, Any]) -> None:
        super().__init__(given, said)
        for code in CLUSTERS:
            self.fields[f"factor_{code}"] = FactorField(label=_("Faktor %(code)s") % {"code": code}, required=False)
            self.fields[f"share_{code}"] = WholeField(label=_("Bagian %(code)s") % {"code": code}, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        shares = {code: data.get(f"share_{code}") for code in CLUSTERS}
        bad = any(f"share_{code}" in self.errors for code in CLUSTERS)
        if not bad and set(shares.values()) != {None}:
            for code in (code for code, share in shares.items() if share is None):
                missing = _("Bagian %(code)s: isi juga, walau 0, atau kosongkan keempatnya.") % {"code": code}
                self.add_error(f"share_{code}", missing)
            if not any(shares.values()):
                self.add_error(f"share_{CLUSTERS[0]}", _("Bagian: sedikitnya satu klaster harus lebih dari 0."))
        return data

    @property
    def typed_shares(self) -> dict[str, int] | None:
        """Of a valid form."""
        shares = {code: self.cleaned_data[f"share_{code}"] for code in CLUSTERS}
        return None if None in shares.values() else shares

    @property
    def typed_factors(self) -> dict[str, str]:
        """Of a valid form; a factor of 1 is none."""
        factors = {code: self.cleaned_data[f"factor_{code}"] for code in CLUSTERS}
        return {code: factor for code, factor in factors.items() if Fraction(factor) != 1}

    @property
    def bounds(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in BOUNDS)

    @property
    def factors(self) -> Iterator[forms.BoundField]:
        return (self[f"factor_{code}"] for code in CLUSTERS)

    @property
    def shares(self) -> Iterator[forms.BoundField]:
        return (self[f"share_{code}"] for code in CLUSTERS)


def as_typed(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds, factors and shares of stored rules, by field."""
    factors, shares = rules.get("factors") or {}, rules.get("shares") or {}
    return {
        **{bound: rules.get(bound) for bound in ("ceiling", "band")},
        "floor": rules.get("floor", 0),
        **{f"factor_{code}": local(factors.get(code, "1")) for code in CLUSTERS},
        **{f"share_{code}": shares.get(code) for code in CLUSTERS},
    }


def local(factor: str) -> str:
    """A stored factor as people write it here."""
    return factor.replace(".", get_format("DECIMAL_SEPARATOR"))
