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


def _login_field() -> LoginField:
    return LoginField(
        label=_("E-mail atau nomor HP"),
        max_length=254,
        error_messages={"required": _("Isi e-mail atau nomor HP Anda.")},
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )


class SignInForm(forms.Form):
    """Login and password; for the way `by_code` the login alone."""

    login = _login_field()
    password = forms.CharField(
        label=_("Kata sandi"),
        max_length=200,
        strip=False,
        error_messages={"required": _("Isi kata sandi Anda.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, by_code: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if by_code:
            del self.fields["password"]


class ForgotForm(forms.Form):
    login = _login_field()


class CodeForm(forms.Form):
    """A code by message, of an app, or for recovery; spaces in it do not count."""

    code = forms.CharField(
        label=_("Kode"),
        max_length=20,
        error_messages={"required": _("Isi kode Anda.")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "class": "input-code",
                "spellcheck": "false",
            }
        ),
    )

    def clean_code(self) -> str:
        return "".join(self.cleaned_data["code"].split())


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Kata sandi baru"),
        help_text=_("Paling sedikit 12 huruf, angka, atau tanda. Beberapa kata yang tidak berhubungan mudah diingat."),
        max_length=200,
        strip=False,
        error_messages={"required": _("Isi kata sandi baru.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class PasskeyForm(forms.Form):
    """What the browser answers, and a name to know it by."""

    name = forms.CharField(
        label=_("Nama kunci ini"), max_length=60, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    credential = forms.JSONField(widget=forms.HiddenInput)
