"""The rules of a what-if as fields, and what a planner writes beside them."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.forms.fields import WholeField, grouped
from clusters.forms.formulas import FormulaField, in_address
from clusters.forms.quota import ProposeForm
from clusters.forms.rules import BOUNDS, RulesForm, as_typed
from clusters.policy import CLUSTERS, read_rules


class StudioForm(RulesForm):
    """Always bound: what the asker typed over what `base`, laid over the policy, says.

    policy: the rules that count; base: overrides of a scenario or of the version in force; total: the decree's; names: the
    indicators a formula may name, by code. Rules of `base` that have no field stay as they are.
    """

    total = WholeField(label=gettext_lazy("Jumlah tempat"), required=False)
    name = forms.CharField(label=gettext_lazy("Nama skenario"), max_length=120, required=False)
    revision = WholeField(required=False, label=gettext_lazy("Revisi"))

    field_order = ("total",)

    def __init__(
        self,
        given: Mapping[str, str],
        *,
        policy: Mapping[str, Any],
        base: Mapping[str, Any],
        total: int,
        names: Mapping[str, str],
        name: str = "",
        revision: int | None = None,
    ) -> None:
        self.policy, self.base, self.decreed, self.names = policy, base, total, names
        rules = {**policy, **base}
        said = rules.get("total") if rules.get("total") is not None else total
        formulas = {f"formula_{code}": in_address(base.get("formulas", {}).get(code)) for code in CLUSTERS}
        super().__init__(given, {**as_typed(rules), **formulas, "total": said, "name": name, "revision": revision})
        for code in CLUSTERS:
            self.fields[f"formula_{code}"] = FormulaField(code, names)
        self.fields["total"].help_text = _("Menurut keputusan: %(total)s.") % {"total": grouped(total)}
        self.fields["revision"].widget = forms.HiddenInput()

    @property
    def overrides(self) -> dict[str, Any]:
        """Of a valid form: what differs from the policy, as clusters.policy.read_rules takes it."""
        typed, policy = self.cleaned_data, read_rules(self.policy)
        factors = self.typed_factors
        rules = {
            "total": None if typed["total"] == self.decreed else typed["total"],
            **{bound: typed[bound] for bound in BOUNDS},
            "shares": self.typed_shares,
        }
        mine = {key: rule for key, rule in rules.items() if rule != getattr(policy, key)}
        if {code: Fraction(factor) for code, factor in factors.items()} != {
            code: factor for code, factor in policy.factors.items() if factor != 1
        }:
            mine["factors"] = factors
        if formulas := self.own_formulas:
            mine["formulas"] = formulas
        kept = {key: rule for key, rule in self.base.items() if key not in {*rules, "factors", "formulas"}}
        return kept | mine

    @property
    def own_formulas(self) -> dict[str, Any]:
        """Those that can be read and differ from the policy's, by cluster. Of a form that was validated."""
        typed = {code: self.cleaned_data.get(f"formula_{code}") for code in CLUSTERS}
        return self.differing({code: formula for code, formula in typed.items() if formula})

    def differing(self, formulas: Mapping[str, Any]) -> dict[str, Any]:
        """Of these formulas, by cluster, those that are not the policy's."""
        here, policy = read_rules(self.policy, {"formulas": formulas}), read_rules(self.policy)
        return {code: said for code, said in formulas.items() if here.formulas[code] != policy.formulas[code]}

    @property
    def typed(self) -> dict[str, str]:
        """What stands in the fields, ready for an address."""
        return {name: str(self.data.get(name) or "") for name in self.fields}

    @property
    def bounds(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in ("total", *BOUNDS))

    @property
    def formulas(self) -> Iterator[forms.BoundField]:
        return (self[f"formula_{code}"] for code in CLUSTERS)


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
