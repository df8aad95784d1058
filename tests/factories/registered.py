"""People who are registered, by the intake itself."""

from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.scope import NOBODY
from accounts.services import enter_scope
from clusters.models import Wave
from registrations.models import Registration
from registrations.services.intake import register
from tests.factories.people import make_person, make_region


def make_registration(wave: Wave, *, regency: int = 3374, **over: Any) -> Registration:
    """Somebody of this regency in this wave, registered and not joined; `over` are fields of Person."""
    village_id = regency * 1_000_000 + 11001
    make_region(village_id)
    person = make_person(village_id=village_id, **over)
    receipt = register(
        scope=NOBODY, wave=wave, person=person, idempotency_key=uuid4(), now=timezone.now(), language="id"
    )
    enter_scope(NOBODY)
    return Registration.objects.get(pk=receipt.registration_id)
