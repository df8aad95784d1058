"""Working days: Monday to Friday without the holidays and joint leave of Indonesia, and as the province corrects them."""

from collections.abc import Mapping
from datetime import date, timedelta

import holidays

from clusters.models import Holiday

_DAY = timedelta(days=1)
_CATEGORIES = ("public", "government")  # government: joint leave, when offices are closed


def working_days(start: date, n: int, *, corrections: Mapping[date, bool] | None = None) -> date:
    """The n-th working day after `start`, which itself does not count; n = 0 is `start`.

    `corrections` says of a day whether it is off; without it those of clusters.Holiday are read. Raises ValueError for n < 0.
    """
    if n < 0:
        raise ValueError("working days are counted forwards")
    if corrections is None:
        corrections = dict(Holiday.objects.filter(day__gt=start).values_list("day", "is_off"))
    published = holidays.country_holidays("ID", categories=_CATEGORIES)
    day = start
    while n:
        day += _DAY
        n -= not corrections.get(day, day.weekday() >= 5 or day in published)
    return day
