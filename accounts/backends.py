from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.http import HttpRequest

from accounts.models import User


class PhoneOrEmailBackend(BaseBackend):
    """Password sign-in by e-mail address or mobile number; unknown logins cost the same time as known ones."""

    def authenticate(
        self, request: HttpRequest | None, login: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        if login is None or password is None:
            return None
        user = User.objects.by_login(login)
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: UUID) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id at OWASP's 19 MiB. With Django's 100 MiB as many sign-ins at once as there are threads would end `web`."""

    time_cost, memory_cost, parallelism = 2, 19 * 1024, 1  # passes, KiB, lanes
