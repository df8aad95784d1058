"""Access tokens: given to clients at /o/token/, and shown by them with every request."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from oauth2_provider.models import get_access_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator

from accounts.middleware import client_address
from accounts.models import ApiClient, Institution
from accounts.scope import NOBODY, Scope

TOKEN_PREFIX = "prakerja_token_"  # noqa: S105 - by which scanners of code know one that was left lying about


def new_token(_request: Any) -> str:
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


class ClientValidator(OAuth2Validator):
    """Who may have a token, and for which scopes: what the client was given, for as long and from where it was given."""

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        if not super().authenticate_client(request, *args, **kwargs):
            return False
        asked = HttpRequest()
        asked.META = request.headers
        return _may_ask(request.client, client_address(asked), timezone.now())

    def validate_scopes(self, client_id: str, scopes: list[str], client: ApiClient, *args: Any, **kwargs: Any) -> bool:
        return bool(scopes) and set(scopes) <= set(client.scopes)

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        return list(request.client.scopes)

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        super().save_bearer_token(token, request, *args, **kwargs)
        now = timezone.now()
        get_access_token_model().objects.filter(application=request.client, expires__lt=now).delete()
        ApiClient.objects.filter(pk=request.client.pk).update(last_used_at=now)


@dataclass(frozen=True)
class Asker:
    """The client behind a request, by its token."""

    client_id: UUID
    user_id: UUID
    scopes: frozenset[str]
    scope: Scope
    is_authenticated = True

    @property
    def pk(self) -> UUID:
        return self.user_id


def asker_of(request: HttpRequest, now: datetime) -> Asker | None:
    """One query. None without a token that is valid now, of a client that may ask now and from there."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        return None
    found = (
        get_access_token_model()
        .objects.select_related("application__institution")
        .filter(token_checksum=sha256(token.encode("utf-8", "surrogateescape")).hexdigest(), expires__gt=now)
        .first()
    )
    if found is None or not _may_ask(found.application, client_address(request), now):
        return None
    client: ApiClient = found.application
    return Asker(client.pk, client.user_id, frozenset(found.scope.split()) & set(client.scopes), _scope(client))


def _may_ask(client: ApiClient, address: str, now: datetime) -> bool:
    if client.revoked_at is not None or client.expires_at <= now:
        return False
    try:
        asker = ip_address(address)
    except ValueError:
        return not client.address_ranges
    return not client.address_ranges or any(asker in ip_network(text) for text in client.address_ranges)


def _scope(client: ApiClient) -> Scope:
    """A ministry for the whole province sees all of it; every other institution what its regencies' offices see."""
    institution = client.institution
    whole = institution.kind == Institution.Kind.MINISTRY and not institution.regency_ids
    return Scope(
        user_id=client.user_id,
        roles=frozenset({"ministry" if whole else "institution"}),
        regency_ids=frozenset(institution.regency_ids),
    )


def scope_of(request: HttpRequest) -> Scope:
    """What ScopeMiddleware asks of a view of the API, still as the owner: who may see nothing has no token that counts."""
    asker = asker_of(request, timezone.now())
    request.api_asker = asker  # type: ignore[attr-defined]
    return asker.scope if asker else NOBODY
