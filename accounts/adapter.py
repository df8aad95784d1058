"""How allauth fits into this house: our stages, our messages, our keyring."""

from base64 import b64decode, b64encode
from typing import Any
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.middleware import client_address
from records.fields import keyring

SECRET_FIELD = "mfa.authenticator"  # noqa: S105 - the name that its ciphertexts are bound to
NO_ROW = UUID(int=0)  # allauth does not say whose secret it is


class SecondFactorStage(AuthenticateStage):
    """The one step between the first factor and the session, for accounts that have a second factor."""

    urlname = "second-factor"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        response, goes_on = super().handle()
        return redirect(self.urlname) if response else None, goes_on


class AccountAdapter(DefaultAccountAdapter):
    def get_login_stages(self) -> list[str]:
        return ["accounts.adapter.SecondFactorStage"]

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def add_message(self, *args: Any, **options: Any) -> None:
        """Pages say what happened in words of their own."""

    def send_notification_mail(self, *args: Any, **options: Any) -> None:
        """Notices leave by records.services.messages."""


class SecondFactorAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return b64encode(keyring().encrypt(SECRET_FIELD, NO_ROW, text)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises records.keyring.KeyringError when it was made with another key or changed."""
        return keyring().decrypt(SECRET_FIELD, NO_ROW, b64decode(encrypted_text))
