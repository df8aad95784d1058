"""The phones that sample accounts do not have: authenticator secrets that follow from the development key file."""

import base64
import time
from dataclasses import dataclass

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings

from accounts.models import User
from accounts.selectors.factors import has_factor
from accounts.services.factors import add_totp
from records.fields import keyring

STEP = 30


@dataclass(frozen=True)
class Code:
    """Six digits of now, and for how many seconds."""

    digits: str
    seconds: int


def secret_of(email: str) -> str:
    """Base32; the same for one key file."""
    return base64.b32encode(keyring().index("code", f"sample authenticator|{email}")[:20]).decode()


def code_of(email: str) -> Code:
    now = int(time.time())
    return Code(format_hotp_value(hotp_value(secret_of(email), now // STEP)), STEP - now % STEP)


def give_phone(user: User) -> None:
    """Let a sample account pass the second factor by the simulated phone, unless it has a factor already."""
    if not settings.SAMPLE_DATA:
        raise RuntimeError("Only sample accounts have simulated phones.")
    if not has_factor(user):
        add_totp(user=user, secret=secret_of(user.email or ""))
