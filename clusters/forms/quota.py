"""What the province fills in to ask for a new split."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ProposeForm(forms.Form):
    reason = forms.CharField(
        max_length=200,
        label=_("Alasan menghitung lagi"),
        help_text=_("Contoh: tiga kelas baru di Cilacap. Alasan ini ikut diumumkan, jadi jangan menulis nama orang."),
    )
