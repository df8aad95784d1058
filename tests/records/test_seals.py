"""Sealing: every row once, whatever the order of commits; and what the chain says of it."""

from uuid import uuid4

import pytest
from django.utils import timezone

from records.models import LogLine, Seal
from records.services import seals
from records.services.log import record_event, record_read
from tests.factories.staff import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def event(kind: str = "uji", fields: list[str] | None = None) -> None:
    record_event(
        kind=kind, actor_id=None, actor_role="system", subject_type="uji", subject_id=uuid4(), fields=fields or []
    )


def seal() -> int:
    return seals.seal_logs(now=timezone.now())


def test_events_and_reads_stand_in_one_chain_each_once() -> None:
    event()
    record_read(
        actor_id=make_user().pk, actor_role="auditor", person_id=uuid4(), regency_id=None, field="nik", reason="x"
    )
    event("lain", ["état", "☂"])
    assert (seal(), seal()) == (3, 0)
    assert list(LogLine.objects.order_by("position").values_list("position", "log")) == [
        (1, "event"), (2, "read"), (3, "event")
    ]  # fmt: skip
    assert Seal.objects.get().last == 3
    verdict = seals.verify_logs()
    assert (verdict.fault, verdict.lines) == (None, 3)
