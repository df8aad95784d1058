"""The outbox: one promise per occasion, kept or dropped together with its cause."""

from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.scope import NOBODY, Scope
from accounts.services import enter_scope
from records.models import Message
from records.services.messages import Recipient, UnknownTemplate, WrongPlaceholders
from tests.prakerja.database import ask, refused
from tests.records.outbox import NUMBER, queue, queue_code
from tests.records.test_jobs import in_threads


@pytest.mark.django_db
def test_one_occasion_is_one_message_whoever_asks() -> None:
    first = queue()
    with transaction.atomic():
        enter_scope(NOBODY, web_role=True)
        assert queue(values={"wave": "Gelombang 2", "number": "0"}) == first
        assert queue_code(key="kode") != first
        transaction.set_rollback(True)
    assert Message.objects.get().plain_values["wave"] == "Gelombang 1"


@pytest.mark.django_db(transaction=True)
def test_two_askers_at_once_get_one_message() -> None:
    together = Barrier(2)

    def ask_for_it() -> UUID:
        together.wait(10)
        with transaction.atomic():
            return queue()

    first, second = in_threads(ask_for_it, ask_for_it)
    assert first == second and Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_message_comes_and_goes_with_its_cause() -> None:
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert not Message.objects.exists()


@pytest.mark.django_db
def test_asking_costs_one_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        queue_code()
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]  # of the test's own transaction
    assert len(statements) == 1


@pytest.mark.django_db
def test_who_causes_messages_reads_own_ones_only_and_changes_none() -> None:
    person = uuid4()
    mine = queue(recipient=Recipient("applicant", person))
    queue(key="lain")
    queue_code(key="kode", destination=None, recipient=Recipient("applicant", person))
    with transaction.atomic():
        enter_scope(Scope(applicant_id=person), web_role=True)
        assert [message.pk for message in Message.objects.all()] == [mine]
        with refused("permission denied"):
            Message.objects.update(state="sent")
        with refused("permission denied"):
            ask("SELECT * FROM records_delivery")
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"template": "tidak_ada"}, UnknownTemplate),
        ({"channel": "email"}, UnknownTemplate),
        ({"language": "jv"}, UnknownTemplate),
        ({"values": {"wave": "Gelombang 1"}}, WrongPlaceholders),
        ({"values": {"wave": "Gelombang 1", "number": "1", "nik": "3374"}}, WrongPlaceholders),
        ({"recipient": None}, ValueError),
        ({"destination": NUMBER, "recipient": Recipient("applicant", uuid4())}, ValueError),
        ({"recipient": Recipient("siapa", uuid4())}, ValueError),
        ({"secret": True}, ValueError),
    ],
)
@pytest.mark.django_db
def test_what_could_not_be_sent_is_refused_at_once(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        queue(**changes)
    assert not Message.objects.exists()


@pytest.mark.django_db
def test_the_database_holds_no_address_and_no_secret_in_clear() -> None:
    queue_code()
    (row,) = ask("SELECT m::text FROM records_message m")
    assert NUMBER[-8:] not in row[0] and "048213" not in row[0]
    message = Message.objects.get()
    assert (message.destination.open(), str(message.destination)) == (NUMBER, "********")


@pytest.mark.django_db
def test_the_database_refuses_what_must_not_be() -> None:
    queue_code()
    queue(key="lain")
    for sql, rule in [
        ("UPDATE records_message SET state = 'sent' WHERE key = 'lain'", "cannot go from queued to sent"),
        ("UPDATE records_message SET recipient_id = gen_random_uuid() WHERE key = 'lain'", "may change"),
        ("DELETE FROM records_message", "append-only"),
    ]:
        with refused(rule):
            ask(sql)
    for sql, rule in [
        ("UPDATE records_message SET finished_at = now()", "records_message_finished"),
        ("UPDATE records_message SET destination = NULL", "records_message_one_address"),
        ("UPDATE records_message SET plain_values = '{\"code\": 1}'", "records_message_secret"),
    ]:
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            ask(sql)
