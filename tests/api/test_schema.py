"""The description is valid, whole, and readable without the internet."""

import json
import re

import pytest
from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import validate

from accounts.api.schema_endpoint import description
from tests.prakerja.world import routes

PAGES = {"api-docs"}  # of the routes under /api/ those that are for people


def test_it_is_valid_and_without_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")
    schema = json.loads(description())
    assert schema["openapi"].startswith("3.1")
    validate(schema)


def test_every_route_of_the_api_is_in_it() -> None:
    described = {re.sub(r"{(\w+)}", "<>", path) for path in json.loads(description())["paths"]}
    resolved = {
        "/" + re.sub(r"<[^>]+>", "<>", str(pattern.pattern))
        for name, pattern in routes().items()
        if str(pattern.pattern).startswith(("api/", "o/")) and name not in PAGES
    }
    assert resolved == described
    assert len(resolved) == 27


def test_every_operation_says_scope_problems_and_example() -> None:
    schema = json.loads(description())
    scopes = schema["components"]["securitySchemes"]["clientCredentials"]["flows"]["clientCredentials"]["scopes"]
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            assert operation["description"] and operation["summary"], path
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (path, status)
            if path.startswith("/api/v1/") and path.endswith("s/") and "statistics" not in path:
                assert operation["responses"]["200"]["content"]["application/json"]["examples"], path
            if path not in ("/api/v1/schema/", "/o/token/"):
                (requirement,) = operation["security"]
                assert set(requirement["clientCredentials"]) <= set(scopes)


@pytest.mark.django_db
def test_anybody_reads_schema_and_documentation_and_nothing_of_it_comes_from_elsewhere() -> None:
    response = Client().get("/api/v1/schema/")
    assert response.json()["info"]["version"] == "1.0.0"
    page = Client().get("/api/v1/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)
    assert "script-src 'self';" in page["Content-Security-Policy"] + ";"
    assert "script-src 'self' 'unsafe-inline'" not in page["Content-Security-Policy"]
    assert "<script>" not in text
