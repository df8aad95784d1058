"""Questions of the registration and the words of their answers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

Choices = Iterable[tuple[object, object]]

NOTHING_CHOSEN = ("", _("Pilih dari daftar"))
YES_NO = [("ya", _("Ya")), ("tidak", _("Tidak"))]
OCCUPATIONS: dict[str, Any] = {
    "jobseeker": _("Pencari kerja"),
    "laid_off": _("Terkena PHK"),
    "furloughed": _("Dirumahkan"),
    "worker": _("Pekerja atau buruh"),
    "non_wage": _("Pekerja bukan penerima upah"),
    "micro_business": _("Pelaku usaha mikro atau kecil"),
    "asn": _("Aparatur sipil negara (PNS atau PPPK)"),
    "tni": _("Prajurit TNI"),
    "polri": _("Anggota Polri"),
    "state_official": _("Pejabat negara"),
    "dprd": _("Pimpinan atau anggota DPRD"),
    "village_head": _("Kepala desa atau perangkat desa"),
    "bumn_board": _("Direksi, komisaris atau dewan pengawas BUMN/BUMD"),
}
EDUCATION: dict[str, Any] = {
    "none": _("Tidak tamat SD"),
    "sd": _("SD atau sederajat"),
    "smp": _("SMP atau sederajat"),
    "sma": _("SMA atau sederajat"),
    "smk": _("SMK"),
    "diploma": _("Diploma"),
    "s1": _("Sarjana (S1) atau lebih"),
}
MARITAL_STATUS: dict[str, Any] = {
    "single": _("Belum kawin"),
    "married": _("Kawin"),
    "divorced": _("Cerai hidup"),
    "widowed": _("Cerai mati"),
}
SEX: dict[str, Any] = {"F": _("Perempuan"), "M": _("Laki-laki")}


def listed(codes: Sequence[str], words: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(code, words[code]) for code in codes]


def text(
    label: Any, hint: Any = "", *, required: Any = "", attrs: Mapping[str, object] | None = None
) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=bool(required),
        error_messages={"required": required},
        widget=forms.TextInput(attrs=dict(attrs or {})),
    )


def choice(label: Any, choices: Choices, missing: Any, hint: Any = "", **attrs: object) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        help_text=hint,
        choices=[NOTHING_CHOSEN, *choices],
        error_messages={"required": missing, "invalid_choice": missing},
        widget=forms.Select(attrs=attrs),
    )


def yes_no(label: Any, missing: Any, hint: Any = "") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        help_text=hint,
        choices=YES_NO,
        coerce=lambda answer: answer == "ya",
        error_messages={"required": missing, "invalid_choice": missing},
        widget=forms.RadioSelect,
    )
