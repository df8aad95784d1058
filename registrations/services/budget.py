"""How often one asker may be told that a NIK is known already: else the form would answer who is registered."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import connection

from records.fields import BlindIndexField
from registrations.services.intake import DuplicateApplicant
from registrations.services.receipts import Receipt

DUPLICATES = 3
WINDOW = timedelta(days=1)


class BudgetSpent(Exception):
    """One of the askers was told so often enough within a day; nothing more is looked up for them."""


def within_budget(*, askers: Sequence[str], now: datetime, act: Callable[[], Receipt]) -> Receipt:
    """What `act` gives; its DuplicateApplicant costs every asker ("session ...", "address ...") one of the budget.

    Raises BudgetSpent, also for the duplicate that would go beyond; the caller commits either.
    """
    keys = [BlindIndexField.of("code", f"duplicate {asker}") for asker in askers]
    if any(_count("registrations_count_attempts(%s, %s)", [key, now - WINDOW]) >= DUPLICATES for key in keys):
        raise BudgetSpent
    try:
        return act()
    except DuplicateApplicant:
        spent = [_count("registrations_add_attempt(%s, %s, %s)", [key, now, now - WINDOW]) for key in sorted(keys)]
        if max(spent) > DUPLICATES:
            raise BudgetSpent from None
        raise


def _count(function: str, arguments: list[object]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}", arguments)
        return int(cursor.fetchone()[0])
