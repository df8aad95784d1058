"""When a message may go out and what holds it back: quiet hours, back-off, opt-out, failing providers, a daily budget."""

import logging
from collections.abc import Callable
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from records.fields import BlindIndexField
from records.gateways import Gateway
from records.models import Delivery, Message, OptOut, Spending
from records.services.log import record_event

logger = logging.getLogger(__name__)

QUIET_FROM, QUIET_TO = time(21), time(6)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=1)
FAILURES_TO_SKIP = 5  # in a row
COOL_DOWN = timedelta(minutes=1)
STOP_WORDS, START_WORDS = frozenset({"stop", "berhenti"}), frozenset({"mulai", "start"})


def after_quiet_hours(moment: datetime) -> datetime:
    """`moment`, or the end of the quiet hours (21.00-06.00 in Jakarta) it lies in."""
    local = timezone.localtime(moment)
    if QUIET_TO <= local.time() < QUIET_FROM:
        return moment
    morning = local.replace(hour=QUIET_TO.hour, minute=0, second=0, microsecond=0)
    return morning if local.time() < QUIET_TO else morning + timedelta(days=1)


def next_day(moment: datetime) -> datetime:
    """When tomorrow begins in Jakarta."""
    return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def backoff(attempt: int, chance: Callable[[], float]) -> timedelta:
    """How long to wait after attempt number `attempt` (from 1): twice as long each time, halved to whole at random.

    `chance` gives numbers in [0, 1). The spread keeps messages that failed together from coming back together.
    """
    longest: timedelta = min(FIRST_WAIT * 2 ** min(attempt - 1, 20), LONGEST_WAIT)
    return longest * (0.5 + chance() / 2)


def record_opt_out(*, channel: str, address: str, word: str, now: datetime) -> bool | None:
    """Keep what somebody answered from this address: STOP or BERHENTI ends reminders, MULAI or START begins them again.

    Whether the address is out now; None for any other word, which changes nothing. Codes and notices still go out.
    """
    said = word.strip().strip(".!").lower()
    if said not in STOP_WORDS | START_WORDS:
        return None
    OptOut.objects.create(
        channel=channel, address_index=_address_index(channel, address), out=said in STOP_WORDS, at=now
    )
    return said in STOP_WORDS


def opted_out(channel: str, address: str) -> bool:
    last = OptOut.objects.filter(channel=channel, address_index=_address_index(channel, address)).order_by("-at", "-pk")
    return bool(last.values_list("out", flat=True).first())


def _address_index(channel: str, address: str) -> bytes:
    return BlindIndexField.of("code", f"opt-out {channel}|{address.lower()}")


def failing(gateway: Gateway, now: datetime) -> bool:
    """Whether to pass a gateway over: its last FAILURES_TO_SKIP attempts all failed, the last one within COOL_DOWN.

    Read from the delivery log, so all workers agree. After COOL_DOWN one attempt is let through: it closes or renews the gap.
    """
    last = Delivery.objects.filter(gateway=gateway.name).order_by("-at").values_list("outcome", "at")
    attempts = list(islice(last[:FAILURES_TO_SKIP], FAILURES_TO_SKIP))
    fine = {Delivery.Outcome.ACCEPTED, Delivery.Outcome.REJECTED}
    return (
        len(attempts) == FAILURES_TO_SKIP
        and attempts[0][1] > now - COOL_DOWN
        and not any(outcome in fine for outcome, _at in attempts)
    )


def reserve(*, channel: str, kind: str, cost: int, now: datetime) -> bool:
    """Set the cost aside from the channel's budget of today; False when that would exceed it.

    Holds however many workers ask at once. The last fifth is for codes alone: a mass of notices locks nobody out. The first
    refusal of a day is an event.
    """
    budget = settings.MESSAGE_BUDGETS.get(channel)
    if not cost or budget is None:
        return True
    limit = budget if kind == Message.Kind.CODE else budget * 4 // 5
    today: dict[str, Any] = {"channel": channel, "day": timezone.localdate(now)}
    left = Spending.objects.filter(**today, rupiah__lte=limit - cost)
    if left.update(rupiah=F("rupiah") + cost):
        return True
    spending, is_new = Spending.objects.get_or_create(**today)
    if is_new and left.update(rupiah=F("rupiah") + cost):
        return True
    if Spending.objects.filter(pk=spending.pk, alerted=False).update(alerted=True):
        logger.warning("the budget of %s is spent for today", channel)
        record_event(
            kind="messages.budget_spent",
            actor_id=None,
            actor_role="system",
            subject_type="spending",
            subject_id=spending.pk,
            reason=channel,
            at=now,
        )
    return False


def give_back(*, channel: str, cost: int, now: datetime) -> None:
    """Undo a reservation for what was certainly not taken."""
    if cost and channel in settings.MESSAGE_BUDGETS:
        spent = Spending.objects.filter(channel=channel, day=timezone.localdate(now), rupiah__gte=cost)
        spent.update(rupiah=F("rupiah") - cost)
