"""POST /o/token/: a client shows its secret and gets an access token (RFC 6749, 4.4)."""

import json
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, inline_serializer
from oauth2_provider.views.mixins import OAuthLibMixin
from rest_framework import serializers
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.limits import Limit
from accounts.api.problems import problem
from accounts.api.schema import problems
from accounts.api.tokens import TOKEN_PREFIX

ASKED = inline_serializer(
    "TokenRequest",
    {
        "grant_type": serializers.ChoiceField(["client_credentials"]),
        "client_id": serializers.CharField(max_length=255, help_text="Or in the header, by HTTP Basic."),
        "client_secret": serializers.CharField(max_length=255, help_text="Or in the header, by HTTP Basic."),
        "scope": serializers.CharField(
            required=False, max_length=400, help_text="With spaces between; all if left out."
        ),
    },
)
GIVEN = inline_serializer(
    "Token",
    {
        "access_token": serializers.CharField(),
        "expires_in": serializers.IntegerField(help_text="Seconds."),
        "token_type": serializers.ChoiceField(["Bearer"]),
        "scope": serializers.CharField(),
    },
)
EXAMPLE = {
    "access_token": f"{TOKEN_PREFIX}...",
    "expires_in": 900,
    "token_type": "Bearer",
    "scope": "waves:read quota:read",
}


class TokenEndpoint(OAuthLibMixin, APIView):
    """A token by client credentials. It lives 15 minutes; ask for the next one when it is over, there is no refresh."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = [Limit]
    parser_classes = [FormParser]
    limit_kind = "token"
    limit_headers: dict[str, str] = {}

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)
        view.outside_scope = True  # looks for the client before anybody is known
        return view

    @extend_schema(
        operation_id="token",
        tags=["token"],
        summary="An access token",
        auth=[],
        request={"application/x-www-form-urlencoded": ASKED},
        responses={
            200: OpenApiResponse(GIVEN, "The token.", examples=[OpenApiExample("A token", EXAMPLE)]),
            **problems(400, 401, 406, 413, 429, 503),
        },
    )
    def post(self, request: Request) -> HttpResponse:
        _url, headers, body, status = self.create_token_response(request._request)
        if status == 200:
            response = HttpResponse(body, content_type="application/json")
        else:
            said = json.loads(body)
            response = problem(status, error=said.get("error", ""), error_description=said.get("error_description", ""))
        for name, value in headers.items():
            if name != "Content-Type":
                response.headers[name] = value
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for header, value in self.limit_headers.items():
            response.headers[header] = value
        return response
