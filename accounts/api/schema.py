"""The OpenAPI description of every resource, derived from its serializers and queries."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from accounts.api.deprecation import deprecation_of
from accounts.api.pages import NamesField
from accounts.api.problems import DETAILS, MEDIA_TYPE, ProblemSerializer
from accounts.scope import API_SCOPES

NDJSON = "application/x-ndjson"
LIMITED = [200, 304, 429]
_COUNT = {"type": "integer", "minimum": 0}


def _header(name: str, schema: dict[str, Any], statuses: list[int], text: str) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        schema,
        OpenApiParameter.HEADER,
        response=[str(status) for status in statuses],
        description=text,
    )


HEADERS = [
    _header("RateLimit-Policy", {"type": "string"}, LIMITED, "Requests and seconds of a window, as 600;w=60."),
    _header("RateLimit-Limit", _COUNT, LIMITED, "Requests of a window."),
    _header("RateLimit-Remaining", _COUNT, LIMITED, "How many are left in this window."),
    _header("RateLimit-Reset", _COUNT, LIMITED, "Seconds until the next window."),
    _header("Retry-After", _COUNT, [429, 503], "Seconds to wait."),
    _header("WWW-Authenticate", {"type": "string"}, [401], "Bearer, with the error of RFC 6750."),
]
TAGGED = [
    _header("ETag", {"type": "string"}, [200, 304], "Equal while the rows are; as_of does not count."),
    OpenApiParameter(
        "If-None-Match", {"type": "string"}, OpenApiParameter.HEADER,
        description="The ETag of an earlier answer: 304 when nothing changed.",
    ),
]  # fmt: skip


def problems(*statuses: int) -> dict[Any, Any]:
    return {(status, MEDIA_TYPE): OpenApiResponse(ProblemSerializer, DETAILS[status]) for status in statuses}


class ResourceSchema(AutoSchema):
    """`view.noun` and `view.action` say which of a resource's three addresses this is."""

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False  # pages are objects

    def get_operation_id(self) -> str:
        return f"{self.view.noun}_{self.view.action}".replace("-", "_")

    def get_tags(self) -> list[str]:
        return [self.view.noun]

    def get_summary(self) -> str:
        kinds = {"page": "A page of {}", "record": "One of the {}", "bulk": "All {} at once"}
        return kinds[self.view.action].format(self.view.noun)

    def get_description(self) -> str:
        text = (self.view.__class__.__doc__ or "").strip()
        if self.view.action == "bulk":
            text += "\n\nA JSON object a line, with the fields of a page's items; complete when the stream ends well."
        return f"{text}\n\nScope: `{self.view.required_scope}`."

    def is_deprecated(self) -> bool:
        names = {"page": "", "record": "-record", "bulk": "-bulk"}
        return deprecation_of(f"api-{self.view.noun}{names[self.view.action]}") is not None

    def get_request_serializer(self) -> None:
        return None

    def get_override_parameters(self) -> list[Any]:
        row, query = self._row_and_query()
        parameters = [query, *HEADERS]
        for name, field in query().fields.items():
            if isinstance(field, NamesField):
                known = field.known or tuple(row().fields)
                parameters.append(
                    OpenApiParameter(
                        name, {"type": "array", "items": {"type": "string", "enum": list(known)}, "minItems": 1},
                        style="form", explode=False, description=str(field.help_text),
                    )
                )  # fmt: skip
        if self.view.action == "bulk":
            parameters.append(_header("As-Of", {"type": "string", "format": "date-time"}, [200], "When this was read."))
        else:
            parameters += TAGGED
        if self.view.action == "page":
            parameters.append(_header("Link", {"type": "string"}, [200], 'The next page, as rel="next".'))
        return parameters + list(getattr(self.view, "parameters", ()))

    def get_response_serializers(self) -> dict[Any, Any]:
        row, _query = self._row_and_query()
        statuses = [400, 401, 403, 404, 406, 414, 429, 503]
        if self.view.action == "bulk":
            line = {"type": "string", "description": f"Lines of {row.__name__.removesuffix('Serializer')}."}
            return {(200, NDJSON): OpenApiResponse(line, "All rows of the scope."), **problems(*statuses)}
        name = row.__name__.removesuffix("Serializer")
        as_of = serializers.DateTimeField(help_text="When this was read.")
        example: dict[str, Any] = {"as_of": "2026-11-24T08:00:00.123456+00:00"}
        if self.view.action == "page":
            members = {
                "as_of": as_of,
                "next": serializers.URLField(allow_null=True, help_text="The next page; null after the last one."),
                "items": row(many=True),
            }
            body = inline_serializer(f"{name}Page", members)
            example |= {"next": None, "items": [self.view.example]}
        else:
            body = inline_serializer(f"{name}Record", {"as_of": as_of, "item": row()})
            example["item"] = self.view.example
        return {
            (200, "application/json"): OpenApiResponse(
                body, "What the scope may see.", examples=[OpenApiExample("Some fields", example)]
            ),
            304: OpenApiResponse(None, "As the asker has it."),
            **problems(*statuses, 412),
        }

    def _row_and_query(self) -> tuple[Any, Any]:
        view = self.view
        return {
            "page": (view.serializer_class, view.list_query),
            "record": (view.detail_serializer_class or view.serializer_class, view.detail_query),
            "bulk": (view.serializer_class, view.bulk_query),
        }[view.action]


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.access.TokenAuthentication"
    name = "clientCredentials"

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        return {self.name: [auto_schema.view.required_scope]}

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        flow = {"tokenUrl": "/o/token/", "scopes": API_SCOPES}
        return {"type": "oauth2", "flows": {"clientCredentials": flow}, "description": "A token lives 15 minutes."}
