import base64
import re
from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import RegexValidator
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from records.fields import keyring
from records.keyring import KeyringError
from registrations.models import IDENTITY_WORDS, Registration
from registrations.nik import normalise_digits

_SEARCH = "mentoring.search"
PURPOSES = {
    "identity": _("Mencocokkan dengan KTP di loket"),
    "contact": _("Menghubungi pendaftar"),
    "correction": _("Memperbaiki data atas permintaan pendaftar"),
    "complaint": _("Menangani pengaduan atau sanggahan"),
    "audit": _("Pemeriksaan"),
}


LIST_PURPOSES = {
    "work": _("Kerja kantor: rapat, verifikasi, kunjungan"),
    "contact": _("Menghubungi peserta"),
    "report": _("Laporan kepada pimpinan"),
    "audit": _("Pemeriksaan"),
}


def seal_search(text: str, user_id: UUID) -> str:
    """A search as it stands in an address: readable for this user only, so that no name gets into logs or histories."""
    return base64.urlsafe_b64encode(keyring().encrypt(_SEARCH, user_id, text)).decode().rstrip("=")


def open_search(token: str, user_id: UUID) -> str:
    """What `seal_search` sealed for this user; empty for anything else."""
    try:
        return keyring().decrypt(_SEARCH, user_id, base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (KeyringError, ValueError):
        return ""


class SearchForm(forms.Form):
    """A name's beginning, a NIK or a registration number; `kind` says which of them was typed."""

    q = forms.CharField(max_length=120)

    def clean_q(self) -> tuple[str, str]:
        text = self.cleaned_data["q"]
        number = normalise_digits(text)
        if re.fullmatch(r"\d{16}", number):
            return "nik", number
        if re.fullmatch(r"\d{12}", number):
            return "number", number
        return "name", text


# Of the identity check: its states, and what waits for the second person.
IDENTITY_CHOICES = {"not_matched": IDENTITY_WORDS["not_matched"], "sighted": _("Menunggu orang kedua")} | {
    state: IDENTITY_WORDS[state] for state in ("pending", "failed", "matched", "confirmed")
}


class PeopleForm(forms.Form):
    """Filters and place of the list, from the address. Whatever is not one of them is an error, not a wider list."""

    keadaan = forms.ChoiceField(required=False, choices=Registration.State)
    klaster = forms.IntegerField(required=False, min_value=0, max_value=3)
    kependudukan = forms.ChoiceField(required=False, choices=list(IDENTITY_CHOICES.items()))
    sesudah = forms.UUIDField(required=False)
    sebelum = forms.UUIDField(required=False)


class ExportForm(forms.Form):
    """What a list is taken away for, and in which form."""

    purpose = forms.ChoiceField(
        label=_("Untuk apa"),
        error_messages={"required": _("Pilih untuk apa daftar ini dipakai.")},
        choices=[("", _("Pilih tujuan")), *LIST_PURPOSES.items()],
    )
    note = forms.CharField(
        label=_("Keterangan"),
        help_text=_("Misalnya: rapat seleksi 3 Desember. Tujuan dan keterangan tercatat atas nama Anda."),
        required=False,
        max_length=200,
        validators=[RegexValidator(r"\d{6}", _("Jangan tulis NIK atau nomor lain di sini."), inverse_match=True)],
    )
    form = forms.ChoiceField(
        label=_("Bentuk berkas"),
        choices=[("xlsx", _("XLSX, untuk Excel dan LibreOffice")), ("csv", _("CSV, untuk program lain"))],
        widget=forms.RadioSelect,
        initial="xlsx",
    )

    def __init__(self, *args: Any, rows: int, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows, self.most = rows, most

    def clean_form(self) -> str:
        form: str = self.cleaned_data["form"]
        if form == "xlsx" and self.rows > self.most:
            raise forms.ValidationError(_("Daftar ini terlalu panjang untuk XLSX. Pilih CSV."))
        return form

    def reason(self) -> str:
        """Purpose and note in Indonesian, whatever the page's language: the log has one."""
        with translation.override("id"):
            return ": ".join(
                filter(None, [str(LIST_PURPOSES[self.cleaned_data["purpose"]]), self.cleaned_data["note"]])
            )


class SightForm(forms.Form):
    """The word of somebody who has seen a person's original papers."""

    reason = forms.CharField(
        label=_("Mengapa data berbeda"),
        help_text=_("Misalnya: nama di KTP disingkat. Keterangan ini tercatat atas nama Anda."),
        error_messages={"required": _("Tulis singkat mengapa data berbeda, misalnya: nama di KTP disingkat.")},
        min_length=5,
        max_length=200,
        validators=[RegexValidator(r"\d{6}", _("Jangan tulis NIK atau nomor lain di sini."), inverse_match=True)],
    )
    seen = forms.BooleanField(
        label=_("Orangnya ada di depan saya, dan saya melihat KTP dan KK asli"),
        error_messages={"required": _("Beri tanda hanya bila Anda sendiri melihat KTP dan KK asli orang ini.")},
    )


class EvidenceForm(forms.Form):
    """Whether a paper bears out what the person stated."""

    verdict = forms.ChoiceField(
        label=_("Putusan"),
        choices=[("accepted", _("Sesuai")), ("refused", _("Tidak sesuai"))],
        error_messages={"required": _("Pilih sesuai atau tidak sesuai.")},
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Bila tidak sesuai, mengapa"),
        help_text=_(
            "Dibaca orangnya. Tulis apa yang harus dikirim, misalnya: foto kabur, kirim ulang halaman pertama."
        ),
        required=False,
        max_length=300,
        validators=[RegexValidator(r"\d{6}", _("Jangan tulis NIK atau nomor lain di sini."), inverse_match=True)],
    )

    def clean(self) -> None:
        if self.cleaned_data.get("verdict") == "accepted":
            self.cleaned_data["reason"] = ""
        elif not self.cleaned_data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Tulis mengapa tidak sesuai, supaya orangnya tahu apa yang harus dikirim."))


class RevealForm(forms.Form):
    field = forms.ChoiceField(
        label=_("Yang ditampilkan"),
        choices=[
            ("nik", _("NIK")),
            ("kk", _("Nomor KK")),
            ("phone", _("Nomor HP")),
            ("birth_date", _("Tanggal lahir")),
        ],
        widget=forms.RadioSelect,
        initial="nik",
    )
    purpose = forms.ChoiceField(
        label=_("Alasan"),
        error_messages={"required": _("Pilih alasan Anda melihat nomor ini.")},
        choices=[("", _("Pilih alasan")), *PURPOSES.items()],
    )
    note = forms.CharField(
        label=_("Keterangan"),
        help_text=_("Misalnya: pendaftar datang ke loket 2. Alasan ini tercatat atas nama Anda."),
        error_messages={"required": _("Tulis keterangan singkat, misalnya di loket mana.")},
        min_length=5,
        max_length=200,
        validators=[RegexValidator(r"\d{6}", _("Jangan tulis NIK atau nomor lain di sini."), inverse_match=True)],
    )

    def reason(self) -> str:
        """Purpose and note as one sentence, in Indonesian whatever the page's language: the log has one."""
        with translation.override("id"):
            return f"{PURPOSES[self.cleaned_data['purpose']]}: {self.cleaned_data['note']}"
