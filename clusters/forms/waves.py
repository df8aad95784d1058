"""Forms of the province's pages about waves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.forms.fields import WholeField
from clusters.models import QuotaDecision, RuleSet, Wave
from clusters.models.waves import GROUPS
from clusters.selectors.waves import unused_decisions

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

DATES = ("opens_at", "closes_at", "draws_at", "starts_on", "ends_on")


def _moment(label: StrOrPromise, hint: StrOrPromise = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, help_text=hint, widget=widget)


def _day(label: StrOrPromise, hint: StrOrPromise = "") -> forms.DateField:
    return forms.DateField(label=label, help_text=hint, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


def _guarantee(label: StrOrPromise) -> WholeField:
    return WholeField(
        label=label,
        help_text=gettext_lazy("Tempat di setiap kabupaten dan kota. Kosong berarti tanpa jaminan."),
        required=False,
        most=10_000,
    )


class WaveForm(forms.Form):
    """Fields of a draft, or those that may still change of an open wave; `fields` in clusters.services.waves.EDITABLE."""

    name = forms.CharField(
        label=gettext_lazy("Nama gelombang"), help_text=gettext_lazy("Contoh: Gelombang 3"), max_length=60
    )
    slug = forms.SlugField(
        label=gettext_lazy("Alamat singkat"),
        help_text=gettext_lazy(
            "Huruf kecil, angka, dan tanda hubung. Contoh: gelombang-3. Tidak berubah sesudah dibuka."
        ),
        max_length=20,
    )
    decision = forms.ModelChoiceField(
        label=gettext_lazy("Keputusan kuota"),
        help_text=gettext_lazy("Seluruh tempat dalam keputusan ini dipakai gelombang ini."),
        queryset=QuotaDecision.objects.none(),
        empty_label=gettext_lazy("Pilih keputusan"),
    )
    rule_set = forms.ModelChoiceField(
        label=gettext_lazy("Aturan kelayakan"),
        queryset=RuleSet.objects.order_by("-valid_from"),
        empty_label=None,
    )
    opens_at = _moment(gettext_lazy("Pendaftaran dibuka"), gettext_lazy("Waktu Indonesia Barat (WIB)."))
    closes_at = _moment(gettext_lazy("Pendaftaran ditutup"))
    draws_at = _moment(
        gettext_lazy("Undian"), gettext_lazy("Sisakan waktu untuk keberatan: 48 jam sesudah daftar dibekukan.")
    )
    starts_on = _day(gettext_lazy("Pelatihan mulai"))
    ends_on = _day(gettext_lazy("Pelatihan selesai"))
    mode = forms.ChoiceField(
        label=gettext_lazy("Cara membagi kelas"),
        choices=[
            (
                Wave.Mode.GUARDED,
                gettext_lazy("Terjaga: pilihan seseorang tidak menutup jalan orang yang hanya punya satu"),
            ),
            (Wave.Mode.SD, gettext_lazy("Menurut urutan undian saja")),
        ],
        initial=Wave.Mode.GUARDED,
        widget=forms.RadioSelect,
    )

    guarantee_women = _guarantee(gettext_lazy("Jaminan untuk perempuan"))
    guarantee_disability = _guarantee(gettext_lazy("Jaminan untuk penyandang disabilitas"))
    guarantee_laid_off = _guarantee(gettext_lazy("Jaminan untuk yang terkena PHK"))
    guarantee_remote = _guarantee(gettext_lazy("Jaminan untuk warga daerah terpencil"))

    def __init__(self, data: Any = None, *, wave: Wave | None = None, editable: frozenset[str]) -> None:
        guarantees = {f"guarantee_{group}": wave.guarantees.get(group) for group in GROUPS} if wave else {}
        initial = {name: getattr(wave, name) for name in editable} | guarantees if wave else {}
        super().__init__(data, initial=initial)
        self.wave = wave
        shown = editable | ({f"guarantee_{group}" for group in GROUPS} if "guarantees" in editable else set())
        for name in self.fields.keys() - shown:
            del self.fields[name]
        if "decision" in self.fields:
            self.fields["decision"].queryset = unused_decisions(wave)  # type: ignore[attr-defined]
            self.fields["decision"].label_from_instance = _decision_label  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Dates in their order, also against those of the wave that this form does not show."""
        data = super().clean() or {}
        dates = {name: data.get(name) or (self.wave and getattr(self.wave, name)) for name in DATES}
        draw_day = dates["draws_at"] and timezone.localdate(dates["draws_at"])
        for later, second, earlier, message in (
            ("closes_at", dates["closes_at"], dates["opens_at"], _("Pendaftaran ditutup sesudah dibuka.")),
            ("draws_at", dates["draws_at"], dates["closes_at"], _("Undian sesudah pendaftaran ditutup.")),
            ("starts_on", dates["starts_on"], draw_day, _("Pelatihan mulai sesudah hari undian.")),
            ("ends_on", dates["ends_on"], dates["starts_on"], _("Pelatihan selesai sesudah mulai.")),
        ):
            if later in self.fields and second and earlier and second <= earlier:
                self.add_error(later, message)
        return data

    @property
    def guarantees(self) -> list[forms.BoundField]:
        return [field for field in self if field.name.startswith("guarantee_")]

    @property
    def values(self) -> dict[str, Any]:
        """What the services take: the cleaned fields, with the guarantees above 0 as one mapping."""
        data = dict(self.cleaned_data)
        if "guarantee_women" in data:
            promised = {group: data.pop(f"guarantee_{group}") for group in GROUPS}
            data["guarantees"] = {group: places for group, places in promised.items() if places}
        return data


def _decision_label(decision: QuotaDecision) -> str:
    places = number_format(decision.places, use_l10n=True, force_grouping=True)
    return _("%(number)s: %(places)s tempat") % {"number": decision.decree_number, "places": places}


class ExtendForm(forms.Form):
    closes_at = _moment(gettext_lazy("Pendaftaran ditutup"))
    draws_at = _moment(gettext_lazy("Undian"))
    reason = forms.CharField(
        label=gettext_lazy("Alasan"),
        help_text=gettext_lazy("Dicatat dalam riwayat gelombang. Jangan menulis nama orang."),
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("closes_at") and data.get("draws_at") and data["draws_at"] < data["closes_at"]:
            self.add_error("draws_at", _("Undian tidak boleh sebelum pendaftaran ditutup."))
        return data


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Alasan"),
        help_text=gettext_lazy("Dapat dibaca semua orang. Jangan menulis nama orang."),
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
    )
