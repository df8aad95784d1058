"""Sending: once while workers live, again when one is lost, later when providers fail."""

import logging
import os
import signal
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone

from records import tasks
from records.models import Delivery, Message, Spending
from records.services.messages import Recipient, delivery
from records.services.messages.limits import (
    COOL_DOWN,
    FAILURES_TO_SKIP,
)
from records.services.messages.reading import values_of
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration
from tests.records.outbox import NOW, NUMBER, Clock, queue, queue_code, queue_reminder, state_of, sweep
from tests.records.provider import Answer, Provider
from tests.records.test_jobs import in_threads

pytestmark = pytest.mark.django_db(transaction=True)

DOWN: Answer = (503, "")


def log() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("at", "pk").values_list("gateway", "outcome"))


def test_a_message_reaches_the_phone_of_its_recipient_in_the_words_of_its_text(sms: Provider) -> None:
    make_region()
    person = make_registration(make_wave(), phone="+6281277700011")
    message_id = queue(recipient=Recipient("applicant", person.applicant_id))
    assert sweep(Clock()) == 1
    (letter,) = sms.taken
    assert (letter["to"], letter["reference"]) == ("+6281277700011", str(message_id))
    assert letter["text"].startswith(
        "Pendaftaran Anda untuk Gelombang 1 sudah kami terima. Nomor undian Anda 123456789012."
    )
    assert sms.asked[0]["Idempotency-Key"] == str(message_id)
    assert state_of(message_id) == ("sent", "")
    attempt = Delivery.objects.get()
    assert (attempt.gateway, attempt.outcome, attempt.attempt) == (sms.name, "accepted", 1)
    assert attempt.reference and attempt.cost == 350
    assert sweep(Clock()) == 0


def test_two_workers_at_once_send_once(sms: Provider) -> None:
    queue_code()
    together = Barrier(2)

    def work() -> int:
        together.wait(10)
        return sweep(Clock())

    assert sorted(in_threads(work, work)) == [0, 1]
    assert len(sms.asked) == 1


def test_a_message_at_a_slow_provider_is_not_sent_by_another_worker(sms: Provider) -> None:
    message_id, go_on = queue_code(), Event()

    def slow(letter: dict[str, Any]) -> Answer:
        assert go_on.wait(10)
        return 200, '{"id": "x"}'

    sms.answer = slow

    def other() -> int:
        assert sms.reached.wait(10)
        try:
            return sweep(Clock(NOW + timedelta(seconds=30)))
        finally:
            go_on.set()

    assert sorted(in_threads(lambda: sweep(Clock()), other)) == [0, 1]
    assert len(sms.asked) == 1 and state_of(message_id) == ("sent", "")


def test_a_worker_killed_between_sending_and_writing_is_made_up_for(sms: Provider) -> None:
    """Really killed: the provider has the message, the database has no word of it."""
    message_id = queue_code()
    connection.close()
    child = os.fork()
    if child == 0:
        sms_answer = delivery._write_down  # never reached: the process ends as soon as the letter is out

        def die(*_arguments: Any) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        delivery._write_down = die
        try:
            sweep(Clock())
        finally:
            delivery._write_down = sms_answer
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert len(sms.taken) == 1 and state_of(message_id)[0] == "sending" and not log()

    clock = Clock()
    assert sweep(clock) == 0, "its lease is not over"
    clock.wait(minutes=1, seconds=1)
    assert sweep(clock) == 1
    assert state_of(message_id) == ("sent", "")
    assert len(sms.taken) == 1, "the same reference: a provider with idempotency delivers once"
    assert log() == [("", "uncertain"), (sms.name, "accepted")]


def test_a_worker_that_comes_back_late_changes_nothing_but_the_log(sms: Provider) -> None:
    message_id, clock = queue_code(), Clock()
    taken_over = []

    def overtaken(letter: dict[str, Any]) -> Answer:
        if not taken_over:  # while we wait for the answer, the lease ends and another worker sends
            taken_over.append(True)
            in_threads(lambda: sweep(Clock(NOW + timedelta(minutes=2))))
            return DOWN
        return 200, '{"id": "x"}'

    sms.answer = overtaken
    sweep(clock)
    assert state_of(message_id) == ("sent", "")
    assert sorted(outcome for _name, outcome in log()) == ["accepted", "unavailable", "uncertain"]


