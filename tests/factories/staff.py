"""People who work in an office or at the province."""

import time
from datetime import date
from itertools import count
from typing import Any

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.test import Client

from accounts.models import User
from accounts.scope import OFFICE_ROLES, Scope
from accounts.services import create_user
from clusters.models import LabourOffice, Membership
from tests.factories.places import make_regency

PASSWORD = "sawah-hijau-di-pagi-hari"

_numbers = count(1)


def make_user(**fields: Any) -> User:
    number = next(_numbers)
    return create_user(**{"name": f"Petugas {number}", "email": f"petugas{number}@contoh.example", **fields})


def make_staff(role: str, regency: int | None = None, **fields: Any) -> User:
    """A user with a valid, twice-signed membership; an office role needs its regency's code. Role "" has none."""
    user = make_user(**fields)
    if role:
        office = None
        if role in OFFICE_ROLES:
            office, _created = LabourOffice.objects.get_or_create(regency=make_regency(regency or 3301))
        Membership.objects.create(
            user=user,
            role=role,
            office=office,
            valid_from=date(2026, 1, 1),
            granted_by=make_user(),
            approved_by=make_user(),
        )
    return user


def scope_of(role: str) -> Scope:
    """The scope of somebody new with this role at the province."""
    return Scope(user_id=make_staff(role).pk, roles=frozenset({role}))


def sign_in(client: Client, user: User) -> None:
    """Signed in as if with two factors, just now."""
    client.force_login(user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time(), "type": "totp", "id": 0}]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session.save()
