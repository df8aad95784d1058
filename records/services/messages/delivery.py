"""Sending what was promised: one message at a time is claimed, sent outside of any transaction, and written down.

At least once. A worker that dies between sending and writing leaves its message to the lease; the next one sends again
under the same reference, so that a provider that honours references delivers once, and the log says that it may be twice.
A worker that comes back late finds its attempt number out of date: it adds what it did to the log and changes nothing else.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, transaction

from records.gateways import Gateway, Letter, Refused, Unavailable, Uncertain, gateways_of
from records.models import Delivery, Message
from records.services.messages.limits import (
    COOL_DOWN,
    LONGEST_WAIT,
    after_quiet_hours,
    backoff,
    failing,
    give_back,
    next_day,
    opted_out,
    reserve,
)
from records.services.messages.reading import addresses_of, values_of
from records.services.messages.templates import render

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=1)  # longer than all gateways of a channel may take together
MAX_ATTEMPTS = 30  # over ten hours at least

Clock = Callable[[], datetime]
Chance = Callable[[], float]
Outcome = Delivery.Outcome
State = Message.State


@dataclass(frozen=True)
class _Claim:
    """A message that is ours until its lease ends; without a letter it was settled or put off at once."""

    message: Message
    letter: Letter | None = None
    gateways: tuple[Gateway, ...] = ()
    cost: int = 0


def deliver_due(*, now: Clock, chance: Chance, until: datetime) -> int:
    """Take what is due and no other worker has a step on, codes first, until the moment `until`; how many messages."""
    steps = 0
    while now() < until and _deliver_one(now, chance):
        steps += 1
    return steps


def wipe_expired(*, now: datetime) -> int:
    """Wipe what finished secret messages still hold after their end (in the sample province); how many."""
    expired = Message.objects.filter(secret=True, expires_at__lte=now, sealed_values__isnull=False)
    return expired.exclude(state__in=Message.LIVE).update(sealed_values=None, destination=None)


def _deliver_one(now: Clock, chance: Chance) -> bool:
    with transaction.atomic(durable=True):
        claim = _claim(now())
    if claim and claim.letter:
        attempts = [*_send(claim, claim.letter, now)]
        with transaction.atomic(durable=True):
            _write_down(claim, attempts, now(), chance)
    return claim is not None


def _claim(now: datetime) -> _Claim | None:
    due = Message.objects.filter(state__in=Message.LIVE, due_at__lte=now).order_by("kind", "due_at")
    message = due.select_related("template").select_for_update(of=("self",), skip_locked=True).first()
    if message is None:
        return None
    if message.state == State.SENDING:
        _log(message, "", Outcome.UNCERTAIN, now, error="WorkerLost")
    if message.expires_at and message.expires_at <= now:
        return _finish(message, State.EXPIRED, message.reason, now)
    if message.attempt >= MAX_ATTEMPTS:
        return _finish(message, State.FAILED, "attempts", now)
    if message.kind != Message.Kind.CODE and (morning := after_quiet_hours(now)) > now:
        return _put_off(message, morning, "quiet_hours", now)
    try:
        address = addresses_of([message]).get(message.pk)
        text = render(message.template, values_of(message) or {})
    except DatabaseError:
        raise
    except Exception as error:  # whatever is wrong with one message must not stop those behind it
        logger.error("message %s cannot be prepared: %s", message.pk, type(error).__name__)
        message.attempt += 1
        return _put_off(message, now + LONGEST_WAIT, "unreadable", now)
    if not address:
        return _finish(message, State.SUPPRESSED, "no_address", now)
    if message.kind == Message.Kind.REMINDER and opted_out(message.channel, address):
        return _finish(message, State.SUPPRESSED, "opted_out", now)
    gateways = tuple(gateway for gateway in gateways_of(message.channel) if not failing(gateway, now))
    if not gateways:
        return _put_off(message, now + COOL_DOWN, "no_gateway", now)
    cost = 0 if all(gateway.is_free for gateway in gateways) else text.cost
    if not reserve(channel=message.channel, kind=message.kind, cost=cost, now=now):
        return _put_off(message, next_day(now), "budget", now)
    message.state, message.attempt, message.due_at = State.SENDING, message.attempt + 1, now + LEASE
    message.save(update_fields=["state", "attempt", "due_at"])
    letter = Letter(message.pk, address, text.subject, text.body)
    return _Claim(message, letter, _unsure_first(message, gateways), cost)


def _unsure_first(message: Message, gateways: tuple[Gateway, ...]) -> tuple[Gateway, ...]:
    """Who may have the letter already is asked again first: it alone can tell that it has."""
    if message.attempt == 1:
        return gateways
    unsure = message.deliveries.filter(outcome=Outcome.UNCERTAIN).values_list("gateway", flat=True)
    return tuple(sorted(gateways, key=lambda gateway: gateway.name not in unsure))


def _send(claim: _Claim, letter: Letter, now: Clock) -> list[Delivery]:
    """Try one gateway after the other, as long as the letter was certainly not taken."""
    attempts = []
    for gateway in claim.gateways:
        attempt = Delivery(message=claim.message, attempt=claim.message.attempt, gateway=gateway.name)
        try:
            attempt.reference = gateway.send(letter)
            attempt.outcome, attempt.cost = Outcome.ACCEPTED, claim.cost
        except Refused as error:
            attempt.outcome, attempt.error = Outcome.REJECTED, str(error)[:60]
        except Uncertain as error:
            attempt.outcome, attempt.error, attempt.cost = Outcome.UNCERTAIN, str(error)[:60], claim.cost
        except Unavailable as error:
            attempt.outcome, attempt.error = Outcome.UNAVAILABLE, str(error)[:60]
        attempt.at = now()
        attempts.append(attempt)
        if attempt.outcome != Outcome.UNAVAILABLE:
            break
    return attempts


def _write_down(claim: _Claim, attempts: list[Delivery], now: datetime, chance: Chance) -> None:
    Delivery.objects.bulk_create(attempts)
    last = attempts[-1].outcome
    if last in (Outcome.REJECTED, Outcome.UNAVAILABLE):
        give_back(channel=claim.message.channel, cost=claim.cost, now=now)
    ours = Message.objects.filter(pk=claim.message.pk, attempt=claim.message.attempt, state=State.SENDING)
    message = ours.select_for_update().first()
    if message is None:
        return
    if last == Outcome.ACCEPTED:
        _finish(message, State.SENT, "", now)
    elif last == Outcome.REJECTED:
        _finish(message, State.FAILED, "rejected", now)
    elif message.attempt >= MAX_ATTEMPTS:
        _finish(message, State.FAILED, "attempts", now)
    else:
        _put_off(message, now + backoff(message.attempt, chance), str(last), now)


def _put_off(message: Message, until: datetime, reason: str, now: datetime) -> _Claim:
    """Wait until then, unless that is too late."""
    if message.expires_at and message.expires_at <= until:
        return _finish(message, State.SUPPRESSED, reason, now)
    message.state, message.due_at, message.reason = State.QUEUED, until, reason
    message.save(update_fields=["state", "attempt", "due_at", "reason"])
    return _Claim(message)


def _finish(message: Message, state: str, reason: str, now: datetime) -> _Claim:
    message.state, message.reason, message.finished_at = state, reason, now
    if message.secret and not (settings.SAMPLE_DATA and message.expires_at and now < message.expires_at):
        message.sealed_values = message.destination = None
    message.save(update_fields=["state", "reason", "finished_at", "sealed_values", "destination"])
    return _Claim(message)


def _log(message: Message, gateway: str, outcome: str, now: datetime, *, error: str = "") -> None:
    Delivery.objects.create(
        message=message, at=now, attempt=message.attempt, gateway=gateway, outcome=outcome, error=error
    )
