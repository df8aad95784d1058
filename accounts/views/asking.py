"""Asking for a second factor: a code of the app, a recovery code, or a passkey."""

import json
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_authentication, complete_authentication, get_credentials
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.forms import CodeForm
from accounts.models import User
from accounts.services.factors import verify_factor
from accounts.services.passwords import TooManyFailures


def ask_for_factor(
    request: HttpRequest, user: User, template: str, context: dict[str, Any]
) -> Authenticator | HttpResponse:
    """The factor that this request shows, else the page that asks for one. Runs as the owner."""
    form, status, failed = CodeForm(None if "credential" in request.POST else request.POST or None), 200, False
    if "credential" in request.POST:
        if factor := _passkey(user, request.POST["credential"]):
            return factor
        status, failed = 422, True
    elif form.is_valid():
        status = 422
        try:
            if factor := verify_factor(user=user, code=form.cleaned_data["code"], now=timezone.now()):
                return factor
            form.add_error("code", _("Kode tidak cocok atau sudah dipakai. Tunggu kode berikutnya di aplikasi Anda."))
        except TooManyFailures:
            status = 429
            form.add_error(None, _("Terlalu banyak kode salah. Tunggu 15 menit, lalu coba lagi."))
    options = json.dumps(begin_authentication(user)) if get_credentials(user) else ""
    shown = context | {"form": form, "passkey_options": options, "passkey_failed": failed}
    return render(request, template, shown, status=status)


def _passkey(user: User, credential: str) -> Authenticator | None:
    try:
        return complete_authentication(user, json.loads(credential))
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
