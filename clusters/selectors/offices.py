"""Who works where."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.scope import NOBODY, Scope
from clusters.models import Membership


def scope_of(user: AbstractBaseUser | AnonymousUser) -> Scope:
    """The union of the user's memberships that are valid today; without one, no rows."""
    if not user.is_authenticated:
        return NOBODY
    memberships = list(
        Membership.objects.valid_on(timezone.localdate()).filter(user_id=user.pk).values_list("role", "office_id")
    )
    return Scope(
        user_id=user.pk,
        roles=frozenset(role for role, _ in memberships),
        regency_ids=frozenset(office for _, office in memberships if office is not None),
        head_ids=frozenset(office for role, office in memberships if role == Membership.Role.OFFICE_HEAD),
    )
