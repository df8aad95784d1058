"""What somebody types from a receipt to open or to take over what it is about."""

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.services.receipts import NUMBER_DIGITS

SECRET = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class OpeningForm(forms.Form):
    """Number, code and birth date; which code, says the form that asks for it."""

    field_order = ("number", "code", "birth_date")

    number = forms.CharField(
        label=_("Nomor pendaftaran"),
        help_text=_("12 angka, tertulis di bukti pendaftaran."),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    birth_date = forms.DateField(label=_("Tanggal lahir"), widget=forms.SelectDateWidget())

    def clean_number(self) -> str:
        number = "".join(self.cleaned_data["number"].split())
        if not (number.isascii() and number.isdigit() and len(number) == NUMBER_DIGITS):
            raise forms.ValidationError(
                _("Nomor pendaftaran harus 12 angka. Yang Anda isi %(length)s.") % {"length": len(number)}
            )
        return number


class ClaimForm(OpeningForm):
    code = forms.CharField(
        label=_("Kode klaim"),
        help_text=_("10 huruf dan angka, tertulis di lembar dari petugas."),
        max_length=20,
        widget=forms.TextInput(attrs=SECRET),
    )
