"""Clients and their tokens: what opens the API, and what does not any more."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from accounts.models import ApiClient
from accounts.scope import IDENTITY
from accounts.services.clients import ClientRefused, create_client, grant_identity, revoke_client
from records.models import Event
from tests.factories.clients import ApiCaller, make_client, make_institution, token_of
from tests.factories.staff import scope_of
from tests.prakerja.database import ask

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def ask_token(client: ApiClient, secret: str, **over: Any) -> Any:
    asked = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": secret}
    return Client().post("/o/token/", asked | over)


def test_a_token_opens_what_its_client_may_read_and_lives_15_minutes() -> None:
    caller = ApiCaller(scopes=["waves:read"])
    assert caller.get("waves/").status_code == 200
    response = caller.get("splits/")
    assert response.status_code == 403
    assert response.json()["detail"] == "The token does not have the scope quota:read."
    get_access_token_model().objects.update(expires=timezone.now())
    response = caller.get("waves/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="prakerja", error="invalid_token"'
    given = ask_token(caller.client, caller.secret).json()
    assert given["expires_in"] == settings.OAUTH2_PROVIDER["ACCESS_TOKEN_EXPIRE_SECONDS"] == 900
    assert "refresh_token" not in given
    assert get_access_token_model().objects.count() == 1, "tokens that are over are thrown away"
    caller.client.refresh_from_db()
    assert caller.client.last_used_at > NOW


def test_basic_authentication_works_too_and_fewer_scopes_can_be_asked_for() -> None:
    client, secret = make_client()
    basic = base64.b64encode(f"{client.client_id}:{secret}".encode()).decode()
    response = Client().post(
        "/o/token/",
        {"grant_type": "client_credentials", "scope": "waves:read"},
        headers={"Authorization": f"Basic {basic}"},
    )
    assert response.json()["scope"] == "waves:read"


@pytest.mark.parametrize(
    "over, status, error",
    [
        ({"client_secret": "salah"}, 401, "invalid_client"),
        ({"client_id": "tidak-ada"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
        ({"scope": IDENTITY}, 400, "invalid_scope"),
        ({"scope": "semua"}, 400, "invalid_scope"),
    ],
)
def test_no_token_is_given(over: dict[str, str], status: int, error: str) -> None:
    response = ask_token(*make_client(), **over)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert response.json()["error"] == error
    assert not get_access_token_model().objects.exists()


@pytest.mark.parametrize(
    "address, forwarded, status",
    [("10.1.2.3", "", 200), ("10.2.0.1", "", 401), ("10.2.0.1", "10.1.2.3", 401), ("2001:db8::1", "", 200)],
)
def test_a_client_asks_from_its_addresses_only(address: str, forwarded: str, status: int) -> None:
    caller = ApiCaller.__new__(ApiCaller)
    client, secret = make_client(address_ranges=["10.1.0.0/16", "2001:db8::/32"])
    where = {"REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": forwarded}
    asked = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": secret}
    assert Client().post("/o/token/", asked, **where).status_code == status
    caller.token = token_of(client, secret, REMOTE_ADDR="10.1.9.9")
    response = Client().get("/api/v1/waves/", headers={"Authorization": f"Bearer {caller.token}"}, **where)
    assert response.status_code == status, "a token that was carried away opens nothing either"


def test_a_client_that_is_over_or_revoked_opens_nothing() -> None:
    caller, other = ApiCaller(), ApiCaller()
    revoke_client(scope=scope_of("operator"), client_pk=caller.client.pk, now=NOW, reason="Kunci bocor")
    assert caller.get("waves/").status_code == 401
    assert ask_token(caller.client, caller.secret).status_code == 401
    assert other.get("waves/").status_code == 200
    ApiClient.objects.filter(pk=other.client.pk).update(expires_at=timezone.now())
    assert other.get("waves/").status_code == 401
    assert ask_token(other.client, other.secret).status_code == 401


def test_a_scope_that_is_taken_back_is_gone_from_tokens_too() -> None:
    caller = ApiCaller()
    ApiClient.objects.filter(pk=caller.client.pk).update(scopes=["waves:read"])
    assert caller.get("waves/").status_code == 200
    assert caller.get("splits/").status_code == 403


def test_the_account_behind_a_client_cannot_sign_in() -> None:
    client, _secret = make_client()
    assert not client.user.is_active
    assert not client.user.has_usable_password()


def test_the_database_holds_neither_secret_nor_token() -> None:
    caller = ApiCaller()
    assert caller.get("waves/").status_code == 200
    tables = [
        table
        for (table,) in ask(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
    ]
    dump = "\n".join(str(row) for table in tables for row in ask(f"SELECT t::text FROM {table} t"))  # noqa: S608
    assert str(caller.client.client_id) in dump
    assert caller.secret not in dump
    assert caller.token not in dump
    for part in (caller.secret.rpartition("_")[2], caller.token.rpartition("_")[2]):
        assert part not in dump


def test_the_nik_takes_two_persons() -> None:
    client, _secret = make_client()
    planner, approver = scope_of("planner"), scope_of("approver")
    with pytest.raises(ClientRefused, match="two persons"):
        make_client(scopes=["registrations:read", IDENTITY])
    with pytest.raises(PermissionDenied):
        grant_identity(scope=scope_of("operator"), client_pk=client.pk, now=NOW)
    assert IDENTITY not in grant_identity(scope=planner, client_pk=client.pk, now=NOW).scopes
    with pytest.raises(ClientRefused, match="second person"):
        grant_identity(scope=planner, client_pk=client.pk, now=NOW)
    assert IDENTITY in grant_identity(scope=approver, client_pk=client.pk, now=NOW).scopes
    kinds = Event.objects.filter(subject_id=client.pk).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["api_client.created", "api_client.identity_asked", "api_client.identity_granted"]


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": [IDENTITY]},
        {"scopes": ["everything"]},
        {"identity_granted_by": "one"},
        {"identity_asked_by": "one", "identity_granted_by": "one", "scopes": [IDENTITY]},
        {"hash_client_secret": False},
        {"authorization_grant_type": "password"},
    ],
)
def test_the_database_refuses_clients_that_must_not_be(change: dict[str, Any]) -> None:
    client, _secret = make_client()
    change = {name: client.user if value == "one" else value for name, value in change.items()}
    with pytest.raises(IntegrityError, match="accounts_apiclient"), transaction.atomic():
        ApiClient.objects.filter(pk=client.pk).update(**change)


def test_an_office_without_regencies_is_refused() -> None:
    with pytest.raises(IntegrityError, match="accounts_institution_office_regencies"), transaction.atomic():
        make_institution("office")


@pytest.mark.parametrize(
    "over",
    [
        {"scopes": []},
        {"scopes": ["semua"]},
        {"address_ranges": ["10.0.0.1/8"]},
        {"expires_at": NOW - timedelta(days=1)},
    ],
)
def test_a_client_that_makes_no_sense_is_refused_before_it_is_made(over: dict[str, Any]) -> None:
    with pytest.raises(ClientRefused):
        make_client(**over)
    assert not ApiClient.objects.exists()


def test_only_the_province_and_operators_make_clients() -> None:
    with pytest.raises(PermissionDenied):
        create_client(
            scope=scope_of("auditor"), institution=make_institution(), name="Contoh", scopes=["waves:read"],
            expires_at=NOW + timedelta(days=1), now=NOW,
        )  # fmt: skip
