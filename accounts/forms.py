from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.phone import normalise_phone


class LoginField(forms.CharField):
    """An e-mail address or a mobile number in any usual spelling; gives lower case or E.164.

    What is neither passes unchanged and is then unknown: a hint here would tell apart what sign-in must not.
    """

    def clean(self, value: Any) -> str:
        text: str = super().clean(value).lower()
        return text if "@" in text else normalise_phone(text) or text


class SignInForm(forms.Form):
    login = LoginField(
        label=_("E-mail atau nomor HP"),
        max_length=254,
        error_messages={"required": _("Isi e-mail atau nomor HP Anda.")},
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Kata sandi"),
        max_length=200,
        strip=False,
        error_messages={"required": _("Isi kata sandi Anda.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
