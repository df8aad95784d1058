"""The read-only API: /api/v1/ and the token endpoint. docs/api.md says what changes and how long old things stay."""

from csp.constants import SELF
from csp.decorators import csp_replace
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularSwaggerSplitView

from accounts.api.resources import Resource, paths
from accounts.api.schema_endpoint import SchemaEndpoint
from accounts.api.token_endpoint import TokenEndpoint
from clusters.api import DecisionResource, ObservationResource, SplitResource, WaveResource
from mentoring.api import StatisticsView
from registrations.api import RegistrationResource
from training.api import ClassResource, DrawResource, PlacementResource

RESOURCES: list[type[Resource]] = [
    DecisionResource,
    WaveResource,
    SplitResource,
    ObservationResource,
    RegistrationResource,
    DrawResource,
    ClassResource,
    PlacementResource,
]

# Swagger writes styles into its page, so that this one page may have them; scripts come from here, as everywhere.
swagger = csp_replace({"style-src": [SELF, "'unsafe-inline'"], "img-src": [SELF, "data:"]})(
    SpectacularSwaggerSplitView.as_view(url_name="api-schema")
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("o/token/", TokenEndpoint.as_view(), name="api-token"),
    path("api/v1/schema/", SchemaEndpoint.as_view(), name="api-schema"),
    path("api/v1/docs/", swagger, name="api-docs"),
    *[
        path(f"api/v1/{pattern.pattern}", pattern.callback, name=pattern.name)
        for r in RESOURCES
        for pattern in paths(r)
    ],
    path("api/v1/statistics/<slug:wave>/", StatisticsView.as_view({"get": "record"}), name="api-statistics-record"),
]
