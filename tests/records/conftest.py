import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.conf import settings

from tests.records.provider import Provider, provider


@pytest.fixture
def queued() -> Callable[[], list[Any]]:
    """(task, arguments) of what stands in the broker's queues, oldest first; they are empty at the start."""
    server = redis.Redis.from_url(settings.REDIS_URL)
    server.flushdb()

    def read() -> list[Any]:
        found = []
        for queue in ("default", "quota", "draw", "notify", "import"):
            for text in reversed(server.lrange(queue, 0, -1)):
                message = json.loads(text)
                _, arguments, _ = json.loads(base64.b64decode(message["body"]))
                found.append((message["headers"]["task"], arguments))
        return found

    return read


@pytest.fixture
def sms(settings: Any) -> Iterator[Provider]:
    with provider() as double:
        settings.MESSAGE_GATEWAYS = f"sms=http:{double.url}"
        yield double


@pytest.fixture
def two(settings: Any) -> Iterator[tuple[Provider, Provider]]:
    with provider() as first, provider() as second:
        settings.MESSAGE_GATEWAYS = f"sms=http:{first.url} http:{second.url}"
        yield first, second
