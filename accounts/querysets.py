from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.base_user import BaseUserManager
from django.db.models.functions import Lower

from records.fields import BlindIndexField

if TYPE_CHECKING:
    from accounts.models import User


class UserManager(BaseUserManager["User"]):
    def by_login(self, login: str) -> User | None:
        """The account with this e-mail address (in lower case) or this mobile number (in E.164 form)."""
        if "@" in login:
            return self.annotate(email_lower=Lower("email")).filter(email_lower=login).first()
        return self.filter(phone_index=BlindIndexField.of("phone", login)).first()
