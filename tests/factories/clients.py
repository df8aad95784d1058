"""Institutions, their clients and tokens, as the services and the token endpoint make them."""

from datetime import timedelta
from itertools import count
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import ApiClient, Institution
from accounts.scope import API_SCOPES, IDENTITY
from accounts.services.clients import create_client, create_institution, grant_identity
from tests.factories.staff import scope_of

_numbers = count(1)
READ = tuple(scope for scope in API_SCOPES if scope != IDENTITY)


def make_institution(kind: str = "ministry", *regencies: int) -> Institution:
    return create_institution(name=f"Lembaga contoh {next(_numbers)}", kind=kind, regency_ids=regencies)


def make_client(
    institution: Institution | None = None, *, identity: bool = False, **over: Any
) -> tuple[ApiClient, str]:
    """A client that may read everything its institution may, the NIK in full only with `identity`, and its secret."""
    now = timezone.now()
    fields: dict[str, Any] = {"name": "Contoh", "scopes": READ, "expires_at": now + timedelta(days=30), "now": now}
    client, secret = create_client(
        scope=scope_of("operator"), institution=institution or make_institution(), **fields | over
    )
    if identity:
        for role in ("planner", "approver"):
            client = grant_identity(scope=scope_of(role), client_pk=client.pk, now=now)
    return client, secret


def token_of(client: ApiClient, secret: str, **extra: Any) -> str:
    asked = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": secret}
    response = Client().post("/o/token/", asked, **extra)
    assert response.status_code == 200, response.content
    return str(response.json()["access_token"])


class ApiCaller:
    """Asks by GET with a token; `address` is a path under /api/v1/."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.client, self.secret = make_client(*args, **kwargs)
        self.token = token_of(self.client, self.secret)

    def get(self, address: str, parameters: Any = None, **headers: str) -> Any:
        path = address if address.startswith("/") else f"/api/v1/{address}"
        return Client().get(path, parameters, headers={"Authorization": f"Bearer {self.token}", **headers})
