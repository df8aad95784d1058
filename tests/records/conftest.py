import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.conf import settings


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