def test_a_failing_provider_is_tried_again_later_and_later(sms: Provider) -> None:
    sms.answer = lambda letter: DOWN
    message_id, clock = queue(destination=NUMBER), Clock()
    waits = []
    for _ in range(4):
        sweep(clock)
        message = Message.objects.get(pk=message_id)
        assert (message.state, message.reason) == ("queued", "unavailable")
        waits.append((message.due_at - clock.at).total_seconds())
        clock.at = message.due_at
    assert waits == [5, 10, 20, 40]
    sms.answer = lambda letter: (200, '{"id": "x"}')
    sweep(clock)
    assert state_of(message_id) == ("sent", "")
    assert Spending.objects.get().rupiah == 350, "what was not taken is not paid"


def test_it_gives_up_in_the_end(sms: Provider) -> None:
    sms.answer = lambda letter: DOWN
    message_id, clock = queue(destination=NUMBER), Clock()
    for _ in range(200):
        sweep(clock)
        message = Message.objects.get(pk=message_id)
        if message.state not in Message.LIVE:
            break
        clock.at = message.due_at
    assert (message.state, message.reason, message.attempt) == ("failed", "attempts", delivery.MAX_ATTEMPTS)
    assert clock.at - NOW > timedelta(hours=8)


def test_the_next_provider_takes_over_at_once_and_the_failing_one_rests(two: tuple[Provider, Provider]) -> None:
    first, second = two
    first.answer = lambda letter: DOWN
    clock = Clock()
    for number in range(FAILURES_TO_SKIP + 2):
        queue(destination=NUMBER, key=f"uji {number}")
        clock.wait(seconds=1)
        sweep(clock)
    assert len(second.taken) == FAILURES_TO_SKIP + 2
    assert len(first.asked) == FAILURES_TO_SKIP, "then it is passed over"

    clock.wait(seconds=COOL_DOWN.total_seconds())
    queue(destination=NUMBER, key="percobaan")
    queue(destination=NUMBER, key="berikut")
    sweep(clock)
    assert len(first.asked) == FAILURES_TO_SKIP + 1, "one attempt is let through, and renews the pause"

    first.answer = lambda letter: (200, '{"id": "x"}')
    clock.wait(seconds=COOL_DOWN.total_seconds() + 1)
    for key in ("pulih", "pulih juga"):
        queue(destination=NUMBER, key=key)
    sweep(clock)
    assert len(first.taken) == 2, "one success ends it"


def test_when_all_providers_rest_messages_wait_and_attempts_are_not_used_up(sms: Provider) -> None:
    sms.answer = lambda letter: DOWN
    clock = Clock()
    for number in range(FAILURES_TO_SKIP):
        queue(destination=NUMBER, key=f"uji {number}")
    sweep(clock)
    waiting = queue(destination=NUMBER, key="menunggu")
    sweep(clock)
    message = Message.objects.get(pk=waiting)
    assert (message.state, message.reason, message.attempt) == ("queued", "no_gateway", 0)
    assert len(sms.asked) == FAILURES_TO_SKIP


def test_a_lost_answer_is_asked_after_where_it_was_lost(two: tuple[Provider, Provider]) -> None:
    """The first is down when the second swallows the answer: only the second can tell that it has the message."""
    first, second = two
    first.answer, second.answer = (lambda letter: DOWN), (lambda letter: None)
    message_id, clock = queue(destination=NUMBER), Clock()
    sweep(clock)
    assert state_of(message_id) == ("queued", "uncertain")
    first.answer = second.answer = lambda letter: (200, '{"id": "x"}')
    clock.wait(minutes=1)
    sweep(clock)
    assert state_of(message_id) == ("sent", "")
    assert (len(first.taken), len(second.taken), len(second.asked)) == (0, 1, 2)


