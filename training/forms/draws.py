"""Forms of the province's steps of a draw."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


def _dice(label: Any, hint: Any) -> forms.CharField:
    """Dice as rolled; the service checks them and says what is wrong."""
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3, "inputmode": "numeric", "spellcheck": "false"}),
    )


class DiceForm(forms.Form):
    dice = _dice(
        _("Hasil lemparan dadu"),
        _("Paling sedikit 40 lemparan, angka 1 sampai 6, dalam urutan jatuhnya. Spasi boleh."),
    )
    witnesses = forms.CharField(
        label=_("Saksi"),
        help_text=_("Nama dan lembaga setiap saksi, satu per baris. Nama ini tampil di halaman undian."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ConfirmForm(forms.Form):
    dice = _dice(
        _("Hasil lemparan dadu, sekali lagi"),
        _("Ketik dari berita acara, bukan dari layar rekan Anda. Undian dimulai bila keduanya sama."),
    )


class ReasonForm(forms.Form):
    """Why a draw is set aside, or dice are taken back."""

    reason = forms.CharField(
        label=_("Alasan"),
        help_text=_("Alasan ini tampil di halaman undian."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
