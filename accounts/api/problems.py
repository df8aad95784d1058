"""Errors as problem details (RFC 9457), whoever refuses: a view, the framework, or the search for an address."""

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions, serializers

MEDIA_TYPE = "application/problem+json"
PREFIXES = ("/api/", "/o/")
LONGEST_ADDRESS, LARGEST_BODY = 4096, 16 * 1024

DETAILS = {
    400: "The request cannot be read.",
    401: "A valid access token is needed; ask for one at /o/token/.",
    403: "The token does not have the scope that this needs.",
    404: "There is nothing here, or nothing that you may see.",
    405: "This address does not take that method.",
    406: "None of the media types you accept is to be had here.",
    412: "It is not, or not any more, as you say.",
    413: f"A body may have {LARGEST_BODY} bytes at most.",
    414: f"Path and query may have {LONGEST_ADDRESS} characters at most.",
    429: "The limit of this client is reached; wait as long as Retry-After says.",
    503: "Not available for the moment; try again later.",
}


class ProblemErrorSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="The parameter or header that is wrong.")
    rule = serializers.CharField(help_text="A stable code for programs.")
    message = serializers.CharField(help_text="What to do, for people.")


class ProblemSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(help_text="Always about:blank: the status says the kind.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = ProblemErrorSerializer(many=True, required=False)


def problem(
    status: int,
    detail: str = "",
    *,
    errors: Iterable[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    **members: str,
) -> HttpResponse:
    """A response with the members of RFC 9457; `errors` are {field, rule, message}, `members` further ones."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or DETAILS.get(status, "This went wrong on our side."),
        **members,
    }
    if found := list(errors):
        body["errors"] = found
    return HttpResponse(
        json.dumps(body),
        status=status,
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store, private", **(headers or {})},
    )


class Unavailable(exceptions.APIException):
    status_code = 503
    default_detail = DETAILS[503]
    wait = 30


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The answer to what a view raises; None for what is our fault, which then is a 500."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    headers = {}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(error, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    if isinstance(error, exceptions.ValidationError):
        return problem(400, "Some parameters are wrong.", errors=_errors(error.get_full_details()), headers=headers)
    said = str(error.detail) if isinstance(error, exceptions.PermissionDenied) else ""
    return problem(error.status_code, said, headers=headers)


def _errors(details: Any, field: str = "") -> list[dict[str, str]]:
    if isinstance(details, dict) and "code" in details and "message" in details and isinstance(details["code"], str):
        return [{"field": field, "rule": details["code"], "message": str(details["message"])}]
    if isinstance(details, dict):
        return [found for name, inner in details.items() for found in _errors(inner, str(name))]
    return [found for inner in details for found in _errors(inner, field)]


class ProblemMiddleware:
    """Under PREFIXES nobody is answered with a page of errors, and nothing overlong is looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIXES):
            return self.get_response(request)
        length = request.headers.get("Content-Length", "")
        if len(request.get_full_path()) > LONGEST_ADDRESS:
            return problem(414)
        if length.isdigit() and int(length[:12]) > LARGEST_BODY:
            return problem(413)
        response = self.get_response(request)
        if response.status_code < 400 or response.headers.get("Content-Type") == MEDIA_TYPE:
            return response
        kept = {name: response.headers[name] for name in ("Allow", "Retry-After") if name in response.headers}
        return problem(response.status_code, headers=kept)
