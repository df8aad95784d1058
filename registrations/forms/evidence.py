"""Sending a photographed paper: in one piece, or announcing the pieces that a script sends."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from records.pictures import MOST_BYTES
from registrations.models import Evidence
from registrations.selectors.evidence import MOST_FILES

MOST_MB = MOST_BYTES // (1024 * 1024)
# Why a file is not taken, and what to do, by the codes of records.pictures and registrations.services.evidence.
REFUSALS: dict[str, Any] = {
    "empty": _("Berkas ini kosong. Ambil fotonya sekali lagi."),
    "too_large": _("Foto ini lebih besar dari 10 MB. Ambil foto baru dengan ukuran lebih kecil, lalu kirim lagi."),
    "pdf": _("PDF belum dapat diterima. Buka atau cetak suratnya, lalu kirim fotonya."),
    "heif": _("Format HEIC belum dapat diterima. Di kamera pilih format JPEG, atau kirim tangkapan layar fotonya."),
    "not_a_picture": _("Ini bukan foto. Kirim foto JPEG, PNG atau WebP dari suratnya."),
    "too_many_pixels": _("Foto ini terlalu besar untuk dibuka. Ambil foto biasa, bukan mode resolusi tinggi."),
    "broken": _("Foto ini rusak atau terpotong. Ambil fotonya sekali lagi, lalu kirim."),
    "too_heavy": _("Foto ini terlalu berat untuk dibuka. Ambil foto baru dengan kamera biasa, lalu kirim."),
    "too_many": _("Paling banyak 5 foto untuk satu bukti. Hapus satu foto dulu."),
    "changed": _("Foto ini berubah di jalan. Kirim sekali lagi."),
}
assert MOST_MB == 10 and MOST_FILES == 5, "the sentences name these"  # noqa: S101


class PhotoField(forms.FileField):
    one_of = True  # of the two, as its label says

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_empty_file=True, **options)


class EvidenceForm(forms.Form):
    """A photograph for one claim, taken now or chosen; where the camera's button is not shown, by the other field."""

    camera = PhotoField(
        label=_("Ambil foto"),
        widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"}),
    )
    file = PhotoField(
        label=_("Pilih foto yang sudah ada"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    def __init__(self, claim: str, data: Any = None, files: Any = None) -> None:
        self.claim = claim
        super().__init__(data, files, auto_id=f"id_{claim}_%s")

    def clean(self) -> None:
        if not self.errors and not self.photo():
            self.add_error("file", _("Ambil atau pilih foto dulu, lalu tekan Kirim foto."))

    def photo(self) -> UploadedFile[bytes] | None:
        chosen = self.cleaned_data
        return chosen.get("camera") or chosen.get("file")

    def refuse(self, code: str) -> None:
        self.add_error("file", REFUSALS[code])


class UploadForm(forms.Form):
    """What a script announces before it sends a file in pieces."""

    claim = forms.ChoiceField(choices=Evidence.Claim.choices)
    size = forms.IntegerField(min_value=1)
    sha256 = forms.RegexField(r"^[0-9a-f]{64}$")
