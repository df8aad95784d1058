"""Providers of SMS and WhatsApp that take JSON over HTTPS.

Their address comes from the settings alone, never from a row or a person. No redirect is followed and no proxy of the
environment is used (http.client knows neither); the whole exchange has one deadline, however slowly a server drips.
"""

import json
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import SHUT_RDWR
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from records.gateways.base import Letter, NotConfigured, Refused, Unavailable, Uncertain

CONNECT_SECONDS = 4
DEADLINE_SECONDS = 10
LARGEST_ANSWER = 64 * 1024


class Http:
    """One POST with a bearer token. 2xx with a reference is taken; 400, 404, 413 and 422 are about this letter alone."""

    kind = "http"
    is_free = False

    def __init__(self, url: str, *, deadline: float = DEADLINE_SECONDS) -> None:
        parts = urlsplit(url)
        allowed = ("https", "http") if settings.DEVELOPMENT else ("https",)
        if parts.scheme not in allowed or not parts.hostname or parts.username or parts.fragment:
            raise NotConfigured(f"MESSAGE_GATEWAYS: {parts.hostname or url!r} must be an https:// address")
        token = settings.MESSAGE_TOKENS.get(parts.hostname)
        if not token and not settings.DEVELOPMENT:
            raise NotConfigured(f"MESSAGE_TOKENS_FILE: no token for {parts.hostname}")
        self._class = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path or "/"
        if parts.query:
            self._path += f"?{parts.query}"
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._deadline = deadline
        self.name = f"{self.kind}:{parts.netloc}"

    def send(self, letter: Letter) -> str:
        with closing(self._class(self._host, self._port, timeout=CONNECT_SECONDS)) as connection:
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
                headers = self._headers | {"Idempotency-Key": str(letter.reference)}
                connection.request("POST", self._path, json.dumps(self.payload(letter)), headers)
                answer = connection.getresponse()
                status, body = answer.status, answer.read(LARGEST_ANSWER)
            except (OSError, HTTPException) as error:
                raise Uncertain(type(error).__name__) from None
            finally:
                watch.cancel()
        if status in (400, 404, 413, 422):
            raise Refused(f"HTTP {status}")
        if not 200 <= status < 300:
            raise Unavailable(f"HTTP {status}")
        try:
            return str(self.reference(json.loads(body)))[:80]
        except (ValueError, LookupError, TypeError):
            raise Uncertain(f"HTTP {status} without a reference") from None

    def payload(self, letter: Letter) -> dict[str, Any]:
        raise NotImplementedError

    def reference(self, answer: Any) -> Any:
        raise NotImplementedError


class HttpSms(Http):
    """{"to", "from", "text", "reference"} -> {"id"}: the shape that Indonesian SMS gateways share but for names."""

    kind = "http-sms"

    def payload(self, letter: Letter) -> dict[str, Any]:
        sender = settings.MESSAGE_SENDER
        return {"to": letter.address, "from": sender, "text": letter.body, "reference": str(letter.reference)}

    def reference(self, answer: Any) -> Any:
        return answer["id"]


class HttpWhatsApp(Http):
    """The messages endpoint of the WhatsApp Business Cloud interface, or of a provider with its shape."""

    kind = "http-whatsapp"

    def payload(self, letter: Letter) -> dict[str, Any]:
        return {
            "messaging_product": "whatsapp",
            "to": letter.address.removeprefix("+"),
            "type": "text",
            "text": {"body": letter.body},
            "biz_opaque_callback_data": str(letter.reference),
        }

    def reference(self, answer: Any) -> Any:
        return answer["messages"][0]["id"]


def _shut(socket: Any) -> None:
    with suppress(OSError):
        socket.shutdown(SHUT_RDWR)
