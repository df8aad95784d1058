"""Sessions: how long they last, whose they are, and how they end."""

import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.middleware import SessionLimitsMiddleware
from accounts.models import User
from accounts.tasks import clear_sessions
from clusters.models import Membership
from tests.factories.sign_in import Phone, promised
from tests.factories.staff import PASSWORD, make_staff, make_user, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user(email="sri@contoh.example", password=PASSWORD)


def signed_in_by_page(user: User, phone: Phone, steps: int, **more: Any) -> Client:
    client = Client(**more)
    client.post("/masuk/", {"login": "sri@contoh.example", "password": PASSWORD})
    assert client.post("/masuk/langkah-kedua/", {"code": phone.code(steps)}).status_code == 302
    return client


def test_the_key_from_before_signing_in_opens_nothing(client: Client, user: User) -> None:
    phone = Phone(user)
    session = client.session
    session["x"] = 1
    session.save()
    planted = client.cookies["sessionid"].value
    client.post("/masuk/", {"login": "sri@contoh.example", "password": PASSWORD})
    half = client.cookies["sessionid"].value
    client.post("/masuk/langkah-kedua/", {"code": phone.code()})
    assert client.get("/akun/").status_code == 200
    for key in (planted, half):
        thief = Client()
        thief.cookies["sessionid"] = key
        assert thief.get("/akun/")["Location"].startswith("/masuk/?")


@pytest.mark.parametrize(
    ("idle", "age", "open_"), [(3500, 4000, True), (3700, 4000, False), (10, 28_700, True), (10, 28_900, False)]
)
def test_a_session_ends_when_idle_or_old(client: Client, user: User, idle: int, age: int, open_: bool) -> None:
    sign_in(client, user)
    session = client.session
    session[SessionLimitsMiddleware.SEEN] = time.time() - idle
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time() - age}]
    session.save()
    assert (client.get("/akun/").status_code == 200) is open_
    assert Session.objects.filter(session_key=session.session_key).exists() is open_


def test_a_membership_that_ended_counts_from_the_next_request(client: Client) -> None:
    head = make_staff("office_head")
    sign_in(client, head)
    assert client.get("/kantor/").status_code == 200
    Membership.objects.filter(user=head).update(valid_to=timezone.localdate() - timedelta(days=1))
    assert client.get("/kantor/").status_code == 403


def test_an_account_that_is_closed_is_signed_out_at_once(client: Client, user: User) -> None:
    sign_in(client, user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/akun/")["Location"].startswith("/masuk/?")


def test_other_sessions_are_listed_and_ended_and_nobody_elses(user: User) -> None:
    phone = Phone(user)
    mine = signed_in_by_page(user, phone, 0, headers={"User-Agent": "Peramban Saya"})
    other = signed_in_by_page(user, phone, 1, headers={"User-Agent": "Peramban Lama"})
    stranger = make_user()
    foreign = UserSession.objects.create(user=stranger, ip="10.0.0.9", session_key="asing", user_agent="Orang Lain")
    page = mine.get("/akun/").content.decode()
    assert "Peramban Saya" in page and "Peramban Lama" in page and "Orang Lain" not in page
    assert mine.post("/akun/sesi/").status_code == 302
    assert mine.get("/akun/").status_code == 200
    assert other.get("/akun/")["Location"].startswith("/masuk/?")
    assert set(UserSession.objects.values_list("session_key", flat=True)) == {
        mine.cookies["sessionid"].value,
        foreign.session_key,
    }


def test_changing_the_password_signs_every_other_browser_out(user: User) -> None:
    phone = Phone(user)
    mine, other = (signed_in_by_page(user, phone, steps) for steps in (0, 1))
    before = mine.cookies["sessionid"].value
    assert mine.post("/akun/kata-sandi/", {"password": "pendek"}).status_code == 422
    assert mine.post("/akun/kata-sandi/", {"password": "laut-biru-di-sore-hari"})["Location"] == "/akun/"
    assert mine.cookies["sessionid"].value != before
    assert mine.get("/akun/").status_code == 200
    assert other.get("/akun/")["Location"].startswith("/masuk/?")
    assert len(promised("sign_in_changed")) == 1


def test_a_browser_is_told_of_once(user: User) -> None:
    phone = Phone(user)
    first = signed_in_by_page(user, phone, 0)
    assert len(promised("sign_in_new_device")) == 1
    first.post("/keluar/")
    first.post("/masuk/", {"login": "sri@contoh.example", "password": PASSWORD})
    assert first.post("/masuk/langkah-kedua/", {"code": phone.code(1)}).status_code == 302
    assert len(promised("sign_in_new_device")) == 1
    assert not UserSession.objects.filter(user=user).exclude(session_key=first.cookies["sessionid"].value)


def test_a_forged_cookie_makes_no_browser_known(user: User) -> None:
    phone = Phone(user)
    client = Client()
    client.cookies["browser"] = user.pk.hex
    client.post("/masuk/", {"login": "sri@contoh.example", "password": PASSWORD})
    client.post("/masuk/langkah-kedua/", {"code": phone.code()})
    assert len(promised("sign_in_new_device")) == 1


def test_what_is_over_is_cleared_and_what_goes_on_goes_on(client: Client, user: User, settings: Any) -> None:
    client.get("/masuk/")
    over = Client()
    for each in (client, over):
        each.post("/masuk/", {"login": "sri@contoh.example", "password": PASSWORD})
    old = timezone.now() - timedelta(hours=9)
    Session.objects.filter(session_key=over.session.session_key).update(expire_date=old)
    UserSession.objects.filter(session_key=over.session.session_key).update(created_at=old)
    clear_sessions()
    assert Session.objects.get().session_key == UserSession.objects.get().session_key == client.session.session_key
    assert client.get("/akun/faktor/").status_code == 200
    assert clear_sessions.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
