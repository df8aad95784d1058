"""Signing in: by e-mail or number, with equal answers for known and unknown, and a budget of failures."""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.forms import SignInForm
from accounts.middleware import client_address
from accounts.models import SignInFailure, User
from accounts.services.one_time import set_password
from accounts.services.passwords import (
    FAILURES_PER_ADDRESS,
    FAILURES_PER_LOGIN,
    FAILURES_PER_PLACE,
    TooManyFailures,
    verify_login,
)
from tests.factories.sign_in import Phone
from tests.factories.staff import PASSWORD, make_user, sign_in

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def user() -> User:
    return make_user(email="Sri@contoh.example", phone="+6281234567890", password=PASSWORD)


WRONG = "salah"


def attempt(
    login: str, password: str = WRONG, address: str = "10.0.0.1", now: datetime = NOW, known: Collection[UUID] = ()
) -> User | None:
    return verify_login(login=login, password=password, address=address, now=now, known=known)


def post(client: Client, login: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/masuk/", {"login": login, "password": password, **more})


@pytest.mark.parametrize("login", ["sri@contoh.example", "SRI@CONTOH.EXAMPLE", "081234567890", "+62 812-3456-7890"])
def test_an_address_or_a_number_in_any_spelling_opens_the_account(client: Client, user: User, login: str) -> None:
    assert post(client, login).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_the_first_sign_in_leads_to_a_second_factor_and_keeps_the_way_on(client: Client, user: User) -> None:
    answer = post(client, "sri@contoh.example", next="/kantor/")
    assert answer["Location"] == "/akun/faktor/?next=/kantor/"
    assert client.get("/kantor/")["Location"] == "/akun/faktor/?next=/kantor/"


def test_who_has_a_second_factor_is_not_in_before_showing_it(client: Client, user: User) -> None:
    phone = Phone(user)
    assert post(client, "sri@contoh.example", next="/kantor/peserta/")["Location"] == "/masuk/langkah-kedua/"
    assert "_auth_user_id" not in client.session
    assert client.post("/masuk/langkah-kedua/", {"code": phone.code()})["Location"] == "/kantor/peserta/"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_new_password_ends_a_sign_in_that_waits_for_its_second_factor(client: Client, user: User) -> None:
    phone = Phone(user)
    post(client, "sri@contoh.example")
    set_password(user=user, password="kebun-teh-di-lereng-gunung", now=timezone.now())
    assert client.post("/masuk/langkah-kedua/", {"code": phone.code()})["Location"] == "/masuk/"
    assert "_auth_user_id" not in client.session


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
def test_five_failures_from_one_address_and_the_password_is_not_looked_at(user: User, login: str) -> None:
    for _ in range(FAILURES_PER_PLACE):
        assert attempt(login) is None
    with pytest.raises(TooManyFailures):
        attempt(login, PASSWORD)
    with pytest.raises(TooManyFailures):
        attempt(login, now=NOW + timedelta(minutes=14, seconds=59))
    assert attempt(login, now=NOW + timedelta(minutes=15)) is None


@pytest.mark.parametrize("login", ["sri@contoh.example", "tidak-ada@contoh.example"])
def test_many_addresses_share_the_budget_of_the_login(user: User, login: str) -> None:
    for number in range(FAILURES_PER_LOGIN):
        assert attempt(login, address=f"10.0.{number}.1") is None
    with pytest.raises(TooManyFailures):
        attempt(login, PASSWORD, address="10.1.0.1")


def test_strangers_cannot_lock_out_the_browser_that_the_account_knows(user: User) -> None:
    for number in range(FAILURES_PER_LOGIN):
        attempt("sri@contoh.example", address=f"10.0.{number}.1")
    assert attempt("sri@contoh.example", PASSWORD, known=[uuid4(), user.pk]) == user
    with pytest.raises(TooManyFailures):
        attempt("sri@contoh.example", PASSWORD, known=[uuid4()])


def test_a_browser_that_the_account_knows_guesses_no_longer_than_others(user: User) -> None:
    for number in range(FAILURES_PER_PLACE):
        assert attempt("sri@contoh.example", address=f"10.0.{number}.1", known=[user.pk]) is None
    with pytest.raises(TooManyFailures):
        attempt("sri@contoh.example", PASSWORD, address="10.9.0.1", known=[user.pk])


def test_a_house_with_a_whole_ipv6_network_is_one_address(user: User) -> None:
    for number in range(FAILURES_PER_PLACE):
        attempt("sri@contoh.example", address=f"2001:db8:1:2::{number + 1:x}")
    with pytest.raises(TooManyFailures):
        attempt("sri@contoh.example", PASSWORD, address="2001:db8:1:2:ffff::1")
    assert attempt("sri@contoh.example", PASSWORD, address="2001:db8:1:3::1") == user


def test_the_budget_of_an_address(user: User) -> None:
    for number in range(FAILURES_PER_ADDRESS):
        assert attempt(f"orang{number}@contoh.example") is None
    with pytest.raises(TooManyFailures):
        attempt("sri@contoh.example", PASSWORD)
    assert attempt("sri@contoh.example", PASSWORD, address="10.0.0.2") == user


def test_success_gives_the_login_its_budget_back_and_old_failures_are_forgotten(user: User) -> None:
    for _ in range(FAILURES_PER_PLACE - 1):
        attempt("sri@contoh.example")
    assert attempt("sri@contoh.example", PASSWORD) == user
    assert attempt("sri@contoh.example") is None
    attempt("sri@contoh.example", now=NOW + timedelta(hours=1))
    assert SignInFailure.objects.count() == 3


def test_a_spent_budget_is_said_with_429(client: Client, user: User) -> None:
    for _ in range(FAILURES_PER_PLACE):
        assert post(client, "sri@contoh.example", "salah").status_code == 200
    answer = post(client, "sri@contoh.example")
    assert answer.status_code == 429 and "15 menit" in answer.content.decode()


def test_a_failure_keeps_no_login_and_no_address(user: User) -> None:
    attempt("sri@contoh.example")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(f::text, ' ') FROM accounts_signinfailure f")
        assert "sri" not in cursor.fetchone()[0]
    assert {len(bytes(row.key)) for row in SignInFailure.objects.all()} == {32}


def test_each_factor_gives_the_session_a_new_key_and_nothing_of_the_old_one_stays(client: Client, user: User) -> None:
    phone = Phone(user)
    session = client.session
    session["applicant"] = "0193e6a0-0000-7000-8000-000000000000"
    session.save()
    keys = [client.cookies["sessionid"].value]
    post(client, "sri@contoh.example")
    keys.append(client.cookies["sessionid"].value)
    client.post("/masuk/langkah-kedua/", {"code": phone.code()})
    keys.append(client.cookies["sessionid"].value)
    assert len(set(keys)) == 3
    assert "applicant" not in client.session
    assert set(Session.objects.values_list("session_key", flat=True)) == {keys[-1]}


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
    phone = Phone(user)
    post(client, "sri@contoh.example", next=next_url)
    assert client.post("/masuk/langkah-kedua/", {"code": phone.code()})["Location"] == expected


def test_signing_out_takes_a_post_and_ends_the_session(client: Client, user: User) -> None:
    sign_in(client, user)
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
