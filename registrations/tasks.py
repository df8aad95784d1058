"""Housekeeping of the registrations' numbers, and news for many at once."""

from celery import shared_task
from django.utils import timezone

from registrations.services.counts import count_people
from registrations.services.notices import tell_cancelled
from registrations.services.tally import fold_tally


@shared_task(name="registrations.fold_tally")
def fold() -> None:
    """Beat: keep the tally short. Readers see the same numbers before, during and after."""
    fold_tally()


@shared_task(name="registrations.tell_cancelled")
def tell_of_cancelled_waves() -> None:
    """Beat: tell the people of a wave that was cancelled."""
    tell_cancelled(now=timezone.now())


@shared_task(name="registrations.count_people")
def count() -> None:
    """Beat: tell the quota room how many people ask for places."""
    count_people(now=timezone.now())
