"""Housekeeping of the registrations, news for many at once, questions to the civil registry, and the rules once more."""

from datetime import timedelta
from random import SystemRandom

from celery import shared_task
from django.utils import timezone

from registrations.services import drafts, evidence
from registrations.services.counts import count_people
from registrations.services.duplicates import find_duplicates
from registrations.services.identity import check_due
from registrations.services.notices import remind_to_join, tell_cancelled
from registrations.services.phones import clear_phone_changes
from registrations.services.recheck import recheck_waves
from registrations.services.tally import fold_tally


@shared_task(name="registrations.fold_tally")
def fold() -> None:
    """Beat: keep the tally short. Readers see the same numbers before, during and after."""
    fold_tally()


@shared_task(name="registrations.tell_cancelled")
def tell_of_cancelled_waves() -> None:
    """Beat: tell the people of a wave that was cancelled."""
    tell_cancelled(now=timezone.now())


@shared_task(name="registrations.recheck")
def recheck_rules() -> None:
    """Beat, every night: hold the people of waves that are not frozen against the lists of the day."""
    recheck_waves(now=timezone.now())


ASKING = timedelta(seconds=5)  # of one sweep; beat starts the next one
_chance = SystemRandom().random


@shared_task(name="registrations.check_identities")
def check_identities() -> None:
    """Beat: ask the registry about whom it is due, for as long as until the next beat."""
    check_due(now=timezone.now, chance=_chance, until=timezone.now() + ASKING)


@shared_task(name="registrations.find_duplicates")
def find_pairs() -> None:
    """Beat, every night: pair what may be one person, in all of every wave that is not frozen."""
    find_duplicates(now=timezone.now())


@shared_task(name="registrations.find_new_duplicates")
def find_new_pairs() -> None:
    """Beat, every hour: the same, in waves in which somebody registered lately."""
    find_duplicates(now=timezone.now(), lately=True)


@shared_task(name="registrations.count_people")
def count() -> None:
    """Beat: tell the quota room how many people ask for places."""
    count_people(now=timezone.now())


@shared_task(name="registrations.remind_to_join")
def remind_of_joining() -> None:
    """Beat: remind who is registered and takes part in no draw yet."""
    remind_to_join(now=timezone.now())


@shared_task(name="registrations.clear_drafts")
def clear_drafts() -> None:
    """Beat: delete drafts, asked-for changes of number whose time is over, and uploads that nobody has gone on with."""
    drafts.clear_drafts(now=timezone.now())
    clear_phone_changes(now=timezone.now())
    evidence.clear_uploads(now=timezone.now())
