"""How allauth fits into this house: our stages, our messages, our keyring."""

import ipaddress
from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.stages import LoginStage
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.middleware import client_address
from accounts.models import User
from accounts.selectors.factors import has_factor, passed_second_factor
from accounts.services.notices import tell_owner
from records.fields import keyring

SECRET_FIELD = "mfa.authenticator"  # noqa: S105 - the name that its ciphertexts are bound to
NO_ROW = UUID(int=0)  # allauth does not say whose secret it is
BROWSER = "browser"  # the cookie with the accounts that this browser has opened
BROWSER_LASTS = timedelta(days=180)
ACCOUNTS_A_BROWSER = 8


def known_accounts(request: HttpRequest) -> list[UUID]:
    """The accounts that were opened in this browser before, the latest first."""
    cookie = request.get_signed_cookie(BROWSER, default="", salt=BROWSER, max_age=BROWSER_LASTS)
    return [UUID(hex) for hex in str(cookie).split(",") if hex]


class SecondFactorStage(LoginStage):  # type: ignore[misc] # allauth has no types
    """The one step between the first factor and the session, for accounts that have a second factor."""

    key = "second_factor"
    urlname = "second-factor"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        return redirect(self.urlname) if has_factor(self.login.user) else None, True


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def get_login_stages(self) -> list[str]:
        return ["accounts.adapter.SecondFactorStage"]

    def get_client_ip(self, request: HttpRequest) -> str:
        with suppress(ValueError):  # behind a socket there is none
            return str(ipaddress.ip_address(client_address(request)))
        return "0.0.0.0"  # noqa: S104 - unknown

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse:
        """Signed in. Who has no second factor yet gets one first; a browser that is new to the account is told of."""
        response: HttpResponse = super().post_login(request, user, **options)
        if not passed_second_factor(request):
            response = redirect_to_login(options["redirect_url"], reverse("factors"))
        known = known_accounts(request)
        if user.pk not in known:
            tell_owner(user=user, template="sign_in_new_device", now=timezone.now())
        latest = [user.pk, *(other for other in known if other != user.pk)][:ACCOUNTS_A_BROWSER]
        response.set_signed_cookie(
            BROWSER,
            ",".join(pk.hex for pk in latest),
            salt=BROWSER,
            max_age=BROWSER_LASTS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response

    def add_message(self, *args: Any, **options: Any) -> None:
        """Pages say what happened in words of their own."""

    def send_notification_mail(self, *args: Any, **options: Any) -> None:
        """Notices leave by records.services.messages."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return b64encode(keyring().encrypt(SECRET_FIELD, NO_ROW, text)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises records.keyring.KeyringError when it was made with another key or changed."""
        return keyring().decrypt(SECRET_FIELD, NO_ROW, b64decode(encrypted_text))
