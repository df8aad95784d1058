"""The public number, the secret code, and what a person takes home."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from records.fields import BlindIndexField

# Crockford's base 32: no I, L, O or U, so that a code survives being read aloud and written by hand.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10
NUMBER_DIGITS = 12

NumberSource = Callable[[int], list[str]]


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """`number` is public and is what is drawn; `code` is the person's secret. `created`: not a repeat of an earlier one."""

    applicant_id: UUID
    registration_id: UUID
    number: str
    code: str
    created: bool


def random_numbers(count: int) -> list[str]:
    """Public numbers nobody can predict; uniqueness is the database's to hold."""
    return [f"{secrets.randbelow(10**NUMBER_DIGITS):0{NUMBER_DIGITS}}" for _ in range(count)]


def secret_code(idempotency_key: UUID) -> str:
    """The code of the submission with this key: 50 bits under the keyring's pepper.

    Derived and not stored, so a repeated submission shows the same code and a stolen database shows none.
    """
    return _derived(f"receipt|{idempotency_key}")


def claim_code(assistance_id: UUID) -> str:
    """The code with which a person takes over the registration that an office made for them; derived like the secret code."""
    return _derived(f"claim|{assistance_id}")


def _derived(what: str) -> str:
    bits = int.from_bytes(BlindIndexField.of("code", what)[:8], "big")
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in range(CODE_LENGTH))


def code_index(number: str, code: str) -> bytes:
    """What is stored of a code, and what a typed one is looked up by."""
    return BlindIndexField.of("code", f"{number}|{normalise_code(code)}")


def normalise_code(text: str) -> str:
    """A code as people type it: any case, in groups, with O for 0 and I or L for 1."""
    return re.sub(r"[\s\-]", "", text).upper().translate(str.maketrans("OIL", "011"))
