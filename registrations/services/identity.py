"""Asking the civil registry whether people are who they say: a few at a time are claimed, asked about outside of any
transaction, and written down.

At least once. A worker that dies in between leaves its rows to the lease, and the next one asks again, which changes nothing
at the registry. A worker that comes back late finds its attempt number out of date and leaves the row alone. Whatever the
registry does, nothing else waits for it: while it is down the gate is shut but for a probe, and the backlog waits in the
table, the longest due first.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.forms.models import model_to_dict

from records.gateways import Refused, Unavailable, Uncertain
from records.keyring import KeyringError
from records.services.log import record_event
from records.services.messages.limits import backoff
from registrations.dukcapil import Answer, CivilRegistry, Question, registry
from registrations.gate import Gate
from registrations.models import IdentityCheck, RegistryGate

logger = logging.getLogger(__name__)

BATCH = 8  # asked at the same time
LEASE = timedelta(minutes=2)  # longer than one question may take
MAX_ATTEMPTS = 12  # about four hours of back-off; then daily
DAILY = timedelta(days=1)

Clock = Callable[[], datetime]
Chance = Callable[[], float]
State = IdentityCheck.State


class _Asked(NamedTuple):
    """`answer` None: `error` says why; `reached`: whether the registry answered at all."""

    check: IdentityCheck
    answer: Answer | None
    error: str
    reached: bool


def check_due(*, now: Clock, chance: Chance, until: datetime) -> int:
    """Ask about those who are due and whom no other worker has, until the moment `until`; how many questions.

    `chance` gives numbers in [0, 1) and spreads what is tried again.
    """
    partner, asked = registry(), 0
    while partner and now() < until and (some := _check_some(partner, now, chance)):
        asked += some
    return asked


def _check_some(partner: CivilRegistry, now: Clock, chance: Chance) -> int:
    with transaction.atomic(durable=True):
        claimed = _claim(now())
    if claimed:
        with ThreadPoolExecutor(len(claimed)) as pool:
            asked = list(pool.map(partial(_ask, partner), claimed))
        with transaction.atomic(durable=True):
            _write_down(asked, now(), chance)
    return len(claimed)


def _claim(now: datetime) -> list[IdentityCheck]:
    gate = _locked_gate()
    places = min(BATCH, gate.places(per_minute=settings.DUKCAPIL_PER_MINUTE, now=now))
    if not places:
        return []
    due = IdentityCheck.objects.due(now).select_related("applicant").select_for_update(of=("self",), skip_locked=True)
    if gate.state(now) == "half_open":  # a probe about somebody whom the registry chokes on would say nothing
        due = due.order_by("attempts", "next_try")
    claimed = list(due[:places])
    for check in claimed:
        check.attempts += 1
        check.next_try = now + LEASE
    if claimed:
        IdentityCheck.objects.bulk_update(claimed, ["attempts", "next_try"])
        _keep(gate.take(len(claimed), now=now))
    return claimed


def _ask(partner: CivilRegistry, check: IdentityCheck) -> _Asked:
    person = check.applicant
    try:
        question = Question(check.pk, person.nik.open(), person.kk.open(), person.name, person.birth_date)
        return _Asked(check, partner.ask(question), "", reached=True)
    except (Refused, KeyringError) as error:  # about this person alone: no word about the registry
        return _Asked(check, None, _reason(error), reached=True)
    except (Unavailable, Uncertain) as error:
        return _Asked(check, None, _reason(error), reached=False)


def _reason(error: Exception) -> str:
    return (type(error).__name__ if isinstance(error, KeyringError) else str(error))[:60]


def _write_down(asked: list[_Asked], now: datetime, chance: Chance) -> None:
    gate = _locked_gate()
    after = gate.learn((one.reached for one in asked), now=now)
    _keep(after)
    if (gate.retry_at is None) != (after.retry_at is None):
        logger.warning("the way to the civil registry is %s", after.state(now))
    mine = {one.check.pk: one.check.attempts for one in asked}
    rows = IdentityCheck.objects.filter(pk__in=mine, state__in=IdentityCheck.LIVE).order_by("pk").select_for_update()
    current = {row.pk: row for row in rows if row.attempts == mine[row.pk]}
    for one in asked:
        if check := current.get(one.check.pk):
            _settle(check, one, now, chance)


def _settle(check: IdentityCheck, asked: _Asked, now: datetime, chance: Chance) -> None:
    check.error = asked.error
    if asked.answer:
        check.state = State.NOT_MATCHED if asked.answer.differs else State.MATCHED
        check.differs, check.request_id = list(asked.answer.differs), asked.answer.request_id
        check.checked_at, check.next_try, check.as_of = now, None, now
        record_event(
            kind=f"identity.{check.state}",
            actor_id=None,
            actor_role="system",
            subject_type="registration",
            subject_id=check.pk,
            person_id=check.applicant_id,
            regency_id=check.regency_id,
            fields=check.differs,
            at=now,
        )
    elif asked.reached or check.attempts >= MAX_ATTEMPTS:
        check.state, check.next_try, check.as_of = State.FAILED, now + DAILY * (1 + chance() / 4), now
    else:
        check.next_try = now + backoff(check.attempts, chance)
    check.save(update_fields=["state", "differs", "request_id", "checked_at", "next_try", "error", "as_of"])


def _locked_gate() -> Gate:
    """Of whoever asks next. Two workers claim and write down one after the other, never while they ask."""
    row, _created = RegistryGate.objects.select_for_update().get_or_create(pk=1)
    return Gate(**model_to_dict(row, exclude=["id"]))


def _keep(gate: Gate) -> None:
    RegistryGate.objects.update(**asdict(gate))
