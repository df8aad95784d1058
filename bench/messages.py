"""What the outbox costs: `make bench-messages` (half a minute).

Rows: a message to each of 100,000 people by one statement, against COPY of the same finished rows into a table of the same
shape, in the same run: no outbox can be filled faster. Delivery: what one worker sends through the simulator in ten seconds
while all of them are due, against the transactions that the same database commits in the same run; a message takes two.
"""

import time
from collections.abc import Collection, Mapping
from datetime import timedelta
from io import BytesIO
from uuid import UUID

from bench import own_portal

PEOPLE, SECONDS = 100_000, 10


def everybody(ids: Collection[UUID], channel: str) -> Mapping[UUID, str]:
    """An address book (settings.ADDRESS_BOOKS) that knows whomever it is asked for."""
    return dict.fromkeys(ids, "+6281234567890")


def measure() -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.utils import timezone

    from records.models import Delivery, Message
    from records.services.messages import delivery, queue_messages

    call_command("migrate", verbosity=0)
    settings.ADDRESS_BOOKS |= {"bench": "bench.messages.everybody"}
    settings.MESSAGE_GATEWAYS = "sms=simulator"
    noon = timezone.localtime().replace(hour=12)

    def queue() -> tuple[int, float]:
        began = time.perf_counter()
        with transaction.atomic():
            count = queue_messages(
                template="wave_cancelled",
                channel="sms",
                language="id",
                recipient_kind="bench",
                recipient="md5(person::text)::uuid",
                key="'bench:' || person",
                values={"wave": "'Gelombang 1'"},
                source="generate_series(1, %(people)s) AS person",
                parameters={"people": PEOPLE},
                now=noon,
            )
        return count, time.perf_counter() - began

    count, queueing = queue()
    repeats, repeating = queue()
    assert (count, repeats) == (PEOPLE, 0)  # noqa: S101
    rows = BytesIO()
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert("COPY records_message TO STDOUT", rows)
        cursor.execute("CREATE TABLE copied (LIKE records_message INCLUDING ALL)")
        rows.seek(0)
        began = time.perf_counter()
        cursor.cursor.copy_expert("COPY copied FROM STDIN", rows)
        copying = time.perf_counter() - began
    print(
        f"RESULT messages_queued rows={PEOPLE} rows_per_seconds={PEOPLE / queueing:.0f} seconds={queueing:.2f}"
        f" copy_seconds={copying:.2f} ratio={queueing / copying:.2f} repeat_seconds={repeating:.2f}"
    )

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE records_message")
        cursor.execute("CREATE TABLE ticks (tick int)")
        began, commits = time.perf_counter(), 0
        while time.perf_counter() < began + SECONDS:
            cursor.execute("INSERT INTO ticks VALUES (1)")  # a transaction of its own
            commits += 1
    began = time.perf_counter()
    sent = delivery.deliver_due(
        now=lambda: noon + timedelta(seconds=time.perf_counter() - began),
        chance=lambda: 0.0,
        until=noon + timedelta(seconds=SECONDS),
    )
    assert sent == Message.objects.filter(state="sent").count() == Delivery.objects.count()  # noqa: S101
    print(
        f"RESULT messages_sent sent_per_seconds={sent / SECONDS:.0f} commits_per_seconds={commits / SECONDS:.0f}"
        f" ratio={commits / 2 / sent:.1f}"
    )


if __name__ == "__main__":
    with own_portal():
        measure()
