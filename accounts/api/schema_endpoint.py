"""GET /api/v1/schema/: the OpenAPI description."""

import json
from functools import lru_cache

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.schema import problems

MEDIA_TYPE = OpenApiJsonRenderer.media_type


@lru_cache(maxsize=1)
def description() -> str:
    """Made once in a process: it changes with the code alone."""
    return json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str)


class SchemaEndpoint(APIView):
    """This description. Anybody may read it."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = [OpenApiJsonRenderer, JSONRenderer]

    @extend_schema(
        operation_id="schema",
        tags=["schema"],
        summary="OpenAPI description",
        auth=[],
        responses={
            (200, MEDIA_TYPE): OpenApiResponse({"type": "object"}, "OpenAPI 3.1."),
            **problems(406, 414),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(description(), content_type=MEDIA_TYPE)
