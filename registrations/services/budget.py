"""How often one asker may be told that a NIK, a full family card or a name on a list is known: else the form would say so of
anybody."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db import connection

from records.fields import BlindIndexField
from registrations.services.intake import DuplicateApplicant, HouseholdFull, Listed
from registrations.services.receipts import Receipt

PER_SESSION = 3
PER_ADDRESS = 60  # one address may be a counter, or a whole village behind one mast
WINDOW = timedelta(days=1)


class BudgetSpent(Exception):
    """One of the askers was told so often enough within a day; nothing more is looked up for them."""


def within_budget(*, askers: Mapping[str, int], now: datetime, act: Callable[[], Receipt]) -> Receipt:
    """What `act` gives. `askers`: what each ("session ...", "address ...") may be told within a day.

    DuplicateApplicant, HouseholdFull and Listed, raised by `act`, cost every asker one. Raises BudgetSpent, also for the answer
    that would go beyond; the caller commits either.
    """
    budgets = {BlindIndexField.of("code", f"duplicate {asker}"): budget for asker, budget in askers.items()}
    since = now - WINDOW
    if any(_count("registrations_count_attempts(%s, %s)", [key, since]) >= budgets[key] for key in budgets):
        raise BudgetSpent
    try:
        return act()
    except (DuplicateApplicant, HouseholdFull, Listed):
        spent = {key: _count("registrations_add_attempt(%s, %s, %s)", [key, now, since]) for key in sorted(budgets)}
        if any(spent[key] > budgets[key] for key in spent):
            raise BudgetSpent from None
        raise


def spend(*, asker: str, budget: int, now: datetime) -> None:
    """Count one act of the asker's. Raises BudgetSpent when there were `budget` within a day; the caller commits either."""
    key = BlindIndexField.of("code", f"spend {asker}")
    if _count("registrations_add_attempt(%s, %s, %s)", [key, now, now - WINDOW]) > budget:
        raise BudgetSpent


def _count(function: str, arguments: list[bytes | datetime]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}", arguments)
        return int(cursor.fetchone()[0])
