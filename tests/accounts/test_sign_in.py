"""Signing in: by e-mail or number, with equal answers for known and unknown, and a budget of failures."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client

from accounts.forms import SignInForm
from accounts.middleware import client_address
from accounts.models import SignInFailure, User
from accounts.services.passwords import FAILURES_PER_ADDRESS, FAILURES_PER_LOGIN, TooManyFailures, verify_login
from tests.factories.staff import PASSWORD, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def user() -> User:
    return make_user(email="Sri@contoh.example", phone="+6281234567890", password=PASSWORD)


WRONG = "salah"


def attempt(login: str, password: str = WRONG, address: str = "10.0.0.1", now: datetime = NOW) -> User | None:
    return verify_login(login=login, password=password, address=address, now=now)


def post(client: Client, login: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/masuk/", {"login": login, "password": password, **more})


@pytest.mark.parametrize("login", ["sri@contoh.example", "SRI@CONTOH.EXAMPLE", "081234567890", "+62 812-3456-7890"])
def test_an_address_or_a_number_in_any_spelling_opens_the_account(client: Client, user: User, login: str) -> None:
    assert post(client, login).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_unknown_wrong_and_inactive_are_answered_alike(client: Client, user: User) -> None:
    make_user(email="lama@contoh.example", password=PASSWORD, name="Lama")
    User.objects.filter(name="Lama").update(is_active=False)

    def answer(login: str, password: str) -> str:
        text = post(client, login, password).content.decode().replace(login, "LOGIN")
        return re.sub(r'(csrfmiddlewaretoken" value=")\w+', r"\1", text)

    answers = {answer("sri@contoh.example", "salah"), answer("tidak-ada@contoh.example", "salah")}
    answers |= {answer("lama@contoh.example", PASSWORD), answer("bukan apa-apa", "salah")}
    assert len(answers) == 1
    assert "tidak cocok" in answers.pop()


@pytest.mark.parametrize("login", ["sri@contoh.example", "tidak-ada@contoh.example", "+6281200000000", "apa saja"])
def test_every_failure_hashes_once(user: User, login: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time follows the number of hash runs, which is counted here instead of timed."""
    encode, runs = MD5PasswordHasher.encode, []
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *given: runs.append(1) or encode(*given))
    assert attempt(login) is None
    assert len(runs) == 1


@pytest.mark.parametrize("login", ["sri@contoh.example", "tidak-ada@contoh.example"])
def test_the_budget_of_a_login_is_the_same_whether_it_exists(user: User, login: str) -> None:
    for number in range(FAILURES_PER_LOGIN):
        assert attempt(login, address=f"10.0.0.{number}") is None
    with pytest.raises(TooManyFailures):
        attempt(login, PASSWORD)
    with pytest.raises(TooManyFailures):
        attempt(login, now=NOW + timedelta(minutes=14, seconds=59))
    assert attempt(login, now=NOW + timedelta(minutes=15)) is None


def test_the_budget_of_an_address(user: User) -> None:
    for number in range(FAILURES_PER_ADDRESS):
        assert attempt(f"orang{number}@contoh.example") is None
    with pytest.raises(TooManyFailures):
        attempt("sri@contoh.example", PASSWORD)
    assert attempt("sri@contoh.example", PASSWORD, address="10.0.0.2") == user


def test_success_gives_the_login_its_budget_back_and_old_failures_are_forgotten(user: User) -> None:
    for _ in range(FAILURES_PER_LOGIN - 1):
        attempt("sri@contoh.example")
    assert attempt("sri@contoh.example", PASSWORD) == user
    assert attempt("sri@contoh.example") is None
    attempt("sri@contoh.example", now=NOW + timedelta(hours=1))
    assert SignInFailure.objects.count() == 2


def test_a_spent_budget_is_said_with_429(client: Client, user: User) -> None:
    for _ in range(FAILURES_PER_LOGIN):
        assert post(client, "sri@contoh.example", "salah").status_code == 200
    answer = post(client, "sri@contoh.example")
    assert answer.status_code == 429 and "15 menit" in answer.content.decode()


def test_a_failure_keeps_no_login_and_no_address(user: User) -> None:
    attempt("sri@contoh.example")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(f::text, ' ') FROM accounts_signinfailure f")
        assert "sri" not in cursor.fetchone()[0]
    assert {len(bytes(row.key)) for row in SignInFailure.objects.all()} == {32}


def test_signing_in_starts_a_new_session_without_what_was_in_the_old_one(client: Client, user: User) -> None:
    session = client.session
    session["applicant"] = "0193e6a0-0000-7000-8000-000000000000"
    session.save()
    before = client.cookies["sessionid"].value
    assert post(client, "sri@contoh.example").status_code == 302
    assert client.cookies["sessionid"].value != before
    assert "applicant" not in client.session


@pytest.mark.parametrize(
    ("next_url", "expected"),
    [
        ("/kantor/peserta/", "/kantor/peserta/"),
        ("https://jahat.example/", "/tempat-kerja/"),
        ("//jahat.example/", "/tempat-kerja/"),
        ("javascript:alert(1)", "/tempat-kerja/"),
        ("", "/tempat-kerja/"),
    ],
)
def test_the_way_on_stays_in_the_portal(client: Client, user: User, next_url: str, expected: str) -> None:
    assert post(client, "sri@contoh.example", next=next_url).headers["Location"] == expected


def test_signing_out_takes_a_post_and_ends_the_session(client: Client, user: User) -> None:
    client.force_login(user)
    assert client.get("/keluar/").status_code == 405
    assert client.post("/keluar/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_the_form_asks_for_both(client: Client) -> None:
    assert set(SignInForm({}).errors) == {"login", "password"}
    answer = client.get("/masuk/")
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "1.1.1.1", "127.0.0.1"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 10.0.0.1", "1.1.1.1"),
        (2, "1.1.1.1", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_a_forged_header_does_not_change_the_address(
    rf: Any, settings: Any, proxies: int, forwarded: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client_address(rf.get("/", headers=headers)) == expected
