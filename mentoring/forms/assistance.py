"""Beginning to fill in for somebody, and paper forms to begin with."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from registrations.models import MOST_FORMS
from registrations.services.assistance import Paper
from registrations.services.papers import NUMBER_LENGTH
from registrations.services.receipts import normalise_code


class BeginForm(forms.Form):
    """Somebody in front of the counter. `key`: sent again, it is begun once."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    agreed = forms.BooleanField(
        label=_("Kata-kata ini sudah saya bacakan, dan orangnya menjawab ya"),
        error_messages={"required": _("Bacakan dulu, lalu beri tanda bila orangnya setuju.")},
    )

    def __init__(self, typed: Mapping[str, Any] | None = None) -> None:
        super().__init__(typed, initial={"key": uuid4()}, auto_id="begin_%s")

    def paper(self) -> Paper | None:
        return None


class PaperBeginForm(forms.Form):
    """A form that was filled in and signed on paper."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    number = forms.CharField(
        label=_("Nomor formulir"),
        help_text=_("10 huruf dan angka di kanan atas formulir. Boleh dipindai dari kode QR."),
        error_messages={"required": _("Isi nomor formulir, 10 huruf dan angka di kanan atas formulir.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "maxlength": 200}
        ),
    )
    signed_on = forms.DateField(
        label=_("Tanggal tanda tangan"),
        error_messages={
            "required": _("Isi tanggal tanda tangan seperti tertulis di formulir."),
            "invalid": _("Tanggal ini tidak ada di kalender. Isi tanggal, bulan dan tahun seperti di formulir."),
        },
        widget=forms.SelectDateWidget(),
    )

    def __init__(self, typed: Mapping[str, Any] | None = None, *, today: date, number: str = "") -> None:
        super().__init__(typed, initial={"key": uuid4(), "number": number}, auto_id="paper_%s")
        self.today = today

    def clean_number(self) -> str:
        """The number as it was typed, or out of the address that the QR code holds."""
        number = normalise_code(self.cleaned_data["number"].rpartition("=")[2])
        if len(number) != NUMBER_LENGTH:
            raise forms.ValidationError(
                _("Nomor formulir terdiri atas %(length)s huruf dan angka. Yang Anda isi %(given)s."),
                params={"length": NUMBER_LENGTH, "given": len(number)},
            )
        return number

    def clean_signed_on(self) -> date:
        signed: date = self.cleaned_data["signed_on"]
        if signed > self.today:
            raise forms.ValidationError(_("Tanggal tanda tangan belum tiba. Periksa lagi di formulir."))
        return signed

    def paper(self) -> Paper | None:
        return Paper(self.cleaned_data["number"], self.cleaned_data["signed_on"])


class LotForm(forms.Form):
    """How many blank forms to print. `key`: sent again, it is one lot."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    size = forms.IntegerField(
        label=_("Berapa formulir"),
        help_text=format_lazy(_("Paling banyak {most} sekali cetak; satu formulir dua halaman A4."), most=MOST_FORMS),
        min_value=1,
        max_value=MOST_FORMS,
        error_messages={
            "required": _("Isi berapa formulir yang Anda perlukan."),
            "invalid": _("Isi jumlahnya dengan angka, misalnya 10."),
            "min_value": _("Cetak paling sedikit satu formulir."),
            "max_value": _("Sekali cetak paling banyak %(limit_value)s formulir."),
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 3, "size": 4}),
    )

    def __init__(self, typed: Mapping[str, Any] | None = None) -> None:
        super().__init__(typed, initial={"key": uuid4()})
