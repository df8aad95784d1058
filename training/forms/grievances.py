"""Raising an appeal or a complaint, and following one with its code."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.phone import normalise_phone
from clusters.models import Regency
from registrations.services.receipts import NUMBER_DIGITS
from training.models import Grievance
from training.models.grievances import SUBJECT_WORDS
from training.selectors.effects import CLAIMS

LEAST, MOST = 20, 2000  # characters


def long_text(label: Any, hint: Any, required: Any) -> forms.CharField:
    """A few sentences of a person's own; `required`: what to do when there are none."""
    return forms.CharField(
        label=label,
        help_text=hint,
        min_length=LEAST,
        max_length=MOST,
        error_messages={
            "required": required,
            "min_length": gettext_lazy(
                "Tulis paling sedikit %(limit_value)d huruf. Yang Anda isi %(show_value)d huruf. Ceritakan lebih jelas."
            ),
            "max_length": gettext_lazy(
                "Tulis paling banyak %(limit_value)d huruf. Yang Anda isi %(show_value)d huruf. Ambil intinya saja."
            ),
        },
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class _RaisingForm(forms.Form):
    """`key` names this sending: a second press of the button does not raise it twice."""

    subject = forms.ChoiceField(
        label=gettext_lazy("Tentang apa"),
        choices=SUBJECT_WORDS.items(),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Pilih satu hal yang Anda adukan.")},
    )
    text = long_text(
        gettext_lazy("Ceritakan"),
        gettext_lazy("Apa yang terjadi, kapan, dan apa yang Anda minta. Jangan tulis NIK atau nomor KK."),
        gettext_lazy("Tulis beberapa kalimat: apa yang terjadi, dan apa yang Anda minta."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, typed: Any = None, *, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(typed, initial={"key": uuid4(), **(initial or {})})


class OwnGrievanceForm(_RaisingForm):
    """Of somebody registered; `claim` is what they say is recorded wrongly."""

    claim = forms.ChoiceField(
        label=gettext_lazy("Yang benar tentang saya"),
        help_text=gettext_lazy("Isi bila syarat, klaster, atau data Anda yang keliru."),
        choices=[
            ("", gettext_lazy("Tidak ada yang cocok")),
            *((code, words) for code, (words, _facts) in CLAIMS.items()),
        ],
        required=False,
    )
    field_order = ["subject", "claim", "text", "key"]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("claim") and given.get("subject") not in Grievance.APPEALS:
            self.add_error("claim", _("Kosongkan bila Anda mengadukan pelayanan atau hal lain."))
        return given


class ComplaintForm(_RaisingForm):
    subject = forms.ChoiceField(
        label=gettext_lazy("Tentang apa"),
        choices=[(code, words) for code, words in SUBJECT_WORDS.items() if code != Grievance.Subject.CORRECTION],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Pilih satu hal yang Anda adukan.")},
    )
    regency = forms.ModelChoiceField(
        Regency.objects.order_by("name"),
        label=gettext_lazy("Kantor di kabupaten atau kota"),
        empty_label=gettext_lazy("Pilih kabupaten atau kota"),
        help_text=gettext_lazy("Kantor ini yang menjawab. Bila terlambat, provinsi yang menjawab."),
        error_messages={"required": gettext_lazy("Pilih kabupaten atau kota yang kantornya Anda adukan.")},
    )
    phone = forms.CharField(
        label=gettext_lazy("Nomor HP"),
        help_text=gettext_lazy("Bila diisi, Anda mendapat SMS ketika ada jawaban. Disimpan tersandi."),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )
    field_order = ["regency", "subject", "text", "phone", "key"]

    def clean_phone(self) -> str:
        typed: str = self.cleaned_data["phone"]
        phone = normalise_phone(typed) if typed else ""
        if phone is None:
            raise forms.ValidationError(_("Nomor HP tidak dikenali. Tulis seperti 0812 3456 7890, atau kosongkan."))
        return phone


class FollowForm(forms.Form):
    number = forms.CharField(
        label=gettext_lazy("Nomor pengaduan"),
        help_text=gettext_lazy("12 angka, Anda terima ketika mengadu."),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    code = forms.CharField(
        label=gettext_lazy("Kode rahasia"),
        help_text=gettext_lazy("10 huruf dan angka, Anda terima bersama nomornya."),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_number(self) -> str:
        number = "".join(self.cleaned_data["number"].split())
        if not (number.isascii() and number.isdigit() and len(number) == NUMBER_DIGITS):
            raise forms.ValidationError(
                _("Nomor pengaduan harus 12 angka. Yang Anda isi %(length)s.") % {"length": len(number)}
            )
        return number
