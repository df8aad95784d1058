"""Sign-in by password: the account it opens, and budgets of failures that nobody can spend for somebody else's browser."""

import ipaddress
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth import authenticate

from accounts.models import SignInFailure, User
from records.fields import BlindIndexField
from records.services.locks import take_turns

FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_PER_PLACE = 5  # of one login from one place: an address, or a browser that has opened the account before
FAILURES_PER_LOGIN = 50  # of one login from all other addresses together; then those must take the way by code
FAILURES_PER_ADDRESS = 50  # a whole office may share one


class TooManyFailures(Exception):
    """The budget of failures of this login, address or account is spent for now."""


def verify_login(
    *, login: str, password: str, address: str, now: datetime, known: Collection[UUID] = ()
) -> User | None:
    """The active account that this login (as accounts.forms gives it) and password open; costs the same when unknown.

    `known` are the accounts that this browser has opened before. Raises TooManyFailures, before the password is looked at,
    when a budget of FAILURE_WINDOW is spent. Strangers can spend those of their own addresses and the one of the login,
    which counts for browsers that the account does not know.
    """
    network = network_of(address)
    known_here = bool(known) and (owner := User.objects.by_login(login)) is not None and owner.pk in known
    place = failure_key("place", f"{login}|{'known' if known_here else network}")
    limits = {place: FAILURES_PER_PLACE, failure_key("address", network): FAILURES_PER_ADDRESS}
    if not known_here:
        limits[failure_key("login", login)] = FAILURES_PER_LOGIN
    take_turns(failure_key("turn", login).hex())  # or tries made at once would not see each other's failures
    refuse_when_spent(limits, now)
    user = authenticate(login=login, password=password)
    if isinstance(user, User):
        SignInFailure.objects.filter(key=place).delete()
        return user
    record_failures(limits, now)
    return None


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the /64, since a household has all of it."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))


def failure_key(kind: str, value: str) -> bytes:
    """What failures are kept under: a keyed hash."""
    return BlindIndexField.of("code", f"sign-in {kind}|{value}")


def refuse_when_spent(limits: dict[bytes, int], now: datetime) -> None:
    """Raises TooManyFailures when one of the keys has its number of failures within FAILURE_WINDOW."""
    recent = SignInFailure.objects.filter(at__gt=now - FAILURE_WINDOW)
    if any(recent.filter(key=key).count() >= limit for key, limit in limits.items()):
        raise TooManyFailures


def record_failures(keys: Collection[bytes], now: datetime) -> None:
    SignInFailure.objects.filter(at__lte=now - FAILURE_WINDOW).delete()
    SignInFailure.objects.bulk_create(SignInFailure(key=key, at=now) for key in keys)
