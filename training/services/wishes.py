"""Wishes among the classes of one's own regency and clusters."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.scope import Scope
from clusters.models import Wave
from records.services.log import record_event
from registrations.models import Registration
from training.allocation import WISHES
from training.models import Wish, WishList
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
    if registration.state != Registration.State.JOINED or registration.wave.state != Wave.State.OPEN:
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
