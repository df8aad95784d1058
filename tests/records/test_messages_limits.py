"""What holds messages back: the night, a wish not to be reminded, a budget; and what operators see of it."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

import records.models
from records.models import Spending
from records.services.messages import Recipient
from records.services.messages.limits import (
    FIRST_WAIT,
    LONGEST_WAIT,
    after_quiet_hours,
    backoff,
    record_opt_out,
)
from tests.records.outbox import NOW, NUMBER, Clock, queue, queue_code, queue_reminder, state_of, sweep
from tests.records.provider import Provider
from tests.records.test_jobs import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def test_nobody_is_told_at_night_save_codes(sms: Provider) -> None:
    night = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)  # 21.30 in Jakarta
    notice = queue(destination=NUMBER, now=night)
    short = queue_reminder(key="pendek", now=night, expires_at=night + timedelta(hours=2))
    code = queue_code(key="kode", now=night, expires_at=night + timedelta(minutes=5))
    clock = Clock(night)
    sweep(clock)
    assert [state_of(pk) for pk in (notice, short, code)] == [
        ("queued", "quiet_hours"),
        ("suppressed", "quiet_hours"),
        ("sent", ""),
    ]
    clock.at = datetime(2026, 11, 24, 22, 59, tzinfo=UTC)
    assert sweep(clock) == 0
    clock.wait(minutes=1)  # 06.00
    assert sweep(clock) == 1 and state_of(notice) == ("sent", "")


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1)))  # noqa: DTZ001 - hypothesis wants it so
def test_quiet_hours_end_at_six_in_jakarta(moment: datetime) -> None:
    hour = (moment + timedelta(hours=7)).hour
    after = after_quiet_hours(moment)
    if 6 <= hour < 21:
        assert after == moment
    else:
        local = after.astimezone(UTC) + timedelta(hours=7)
        assert (local.hour, local.minute) == (6, 0) and timedelta(0) < after - moment <= timedelta(hours=9)


@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True))
def test_backoff_doubles_up_to_an_hour_and_spreads(attempt: int, chance: float) -> None:
    wait = backoff(attempt, lambda: chance)
    whole = min(FIRST_WAIT * 2 ** min(attempt - 1, 30), LONGEST_WAIT)
    assert whole / 2 <= wait <= whole
    assert backoff(attempt + 1, lambda: chance) >= wait


def test_who_answered_stop_gets_no_reminder_but_what_is_owed(sms: Provider) -> None:
    assert record_opt_out(channel="sms", address=NUMBER, word=" Stop! ", now=NOW) is True
    assert record_opt_out(channel="sms", address=NUMBER, word="terima kasih", now=NOW) is None
    reminder, notice, code = queue_reminder(key="ingat"), queue(destination=NUMBER), queue_code(key="kode")
    other = queue_reminder(key="lain", destination="+6281299999999")
    sweep(Clock())
    assert state_of(reminder) == ("suppressed", "opted_out")
    assert {state_of(pk) for pk in (notice, code, other)} == {("sent", "")}
    assert record_opt_out(channel="sms", address=NUMBER, word="MULAI", now=NOW + timedelta(days=1)) is False
    again = queue_reminder(key="ingat lagi")
    sweep(Clock(NOW + timedelta(days=1)))
    assert state_of(again) == ("sent", "")


def test_a_person_without_an_address_on_this_channel_is_not_written_to(settings: Any) -> None:
    lost = queue(recipient=Recipient("applicant", uuid4()))
    sweep(Clock())
    assert state_of(lost) == ("suppressed", "no_address")


def test_the_daily_budget_holds_with_many_workers_and_is_an_event(sms: Provider, settings: Any) -> None:
    settings.MESSAGE_PRICES, settings.MESSAGE_BUDGETS = {"sms": 100}, {"sms": 1_000}
    notices = [queue(destination=NUMBER, key=f"uji {number}") for number in range(15)]
    clock = Clock()
    in_threads(*[lambda: sweep(clock)] * 4)
    assert len(sms.taken) == 8, "the last fifth is for codes"
    codes = [queue_code(key=f"kode {number}") for number in range(4)]
    sweep(clock)
    assert len(sms.taken) == 10 and Spending.objects.get().rupiah == 1_000
    assert sorted(state_of(pk) for pk in codes) == [*[("sent", "")] * 2, *[("suppressed", "budget")] * 2]
    assert sum(state_of(pk) == ("queued", "budget") for pk in notices) == 7
    assert records.models.Event.objects.filter(kind="messages.budget_spent").count() == 1

    clock.at = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)  # 06.30 the day after
    sweep(clock)
    assert len(sms.taken) == 17


def test_operators_see_what_was_not_sent_and_why(sms: Provider) -> None:
    now = timezone.now()
    record_opt_out(channel="sms", address=NUMBER, word="STOP", now=now - timedelta(days=1))
    clock = Clock(now.replace(hour=5))
    for number in range(2):
        queue_reminder(key=f"ingat {number}", now=clock.at)
    queue_code(now=clock.at, expires_at=clock.at + timedelta(minutes=5), key="kode")
    sweep(clock)
    told = StringIO()
    call_command("outbox", days=2, stdout=told)
    lines = [" ".join(line.split()) for line in told.getvalue().splitlines()]
    assert lines[:2] == ["2 sms offer_reminder suppressed opted_out", "1 sms sign_in_code sent"]
    assert f"sms {sms.name}: in use" in lines
    assert NUMBER[-8:] not in told.getvalue() and "048213" not in told.getvalue()
