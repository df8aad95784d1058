"""Where applicants are reached. For the worker that sends messages, as the owner; web requests use a scope."""

from collections.abc import Collection, Mapping
from uuid import UUID

from registrations.models import Applicant


def addresses_of(ids: Collection[UUID], channel: str) -> Mapping[UUID, str]:
    """The address on this channel of each of these applicants who has one (settings.ADDRESS_BOOKS)."""
    people = Applicant.objects.filter(pk__in=ids)
    if channel == "email":
        return dict(people.exclude(email="").values_list("pk", "email"))
    return {applicant.pk: applicant.phone.open() for applicant in people.only("phone")}
