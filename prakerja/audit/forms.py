from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from prakerja.audit.trail import READ
from prakerja.audit.words import KIND_WORDS
from registrations.nik import normalise_digits

BEFORE_THE_END = MaxValueValidator(date(9999, 12, 30))  # a day has a next one


class TrailForm(forms.Form):
    """Filters and place of the list, from the address. Whatever is not one of them is an error, not a wider list."""

    orang = forms.UUIDField(required=False)
    pelaku = forms.UUIDField(required=False)
    jenis = forms.CharField(required=False, max_length=60)
    dari = forms.DateField(required=False)
    sampai = forms.DateField(required=False, validators=[BEFORE_THE_END])
    sesudah = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


class FindForm(forms.Form):
    """Whom the lines are about and who acted: posted, since neither belongs in an address.

    `..._tetap`: who was found before and stays unless another one is named.
    """

    orang = forms.CharField(
        label=_("Peserta"), help_text=_("NIK atau nomor pendaftaran."), required=False, max_length=40
    )
    pelaku = forms.CharField(label=_("Petugas"), help_text=_("Awal namanya."), required=False, max_length=120)
    jenis = forms.ChoiceField(label=_("Jenis"), required=False)
    dari = forms.DateField(label=_("Dari tanggal"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    sampai = forms.DateField(
        label=_("Sampai tanggal"),
        required=False,
        validators=[BEFORE_THE_END],
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    orang_tetap = forms.UUIDField(required=False, widget=forms.HiddenInput)
    pelaku_tetap = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kinds = sorted(((kind, str(word)) for kind, word in KIND_WORDS.items()), key=lambda pair: pair[1])
        self.fields["jenis"].choices = [("", _("Semua")), (READ, _("Melihat data lengkap")), *kinds]  # type: ignore[attr-defined]

    def clean_orang(self) -> dict[str, str]:
        """{"nik": digits} or {"number": digits}; {} for nothing."""
        text = normalise_digits(self.cleaned_data["orang"])
        if not text:
            return {}
        for name, length in (("nik", 16), ("number", 12)):
            if text.isdecimal() and len(text) == length:
                return {name: text}
        raise forms.ValidationError(_("Isi NIK (16 angka) atau nomor pendaftaran (12 angka)."))

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or {}
        if chosen.get("dari") and chosen.get("sampai") and chosen["dari"] > chosen["sampai"]:
            self.add_error("sampai", _("Tanggal akhir harus sama dengan atau sesudah tanggal awal."))
        return chosen
