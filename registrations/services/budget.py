"""How often one asker may be told something worth asking for: that a NIK is known, that a code opens nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection

from records.fields import BlindIndexField

PER_SESSION = 3
PER_ADDRESS = 60  # one address may be a counter, or a whole village behind one mast
WINDOW = timedelta(days=1)

Found = TypeVar("Found")


class BudgetSpent(Exception):
    """One of the askers was told so often enough within a day; nothing more is looked up for them."""


def within_budget(
    *, askers: Mapping[str, int], costly: tuple[type[Exception], ...], now: datetime, act: Callable[[], Found]
) -> Found:
    """What `act` gives. `askers`: what each ("duplicate session ...", "draft address ...") may be told within a day.

    One of the exceptions `costly`, raised by `act`, costs every asker one. Raises BudgetSpent, also for the answer that would
    go beyond; the caller commits either.
    """
    budgets = {BlindIndexField.of("code", asker): budget for asker, budget in askers.items()}
    since = now - WINDOW
    if any(_count("registrations_count_attempts(%s, %s)", [key, since]) >= budgets[key] for key in budgets):
        raise BudgetSpent
    try:
        return act()
    except costly:
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
