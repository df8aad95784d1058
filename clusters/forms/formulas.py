"""The formulas of the clusters as fields: alternatives, best first, each a sum of indicators with factors."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.forms.rules import FactorField, SaidForm, local
from clusters.policy import CLUSTERS, SHIPPED, BadRules, read_rules

LEAST, SPARE, TYPED = (
    3,
    2,
    9,
)  # alternatives and rows: shown at least, empty beyond the last, and so many a browser may claim
ROW = re.compile(rf"use_({'|'.join(CLUSTERS)})_([1-{TYPED}])_([1-{TYPED}])", re.ASCII)
MOST = 600  # characters of a formula in an address, which holds four; the server's limit of an address is 4,094
OPTIONS: dict[str, dict[str, tuple[Any, Any]]] = {  # by what is typed: what the rules say, and its words
    "per": {
        "count": ("count", gettext_lazy("Jumlah orang")),
        "head": ("head", gettext_lazy("Per 100.000 penduduk")),
    },
    "missing": {
        "rate": ("rate", gettext_lazy("Diperkirakan: rata-rata provinsi kali penduduk")),
        "leave_out": ("leave_out", gettext_lazy("Tidak dihitung: hanya batas bawah")),
    },
    "by_area": {
        "everywhere": (False, gettext_lazy("Semua kabupaten dan kota")),
        "areas": (True, gettext_lazy("Hanya kawasan yang ditetapkan provinsi")),
    },
}


class FormulasForm(SaidForm):
    """What the asker typed over what `formulas`, by cluster, say. names: the indicators they may name, in words, by code."""

    def __init__(
        self,
        given: Mapping[str, str],
        said: Mapping[str, Any] | None = None,
        *,
        formulas: Mapping[str, Any],
        names: Mapping[str, str],
    ) -> None:
        self.stored, self.names = formulas, names
        super().__init__(given, {**(said or {}), **_as_rows(formulas)})
        self.sizes = {code: self._size(code) for code in CLUSTERS}
        choices = [("", _("tidak dipakai")), *sorted(names.items(), key=lambda pair: pair[1])]
        for code in CLUSTERS:
            for alternative, row in self._rows(code):
                place = {"code": code, "alternative": alternative, "row": row}
                label = _("%(code)s, pilihan %(alternative)s, angka %(row)s") % place
                self.fields[f"use_{code}_{alternative}_{row}"] = forms.ChoiceField(
                    label=label,
                    choices=choices,
                    required=False,
                    error_messages={"invalid_choice": not_countable(label)},
                )
                self.fields[f"weight_{code}_{alternative}_{row}"] = FactorField(
                    label=_("%(code)s, pilihan %(alternative)s, bobot %(row)s") % place, required=False
                )
            labels = {
                "per": _("%(code)s, cara menghitung"),
                "missing": _("%(code)s, daerah tanpa angka"),
                "by_area": _("%(code)s, berlaku di"),
            }
            for key, options in OPTIONS.items():
                self.fields[f"{key}_{code}"] = forms.ChoiceField(
                    label=labels[key] % {"code": code},
                    choices=[(typed, words) for typed, (_rule, words) in options.items()],
                )

    def _size(self, code: str) -> tuple[int, int]:
        """How many alternatives and rows: room for one more, and none that is in use is left out, or saving would lose it."""
        stored = self.stored[code]["use"]
        used = [(len(stored), max(len(use) for use in stored))]
        for field, indicator in self.data.items():
            if indicator and (found := ROW.fullmatch(field)) and found[1] == code:
                used.append((int(found[2]), int(found[3])))
        alternatives, rows = (max(LEAST, max(each) + SPARE) for each in zip(*used, strict=True))
        return alternatives, rows

    def _rows(self, code: str) -> Iterator[tuple[int, int]]:
        alternatives, rows = self.sizes[code]
        return ((alternative, row) for alternative in range(1, alternatives + 1) for row in range(1, rows + 1))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
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
    def formulas(self) -> dict[str, Any]:
        """Of a valid form: by cluster, as clusters.policy.read_rules takes them."""
        return {
            code: {
                **self.stored[code],
                "use": self._use(code),
                **{key: options[self.cleaned_data[f"{key}_{code}"]][0] for key, options in OPTIONS.items()},
            }
            for code in CLUSTERS
        }

    def _use(self, code: str) -> list[dict[str, str]]:
        alternatives: dict[int, dict[str, str]] = {}
        for alternative, row in self._rows(code):
            if indicator := self.cleaned_data[f"use_{code}_{alternative}_{row}"]:
                weight = self.cleaned_data[f"weight_{code}_{alternative}_{row}"]
                alternatives.setdefault(alternative, {})[indicator] = weight
        return list(alternatives.values())

    @property
    def clusters(self) -> Iterator[dict[str, Any]]:
        """The fields of each formula: code, alternatives (number, rows of (indicator, weight), open), options."""
        for code in CLUSTERS:
            alternatives, size = self.sizes[code]
            shown = []
            for alternative in range(1, alternatives + 1):
                rows = [
                    (self[f"use_{code}_{alternative}_{row}"], self[f"weight_{code}_{alternative}_{row}"])
                    for row in range(1, size + 1)
                ]
                filled = any(indicator.value() or indicator.errors or weight.errors for indicator, weight in rows)
                shown.append({"number": alternative, "rows": rows, "open": alternative == 1 or filled})
            yield {
                "code": code,
                "alternatives": shown,
                "options": [self[f"{key}_{code}"] for key in OPTIONS],
            }


class FormulaField(forms.CharField):
    """One cluster's formula as an address holds it, in JSON; empty: as the policy says. Clean it is a mapping or None."""

    def __init__(self, code: str, names: Mapping[str, str]) -> None:
        self.code, self.names = code, names
        label = _("Rumus %(code)s") % {"code": code}
        too_long = _("%(field)s: terlalu panjang untuk sebuah skenario. Pakai lebih sedikit pilihan atau angka.")
        super().__init__(
            label=label,
            required=False,
            max_length=MOST,
            widget=forms.HiddenInput(),
            error_messages={"max_length": too_long % {"field": label}},
        )

    def clean(self, value: Any) -> dict[str, Any] | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            formula: dict[str, Any] = json.loads(text)
            rules = read_rules(SHIPPED, {"formulas": {self.code: formula}})
        except (BadRules, ValueError, RecursionError) as error:
            raise ValidationError(
                _("%(field)s: tidak dapat dibaca. Buka Ubah rumus, lalu susun lagi."), params={"field": self.label}
            ) from error
        if any(name not in self.names for use in rules.formulas[self.code].use for name in use):
            raise ValidationError(not_countable(str(self.label)))
        return formula


def in_address(formula: Mapping[str, Any] | None) -> str:
    """As FormulaField reads it."""
    return json.dumps(formula, separators=(",", ":")) if formula else ""


def not_countable(field: str) -> str:
    """What is said of an indicator that no formula may name."""
    return _(
        "%(field)s: angka itu belum dikenal, atau tidak menghitung orang sehingga tidak dapat dijumlahkan. "
        "Pilih dari daftar."
    ) % {"field": field}


def _as_rows(formulas: Mapping[str, Any]) -> dict[str, str]:
    said = {}
    for code in CLUSTERS:
        for key, options in OPTIONS.items():
            [default, *_others] = options.values()
            kept = formulas[code].get(key, default[0])
            said[f"{key}_{code}"] = next(typed for typed, (rule, _words) in options.items() if rule == kept)
        for alternative, use in enumerate(formulas[code]["use"], start=1):
            for row, (indicator, weight) in enumerate(use.items(), start=1):
                said[f"use_{code}_{alternative}_{row}"] = indicator
                said[f"weight_{code}_{alternative}_{row}"] = local(weight)
    return said
