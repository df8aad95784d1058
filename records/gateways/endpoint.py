"""An address that takes JSON.

It comes from the settings alone, never from a row or a person. No redirect is followed and no proxy of the environment is
used (http.client knows neither); the whole exchange has one deadline, however slowly a server drips.
"""

import json
from collections.abc import Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import SHUT_RDWR
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from records.gateways.base import NotConfigured, Unavailable, Uncertain

CONNECT_SECONDS = 4
LARGEST_ANSWER = 64 * 1024


class JsonEndpoint:
    """Takes one POST with a bearer token at a time, from any thread. `setting` is what NotConfigured names."""

    def __init__(self, url: str, *, setting: str, deadline: float, token: str = "") -> None:
        parts = urlsplit(url)
        allowed = ("https", "http") if settings.DEVELOPMENT else ("https",)
        if parts.scheme not in allowed or not parts.hostname or parts.username or parts.fragment:
            raise NotConfigured(f"{setting}: {parts.hostname or url!r} must be an https:// address")
        self._class = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path or "/"
        if parts.query:
            self._path += f"?{parts.query}"
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._deadline = deadline

    def post(self, payload: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body. Raises Unavailable when nothing was sent, Uncertain when the answer did not come back whole."""
        with closing(self._class(self._host, self._port, timeout=min(CONNECT_SECONDS, self._deadline))) as connection:
            try:
                connection.connect()
            except OSError as error:
                raise Unavailable(type(error).__name__) from None
            socket = connection.sock
            watch = Timer(self._deadline, lambda: _shut(socket))
            watch.daemon = True
            watch.start()
            try:
                socket.settimeout(self._deadline)
                connection.request("POST", self._path, json.dumps(payload), {**self._headers, **headers})
                answer = connection.getresponse()
                return answer.status, answer.read(LARGEST_ANSWER)
            except (OSError, HTTPException) as error:
                raise Uncertain(type(error).__name__) from None
            finally:
                watch.cancel()


def _shut(socket: Any) -> None:
    with suppress(OSError):
        socket.shutdown(SHUT_RDWR)
