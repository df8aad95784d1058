"""Going on with a draft on another device."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registrations.services.drafts import CODE_LENGTH
from registrations.services.receipts import normalise_code


class ResumeForm(forms.Form):
    code = forms.CharField(
        label=_("Kode lanjut"),
        help_text=_("12 huruf dan angka, misalnya 7K3M 9QXD 2FHV. Huruf besar atau kecil sama saja."),
        error_messages={"required": _("Isi kode lanjut Anda, 12 huruf dan angka.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "maxlength": 40}
        ),
    )

    def clean_code(self) -> str:
        code = normalise_code(self.cleaned_data["code"])
        if len(code) != CODE_LENGTH:
            raise forms.ValidationError(
                gettext("Kode lanjut terdiri atas %(length)s huruf dan angka. Yang Anda isi %(given)s."),
                params={"length": CODE_LENGTH, "given": len(code)},
            )
        return code
