"""Clients of the API: made and revoked by one person, let to read the NIK by two."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_network
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from oauth2_provider.models import get_access_token_model

from accounts.models import ApiClient, Institution
from accounts.scope import API_SCOPES, IDENTITY, PROVINCE_ROLES, Scope
from accounts.services import create_user
from records.ids import uuid7
from records.services.log import record_event

MAKERS = PROVINCE_ROLES | {"operator"}
SECRET_PREFIX = "prakerja_secret_"  # noqa: S105 - by which scanners of code know one that was left lying about


class ClientRefused(Exception):
    """The client cannot be made or changed so; the text says why."""


def create_institution(*, name: str, kind: str, regency_ids: Sequence[int] = ()) -> Institution:
    """Raises django.db.IntegrityError (accounts_institution_office_regencies, or a name that is taken)."""
    return Institution.objects.create(name=name, kind=kind, regency_ids=sorted(set(regency_ids)))


def create_client(
    *,
    scope: Scope,
    institution: Institution,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime,
    now: datetime,
    address_ranges: Sequence[str] = (),
) -> tuple[ApiClient, str]:
    """A client and its secret, which is kept nowhere. `address_ranges` in CIDR notation; none means from anywhere.

    Raises ClientRefused for scopes or ranges that are none and for the scope IDENTITY, which two persons grant
    (`grant_identity`); PermissionDenied for others than the province and operators.
    """
    _let(scope, MAKERS)
    if unknown := set(scopes) - set(API_SCOPES):
        raise ClientRefused(f"unknown scopes: {', '.join(sorted(unknown))}")
    if IDENTITY in scopes:
        raise ClientRefused(f"{IDENTITY} is granted by two persons, after the client exists")
    if not scopes:
        raise ClientRefused("a client needs at least one scope")
    if expires_at <= now:
        raise ClientRefused("a client must expire after now")
    try:
        ranges = [str(ip_network(text)) for text in address_ranges]
    except ValueError as error:
        raise ClientRefused(str(error)) from error
    pk, secret = uuid7(), SECRET_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        user = create_user(name=f"{institution.name}: {name}"[:120], email=f"{pk}@api.invalid")
        user.is_active = False  # acts by tokens of its client alone
        user.save(update_fields=["is_active"])
        client = ApiClient.objects.create(
            id=pk,
            user=user,
            institution=institution,
            name=name,
            client_type=ApiClient.CLIENT_CONFIDENTIAL,
            authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
            client_secret=secret,
            scopes=sorted(set(scopes)),
            address_ranges=ranges,
            expires_at=expires_at,
        )
        _record("created", scope, client, now, fields=client.scopes)
    return client, secret


def grant_identity(*, scope: Scope, client_pk: UUID, now: datetime) -> ApiClient:
    """The first person of the province asks that this client may read the NIK in full, the second one grants it.

    Raises ClientRefused when one person would do both, or for a client that is revoked; ApiClient.DoesNotExist;
    PermissionDenied for others than the province.
    """
    _let(scope, PROVINCE_ROLES)
    with transaction.atomic():
        client: ApiClient = ApiClient.objects.select_for_update().get(pk=client_pk)
        if client.revoked_at:
            raise ClientRefused("this client is revoked")
        if client.identity_granted_by_id:
            return client
        if client.identity_asked_by_id is None:
            client.identity_asked_by_id = scope.actor_id
            _record("identity_asked", scope, client, now)
        elif client.identity_asked_by_id == scope.actor_id:
            raise ClientRefused("a second person must grant what the first has asked for")
        else:
            client.identity_granted_by_id = scope.actor_id
            client.scopes = sorted({*client.scopes, IDENTITY})
            _record("identity_granted", scope, client, now)
        client.save(update_fields=["identity_asked_by", "identity_granted_by", "scopes"])
    return client


def revoke_client(*, scope: Scope, client_pk: UUID, now: datetime, reason: str) -> None:
    """From now on neither its secret nor any of its tokens opens anything. A second call changes nothing.

    Raises ApiClient.DoesNotExist; PermissionDenied for others than the province and operators.
    """
    _let(scope, MAKERS)
    with transaction.atomic():
        client = ApiClient.objects.select_for_update().get(pk=client_pk)
        if client.revoked_at is None:
            client.revoked_at = now
            client.save(update_fields=["revoked_at"])
            get_access_token_model().objects.filter(application=client).delete()
            _record("revoked", scope, client, now, reason=reason)


def _let(scope: Scope, roles: frozenset[str]) -> None:
    if not scope.roles & roles:
        raise PermissionDenied("not for this role")


def _record(
    what: str, scope: Scope, client: ApiClient, now: datetime, *, fields: Sequence[str] = (), reason: str = ""
) -> None:
    record_event(
        kind=f"api_client.{what}",
        actor_id=scope.actor_id,
        actor_role=scope.actor_role,
        subject_type="api_client",
        subject_id=client.pk,
        fields=fields,
        reason=reason,
        at=now,
    )
