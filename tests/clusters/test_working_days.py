"""Working days of Indonesia, corrected by the province."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.models import Holiday
from clusters.services.working_days import working_days

FRIDAY = date(2026, 11, 20)


def test_weekends_holidays_and_joint_leave_do_not_count() -> None:
    assert working_days(FRIDAY, 0, corrections={}) == FRIDAY
    assert working_days(FRIDAY, 1, corrections={}) == date(2026, 11, 23)
    # Christmas on a Friday, joint leave the day before
    assert working_days(date(2026, 12, 22), 2, corrections={}) == date(2026, 12, 28)
    assert working_days(date(2026, 12, 31), 1, corrections={}) == date(2027, 1, 4)


def test_corrections_add_a_day_off_and_take_one_back() -> None:
    assert working_days(FRIDAY, 1, corrections={date(2026, 11, 23): True}) == date(2026, 11, 24)
    assert working_days(FRIDAY, 1, corrections={date(2026, 11, 21): False}) == date(2026, 11, 21)
    assert working_days(date(2026, 12, 22), 2, corrections={date(2026, 12, 24): False}) == date(2026, 12, 24)


@pytest.mark.django_db
def test_the_provinces_list_is_read() -> None:
    Holiday.objects.create(day=date(2026, 11, 23), name="Hari jadi", is_off=True)
    assert working_days(FRIDAY, 1) == date(2026, 11, 24)


@given(
    start=st.dates(date(2024, 1, 1), date(2028, 1, 1)),
    n=st.integers(0, 30),
    corrected=st.dictionaries(st.dates(date(2024, 1, 1), date(2028, 6, 1)), st.booleans(), max_size=20),
)
def test_steps_add_up_and_never_land_on_a_day_off(start: date, n: int, corrected: dict[date, bool]) -> None:
    day = working_days(start, n, corrections=corrected)
    assert working_days(day, 1, corrections=corrected) == working_days(start, n + 1, corrections=corrected)
    if n:
        assert not corrected.get(day, day.weekday() >= 5)
        assert day - start >= timedelta(n)


def test_days_are_not_counted_backwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        working_days(FRIDAY, -1, corrections={})
