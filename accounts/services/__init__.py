"""Accounts: creating one, and applying a scope to the current transaction."""

from django.db import connection

from accounts.models import User
from accounts.scope import Scope
from records.fields import BlindIndexField
from records.walls import ROLE


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
