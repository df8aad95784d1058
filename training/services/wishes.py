"""Wishes among the classes of one's own regency and clusters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from accounts.scope import Scope
from clusters.models import Wave
from records.services.copying import copy_rows
from records.services.log import record_event
from registrations.models import Registration
from registrations.selectors.waves import is_open
from training.allocation import WISHES
from training.models import TrainingClass, Wish, WishList
from training.selectors.wishes import classes_for


class WishesClosed(Exception):
    """The person has not joined or the wave no longer takes wishes; nothing was changed."""


class WrongClass(Exception):
    """A class of another wave, regency or cluster, one named twice, or more than five; nothing was changed."""


@transaction.atomic
def choose_classes(
    *, scope: Scope, registration_id: UUID, class_ids: Sequence[UUID], strict: bool, now: datetime
) -> None:
    """Replace the person's list of wishes, best first. The same list again changes nothing but the time.

    Raises WishesClosed, WrongClass, Registration.DoesNotExist (also for somebody else's).
    """
    registration = (
        Registration.objects.within(scope)
        .select_for_update(of=("self",))
        .select_related("wave")
        .get(pk=registration_id)
    )
    if registration.state != Registration.State.JOINED or not is_open(registration.wave, now):
        raise WishesClosed(str(registration_id))
    allowed = set(classes_for(registration).filter(pk__in=class_ids).values_list("pk", flat=True))
    if len(class_ids) > WISHES or len(allowed) != len(class_ids):
        raise WrongClass(str(registration_id))
    WishList.objects.update_or_create(registration=registration, defaults={"strict": strict and bool(class_ids)})
    Wish.objects.filter(registration=registration).delete()
    Wish.objects.bulk_create(
        Wish(registration=registration, rank=rank, training_class_id=pk) for rank, pk in enumerate(class_ids)
    )
    record_event(
        kind="registration.wishes",
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type="registration",
        subject_id=registration.pk,
        person_id=registration.applicant_id,
        regency_id=registration.regency_id,
        fields=["wishes", "strict"],
        at=now,
    )


@dataclass(frozen=True)
class Choice:
    """Wishes of one registration: class ids, best first."""

    registration_id: UUID
    class_ids: Sequence[UUID]
    strict: bool


@transaction.atomic
def choose_many(*, wave: Wave, choices: Iterable[Choice], now: datetime) -> None:
    """First lists of many people who joined, all or none, by the rules of `choose_classes`; for jobs, as the owner.

    Raises WishesClosed, WrongClass, django.db.IntegrityError for somebody who has a list already.
    """
    if not is_open(wave, now):
        raise WishesClosed(wave.slug)
    cells = {c.pk: (c.regency_id, c.cluster_id) for c in TrainingClass.objects.filter(wave=wave)}
    joined = {
        pk: (regency_id, clusters)
        for pk, regency_id, clusters in Registration.objects.filter(
            wave=wave, state=Registration.State.JOINED
        ).values_list("pk", "regency_id", "clusters")
    }
    lists, wishes = [], []
    for choice in choices:
        if choice.registration_id not in joined:
            raise WishesClosed(str(choice.registration_id))
        own_regency, clusters = joined[choice.registration_id]
        wished = [cells.get(pk) for pk in choice.class_ids]
        if len(set(choice.class_ids)) != len(wished) or len(wished) > WISHES:
            raise WrongClass(str(choice.registration_id))
        if not all(cell and cell[0] == own_regency and clusters >> cell[1] & 1 for cell in wished):
            raise WrongClass(str(choice.registration_id))
        lists.append(
            {"registration_id": choice.registration_id, "strict": choice.strict and bool(wished), "updated_at": now}
        )
        wishes += [
            {"registration_id": choice.registration_id, "rank": rank, "training_class_id": pk}
            for rank, pk in enumerate(choice.class_ids)
        ]
    with connection.cursor() as cursor, connection.wrap_database_errors:
        copy_rows(cursor.cursor, WishList, lists)
        copy_rows(cursor.cursor, Wish, wishes)
