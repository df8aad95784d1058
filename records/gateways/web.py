"""Providers of SMS and WhatsApp that take JSON over HTTPS."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from records.gateways.base import Letter, NotConfigured, Refused, Unavailable, Uncertain
from records.gateways.endpoint import JsonEndpoint

DEADLINE_SECONDS = 10


class Http:
    """One POST with a bearer token. 2xx with a reference is taken; 400, 404, 413 and 422 are about this letter alone."""

    kind = "http"
    is_free = False

    def __init__(self, url: str, *, deadline: float = DEADLINE_SECONDS) -> None:
        parts = urlsplit(url)
        token = settings.MESSAGE_TOKENS.get(parts.hostname, "")
        self._endpoint = JsonEndpoint(url, setting="MESSAGE_GATEWAYS", deadline=deadline, token=token)
        if not token and not settings.DEVELOPMENT:
            raise NotConfigured(f"MESSAGE_TOKENS_FILE: no token for {parts.hostname}")
        self.name = f"{self.kind}:{parts.netloc}"

    def send(self, letter: Letter) -> str:
        status, body = self._endpoint.post(self.payload(letter), {"Idempotency-Key": str(letter.reference)})
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
