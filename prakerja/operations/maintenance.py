"""Maintenance mode: one flag in Redis, which every web process on every machine looks at every two seconds.

In Redis and not in the database, because the database is what is most often maintained. When Redis does not answer, a
process goes on with what it knew last, so its loss neither closes nor opens the portal.
"""

import contextlib
import json
from datetime import datetime
from functools import lru_cache
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from redis import Redis, RedisError

KEY = "portal:maintenance"
SECONDS_TO_NOTICE = 2.0
RETRY_AFTER = 300  # seconds, when nobody said until when


class Maintenance(NamedTuple):
    """`until`: when it is expected to end."""

    until: datetime | None


class _Seen:
    """What this process knows; `at` is moved before Redis is asked, so that one thread asks and no other waits."""

    at = -SECONDS_TO_NOTICE
    state: Maintenance | None = None


def begin(until: datetime | None) -> None:
    """RedisError when the flag cannot be set."""
    _redis().set(KEY, json.dumps({"until": until.isoformat() if until else None}))


def end() -> None:
    _redis().delete(KEY)


def ask() -> Maintenance | None:
    """The flag as it stands in Redis."""
    found = _redis().get(KEY)
    if found is None:
        return None
    until = json.loads(found)["until"]
    return Maintenance(datetime.fromisoformat(until) if until else None)


def current() -> Maintenance | None:
    """The flag as this process knows it, at most two seconds old."""
    if monotonic() - _Seen.at >= SECONDS_TO_NOTICE:
        _Seen.at = monotonic()
        with contextlib.suppress(RedisError):
            _Seen.state = ask()
    return _Seen.state


@lru_cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5)
