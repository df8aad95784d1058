"""Housekeeping of the registrations, and news for many at once."""

from celery import shared_task
from django.utils import timezone

from registrations.services import drafts
from registrations.services.notices import remind_to_join, tell_cancelled
from registrations.services.tally import fold_tally


@shared_task(name="registrations.fold_tally")
def fold() -> None:
    """Beat: keep the tally short. Readers see the same numbers before, during and after."""
    fold_tally()


@shared_task(name="registrations.tell_cancelled")
def tell_of_cancelled_waves() -> None:
    """Beat: tell the people of a wave that was cancelled."""
    tell_cancelled(now=timezone.now())


@shared_task(name="registrations.remind_to_join")
def remind_of_joining() -> None:
    """Beat: remind who is registered and takes part in no draw yet."""
    remind_to_join(now=timezone.now())


@shared_task(name="registrations.clear_drafts")
def clear_drafts() -> None:
    """Beat: delete drafts whose time is over."""
    drafts.clear_drafts(now=timezone.now())
