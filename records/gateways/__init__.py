"""Ways out to people's phones and mailboxes: settings.MESSAGE_GATEWAYS names them, in the order in which they are tried.

Each sends one letter and says by an exception what is known when it could not. None keeps an address or a text.
"""

from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings

from records.gateways.base import Gateway, Letter, NotConfigured, Refused, Unavailable, Uncertain
from records.gateways.console import Console
from records.gateways.mail import Mail
from records.gateways.simulator import Simulator
from records.gateways.web import HttpSms, HttpWhatsApp

__all__ = ["Gateway", "Letter", "NotConfigured", "Refused", "Unavailable", "Uncertain", "gateways_of", "parse"]

CHANNELS = ("sms", "email", "whatsapp")


def gateways_of(channel: str) -> tuple[Gateway, ...]:
    """The gateways of a channel in the order in which they are tried; none is a channel that is not in use."""
    return _parsed(settings.MESSAGE_GATEWAYS).get(channel, ())


def parse(text: str) -> Mapping[str, tuple[Gateway, ...]]:
    """`sms=http:https://one.example/send http:https://two.example/send; email=smtp` as gateways by channel.

    Kinds: console, simulator; for sms and whatsapp also http:<address>; for email also smtp, or anymail:<backend>.
    Raises NotConfigured, naming the part that cannot be used.
    """
    found: dict[str, tuple[Gateway, ...]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        channel, _, kinds = part.partition("=")
        if channel.strip() not in CHANNELS:
            raise NotConfigured(f"MESSAGE_GATEWAYS: {channel.strip()!r} is none of {', '.join(CHANNELS)}")
        found[channel.strip()] = tuple(_gateway(channel.strip(), kind) for kind in kinds.split())
    return found


_parsed = lru_cache(maxsize=8)(parse)


def _gateway(channel: str, text: str) -> Gateway:
    kind, _, rest = text.partition(":")
    match channel, kind:
        case _, "console":
            return Console()
        case _, "simulator":
            return Simulator()
        case "sms", "http":
            return HttpSms(rest)
        case "whatsapp", "http":
            return HttpWhatsApp(rest)
        case "email", "smtp" if not rest:
            return Mail("django.core.mail.backends.smtp.EmailBackend")
        case "email", "anymail":
            return Mail(f"anymail.backends.{rest}.EmailBackend")
    raise NotConfigured(f"MESSAGE_GATEWAYS: {channel} knows no {kind!r}")
