"""The province's rules as fields: everything the policy says, formulas too."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.forms.rules import BOUNDS, FactorField, RulesForm, as_typed, local
from clusters.policy import CLUSTERS

ALTERNATIVES = INDICATORS = 3
OPTIONS: dict[str, list[tuple[str, Any]]] = {
    "per": [("count", gettext_lazy("Jumlah orang")), ("head", gettext_lazy("Per 100.000 penduduk"))],
    "missing": [
        ("rate", gettext_lazy("Diperkirakan: rata-rata provinsi kali penduduk")),
        ("leave_out", gettext_lazy("Tidak dihitung: hanya batas bawah")),
    ],
}


class PolicyForm(RulesForm):
    """Always bound: what the asker typed over what `policy`, the rules that count, says. Rules without a field stay.

    version: of `policy`; names: the indicators a formula may name, in words, by code.
    """

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
        self.policy, self.version, self.names = policy, version, names
        formulas = policy["formulas"]
        # A rule of more parts than the form offers shows all of them: none may be lost by saving another.
        self.sizes = {
            code: (
                max(ALTERNATIVES, len(formulas[code]["use"])),
                max(INDICATORS, *(len(use) for use in formulas[code]["use"])),
            )
            for code in CLUSTERS
        }
        said = as_typed(policy)
        for code in CLUSTERS:
            said |= {f"{key}_{code}": formulas[code].get(key, choices[0][0]) for key, choices in OPTIONS.items()}
            for alternative, use in enumerate(formulas[code]["use"], start=1):
                for row, (indicator, weight) in enumerate(use.items(), start=1):
                    said |= {f"use_{code}_{alternative}_{row}": indicator}
                    said |= {f"weight_{code}_{alternative}_{row}": local(weight)}
        super().__init__(given, said)
        listed = sorted(names.items(), key=lambda pair: pair[1])
        for code in CLUSTERS:
            for alternative, row in self._rows(code):
                place = {"code": code, "alternative": alternative, "row": row}
                label = _("%(code)s, pilihan %(alternative)s, angka %(row)s") % place
                self.fields[f"use_{code}_{alternative}_{row}"] = forms.ChoiceField(
                    label=label,
                    choices=[("", _("tidak dipakai")), *listed],
                    required=False,
                    error_messages={
                        "invalid_choice": _("%(field)s: angka itu belum dikenal. Pilih dari daftar.") % {"field": label}
                    },
                )
                self.fields[f"weight_{code}_{alternative}_{row}"] = FactorField(
                    label=_("%(code)s, pilihan %(alternative)s, bobot %(row)s") % place, required=False
                )
            labels = {"per": _("%(code)s, cara menghitung"), "missing": _("%(code)s, daerah tanpa angka")}
            for key, choices in OPTIONS.items():
                self.fields[f"{key}_{code}"] = forms.ChoiceField(
                    label=labels[key] % {"code": code}, choices=choices, initial=choices[0][0]
                )

    def _rows(self, code: str) -> Iterator[tuple[int, int]]:
        alternatives, indicators = self.sizes[code]
        return ((alternative, row) for alternative in range(1, alternatives + 1) for row in range(1, indicators + 1))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for code in CLUSTERS:
            seen: set[tuple[int, str]] = set()
            for alternative, row in self._rows(code):
                field = f"use_{code}_{alternative}_{row}"
                indicator = data.get(field)
                if indicator and (alternative, indicator) in seen:
                    place = {"field": self.fields[field].label}
                    self.add_error(
                        field,
                        _("%(field)s: sudah dipakai di pilihan ini. Pilih angka lain, atau ubah bobotnya.") % place,
                    )
                seen.add((alternative, indicator or ""))
            first = f"use_{code}_1_1"
            if first not in self.errors and not any(indicator for _alternative, indicator in seen):
                self.add_error(
                    first,
                    _("%(code)s: pilih sedikitnya satu angka. Tanpa angka, permintaan tidak dapat dihitung.")
                    % {"code": code},
                )
        return data

    @property
    def rules(self) -> dict[str, Any]:
        """Of a valid form: all rules, as clusters.policy.read_rules takes them."""
        typed = self.cleaned_data
        rules = {
            **self.policy,
            **{bound: typed[bound] for bound in BOUNDS},
            "factors": self.typed_factors,
            "shares": self.typed_shares,
            "formulas": {
                code: {
                    **self.policy["formulas"][code],
                    "use": self._use(code),
                    **{key: typed[f"{key}_{code}"] for key in OPTIONS},
                }
                for code in CLUSTERS
            },
        }
        return {key: rule for key, rule in rules.items() if rule is not None and rule != {}}

    def _use(self, code: str) -> list[dict[str, str]]:
        alternatives: dict[int, dict[str, str]] = {}
        for alternative, row in self._rows(code):
            if indicator := self.cleaned_data[f"use_{code}_{alternative}_{row}"]:
                weight = self.cleaned_data[f"weight_{code}_{alternative}_{row}"]
                alternatives.setdefault(alternative, {})[indicator] = weight
        return list(alternatives.values())

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

    @property
    def clusters(self) -> Iterator[dict[str, Any]]:
        """The fields of each formula: code, by_area, alternatives (number, rows of (indicator, weight), open), options."""
        for code in CLUSTERS:
            alternatives, indicators = self.sizes[code]
            shown = []
            for alternative in range(1, alternatives + 1):
                rows = [
                    (self[f"use_{code}_{alternative}_{row}"], self[f"weight_{code}_{alternative}_{row}"])
                    for row in range(1, indicators + 1)
                ]
                filled = any(indicator.value() or indicator.errors or weight.errors for indicator, weight in rows)
                shown.append({"number": alternative, "rows": rows, "open": alternative == 1 or filled})
            yield {
                "code": code,
                "by_area": self.policy["formulas"][code].get("by_area", False),
                "alternatives": shown,
                "options": [self[f"{key}_{code}"] for key in OPTIONS],
            }
