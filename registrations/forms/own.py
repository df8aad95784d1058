"""Changing one's own number, family card or domicile, each on a page of its own."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registrations.forms.page import PageForm
from registrations.forms.pages import HomeForm, IdentityForm
from registrations.models.corrections import REASON_WORDS
from registrations.selectors.places import Places, named_places

CODE_DIGITS = 6


def reason_field() -> forms.ChoiceField:
    missing = _("Pilih sebabnya, supaya riwayat data Anda dapat dibaca kembali.")
    return forms.ChoiceField(
        label=_("Sebabnya"),
        choices=[(code, words) for code, words in REASON_WORDS.items() if code != "own"],
        error_messages={"required": missing, "invalid_choice": missing},
        widget=forms.RadioSelect,
    )


def key_field() -> forms.UUIDField:
    """Names this sending: a second press of the button changes nothing twice."""
    return forms.UUIDField(initial=uuid4, widget=forms.HiddenInput)


class PhoneForm(forms.Form):
    phone = HomeForm.base_fields["phone"]

    clean_phone = HomeForm.clean_phone

    def clean(self) -> dict[str, Any]:
        if "phone" in self.cleaned_data and not self.cleaned_data["phone"].startswith("+62"):
            self.add_error("phone", gettext("Nomor HP tidak dikenali. Tulis nomor Indonesia, misalnya 0812 3456 7890."))
        return self.cleaned_data


class PhoneCodeForm(forms.Form):
    code = forms.CharField(
        label=_("Kode dari SMS"),
        help_text=_("6 angka, dikirim ke nomor baru Anda."),
        error_messages={"required": _("Isi 6 angka dari SMS.")},
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "size": 8}),
    )

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].split())
        if not (code.isascii() and code.isdigit() and len(code) == CODE_DIGITS):
            raise forms.ValidationError(
                gettext("Kode terdiri atas 6 angka. Yang Anda isi %(given)s huruf atau angka."),
                params={"given": len(code)},
            )
        return code


class CardForm(PageForm):
    kk = IdentityForm.base_fields["kk"]
    reason = reason_field()
    key = key_field()

    clean_kk = IdentityForm.clean_kk

    def places(self) -> Places:
        return named_places(village_id=0, numbers=[self.cleaned_data.get("kk", "")])


class MoveForm(HomeForm):
    phone = None  # type: ignore[assignment]  # these two are not asked here
    email = None  # type: ignore[assignment]
    reason = reason_field()
    key = key_field()
