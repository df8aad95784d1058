"""Changing one's own number: a code goes to the new one, and afterwards a notice to the former one.

Bound to the applicant who asked. A code is kept as a keyed hash, good once, for ten minutes and five tries; what may be asked
a day is counted per new number, per person and per network, and the budget of all messages stands above that. Between two
changes lies a day, so that whoever finds the notice on the former number still finds it in force at the office.
"""

import secrets
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import override

from accounts.scope import Scope
from accounts.services.passwords import network_of
from records.fields import BlindIndexField
from records.services.messages import queue_message
from registrations.models import Applicant, FormerValue, PhoneChange
from registrations.services.budget import spend
from registrations.services.corrections import Correction, correct

LASTS = timedelta(minutes=10)
COOLING = timedelta(days=1)
KEPT = timedelta(days=2)
PER_NUMBER, PER_PERSON, PER_NETWORK = 3, 5, 30  # codes a day


class SamePhone(Exception):
    """This is the number that stands already."""


class Cooling(Exception):
    """The number was changed less than COOLING ago; `ends`: when it may be changed again."""

    def __init__(self, ends: datetime) -> None:
        super().__init__(ends.isoformat())
        self.ends = ends


class CodeSpent(Exception):
    """Used, too old, tried too often, or not this person's."""


@transaction.atomic
def ask_for_code(*, scope: Scope, phone: str, address: str, language: str, now: datetime) -> UUID:
    """Send a code to `phone` (E.164); the id is for the session that asked. Raises SamePhone, Cooling, BudgetSpent."""
    applicant: Applicant = Applicant.objects.within(scope).get(pk=scope.applicant_id)
    if bytes(applicant.phone_index) == BlindIndexField.of("phone", phone):
        raise SamePhone
    _refuse_while_cooling(scope, now)
    spend(asker=f"phone code person {applicant.pk}", budget=PER_PERSON, now=now)
    spend(asker=f"phone code number {BlindIndexField.of('phone', phone).hex()}", budget=PER_NUMBER, now=now)
    spend(asker=f"phone code network {network_of(address)}", budget=PER_NETWORK, now=now)
    code = f"{secrets.randbelow(1_000_000):06}"
    change = PhoneChange(applicant=applicant, asked_at=now, expires_at=now + LASTS)
    change.phone, change.code_index = phone, _code_index(change.pk, code)
    change.save(force_insert=True)
    queue_message(
        template="phone_code",
        channel="sms",
        language=language,
        key=f"phone_code:{change.pk}",
        values={"code": code, "minutes": str(LASTS.seconds // 60)},
        destination=phone,
        secret=True,
        expires_at=change.expires_at,
        now=now,
    )
    return change.pk


@transaction.atomic
def change_phone(*, scope: Scope, change_id: UUID, code: str, language: str, now: datetime) -> bool:
    """Put the new number in place of the former one, which is told; False for a wrong code, which costs a try.

    Raises CodeSpent, Cooling; the caller commits either.
    """
    waiting = PhoneChange.objects.within(scope).filter(pk=change_id, used_at__isnull=True, expires_at__gt=now)
    change = waiting.select_for_update().first()
    if change is None or change.tries >= PhoneChange.TRIES:
        raise CodeSpent
    change.tries += 1
    fits = compare_digest(bytes(change.code_index), _code_index(change.pk, code))
    change.used_at = now if fits else None
    change.save(update_fields=["tries", "used_at"])
    if not fits:
        return False
    applicant: Applicant = Applicant.objects.within(scope).select_for_update().get(pk=change.applicant_id)
    _refuse_while_cooling(scope, now)
    former = applicant.phone.open()
    correction = Correction(details={"phone": change.phone.open()})
    correct(scope=scope, correction=correction, key=change.pk, now=now, language=language)
    with override(language):
        moment = date_format(localtime(now), "j F Y H.i")
    queue_message(
        template="phone_changed",
        channel="sms",
        language=language,
        key=f"phone_changed:{change.pk}",
        values={"moment": f"{moment} WIB"},
        destination=former,
        now=now,
    )
    return True


def clear_phone_changes(*, now: datetime) -> int:
    """Delete numbers that were asked about and are settled or over; how many. For a job."""
    return PhoneChange.objects.filter(expires_at__lte=now - KEPT).delete()[0]


def _refuse_while_cooling(scope: Scope, now: datetime) -> None:
    changes = FormerValue.objects.within(scope).filter(applicant_id=scope.applicant_id, field="phone")
    last = changes.order_by("-until").values_list("until", flat=True).first()
    if last and now < last + COOLING:
        raise Cooling(last + COOLING)


def _code_index(change_id: UUID, code: str) -> bytes:
    return BlindIndexField.of("code", f"phone change|{change_id}|{code}")
