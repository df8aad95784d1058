"""Opening one's own status."""

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.forms.opening import SECRET, OpeningForm


class StatusForm(OpeningForm):
    code = forms.CharField(
        label=_("Kode rahasia"),
        help_text=_("10 huruf dan angka, tertulis di bagian bawah bukti pendaftaran."),
        max_length=20,
        widget=forms.TextInput(attrs=SECRET),
    )
