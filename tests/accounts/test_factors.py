"""Second factors: shown once, in time, and never skipped."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection
from django.test import Client

from accounts.models import FactorReset, OneTimeSecret, SignInFailure, User
from accounts.scope import Scope
from accounts.selectors import factors as selectors
from accounts.services.factors import (
    AlreadyApproved,
    LastFactor,
    add_totp,
    approve_factor_reset,
    ask_factor_reset,
    new_recovery_codes,
    remove_factor,
    verify_factor,
)
from accounts.services.passwords import FAILURES_PER_PLACE, TooManyFailures
from tests.factories.sign_in import Phone, promised
from tests.factories.staff import PASSWORD, make_staff, make_user, scope_of, sign_in

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


@pytest.fixture
def user() -> User:
    return make_user(email="sri@contoh.example", password=PASSWORD)


def half_signed_in(client: Client, user: User) -> None:
    client.post("/masuk/", {"login": user.email, "password": PASSWORD})


def show(client: Client, code: str) -> Any:
    return client.post("/masuk/langkah-kedua/", {"code": code})


def test_a_code_of_the_app_opens_once_and_earlier_ones_never_again(user: User) -> None:
    phone = Phone(user)
    assert verify_factor(user=user, code=phone.code(), now=NOW)
    assert verify_factor(user=user, code=phone.code(), now=NOW) is None
    assert verify_factor(user=user, code=phone.code(-1), now=NOW) is None
    assert verify_factor(user=user, code=phone.code(1), now=NOW), "the next one is fresh"


def test_a_code_seen_over_the_shoulder_is_refused_in_another_browser(client: Client, user: User) -> None:
    code, thief = Phone(user).code(), Client()
    half_signed_in(client, user)
    half_signed_in(thief, user)
    assert show(client, code).status_code == 302
    assert show(thief, code).status_code == 422
    assert "_auth_user_id" not in thief.session


def test_the_code_that_added_the_app_opens_nothing(user: User) -> None:
    phone = Phone(make_user())
    assert add_totp(user=user, secret=phone.secret, code=phone.code())
    assert verify_factor(user=user, code=phone.code(), now=NOW) is None


def test_a_recovery_code_opens_once(client: Client, user: User) -> None:
    Phone(user)
    code = new_recovery_codes(user=user)[3]
    half_signed_in(client, user)
    assert show(client, f"{code[:4]} {code[4:]}").status_code == 302
    other = Client()
    half_signed_in(other, user)
    assert show(other, code).status_code == 422


def test_new_recovery_codes_end_the_old_ones(user: User) -> None:
    Phone(user)
    (old, *_), new = new_recovery_codes(user=user), new_recovery_codes(user=user)
    assert len(set(new)) == 10 and {len(code) for code in new} == {10}
    assert verify_factor(user=user, code=old, now=NOW) is None
    assert verify_factor(user=user, code=new[0], now=NOW)


def test_five_wrong_codes_and_the_right_one_waits(client: Client, user: User) -> None:
    phone = Phone(user)
    half_signed_in(client, user)
    assert [show(client, "000000x").status_code for _ in range(FAILURES_PER_PLACE)] == [422] * FAILURES_PER_PLACE
    assert show(client, phone.code()).status_code == 429
    with pytest.raises(TooManyFailures):
        verify_factor(user=user, code=phone.code(), now=SignInFailure.objects.latest("at").at)
    assert verify_factor(
        user=user, code=phone.code(), now=SignInFailure.objects.latest("at").at + timedelta(minutes=15)
    )


def test_what_the_database_keeps_of_a_factor_is_sealed(user: User) -> None:
    phone = Phone(user)
    codes = new_recovery_codes(user=user)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(a::text, ' ') FROM mfa_authenticator a")
        kept = cursor.fetchone()[0]
    assert phone.secret not in kept and not [code for code in codes if code in kept]


def test_who_has_no_factor_gets_one_before_anything_else(client: Client) -> None:
    head = make_staff("office_head", email="kepala@contoh.example", password=PASSWORD)
    half_signed_in(client, head)
    for path in ("/kantor/", "/akun/", "/akun/kode-pemulihan/", "/akun/kata-sandi/"):
        assert client.get(path)["Location"].startswith("/akun/faktor/"), path
    page = client.get("/akun/faktor/?next=/kantor/")
    secret = page.context["secret"]
    assert client.get("/akun/faktor/").context["secret"] == secret, "a reload shows the same"
    assert client.post("/akun/faktor/", {"code": "000000x"}).status_code == 422
    phone = Phone(make_user())
    phone.secret = secret
    codes = client.post("/akun/faktor/", {"code": phone.code(), "next": "/kantor/"})
    assert len(codes.context["codes"]) == 10 and b'href="/kantor/"' in codes.content
    assert client.get("/kantor/").status_code == 200
    assert promised("sign_in_changed") == []


def test_a_session_from_before_the_second_factor_has_to_show_it(client: Client, user: User) -> None:
    half_signed_in(client, user)
    phone = Phone(user)  # added in another browser
    assert client.get("/akun/faktor/")["Location"].startswith("/akun/konfirmasi/")
    assert client.post("/akun/faktor/", {"code": phone.code()})["Location"].startswith("/akun/konfirmasi/")
    assert client.get("/akun/")["Location"].startswith("/akun/faktor/")
    before = client.cookies["sessionid"].value
    assert client.post("/akun/konfirmasi/", {"code": phone.code(), "next": "/akun/"})["Location"] == "/akun/"
    assert client.cookies["sessionid"].value != before
    assert client.get("/akun/").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/akun/faktor/"),
        ("post", "/akun/faktor/"),
        ("post", "/akun/faktor/1/hapus/"),
        ("get", "/akun/kode-pemulihan/"),
        ("post", "/akun/kode-pemulihan/"),
        ("get", "/akun/kata-sandi/"),
        ("post", "/akun/kata-sandi/"),
    ],
)
def test_what_protects_the_account_is_changed_only_after_showing_the_factor_again(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    phone = Phone(user)
    sign_in(client, user)
    monkeypatch.setattr(selectors, "CONFIRMED_FOR", timedelta(0))
    answer = getattr(client, method)(path, {"password": "laut-biru-di-sore-hari"} if method == "post" else {})
    assert answer["Location"].startswith("/akun/konfirmasi/?next=/akun/")
    assert User.objects.get(pk=user.pk).password == user.password
    monkeypatch.undo()
    assert client.post("/akun/konfirmasi/", {"code": phone.code()})["Location"] == "/akun/"


def test_the_last_factor_stays_and_a_second_one_can_go(client: Client, user: User) -> None:
    Phone(user)
    factor = Authenticator.objects.get(user=user)
    with pytest.raises(LastFactor):
        remove_factor(user=user, factor_id=factor.pk)
    other = Authenticator.objects.create(user=user, type="webauthn", data={"name": "Kunci", "credential": {}})
    with pytest.raises(Authenticator.DoesNotExist):
        remove_factor(user=make_user(), factor_id=other.pk)
    sign_in(client, user)
    assert client.post(f"/akun/faktor/{factor.pk}/hapus/").status_code == 302
    assert list(Authenticator.objects.filter(user=user)) == [other]
    assert len(promised("sign_in_changed")) == 1


def test_a_passkey_that_is_not_one_is_refused(client: Client, user: User) -> None:
    sign_in(client, user)
    client.get("/akun/faktor/")
    for credential in ("x", "{}", "[]", json.dumps({"id": "eA", "rawId": "eA", "type": "public-key", "response": {}})):
        assert client.post("/akun/faktor/", {"credential": credential}).status_code == 422
    assert not Authenticator.objects.exists()
    Phone(user)
    other = Client()
    half_signed_in(other, user)
    for credential in ("x", "{}", "[" * 100_000):
        assert other.post("/masuk/langkah-kedua/", {"credential": credential}).status_code == 422


def test_two_colleagues_give_a_new_beginning_to_who_lost_every_factor(client: Client, user: User) -> None:
    head, approver = scope_of("approver"), scope_of("approver")
    Phone(user)
    new_recovery_codes(user=user)
    half_signed_in(client, user)
    reset = ask_factor_reset(scope=head, user_id=user.pk, reason="Ponsel hilang", now=NOW)
    with pytest.raises(IntegrityError, match="accounts_factorreset_two_persons"):
        approve_factor_reset(scope=head, reset_id=reset.pk, now=NOW)
    assert Authenticator.objects.filter(user=user).count() == 2
    approve_factor_reset(scope=approver, reset_id=reset.pk, now=NOW)
    with pytest.raises(AlreadyApproved):
        approve_factor_reset(scope=approver, reset_id=reset.pk, now=NOW)
    assert not Authenticator.objects.filter(user=user).exists()
    assert not User.objects.get(pk=user.pk).has_usable_password()
    assert OneTimeSecret.objects.get(user=user).kind == "link"


def test_nobody_resets_alone_for_themselves_or_without_the_right(user: User) -> None:
    asked = scope_of("approver")
    own = Scope(user_id=user.pk, roles=frozenset({"office_head"}))
    with pytest.raises(IntegrityError, match="accounts_factorreset_not_own"):
        ask_factor_reset(scope=own, user_id=user.pk, reason="Ponsel hilang", now=NOW)
    with pytest.raises(IntegrityError, match="accounts_factorreset_reason"):
        ask_factor_reset(scope=asked, user_id=user.pk, reason=" ", now=NOW)
    for role in ("mentor", "planner", "auditor", "operator"):
        with pytest.raises(PermissionDenied):
            ask_factor_reset(scope=Scope(make_user().pk, frozenset({role})), user_id=user.pk, reason="x", now=NOW)
    assert not FactorReset.objects.exists()
