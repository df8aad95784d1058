from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.db.models.functions import Lower

from records.fields import BlindIndexField

if TYPE_CHECKING:
    from accounts.models import User


class UserManager(BaseUserManager["User"]):
    def by_login(self, *, email: str | None = None, phone: str | None = None) -> User | None:
        """The account with this e-mail address, or with this number in E.164 form."""
        users = self.annotate(email_lower=Lower("email"))
        found: dict[str, Any] = (
            {"email_lower": email.lower()} if email else {"phone_index": BlindIndexField.of("phone", phone or "")}
        )
        return users.filter(**found).first()
