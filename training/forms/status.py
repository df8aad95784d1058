"""Opening one's own status."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class StatusForm(forms.Form):
    number = forms.CharField(
        label=_("Nomor pendaftaran"),
        help_text=_("12 angka, tertulis di bukti pendaftaran."),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    code = forms.CharField(
        label=_("Kode rahasia"),
        help_text=_("10 huruf dan angka, tertulis di bagian bawah bukti pendaftaran."),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    birth_date = forms.DateField(label=_("Tanggal lahir"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        this_year = timezone.localdate().year
        self.fields["birth_date"].widget = forms.SelectDateWidget(years=range(this_year - 90, this_year))

    def clean_number(self) -> str:
        number = "".join(self.cleaned_data["number"].split())
        if not (number.isascii() and number.isdigit() and len(number) == 12):
            raise forms.ValidationError(
                _("Nomor pendaftaran harus 12 angka. Yang Anda isi %(length)s.") % {"length": len(number)}
            )
        return number
