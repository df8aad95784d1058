"""The way to a partner that may be down or slow: how many questions it may get now. Pure.

A circuit breaker: after TRIP questions in a row without an answer it opens, and nothing is asked. COOL_DOWN later it is half
open: one question is let through, and its answer closes it, while its failure opens it again. Whoever lets it through and
then dies blocks nobody for longer than PROBE. And a limit: so many questions in one minute of the clock, however many ask.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

TRIP = 5
COOL_DOWN = timedelta(minutes=1)
PROBE = timedelta(minutes=1)


@dataclass(frozen=True)
class Gate:
    """`failures`: questions in a row without an answer. `retry_at`: None while closed, else when it is half open.

    `taken`: how many questions the `minute` got.
    """

    failures: int = 0
    retry_at: datetime | None = None
    minute: datetime | None = None
    taken: int = 0

    def state(self, now: datetime) -> Literal["closed", "open", "half_open"]:
        if self.retry_at is None:
            return "closed"
        return "open" if now < self.retry_at else "half_open"

    def places(self, *, per_minute: int, now: datetime) -> int:
        """How many questions may be asked now."""
        left = max(0, per_minute - (self.taken if self.minute == _minute(now) else 0))
        return {"closed": left, "open": 0, "half_open": min(1, left)}[self.state(now)]

    def take(self, count: int, *, now: datetime) -> "Gate":
        """With so many of the `places` gone."""
        minute = _minute(now)
        taken = count + (self.taken if self.minute == minute else 0)
        probing = now + PROBE if self.state(now) == "half_open" else self.retry_at
        return replace(self, minute=minute, taken=taken, retry_at=probing)

    def learn(self, answered: Iterable[bool], *, now: datetime) -> "Gate":
        """After one question or more, in the order in which they were asked: whether each got an answer, of whatever kind."""
        failures = self.failures
        for answer in answered:
            failures = 0 if answer else failures + 1
        return replace(self, failures=failures, retry_at=now + COOL_DOWN if failures >= TRIP else None)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
