"""Columns for personal data: an encrypted text and its blind index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models

from records.keyring import Keyring

if TYPE_CHECKING:
    _BinaryField = models.BinaryField[Any, Any]
else:
    _BinaryField = models.BinaryField


def keyring() -> Keyring:
    return settings.KEYRING


class Sealed:
    """An encrypted value that shows itself only on demand; `str` and `repr` never do."""

    __slots__ = ("_field", "_instance", "ciphertext")

    def __init__(self, field: str, instance: models.Model, ciphertext: bytes) -> None:
        self._field, self._instance, self.ciphertext = field, instance, ciphertext

    def open(self) -> str:
        """The plain text. Callers log the read first (`records.services.log.record_read`)."""
        return self.open_bytes().decode()

    def open_bytes(self) -> bytes:
        """What `Keyring.encrypt_bytes` encrypted. Callers log the read first."""
        return keyring().decrypt_bytes(self._field, self._instance.pk, self.ciphertext)

    def __str__(self) -> str:
        return "********"

    __repr__ = __str__


class _SealedAttribute:
    def __init__(self, field: EncryptedField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type) -> Any:
        if instance is None:
            return self
        if self.field.attname not in instance.__dict__:
            instance.refresh_from_db(fields=[self.field.attname])
        return instance.__dict__[self.field.attname]

    def __set__(self, instance: models.Model, value: object) -> None:
        if isinstance(value, str):
            value = Sealed(self.field.aad, instance, keyring().encrypt(self.field.aad, instance.pk, value))
        elif isinstance(value, (bytes, memoryview)):
            value = Sealed(self.field.aad, instance, bytes(value))
        instance.__dict__[self.field.attname] = value


class EncryptedField(_BinaryField):
    """Text under AES-GCM, bound to its field name and to the row's UUID primary key.

    Assigning a `str` encrypts at once, `bytes` are a ciphertext; reading gives a `Sealed`. The primary key must be set before
    (it is made in Python). `bulky`: files stand here, of which few are held in memory at once.
    """

    def __init__(self, *, aad: str, bulky: bool = False, **options: Any) -> None:
        self.aad, self.bulky = aad, bulky
        super().__init__(**options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "aad": self.aad} | ({"bulky": True} if self.bulky else {})

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _SealedAttribute(self))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(value.ciphertext if isinstance(value, Sealed) else value, connection, prepared)


class BlindIndexField(_BinaryField):
    """HMAC-SHA-256 of a normalised value, 32 bytes; `BlindIndexField.of(purpose, text)` makes one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "max_length": 32})

    @staticmethod
    def of(purpose: str, text: str) -> bytes:
        return keyring().index(purpose, text)
