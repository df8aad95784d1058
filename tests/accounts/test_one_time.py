"""Codes by message: who gets one, what they cost, and how little they open."""

import re
import statistics
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import OneTimeSecret, User
from accounts.services.one_time import (
    CODE_LASTS,
    PER_ADDRESS_AN_HOUR,
    PER_LOGIN_AN_HOUR,
    BudgetSpent,
    SecretSpent,
    request_code,
    verify_code,
)
from records.models import Message
from tests.factories.sign_in import promised, sent_code
from tests.factories.staff import make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
OF_THE_MOMENT = {"Expires", "X-Request-ID", "Content-Length"}
KNOWN, UNKNOWN = "sri@contoh.example", "ani@contoh.example"


@pytest.fixture
def user() -> User:
    return make_user(email=KNOWN, phone="+6281234567890")


def ask(login: str = KNOWN, address: str = "10.0.0.1", now: datetime = NOW) -> UUID:
    return request_code(login=login, address=address, language="id", now=now)


def ask_page(client: Client, login: str, **more: Any) -> Any:
    return client.post("/masuk/", {"login": login, "way": "code"}, **more)


@pytest.mark.parametrize(("login", "channel"), [(KNOWN, "email"), ("081234567890", "sms")])
def test_a_code_by_e_mail_or_sms_opens_the_account(client: Client, user: User, login: str, channel: str) -> None:
    assert ask_page(client, login)["Location"] == "/masuk/kode/"
    message = Message.objects.get()
    assert (message.channel, message.recipient_id, message.secret) == (channel, user.pk, True)
    assert message.expires_at and message.expires_at - message.created_at == CODE_LASTS
    assert "_auth_user_id" not in client.session
    assert client.post("/masuk/kode/", {"code": f" {sent_code()} "})["Location"].startswith("/akun/faktor/")
    assert client.session["_auth_user_id"] == str(user.pk)


def test_the_database_keeps_no_code_no_login_and_no_address(user: User) -> None:
    ask()
    with connection.cursor() as cursor:
        cursor.execute("SELECT s::text FROM accounts_onetimesecret s")
        (row,) = cursor.fetchone()
    assert sent_code() not in row and "sri" not in row and "10.0.0.1" not in row
    assert sent_code() not in str(Message.objects.values().get() | {"sealed_values": None, "id": None})


def test_a_code_counts_only_in_the_session_that_asked(client: Client, user: User) -> None:
    ask_page(client, KNOWN)
    other = Client()
    assert other.post("/masuk/kode/", {"code": sent_code()})["Location"] == "/masuk/"
    ask_page(other, UNKNOWN)
    assert other.post("/masuk/kode/", {"code": sent_code()}).status_code == 422
    assert client.post("/masuk/kode/", {"code": sent_code()}).status_code == 302


def test_a_code_opens_once(client: Client, user: User) -> None:
    secret_id = ask()
    assert verify_code(secret_id=secret_id, code=sent_code(), now=NOW) == user
    with pytest.raises(SecretSpent):
        verify_code(secret_id=secret_id, code=sent_code(), now=NOW)


def test_an_account_that_is_closed_meanwhile_is_not_opened(user: User) -> None:
    secret_id = ask()
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert verify_code(secret_id=secret_id, code=sent_code(), now=NOW) is None


def test_three_codes_an_hour_for_a_number_wherever_they_are_asked_for(user: User) -> None:
    for number in range(PER_LOGIN_AN_HOUR):
        ask(address=f"10.0.{number}.1", now=NOW + timedelta(minutes=number))
    with pytest.raises(BudgetSpent):
        ask(address="10.9.0.1", now=NOW + timedelta(minutes=59))
    ask(address="10.9.0.1", now=NOW + timedelta(minutes=60))


