"""Sign-in by password: the account it opens, and a budget of failures."""

from datetime import datetime, timedelta

from django.contrib.auth import authenticate

from accounts.models import SignInFailure, User
from records.fields import BlindIndexField
from records.services.locks import take_turns

FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_PER_LOGIN = 5
FAILURES_PER_ADDRESS = 50  # a whole office may share one


class TooManyFailures(Exception):
    """The budget of failed sign-ins of this login or address is spent for now."""


def verify_login(*, login: str, password: str, address: str, now: datetime) -> User | None:
    """The active account that this login (as accounts.forms gives it) and password open; costs the same when unknown.

    Raises TooManyFailures, before the password is looked at, when the budget of FAILURE_WINDOW is spent.
    """
    by_login, by_address = _failure_key("login", login), _failure_key("address", address)
    take_turns(by_login.hex())  # or tries made at once would not see each other's failures
    recent = SignInFailure.objects.filter(at__gt=now - FAILURE_WINDOW)
    if (
        recent.filter(key=by_login).count() >= FAILURES_PER_LOGIN
        or recent.filter(key=by_address).count() >= FAILURES_PER_ADDRESS
    ):
        raise TooManyFailures
    user = authenticate(login=login, password=password)
    if user:
        SignInFailure.objects.filter(key=by_login).delete()
    else:
        SignInFailure.objects.filter(at__lte=now - FAILURE_WINDOW).delete()
        SignInFailure.objects.bulk_create(SignInFailure(key=key, at=now) for key in (by_login, by_address))
    return user


def _failure_key(kind: str, value: str) -> bytes:
    return BlindIndexField.of("code", f"sign-in {kind}|{value}")
