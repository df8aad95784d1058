"""The outbox: one promise per occasion, kept or dropped together with its cause."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from accounts.scope import NOBODY
from accounts.services import enter_scope
from records.models import Message
from records.services.messages import Recipient, UnknownTemplate, WrongPlaceholders, queue_message

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # 10.00 in Jakarta


def queue(**changes: Any) -> UUID:
    given: dict[str, Any] = {
        "template": "registration_received",
        "channel": "sms",
        "language": "id",
        "key": "uji",
        "values": {"wave": "Gelombang 1", "number": "123456789012"},
        "now": NOW,
        "recipient": Recipient("applicant", uuid4()),
    }
    return queue_message(**given | changes)


def queue_code(**changes: Any) -> UUID:
    given: dict[str, Any] = {
        "template": "sign_in_code",
        "values": {"code": "048213", "minutes": "5"},
        "recipient": None,
        "destination": "+6281234567890",
        "secret": True,
        "expires_at": NOW + timedelta(minutes=5),
    }
    return queue(**given | changes)


@pytest.mark.django_db
def test_one_occasion_is_one_message_whoever_asks() -> None:
    first = queue()
    with transaction.atomic():
        enter_scope(NOBODY, web_role=True)
        assert queue(values={"wave": "Gelombang 2", "number": "0"}) == first
        assert queue_code(key="kode") != first
        assert not Message.objects.exists(), "who causes a message does not read the outbox"
        enter_scope(NOBODY)
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            Message.objects.update(state="sent")
