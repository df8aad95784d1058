"""Keys for personal data: AES-256-GCM for what is stored, HMAC-SHA-256 for what is looked up.

The key file is JSON: {"active": "1", "keys": {"1": <base64, 32 bytes>}, "peppers": {<field>: <base64>}, "secret_key": ...}.
It never lies in the database or in its backups.
"""

import base64
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = 1
_NONCE_BYTES = 12
_SHORTEST = 3 + _NONCE_BYTES + 16  # the tag alone: an empty text


class KeyringError(Exception):
    """The key file is missing or unusable, or a ciphertext does not belong to this row or key."""


@dataclass(frozen=True)
class Keyring:
    active: int
    keys: dict[int, bytes] = field(repr=False)
    peppers: dict[str, bytes] = field(repr=False)
    secret_key: str = field(repr=False)
    path: Path | None = field(default=None, repr=False, compare=False)

    @classmethod
    def from_file(cls, path: Path) -> "Keyring":
        """Raises KeyringError, naming the file, when it cannot be read or lacks a part."""
        try:
            data = json.loads(path.read_text())
            return cls(
                active=int(data["active"]),
                keys={int(k): base64.b64decode(v) for k, v in data["keys"].items()},
                peppers={k: base64.b64decode(v) for k, v in data["peppers"].items()},
                secret_key=data["secret_key"],
                path=path,
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise KeyringError(f"The key file {path} cannot be used: {error!r}") from error

    @cached_property
    def _ciphers(self) -> dict[int, AESGCM]:
        return {key_id: AESGCM(key) for key_id, key in self.keys.items()}

    def _cipher(self, key_id: int) -> AESGCM | None:
        """A key that was added after this process started is read when the first ciphertext under it is met."""
        if key_id not in self._ciphers and self.path:
            self._ciphers.update(Keyring.from_file(self.path)._ciphers)
        return self._ciphers.get(key_id)

    def encrypt(self, field: str, row: UUID | str, text: str) -> bytes:
        """version (1 byte) | key id (2) | nonce (12) | ciphertext and tag, bound to `field` of `row`."""
        return self.encrypt_bytes(field, row, text.encode())

    def encrypt_bytes(self, field: str, row: UUID | str, data: bytes) -> bytes:
        return self.encrypt_all(field, [row], [data])[0]

    def encrypt_all(self, field: str, rows: Sequence[UUID | str], data: Iterable[bytes]) -> list[bytes]:
        """`encrypt_bytes` for many rows of one field: each with a nonce of its own, bound to its own row."""
        head, seal = bytes([_VERSION]) + self.active.to_bytes(2, "big"), self._ciphers[self.active].encrypt
        random = os.urandom(_NONCE_BYTES * len(rows))
        nonces = [random[at : at + _NONCE_BYTES] for at in range(0, len(random), _NONCE_BYTES)]
        return [
            head + nonce + seal(nonce, each, _associated(field, row))
            for nonce, row, each in zip(nonces, rows, data, strict=True)
        ]

    def decrypt(self, field: str, row: UUID, data: bytes) -> str:
        """Raises KeyringError for an unknown key, a changed or missing byte, or a ciphertext of another row or field."""
        return self.decrypt_bytes(field, row, data).decode()

    def decrypt_bytes(self, field: str, row: UUID, data: bytes) -> bytes:
        if len(data) < _SHORTEST:
            raise KeyringError("The ciphertext is cut short.")
        cipher = self._cipher(key_of(data))
        if data[0] != _VERSION or cipher is None:
            raise KeyringError("The ciphertext was made with a key that is not in the key file.")
        try:
            return cipher.decrypt(data[3 : 3 + _NONCE_BYTES], data[3 + _NONCE_BYTES :], _associated(field, row))
        except InvalidTag as error:
            raise KeyringError("The ciphertext does not belong to this field of this row.") from error

    @cached_property
    def _hashes(self) -> dict[str, list[Any]]:
        """HMAC-SHA-256 up to the message (RFC 2104), by purpose: a third of its time for a short text."""
        keys = {purpose: sha256(key).digest() if len(key) > 64 else key for purpose, key in self.peppers.items()}
        return {
            purpose: [sha256(bytes(byte ^ pad for byte in key.ljust(64, b"\0"))) for pad in (0x36, 0x5C)]
            for purpose, key in keys.items()
        }

    def index(self, purpose: str, text: str) -> bytes:
        """Blind index: equal texts give equal 32 bytes; worthless without the pepper of this purpose."""
        inner, outer = self._hashes[purpose]
        one, two = inner.copy(), outer.copy()
        one.update(f"{purpose}|{text}".encode())
        two.update(one.digest())
        digest: bytes = two.digest()
        return digest


def key_of(data: bytes) -> int:
    """The id of the key that a ciphertext was made with."""
    return int.from_bytes(data[1:3], "big")


def _associated(field: str, row: UUID | str) -> bytes:
    return f"{field}|{row}".encode()
