"""Opening one's own status."""

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.services.receipts import NUMBER_DIGITS


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
    birth_date = forms.DateField(label=_("Tanggal lahir"), widget=forms.SelectDateWidget())

    def clean_number(self) -> str:
        number = "".join(self.cleaned_data["number"].split())
        if not (number.isascii() and number.isdigit() and len(number) == NUMBER_DIGITS):
            raise forms.ValidationError(
                _("Nomor pendaftaran harus 12 angka. Yang Anda isi %(length)s.") % {"length": len(number)}
            )
        return number
