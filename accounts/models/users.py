"""People who sign in."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Q

from accounts.querysets import UserManager
from records.fields import BlindIndexField, EncryptedField
from records.ids import uuid7


class User(AbstractBaseUser):
    """Signs in by e-mail address or by mobile number; at least one of them is known."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    email = models.EmailField(null=True, blank=True)  # noqa: DJ001 - NULL, because absent addresses must not collide
    phone = EncryptedField(aad="accounts.user.phone", null=True, blank=True)
    phone_index = BlindIndexField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "id"

    class Meta:
        constraints = [
            models.UniqueConstraint(models.functions.Lower("email"), name="accounts_user_email"),
            models.UniqueConstraint(fields=["phone_index"], name="accounts_user_phone"),
            models.CheckConstraint(
                condition=Q(email__isnull=False) | Q(phone_index__isnull=False),
                name="accounts_user_reachable",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SignInFailure(models.Model):
    """A failed sign-in, once under its login and once under its address; only keyed hashes of them are kept."""

    key = BlindIndexField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["key", "at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
