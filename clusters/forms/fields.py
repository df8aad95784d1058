"""Fields for what people write as numbers."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext as _

WHOLE = re.compile(r"\d{1,9}|\d{1,3}(?:[., \u00a0]\d{3}){1,2}", re.ASCII)
MOST = 2_000_000  # places in one field, as in a decree


class WholeField(forms.CharField):
    """A whole number as people write it: "20000", "20.000", which Django's own field would read as 20.

    Errors name the field, since they also stand far from it.
    """

    def __init__(self, *, least: int = 0, most: int = MOST, **options: Any) -> None:
        super().__init__(
            max_length=20, widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}), **options
        )
        self.least, self.most = least, most

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        if not WHOLE.fullmatch(text):
            raise ValidationError(
                _("%(field)s: isi angka bulat, misalnya 16. Yang Anda isi: %(given)s."),
                params={"field": self.label, "given": text},
            )
        number = int(re.sub(r"\D", "", text))
        if number < self.least:
            raise ValidationError(
                _("%(field)s: paling sedikit %(least)s."), params={"field": self.label, "least": grouped(self.least)}
            )
        if number > self.most:
            raise ValidationError(
                _("%(field)s: paling banyak %(most)s."), params={"field": self.label, "most": grouped(self.most)}
            )
        return number


def grouped(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)
