"""What a planner says about one figure."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.forms.fields import WholeField
from clusters.selectors.figures import PERCENT
from clusters.services.figures import MOST


class PercentField(forms.CharField):
    """A percentage as people write it: "4,02" and "4.02" are the same."""

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        if (
            not re.fullmatch(r"\d{1,3}([.,]\d{1,3})?", text, re.ASCII)
            or (number := Decimal(text.replace(",", "."))) > 100
        ):
            raise ValidationError(_("Isi angka dari 0 sampai 100, misalnya 4,02."))
        return number


class YearForm(forms.Form):
    """The year that the coverage is narrowed to, from the address."""

    tahun = forms.TypedChoiceField(label=gettext_lazy("Tahun"), coerce=int, empty_value=None, required=False)

    def __init__(self, data: Mapping[str, Any], *, years: Sequence[int]) -> None:
        super().__init__(data)
        everything = ("", _("Semua tahun"))
        self.fields["tahun"].choices = [everything, *((year, str(year)) for year in years)]  # type: ignore[attr-defined]


class FigureForm(forms.Form):
    """`figure`: which of the published ones; where there is none, `value` in the indicator's unit. A withdrawal needs only the
    reason. choices: (id, what a reader sees) of each published figure."""

    figure = forms.ChoiceField(
        label=gettext_lazy("Angka yang dipakai"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Pilih satu angka."),
            "invalid_choice": gettext_lazy("Angka ini sudah diganti. Pilih dari yang ada sekarang."),
        },
    )
    value = forms.CharField()
    reason = forms.CharField(
        label=gettext_lazy("Alasan"),
        help_text=gettext_lazy("Alasan ini ikut diumumkan, jadi jangan menulis nama orang."),
        max_length=300,
        error_messages={"required": gettext_lazy("Tulis alasannya, supaya orang lain dapat memeriksa.")},
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        choices: Sequence[tuple[str, str]],
        unit: str,
        initial: Mapping[str, Any],
        withdraws: bool = False,
    ) -> None:
        super().__init__(data, initial=dict(initial))
        options: dict[str, Any] = {
            "label": _("Nilai"),
            "required": not withdraws,
            "error_messages": {"required": _("Isi nilainya.")},
        }
        if choices:
            del self.fields["value"]
            self.fields["figure"].choices = choices  # type: ignore[attr-defined]
            self.fields["figure"].required = not withdraws
        else:
            del self.fields["figure"]
            self.fields["value"] = (
                PercentField(help_text=_("Dalam persen. Contoh: 4,02."), **options)
                if unit == PERCENT
                else WholeField(help_text=_("Angka bulat. Contoh: 12.500."), most=MOST, **options)
            )
            self.order_fields(["value", "reason"])
