"""The rules of a what-if as fields, and what a planner writes beside them."""

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
from clusters.forms.quota import ProposeForm
from clusters.policy import CLUSTERS, MAX_FACTOR, read_rules

FACTOR = re.compile(r"\d{1,4}(?:[.,]\d{1,4}|/\d{1,4})?", re.ASCII)


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


class StudioForm(forms.Form):
    """Always bound: what the asker typed over what `base`, laid over the policy, says.

    policy: the rules that count; base: overrides of a scenario or of the version in force; total: the decree's. Rules of
    `base` that have no field stay as they are.
    """

    total = WholeField(label=gettext_lazy("Jumlah tempat"), required=False)
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
    name = forms.CharField(label=gettext_lazy("Nama skenario"), max_length=120, required=False)
    revision = WholeField(required=False, label=gettext_lazy("Revisi"))

    def __init__(
        self,
        given: Mapping[str, str],
        *,
        policy: Mapping[str, Any],
        base: Mapping[str, Any],
        total: int,
        name: str = "",
        revision: int | None = None,
    ) -> None:
        self.policy, self.base, self.decreed = policy, base, total
        rules = {**policy, **base}
        factors, shares = rules.get("factors") or {}, rules.get("shares") or {}
        point = get_format("DECIMAL_SEPARATOR")
        said = {
            "total": rules.get("total") if rules.get("total") is not None else total,
            **{bound: rules.get(bound) for bound in ("ceiling", "band")},
            "floor": rules.get("floor", 0),
            **{f"factor_{code}": factors.get(code, "1").replace(".", point) for code in CLUSTERS},
            **{f"share_{code}": shares.get(code) for code in CLUSTERS},
            "name": name,
            "revision": revision,
        }
        super().__init__({**{field: "" if value is None else str(value) for field, value in said.items()}, **given})
        self.fields["total"].help_text = _("Menurut keputusan: %(total)s.") % {"total": grouped(total)}
        self.fields["revision"].widget = forms.HiddenInput()
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
    def overrides(self) -> dict[str, Any]:
        """Of a valid form: what differs from the policy, as clusters.policy.read_rules takes it."""
        typed, policy = self.cleaned_data, read_rules(self.policy)
        shares = {code: typed[f"share_{code}"] for code in CLUSTERS}
        factors = {code: typed[f"factor_{code}"] for code in CLUSTERS}
        factors = {code: factor for code, factor in factors.items() if Fraction(factor) != 1}
        rules = {
            "total": None if typed["total"] == self.decreed else typed["total"],
            **{bound: typed[bound] for bound in ("floor", "ceiling", "band")},
            "shares": None if None in shares.values() else shares,
        }
        mine = {key: rule for key, rule in rules.items() if rule != getattr(policy, key)}
        if {code: Fraction(factor) for code, factor in factors.items()} != {
            code: factor for code, factor in policy.factors.items() if factor != 1
        }:
            mine["factors"] = factors
        kept = {key: rule for key, rule in self.base.items() if key not in {*rules, "factors"}}
        return kept | mine

    @property
    def typed(self) -> dict[str, str]:
        """What stands in the fields, ready for an address."""
        return {name: str(self.data.get(name) or "") for name in self.fields}

    @property
    def bounds(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in ("total", "floor", "ceiling", "band"))

    @property
    def factors(self) -> Iterator[forms.BoundField]:
        return (self[f"factor_{code}"] for code in CLUSTERS)

    @property
    def shares(self) -> Iterator[forms.BoundField]:
        return (self[f"share_{code}"] for code in CLUSTERS)


class CommentForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Catatan"),
        help_text=gettext_lazy("Terbaca oleh rekan di provinsi dan pemeriksa."),
        max_length=600,
        widget=forms.Textarea({"rows": 3}),
    )


class ScenarioProposeForm(ProposeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("Alasan usulan")
        self.fields["reason"].help_text = _("Alasan ini ikut diumumkan, jadi jangan menulis nama orang.")
