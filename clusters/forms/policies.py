"""The province's rules as fields: everything the policy says, formulas too."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from clusters.forms.fields import WholeField
from clusters.forms.formulas import FormulasForm
from clusters.forms.rules import BOUNDS, RulesForm, as_typed
from clusters.policy import CLUSTERS, SHIPPED


class PolicyForm(FormulasForm, RulesForm):
    """What the asker typed over what `policy`, the rules that count, says. Rules without a field stay.

    version: of `policy`; names: the indicators a formula may name, in words, by code.
    """

    materiality = WholeField(
        label=gettext_lazy("Usulan otomatis mulai (per seribu tempat)"),
        most=1000,
        error_messages={
            "required": gettext_lazy("Usulan otomatis: isi angka, atau 0 supaya setiap perubahan diusulkan.")
        },
        help_text=gettext_lazy(
            "Bila kursi atau pendaftar berubah, usulan baru menunggu malam, kecuali sedikitnya sekian dari tiap 1.000 "
            "tempat berpindah. 0: setiap perubahan langsung diusulkan."
        ),
    )
    name = forms.CharField(
        label=gettext_lazy("Nama versi"),
        help_text=gettext_lazy("Contoh: Batas bawah setengah kelas"),
        max_length=120,
        required=False,
    )
    reason = forms.CharField(
        label=gettext_lazy("Alasan perubahan"),
        help_text=gettext_lazy("Tersimpan selamanya bersama versi ini, jadi jangan menulis nama orang."),
        max_length=300,
        required=False,
    )

    def __init__(
        self, given: Mapping[str, str], *, policy: Mapping[str, Any], version: int, names: Mapping[str, str]
    ) -> None:
        self.policy, self.version = policy, version
        said = {**as_typed(policy), "materiality": policy.get("materiality", SHIPPED["materiality"])}
        super().__init__(given, said, formulas=policy["formulas"], names=names)

    @property
    def rules(self) -> dict[str, Any]:
        """Of a valid form: all rules, as clusters.policy.read_rules takes them."""
        rules = {
            **self.policy,
            **{bound: self.cleaned_data[bound] for bound in (*BOUNDS, "materiality")},
            "factors": self.typed_factors,
            "shares": self.typed_shares,
            "formulas": self.formulas,
        }
        return {key: rule for key, rule in rules.items() if rule is not None and rule != {}}

    def field_of(self, rule: str) -> str | None:
        """The field in which a rule of this path (clusters.policy.BadRules) was typed, None where it has none."""
        kind, *rest = rule.split(".", 3)
        if kind == "formulas":
            code, key, name = [*rest, "use", ""][:3]
            if key == "use" and code in CLUSTERS:
                typed = (f"use_{code}_{alternative}_{row}" for alternative, row in self._rows(code))
                return next((field for field in typed if self.data.get(field) == name), f"use_{code}_1_1")
            rest = [code]
            kind = key
        field = "_".join([{"factors": "factor", "shares": "share"}.get(kind, kind), *rest])
        return field if field in self.fields else None
