"""Messages to send, a clock that is told the time, and workers that use both."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from records.models import Message
from records.services.messages import Recipient, delivery, queue_message

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # 10.00 in Jakarta
NUMBER = "+6281234567890"


@dataclass
class Clock:
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def wait(self, **time: float) -> None:
        self.at += timedelta(**time)


def queue(**changes: Any) -> UUID:
    given: dict[str, Any] = {
        "template": "registration_received",
        "channel": "sms",
        "language": "id",
        "key": "uji",
        "values": {"wave": "Gelombang 1", "number": "123456789012"},
        "now": NOW,
        "recipient": None if "destination" in changes else Recipient("applicant", uuid4()),
    }
    with transaction.atomic():
        return queue_message(**given | changes)


def queue_code(**changes: Any) -> UUID:
    given: dict[str, Any] = {
        "template": "sign_in_code",
        "values": {"code": "048213", "minutes": "5"},
        "destination": NUMBER,
        "secret": True,
        "expires_at": NOW + timedelta(minutes=5),
    }
    return queue(**given | changes)


def queue_reminder(**changes: Any) -> UUID:
    given: dict[str, Any] = {"template": "offer_reminder", "values": {"wave": "G", "day": "1 Desember 2026"}}
    return queue(**given | {"destination": NUMBER} | changes)


def sweep(clock: Clock) -> int:
    """Everything that is due now, once: the time stands still, and what is put off waits."""
    return delivery.deliver_due(now=clock, chance=lambda: 0.0, until=clock.at + timedelta(hours=1))


def state_of(message_id: UUID) -> tuple[str, str]:
    message = Message.objects.get(pk=message_id)
    return message.state, message.reason
