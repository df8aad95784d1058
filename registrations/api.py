"""Who asks, by the API: registrations, with the NIK masked or, on the record, in full."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts.api.pages import QuerySerializer
from accounts.api.resources import EXAMPLE_ID, Resource, RowSerializer
from accounts.api.rows import Column
from accounts.scope import IDENTITY
from clusters.api import ClusterCodes
from clusters.policy import CLUSTERS
from records.fields import keyring
from records.services.log import record_reads
from registrations.models import Applicant, Registration
from registrations.nik import mask_nik
from registrations.serializers import (
    RegistrationBulkQuery,
    RegistrationQuery,
    RegistrationRecordQuery,
    RegistrationSerializer,
)

REASON = "X-Access-Reason"
SHORTEST_REASON, LONGEST_REASON = 10, 200
NIK = Applicant._meta.get_field("nik").aad


class RegistrationResource(Resource):
    """People in a wave. With `include=identity` the NIK comes in full: the scope `registrations:identity` and a reason in
    the header X-Access-Reason are needed, and each person can see who read the NIK, when and why."""

    noun = "registrations"
    example = {"id": EXAMPLE_ID, "wave": "2026-4", "regency": 3374, "state": "joined", "nik": "3374********0001"}
    required_scope = "registrations:read"
    serializer_class = RegistrationSerializer
    list_query, bulk_query, detail_query = RegistrationQuery, RegistrationBulkQuery, RegistrationRecordQuery
    filters = {"wave": "wave__slug", "regency": "regency_id", "state": "state"}
    parameters = [
        OpenApiParameter(
            REASON, str, OpenApiParameter.HEADER,
            description=f"With include=identity: why, in {SHORTEST_REASON} to {LONGEST_REASON} characters.",
        )
    ]  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        return Registration.objects.within(self.scope)

    def narrow(self, found: QuerySet[Any], wanted: Mapping[str, Any]) -> QuerySet[Any]:
        narrowed: Any = super().narrow(found, wanted)
        return narrowed.in_cluster(CLUSTERS.index(wanted["cluster"])) if "cluster" in wanted else narrowed

    def expressions(self) -> Mapping[str, Column]:
        return {"clusters": ClusterCodes(F("clusters"))}

    def columns(self, serializer: type[RowSerializer], wanted: Mapping[str, Any]) -> dict[str, Column]:
        columns = super().columns(serializer, wanted)
        columns.pop("nik", None)  # the database cannot open it
        return columns

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if self.writes_read_log(request):
            self.limit_kind = "identity"
        super().initial(request, *args, **kwargs)
        if self.writes_read_log(request) and IDENTITY not in request.user.scopes:
            raise PermissionDenied(f"The token does not have the scope {IDENTITY}.")

    def writes_read_log(self, request: Request) -> bool:
        return self.action != "bulk" and "include" in request.query_params

    def wanted(self, query: type[QuerySerializer], serializer: type[RowSerializer]) -> dict[str, Any]:
        wanted = super().wanted(query, serializer)
        if "include" in wanted:
            reason = self.request.headers.get(REASON, "").strip()
            if not (SHORTEST_REASON <= len(reason) <= LONGEST_REASON):
                text = f"Say in {SHORTEST_REASON} to {LONGEST_REASON} characters why the NIK is read in full."
                raise serializers.ValidationError({REASON: [serializers.ErrorDetail(text, "required")]})
            wanted["reason"] = reason
        return wanted

    def keep(self, wanted: Mapping[str, Any]) -> bool:
        return "include" not in wanted

    def extras(self, wanted: Mapping[str, Any]) -> dict[str, Column]:
        """Whose NIK, and the NIK: read apart, because who has moved away is another office's person."""
        if "nik" not in wanted.get("fields", ("nik",)):
            return {}
        person = Applicant.objects.within(self.scope).filter(pk=OuterRef("applicant_id"))
        return {
            "person": Subquery(person.values("pk")),
            "sealed": Subquery(person.values("nik")),
            "office": F("regency_id"),
        }

    def texts(self, found: Iterable[tuple[Any, ...]], wanted: Mapping[str, Any]) -> list[str]:
        found = list(found)
        if not self.extras(wanted):
            return [text for (text,) in found]
        in_full = "include" in wanted
        if in_full:
            self._log(found, wanted["reason"])
        return [_with_nik(text, _nik(person, sealed, in_full=in_full)) for text, person, sealed, _office in found]

    def line_maker(self, wanted: Mapping[str, Any]) -> Callable[..., bytes] | None:
        return _masked_line if self.extras(wanted) else None

    def _log(self, found: Iterable[tuple[Any, ...]], reason: str) -> None:
        """The read log has a line for each NIK of the page, or nothing is shown."""
        record_reads(
            actor_id=self.scope.actor_id,
            actor_role=self.scope.actor_role,
            people=[(person, office) for _text, person, _sealed, office in found if person],
            field="nik",
            reason=reason,
            at=timezone.now(),
        )


def _nik(person: UUID | None, sealed: Any, *, in_full: bool) -> str | None:
    if person is None:
        return None
    nik = keyring().decrypt(NIK, person, bytes(sealed))
    return nik if in_full else mask_nik(nik)


def _with_nik(text: str, nik: str | None) -> str:
    return f'{text[:-1]}, "nik" : {json.dumps(nik)}}}'


def _masked_line(text: bytes, person: bytes, sealed: bytes, _office: bytes) -> bytes:
    """As `_with_nik`, of columns as COPY writes them: bytea is \\x and hex, NULL is empty."""
    nik = None
    if person:
        nik = mask_nik(keyring().decrypt(NIK, UUID(person.decode()), bytes.fromhex(sealed[2:].decode())))
    return text[:-1] + b', "nik" : ' + json.dumps(nik).encode() + b"}"
