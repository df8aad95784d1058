"""What a session and its account have shown: the first factor, the second one, and how long ago."""

import time
from datetime import timedelta

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from accounts.models import User

CONFIRMED_FOR = timedelta(minutes=10)
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def passed_second_factor(request: HttpRequest) -> bool:
    """Whether this session is signed in with two factors; only then roles count."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def signed_in_at(request: HttpRequest) -> float | None:
    """Seconds since the epoch of the session's first factor; None when nobody is signed in by our pages."""
    return min((record["at"] for record in get_authentication_records(request, request.user)), default=None)


def has_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=SECOND_FACTORS).exists())


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the strongest factor that this account has was shown within CONFIRMED_FOR."""
    if not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    if has_factor(request.user):
        records = [record for record in records if record["method"] == "mfa"]
    return any(time.time() - record["at"] < CONFIRMED_FOR.total_seconds() for record in records)
