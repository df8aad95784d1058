"""How often a client may ask, counted in Redis by fixed windows; settings.API_LIMITS states the limits."""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.api.problems import Unavailable
from accounts.middleware import client_address
from accounts.services.passwords import network_of
from records.fields import BlindIndexField

# Without Redis pages are still served to who has a token; what is costly or guards secrets waits until it is back.
OPEN_WITHOUT_REDIS = {"page"}


@dataclass(frozen=True)
class Count:
    """How a window stands after this request."""

    limit: int
    window: int
    used: int
    seconds_left: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f"{self.limit};w={self.window}",
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.seconds_left),
        }


def count(kind: str, who: str, now: float) -> Count:
    """Add one. Raises redis.exceptions.RedisError."""
    limit, window = settings.API_LIMITS[kind]
    at, elapsed = divmod(int(now), window)
    key = f"api:{kind}:{who}:{at}"
    used = 1
    if not cache.add(key, 1, window):
        try:
            used = cache.incr(key)
        except ValueError:  # the window has just ended
            cache.set(key, 1, window)
    return Count(limit, window, used, window - elapsed)


class Limit(BaseThrottle):
    """By client; at the token endpoint, where none is known yet, by address (a keyed hash of it)."""

    def allow_request(self, request: Request, view: Any) -> bool:
        if request.method not in view.allowed_methods:
            return True  # refused in a moment, for another reason
        kind: str = view.limit_kind
        if kind == "token":
            who = BlindIndexField.of("code", f"api|{network_of(client_address(request._request))}").hex()[:32]
        else:
            who = str(request.user.client_id)
        try:
            self.count = count(kind, who, time.time())
        except RedisError as error:
            if kind in OPEN_WITHOUT_REDIS:
                return True
            raise Unavailable from error
        view.limit_headers = self.count.headers
        return self.count.used <= self.count.limit

    def wait(self) -> float:
        return self.count.seconds_left