def test_what_a_provider_refuses_for_good_is_not_tried_elsewhere(two: tuple[Provider, Provider]) -> None:
    first, second = two
    first.answer = lambda letter: (422, "")
    message_id = queue(destination=NUMBER)
    sweep(Clock())
    assert state_of(message_id) == ("failed", "rejected")
    assert not second.asked and sweep(Clock(NOW + timedelta(days=1))) == 0


def test_codes_go_first(sms: Provider) -> None:
    queue(destination=NUMBER)
    queue_reminder(key="ingat")
    queue_code(key="kode", now=NOW + timedelta(seconds=1))
    sweep(Clock(NOW + timedelta(seconds=2)))
    assert ["Kode" in letter["text"] for letter in sms.taken] == [True, False, False]


def test_secrets_are_wiped_once_delivered_or_expired(sms: Provider, settings: Any) -> None:
    settings.SAMPLE_DATA = False
    delivered, expired = queue_code(), queue_code(key="lewat", expires_at=NOW)
    sweep(Clock())
    assert [state_of(pk)[0] for pk in (delivered, expired)] == ["sent", "expired"]
    for message in Message.objects.all():
        assert message.sealed_values is None and message.destination is None and message.plain_values == {}
    assert len(sms.taken) == 1


def test_in_the_sample_province_secrets_stay_until_they_expire(sms: Provider) -> None:
    message_id = queue_code()
    sweep(Clock())
    assert delivery.wipe_expired(now=NOW + timedelta(minutes=4)) == 0
    assert values_of(Message.objects.get(pk=message_id)) == {"code": "048213", "minutes": "5"}
    assert delivery.wipe_expired(now=NOW + timedelta(minutes=5)) == 1
    assert Message.objects.get(pk=message_id).sealed_values is None


def test_no_address_and_no_value_gets_into_the_log(
    two: tuple[Provider, Provider], caplog: pytest.LogCaptureFixture
) -> None:
    two[0].answer = lambda letter: (500, json_of(letter))
    two[1].answer = lambda letter: (400, json_of(letter))
    caplog.set_level(logging.DEBUG)
    queue_code()
    sweep(Clock())
    told = caplog.text + str(list(Delivery.objects.values()))
    assert "HTTP 400" in told
    assert NUMBER[-8:] not in told and "048213" not in told


def json_of(letter: dict[str, Any]) -> str:
    """A provider that says everything back."""
    return f"cannot deliver {letter['text']} to {letter['to']}"


def test_a_message_that_cannot_be_read_stops_none_behind_it(sms: Provider) -> None:
    broken, fine = queue_code(key="rusak"), queue_code(key="utuh")
    Message.objects.filter(pk=broken).update(sealed_values=b"x" * 40)
    sweep(Clock())
    assert state_of(broken) == ("suppressed", "unreadable") and state_of(fine) == ("sent", "")


def test_without_a_way_out_messages_wait(settings: Any) -> None:
    settings.MESSAGE_GATEWAYS = "email=simulator"
    waiting = queue(destination=NUMBER)
    sweep(Clock())
    assert state_of(waiting) == ("queued", "no_gateway")
    settings.MESSAGE_GATEWAYS = "sms=simulator"
    sweep(Clock(NOW + COOL_DOWN))
    assert state_of(waiting) == ("sent", "")


def test_the_tasks_sweep_and_wipe(sms: Provider) -> None:
    now = timezone.now()
    swept = [queue_code(key=key, now=now, expires_at=now + timedelta(minutes=5)) for key in ("satu", "dua")]
    tasks.deliver_due_messages()
    assert [state_of(pk) for pk in swept] == [("sent", "")] * 2 and len(sms.taken) == 2
    tasks.wipe_expired_messages()
    assert Message.objects.filter(sealed_values__isnull=False).count() == 2, "not before their end"


def test_beat_names_tasks_that_exist_in_queues_that_are_worked_off() -> None:
    current_app.loader.import_default_modules()
    messages = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert messages >= {"records.deliver_due_messages", "records.deliver_wipe", "training.remind_of_offers"}
    assert messages <= set(current_app.tasks)
    for task in ("records.deliver_due_messages", "records.deliver_wipe"):
        assert current_app.amqp.router.route({}, task)["queue"].name == "notify"
