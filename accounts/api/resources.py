"""What all resources share: a list by cursor, a record, and all rows at once."""

import json
from collections.abc import Callable, Generator, Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet

from accounts.api import rows
from accounts.api.deprecation import deprecation_headers
from accounts.api.limits import Limit
from accounts.api.pages import BulkQuery, FieldsQuery, Key, ListQuery, QuerySerializer
from accounts.api.rows import Column
from accounts.api.schema import NDJSON, ResourceSchema
from accounts.api.tokens import scope_of
from accounts.scope import Scope

EXAMPLE_ID = "0193e6a0-0000-7000-8000-000000000000"


class NdjsonRenderer(BaseRenderer):
    media_type = NDJSON
    format = "ndjson"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        return data


class RowSerializer(serializers.ModelSerializer[Any]):
    """Says of a row's fields name, type and meaning, and by `source` where each stands. Nothing is rendered by it."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name, field in fields.items():
            field.read_only, field.required = False, name == "id"  # `fields=` may leave out all others
        return fields


class ReadOnlyView(ViewSet):
    """Entered with the scope of the token's client, in a transaction that the database keeps from writing."""

    throttle_classes = [Limit]
    required_scope: ClassVar[str]
    limit_kind = "page"
    limit_headers: Mapping[str, str] = {}
    http_method_names = ["get", "head", "options"]

    @classmethod
    def as_view(cls, actions: Any = None, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        view = super().as_view(actions, **initkwargs)
        view.scope_of = scope_of
        return view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with translation.override("en"):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not self.writes_read_log(request):
            rows.read_only()

    def writes_read_log(self, request: Request) -> bool:
        return False

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().finalize_response(request, response, *args, **kwargs)
        name = getattr(request.resolver_match, "url_name", "")
        for header, value in ({**self.limit_headers, **deprecation_headers(name)}).items():
            response.headers[header] = (
                f"{response.headers[header]}, {value}" if header == "Link" and header in response.headers else value
            )
        response.headers["Content-Language"] = "en"
        return response

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    @property
    def scope(self) -> Scope:
        return self.request.user.scope

    def answer(
        self, body: str, *, as_of: datetime, keep: bool = True, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """`body` is the JSON object without its opening brace, to which `as_of` is added; 304 when the asker has it.

        The tag is weak: two answers are the same when all but the moment of asking is.
        """
        tag = f'W/"{sha256(body.encode()).hexdigest()[:32]}"'
        kept = {"ETag": tag, "Cache-Control": "private, no-cache"} if keep else {"Cache-Control": "no-store, private"}
        response = HttpResponse(
            f'{{"as_of": "{as_of.isoformat()}", {body}',
            content_type="application/json",
            headers={"Vary": "Authorization, Accept", **kept, **(headers or {})},
        )
        if not keep:
            return response
        return get_conditional_response(self.request._request, etag=tag, response=response)  # type: ignore[return-value]


class Resource(ReadOnlyView):
    """A kind of rows; `noun` is the last part of its address. The docstring of a subclass is read by those who use the API."""

    schema = ResourceSchema()
    noun: ClassVar[str]
    serializer_class: ClassVar[type[RowSerializer]]
    detail_serializer_class: ClassVar[type[RowSerializer] | None] = None
    list_query: ClassVar[type[ListQuery]] = ListQuery
    bulk_query: ClassVar[type[BulkQuery]] = BulkQuery
    detail_query: ClassVar[type[QuerySerializer]] = FieldsQuery
    filters: ClassVar[Mapping[str, str]] = {}  # lookup by parameter
    example: ClassVar[Mapping[str, object]]  # some fields of a row, for the description

    def rows(self) -> QuerySet[Any]:
        """Every row of the asker's scope."""
        raise NotImplementedError

    def narrow(self, found: QuerySet[Any], wanted: Mapping[str, Any]) -> QuerySet[Any]:
        return found.filter(**{lookup: wanted[name] for name, lookup in self.filters.items() if name in wanted})

    def expressions(self) -> Mapping[str, Column]:
        """Fields of the serializers that stand in no column."""
        return {}

    def columns(self, serializer: type[RowSerializer], wanted: Mapping[str, Any]) -> dict[str, Column]:
        """Where each field of the answer comes from, in the order of the serializer."""
        computed, chosen = self.expressions(), wanted.get("fields")
        return {
            name: computed.get(name, field.source)
            for name, field in serializer().fields.items()
            if chosen is None or name in chosen or name == "id"
        }

    # Hooks of rows that need more than the database can say; see registrations.api.
    def extras(self, wanted: Mapping[str, Any]) -> dict[str, Column]:
        """Columns beside the JSON, for `complete`."""
        return {}

    def texts(self, found: Iterable[tuple[Any, ...]], wanted: Mapping[str, Any]) -> list[str]:
        """The JSON of rows, given as (JSON, extras ...)."""
        return [row[0] for row in found]

    def line_maker(self, wanted: Mapping[str, Any]) -> Callable[..., bytes] | None:
        """Makes a line of (JSON, extras ...) as bytes of COPY; None where the JSON is all."""
        return None

    def keep(self, wanted: Mapping[str, Any]) -> bool:
        """Whether the asker may keep the answer and ask whether it changed."""
        return True

    def wanted(self, query: type[QuerySerializer], serializer: type[RowSerializer]) -> dict[str, Any]:
        return query.read(self.request, columns=tuple(serializer().fields))

    def page(self, request: Request) -> HttpResponse:
        as_of, wanted = timezone.now(), self.wanted(self.list_query, self.serializer_class)
        order = ("updated_at", "pk") if "updated_since" in wanted else ("pk",)
        found = self._found(wanted).order_by(*order)
        if "cursor" in wanted:
            found = rows.behind(found, wanted["cursor"])
        size, limit = len(order), wanted["limit"]
        got = list(self._selected(found, self.serializer_class, wanted, *order)[: limit + 1])
        texts = self.texts([row[size:] for row in got[:limit]], wanted)
        link = self._next(Key(got[limit - 1][:size])) if len(got) > limit else None
        body = f'"next": {json.dumps(link)}, "items": [{", ".join(texts)}]}}'
        headers = {"Link": f'<{link}>; rel="next"'} if link else None
        return self.answer(body, as_of=as_of, keep=self.keep(wanted), headers=headers)

    def record(self, request: Request, id: UUID) -> HttpResponse:
        as_of, serializer = timezone.now(), self.detail_serializer_class or self.serializer_class
        wanted = self.wanted(self.detail_query, serializer)
        row = self._selected(self.rows().filter(pk=id), serializer, wanted).first()
        if row is None:
            raise NotFound
        (text,) = self.texts([row], wanted)
        return self.answer(f'"item": {text}}}', as_of=as_of, keep=self.keep(wanted))

    def bulk(self, request: Request) -> StreamingHttpResponse:
        as_of, wanted = timezone.now(), self.wanted(self.bulk_query, self.serializer_class)
        found = self._selected(self._found(wanted).order_by("pk"), self.serializer_class, wanted)
        lines: Generator[bytes] | tuple[()] = ()
        if request.method == "GET":
            lines = rows.stream(found, scope=self.scope, complete=self.line_maker(wanted))
        return StreamingHttpResponse(
            lines,
            content_type=NDJSON,
            headers={"As-Of": as_of.isoformat(), "Cache-Control": "no-store, private", "Vary": "Authorization, Accept"},
        )

    def _found(self, wanted: Mapping[str, Any]) -> QuerySet[Any]:
        found = self.narrow(self.rows(), wanted)
        return found.filter(updated_at__gte=wanted["updated_since"]) if "updated_since" in wanted else found

    def _selected(
        self, found: QuerySet[Any], serializer: type[RowSerializer], wanted: Mapping[str, Any], *first: str
    ) -> QuerySet[Any]:
        extras = self.extras(wanted)
        row_json = rows.as_text(self.columns(serializer, wanted))
        return found.annotate(row_json=row_json, **extras).values_list(*first, "row_json", *extras)

    def _next(self, key: Key) -> str:
        parameters = self.request.query_params.dict() | {"cursor": key.cursor}
        return self.request.build_absolute_uri(f"{self.request.path}?{urlencode(parameters)}")


def paths(resource: type[Resource]) -> list[URLPattern]:
    """The three addresses of a resource."""
    noun = resource.noun
    bulk = resource.as_view({"get": "bulk"}, limit_kind="bulk", renderer_classes=[NdjsonRenderer])
    return [
        path(f"{noun}/", resource.as_view({"get": "page"}), name=f"api-{noun}"),
        path(f"{noun}.ndjson", bulk, name=f"api-{noun}-bulk"),
        path(f"{noun}/<uuid:id>/", resource.as_view({"get": "record"}), name=f"api-{noun}-record"),
    ]
