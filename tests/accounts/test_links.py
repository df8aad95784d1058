"""Links for a password: shown by a GET, used by a POST, once."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import OneTimeSecret, User
from accounts.services.one_time import SecretSpent, is_good_link, request_reset, start_enrolment, use_link
from records.models import Message
from tests.factories.sign_in import Phone, promised, sent_token
from tests.factories.staff import PASSWORD, make_user, sign_in

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
NEW = "laut-biru-di-sore-hari"


@pytest.fixture
def user() -> User:
    return make_user(email="sri@contoh.example", password=PASSWORD)


def test_an_invited_person_chooses_a_password_and_then_a_second_factor(client: Client) -> None:
    user = make_user(email=None, phone="+6281234567890")
    start_enrolment(user=user, now=datetime.now(UTC))
    assert Message.objects.get().channel == "sms"
    path = f"/masuk/tautan/{sent_token()}/"
    for _ in range(3):
        assert client.get(path).status_code == 200, "looking at it uses nothing up"
    assert client.post(path, {"password": "pendek"}).status_code == 422
    assert client.post(path, {"password": NEW})["Location"].startswith("/akun/faktor/")
    assert User.objects.get(pk=user.pk).check_password(NEW)
    assert Client().get(path).status_code == 404
    assert Client().post(path, {"password": PASSWORD}).status_code == 404
    assert promised("sign_in_changed") == []


def test_a_forgotten_password_is_no_way_around_the_second_factor(client: Client, user: User) -> None:
    phone = Phone(user)
    assert client.post("/masuk/lupa/", {"login": "sri@contoh.example"}).status_code == 200
    answer = client.post(f"/masuk/tautan/{sent_token()}/", {"password": NEW})
    assert answer["Location"] == "/masuk/langkah-kedua/"
    assert "_auth_user_id" not in client.session
    assert client.post("/masuk/langkah-kedua/", {"code": phone.code()}).status_code == 302
    assert Authenticator.objects.filter(user=user).count() == 1


def test_a_new_password_ends_sessions_codes_and_other_links(client: Client, user: User) -> None:
    sign_in(client, user)
    client.post("/masuk/", {})
    start_enrolment(user=user, now=NOW)
    first = sent_token()
    start_enrolment(user=user, now=NOW)
    use_link(token=sent_token(), password=NEW, now=NOW)
    assert client.get("/akun/")["Location"].startswith("/masuk/")
    with pytest.raises(SecretSpent):
        use_link(token=first, password=PASSWORD, now=NOW)


def test_a_link_lasts_to_the_end_of_the_day_it_names(user: User) -> None:
    request_reset(login="sri@contoh.example", address="10.0.0.1", language="id", now=NOW)
    assert promised("set_password")[0]["day"] == "25 November 2026"
    midnight = datetime(2026, 11, 25, 17, tzinfo=UTC)
    assert is_good_link(token=sent_token(), now=midnight - timedelta(seconds=1))
    assert not is_good_link(token=sent_token(), now=midnight)
    with pytest.raises(SecretSpent):
        use_link(token=sent_token(), password=NEW, now=midnight)


@pytest.mark.parametrize("password", ["pendek", "123456789012", "password1234"])
def test_a_weak_password_is_refused_and_the_link_stays_good(user: User, password: str) -> None:
    start_enrolment(user=user, now=NOW)
    with pytest.raises(ValidationError):
        use_link(token=sent_token(), password=password, now=NOW)
    assert use_link(token=sent_token(), password=NEW, now=NOW) == user


def test_the_database_keeps_no_token(user: User) -> None:
    start_enrolment(user=user, now=NOW)
    assert sent_token() not in str(OneTimeSecret.objects.values().get())
    assert sent_token() not in str(Message.objects.values("plain_values", "key").get())
