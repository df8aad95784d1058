"""Forms of the province's steps of a draw."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SeedForm(forms.Form):
    """Dice as rolled; the service checks them and says what is wrong."""

    dice = forms.CharField(
        label=_("Hasil lemparan dadu"),
        help_text=_("Paling sedikit 40 lemparan, angka 1 sampai 6, dalam urutan jatuhnya. Spasi boleh."),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3, "inputmode": "numeric", "spellcheck": "false"}),
    )
    witnesses = forms.CharField(
        label=_("Saksi"),
        help_text=_("Nama dan lembaga setiap saksi, satu per baris. Nama ini tampil di halaman undian."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class VoidForm(forms.Form):
    reason = forms.CharField(
        label=_("Alasan pembatalan"),
        help_text=_("Alasan ini tampil di halaman undian."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
