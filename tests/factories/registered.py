"""People who are registered, by the intake itself."""

from datetime import date
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.scope import NOBODY
from accounts.services import enter_scope
from clusters.models import Wave
from records.fields import BlindIndexField, keyring
from records.ids import uuid7
from registrations.models import ListedPerson, PersonList, Registration
from registrations.services.intake import register
from tests.factories.people import make_person, make_region
from tests.factories.places import make_regency


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


def make_list(
    kind: str, *niks: str, source: str = "Contoh", day: date | None = None, regency: int | None = None
) -> None:
    """A list of these people, of today and of the province unless said otherwise."""
    now = timezone.now()
    if regency:
        make_regency(regency)
    listed = PersonList.objects.create(
        kind=kind, source=source, day=day or timezone.localdate(now), regency_id=regency, as_of=now
    )
    for nik in niks:
        pk = uuid7()
        ListedPerson.objects.create(
            id=pk,
            list=listed,
            nik=keyring().encrypt("registrations.listedperson.nik", pk, nik),
            nik_index=BlindIndexField.of("nik", nik),
        )
