"""Accounts: creating one, opening one by password, and applying a scope to the current transaction."""

from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import connection

from accounts.models import SignInFailure, User
from accounts.scope import Scope
from records.fields import BlindIndexField
from records.services.locks import take_turns
from records.walls import ROLE

FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_PER_LOGIN = 5
FAILURES_PER_ADDRESS = 50  # a whole office may share one


class TooManyFailures(Exception):
    """The budget of failed sign-ins of this login or address is spent for now."""


def create_user(*, name: str, email: str | None = None, phone: str | None = None, password: str | None = None) -> User:
    """A new account; `phone` in E.164 form. Without a password it cannot sign in by password.

    Raises django.db.IntegrityError (accounts_user_email, accounts_user_phone, accounts_user_reachable).
    """
    user = User(name=name, email=email)
    if phone:
        user.phone, user.phone_index = phone, BlindIndexField.of("phone", phone)
    if password:
        user.set_password(password)
    else:
        user.set_unusable_password()
    user.save(force_insert=True)
    return user


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


def enter_scope(scope: Scope, *, web_role: bool = False) -> None:
    """Tell row-level security who asks, until the current transaction ends.

    `web_role` also takes the rights of web requests in place of the owner's. This second wall holds against filters that were
    forgotten and other mistakes of our code, not against arbitrary SQL: that could RESET ROLE or name another scope.
    """
    with connection.cursor() as cursor:
        if web_role:
            cursor.execute(
                "SELECT set_config('role', %s, true), set_config('app.scope', %s, true)",
                [ROLE, scope.as_setting()],
            )
        else:
            cursor.execute("SELECT set_config('app.scope', %s, true)", [scope.as_setting()])
