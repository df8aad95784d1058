"""Where accounts are reached."""

from collections.abc import Collection, Mapping
from uuid import UUID

from accounts.models import User


def addresses_of(ids: Collection[UUID], channel: str) -> Mapping[UUID, str]:
    """E-mail addresses, or numbers in E.164 for every other channel; who has none, or is no longer active, has no entry."""
    users = User.objects.filter(pk__in=ids, is_active=True)
    if channel == "email":
        return {user.pk: user.email for user in users if user.email}
    return {user.pk: user.phone.open() for user in users if user.phone}
