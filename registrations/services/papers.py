"""Blank paper forms: an office prints a lot of them, each with a number of its own."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.scope import Scope
from records.services.log import record_event
from registrations.models import PaperForm, PaperLot
from registrations.services.receipts import ALPHABET

NUMBER_LENGTH = 10  # 50 bits of ALPHABET: a mistyped number is no other form's


class NoSuchLot(Exception):
    """The id belongs to another office's lot."""


@transaction.atomic
def issue(*, scope: Scope, key: UUID, size: int, now: datetime) -> PaperLot:
    """A lot of `size` forms of the asker's office; the same `key` once more, also at the same moment, gives the same lot.

    Raises NoSuchLot, and django.db.IntegrityError (registrations_paperlot_size).
    """
    mine = PaperLot.objects.within(scope).filter(pk=key, issued_by_id=scope.actor_id)
    lot = PaperLot(id=key, regency_id=min(scope.regency_ids), size=size, issued_by_id=scope.actor_id, issued_at=now)
    PaperLot.objects.bulk_create([lot], ignore_conflicts=True)  # waits for a faster click
    found: PaperLot | None = mine.select_related("regency").first()
    if found is None:
        raise NoSuchLot
    if not found.forms.exists():
        PaperForm.objects.bulk_create(PaperForm(number=_number(), lot=found) for _ in range(found.size))
        record_event(
            kind="paper.issued",
            actor_id=scope.actor_id,
            actor_role=scope.actor_role,
            subject_type="paperlot",
            subject_id=found.pk,
            regency_id=found.regency_id,
            at=now,
        )
    return found


def _number() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(NUMBER_LENGTH))
