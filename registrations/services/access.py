"""Opening one's own status with number, secret code and birth date."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.utils.crypto import constant_time_compare

from accounts.services.passwords import network_of
from records.fields import BlindIndexField
from records.services.locks import take_turns
from registrations.models import Registration, StatusAttempt
from registrations.services.receipts import code_index

Found = TypeVar("Found")

PER_NUMBER = 5
PER_ADDRESS = 60
WINDOW = timedelta(hours=1)


class TooManyAttempts(Exception):
    """The budget of this address, or of this address for this number, is used up; after an hour there is a new one."""


class NoSuchStatus(Exception):
    """What was given does not belong together. The answer never says which part of it is wrong."""


def open_status(*, number: str, code: str, birth_date: date, address: str, now: datetime) -> Registration:
    """The registration that all three belong to. Raises TooManyAttempts, NoSuchStatus; the caller commits either."""

    def look() -> Registration | None:
        registration = Registration.objects.filter(number=number).select_related("applicant").first()
        born = registration.applicant.birth_date if registration else None
        right = code_fits(registration.code_index if registration else None, number, code)
        return registration if right and born == birth_date else None

    return look_within_budget(number=number, address=address, now=now, look=look)


def code_fits(stored: bytes | None, number: str, code: str) -> bool:
    """Whether this is the code of this number, at the same cost for a number that nobody has."""
    return constant_time_compare(bytes(stored) if stored else bytes(32), code_index(number, code)) and bool(stored)


def look_within_budget(*, number: str, address: str, now: datetime, look: Callable[[], Found | None]) -> Found:
    """What `look` finds. Known and unknown numbers cost the same budget and give the same answer.

    Numbers are public, so a budget of the number alone would let anybody shut its owner out.
    Runs before anybody is known, so with the owner's rights. Raises TooManyAttempts, NoSuchStatus; the caller commits either.
    """
    network = network_of(address)
    by_address = _key("address", network)
    keys = [(_key("number", f"{number}|{network}"), PER_NUMBER), (by_address, PER_ADDRESS)]
    take_turns(by_address.hex())  # or guesses made at once would not see each other's failures
    for key, budget in keys:
        if StatusAttempt.objects.filter(key=key, at__gt=now - WINDOW).count() >= budget:
            raise TooManyAttempts
    found = look()
    if found is not None:
        return found
    StatusAttempt.objects.bulk_create(StatusAttempt(key=key, at=now) for key, _ in keys)
    raise NoSuchStatus


def _key(kind: str, value: str) -> bytes:
    return BlindIndexField.of("code", f"status {kind}|{value}")