def test_an_address_has_a_budget_whatever_it_writes_into_headers(client: Client, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    for number in range(PER_ADDRESS_AN_HOUR):
        headers = {"X-Forwarded-For": f"6.6.6.{number}, 10.0.0.1"}
        assert ask_page(client, f"orang{number}@contoh.example", headers=headers).status_code == 302
    assert ask_page(client, "lain@contoh.example", headers={"X-Forwarded-For": "7.7.7.7, 10.0.0.1"}).status_code == 429
    assert ask_page(client, "lain@contoh.example", headers={"X-Forwarded-For": "10.0.0.2"}).status_code == 302


def test_a_day_costs_no_more_than_its_rupiah(user: User, settings: Any) -> None:
    settings.MESSAGE_PRICES = {"sms": 400}
    settings.SIGN_IN_RUPIAH_A_DAY = 1000
    make_user(phone="+6281200000001")
    make_user(phone="+6281200000002")
    for login in ("+6281234567890", "+6281200000001"):
        ask(login)
    with pytest.raises(BudgetSpent):
        ask("+6281200000002")
    assert ask(KNOWN), "e-mail costs nothing"
    ask("+6281200000002", now=NOW + timedelta(days=1))


def test_ten_thousand_requests_send_no_more_than_the_cap(settings: Any) -> None:
    settings.SIGN_IN_MESSAGES_A_DAY = 150
    for number in range(100):
        make_user(phone=f"+62812{number:08}")
    refused = 0
    for number in range(10_000):
        try:
            ask(
                f"+62812{number * 7 % 100:08}",
                address=f"10.{number % 250}.{number % 7}.1",
                now=NOW + timedelta(seconds=number * 8),
            )
        except BudgetSpent:
            refused += 1
    assert Message.objects.count() == settings.SIGN_IN_MESSAGES_A_DAY
    assert refused == 10_000 - settings.SIGN_IN_MESSAGES_A_DAY


def test_logins_that_nobody_has_get_no_message_and_spend_nothing_of_the_day(user: User, settings: Any) -> None:
    settings.SIGN_IN_MESSAGES_A_DAY = 1
    for number in range(20):
        ask(f"orang{number}@contoh.example")
    assert Message.objects.count() == 0
    ask()
    assert Message.objects.count() == 1


def _without_token(answer: Any) -> tuple[int, bytes, str]:
    body = re.sub(rb'(csrfmiddlewaretoken" value=")\w+', rb"\1", answer.content)
    headers = {name: value for name, value in answer.headers.items() if name not in OF_THE_MOMENT}
    return answer.status_code, body, str(headers)


def _walk(login: str) -> list[Any]:
    """What the pages answer from the question for a code to its end, and then once more than the budget allows."""
    client = Client()
    answers = [ask_page(client, login), client.get("/masuk/kode/")]
    answers += [client.post("/masuk/kode/", {"code": "abc"}) for _ in range(OneTimeSecret.TRIES + 1)]
    answers += [ask_page(client, login) for _ in range(PER_LOGIN_AN_HOUR)]
    answers += [client.post("/masuk/lupa/", {"login": login})]
    return [_without_token(answer) for answer in answers]


def test_known_and_unknown_logins_are_answered_with_the_same_bytes(user: User) -> None:
    make_user(email="lama@contoh.example", name="Lama")
    User.objects.filter(name="Lama").update(is_active=False)
    known = _walk(KNOWN)
    for login in (UNKNOWN, "lama@contoh.example", "+6281200000009"):
        there = [(status, body.replace(login.encode(), KNOWN.encode()), more) for status, body, more in _walk(login)]
        assert there == known
    assert [status for status, _body, _more in known][-2:] == [429, 429]
    assert len(promised("sign_in_code")) == PER_LOGIN_AN_HOUR


def test_a_link_for_a_new_password_is_asked_for_with_the_same_answer(user: User) -> None:
    assert _without_token(Client().post("/masuk/lupa/", {"login": KNOWN})) == _without_token(
        Client().post("/masuk/lupa/", {"login": UNKNOWN})
    )
    assert len(promised("set_password")) == 1


def _work(login: str) -> list[str]:
    """The statements of asking for a code and of one wrong try, without their values."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client = Client()
        ask_page(client, login)
        client.post("/masuk/kode/", {"code": "000000x"})
    return [re.split(r" (?:VALUES|\"s\d)|\(", query["sql"])[0][:60] for query in queries]


def test_known_and_unknown_logins_are_the_same_work(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    known, unknown = _work(KNOWN), _work(UNKNOWN)
    more = Counter(unknown) - Counter(known)
    # The promise to nobody is taken back: one statement that changes nothing.
    assert (list(more), Counter(known) - Counter(unknown)) == (["ROLLBACK TO SAVEPOINT"], Counter())

    seconds: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(400):
        name, login = ("known", KNOWN) if number % 2 else ("unknown", UNKNOWN)
        began = time.perf_counter()
        ask(login, address=f"10.1.{number // 20}.1", now=NOW + timedelta(hours=number))
        seconds[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(samples) for name, samples in seconds.items()}
    with capsys.disabled():
        sys.stdout.write(f"\nRESULT sign_in_code samples=400 ratio={medians['known'] / medians['unknown']:.3f}\n")


class Guessing(RuleBasedStateMachine):
    """Somebody asks for codes and guesses, with the clock and with several sessions at hand."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.user = make_user()
        self.now = NOW
        self.codes: dict[UUID, tuple[str, datetime]] = {}
        self.tries: dict[UUID, int] = {}
        self.opened: set[UUID] = set()

    @rule()
    def request(self) -> None:
        try:
            secret_id = ask(self.user.email or "", now=self.now)
        except BudgetSpent:
            assert sum(asked > self.now - timedelta(hours=1) for _, asked in self.codes.values()) == PER_LOGIN_AN_HOUR
        else:
            self.codes[secret_id], self.tries[secret_id] = (sent_code(), self.now), 0

    @precondition(lambda self: self.codes)
    @rule(data=st.data(), right=st.booleans())
    def guess(self, data: st.DataObject, right: bool) -> None:
        """In one of the sessions, the code that was sent for it or for another one."""
        session = data.draw(st.sampled_from(sorted(self.codes)))
        code = self.codes[session][0] if right else self.codes[data.draw(st.sampled_from(sorted(self.codes)))][0]
        fits = code == self.codes[session][0]
        try:
            found = verify_code(secret_id=session, code=code, now=self.now)
        except SecretSpent:
            spent = session in self.opened or self.tries[session] >= OneTimeSecret.TRIES
            assert spent or self.now - self.codes[session][1] >= CODE_LASTS
            return
        self.tries[session] += 1
        assert self.tries[session] <= OneTimeSecret.TRIES
        assert self.now - self.codes[session][1] < CODE_LASTS
        assert session not in self.opened
        assert found == (self.user if fits else None)
        if found:
            self.opened.add(session)

    @rule(seconds=st.sampled_from([1, 60, 299, 300, 3600]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def a_code_opens_at_most_once(self) -> None:
        assert OneTimeSecret.objects.filter(used_at__isnull=False).count() == len(self.opened)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)


def test_nobody_guesses_past_the_limits_of_a_code() -> None:
    run_state_machine_as_test(
        Guessing, settings=hypothesis_settings(max_examples=40, stateful_step_count=30, deadline=None)
    )
