"""Whatever is wrong is said as a problem (RFC 9457), and too much of anything is refused."""

from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as RedisDown

from tests.factories.clients import ApiCaller, make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller() -> ApiCaller:
    return ApiCaller(identity=True)


def is_problem(response: Any, status: int) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert (body["status"], body["type"]) == (status, "about:blank")
    assert body["title"] and body["detail"]
    return body


@pytest.mark.parametrize(
    "address, status",
    [
        ("nothing/", 404),
        ("/api/v2/waves/", 404),
        ("/o/authorize/", 404),
        ("waves/bukan-uuid/", 404),
        ("waves/0193e6a0-0000-7000-8000-000000000000/", 404),
        ("statistics/tidak-ada/", 404),
        ("waves/?state=%00", 400),
        ("waves/?wave=%EF%BF%BE" + "x" * 5000, 414),
    ],
)
def test_every_refusal_is_a_problem(caller: ApiCaller, address: str, status: int) -> None:
    is_problem(caller.get(address), status)


@pytest.mark.parametrize(
    "parameters, field, rule",
    [
        ({"limit": "0"}, "limit", "min_value"),
        ({"limit": "501"}, "limit", "max_value"),
        ({"limit": "9" * 999}, "limit", "max_value"),
        ({"limit": "-1"}, "limit", "invalid"),
        ({"limit": "٣"}, "limit", "invalid"),
        ({"limit": ""}, "limit", "invalid"),
        ({"limit": ["1", "2"]}, "limit", "repeated"),
        ({"cursor": "bukan"}, "cursor", "invalid"),
        ({"cursor": "WyJ4Il0"}, "cursor", "invalid"),
        ({"cursor": "🌾"}, "cursor", "invalid"),
        ({"updated_since": "kemarin"}, "updated_since", "format"),
        ({"updated_since": "2026-11-24T08:00:00"}, "updated_since", "format"),
        ({"updated_since": "2026-02-30T08:00:00Z"}, "updated_since", "format"),
        ({"updated_since": "0001-01-01T00:00:00+14:00"}, "updated_since", "format"),
        ({"fields": "id,nik_index"}, "fields", "unknown"),
        ({"wave": "x y"}, "wave", "invalid"),
        ({"regency": "99999"}, "regency", "max_value"),
        ({"cluster": "UMUM"}, "cluster", "invalid_choice"),
        ({"state": "draft"}, "state", "invalid_choice"),
        ({"stat": "joined"}, "stat", "unknown"),
        ({"include": "identity"}, "X-Access-Reason", "required"),
        ({"include": "everything"}, "include", "unknown"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_rule(
    caller: ApiCaller, parameters: dict[str, Any], field: str, rule: str
) -> None:
    (error,) = is_problem(caller.get("registrations/", parameters), 400)["errors"]
    assert (error["field"], error["rule"]) == (field, rule)
    assert error["message"]


def test_a_cursor_of_another_kind_of_list_is_refused(caller: ApiCaller) -> None:
    by_id = "WyIwMTkzZTZhMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDAiXQ"
    assert caller.get("waves/", {"cursor": by_id}).status_code == 200
    body = is_problem(caller.get("waves/", {"cursor": by_id, "updated_since": "2026-01-01T00:00:00Z"}), 400)
    assert body["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(caller: ApiCaller, method: str) -> None:
    headers = {"Authorization": f"Bearer {caller.token}"}
    response = Client().generic(method, "/api/v1/waves/", headers=headers)
    is_problem(response, 405)
    assert response["Allow"] == "GET, HEAD, OPTIONS"
    assert Client().options("/api/v1/waves/", headers=headers).status_code == 204


def test_other_media_types_are_not_to_be_had(caller: ApiCaller) -> None:
    is_problem(caller.get("waves/", Accept="text/html"), 406)
    is_problem(caller.get("waves.ndjson", Accept="application/json"), 406)


def test_a_large_body_is_refused_unread() -> None:
    is_problem(Client().post("/o/token/", {"client_secret": "x" * 20_000}), 413)


def test_who_has_no_token_is_told_how_to_show_one() -> None:
    response = Client().get("/api/v1/waves/")
    is_problem(response, 401)
    assert response["WWW-Authenticate"] == 'Bearer realm="prakerja"'
    for wrong in ("Bearer x", "Bearer ", "Basic eDp5", "Bearer " + "é" * 50, "Token x"):
        assert "invalid_token" in Client().get("/api/v1/waves/", headers={"Authorization": wrong})["WWW-Authenticate"]


def test_limits_are_stated_counted_by_client_and_end(caller: ApiCaller, settings: Any) -> None:
    settings.API_LIMITS = settings.API_LIMITS | {"page": (2, 86_400)}
    other = ApiCaller()
    first = caller.get("waves/")
    assert (first["RateLimit-Policy"], first["RateLimit-Limit"], first["RateLimit-Remaining"]) == (
        "2;w=86400",
        "2",
        "1",
    )
    assert caller.get("waves/")["RateLimit-Remaining"] == "0"
    response = caller.get("splits/")
    is_problem(response, 429)
    assert response["Retry-After"] == response["RateLimit-Reset"]
    assert other.get("waves/").status_code == 200
    assert caller.get("waves.ndjson", Accept="application/x-ndjson").status_code == 200, "bulk has a limit of its own"


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::{}"])
def test_the_token_endpoint_is_limited_by_address(settings: Any, address: str) -> None:
    settings.API_LIMITS = settings.API_LIMITS | {"token": (2, 86_400)}
    here = [Client(REMOTE_ADDR=address.format(host)) for host in range(3)]
    statuses = [client.post("/o/token/", {"client_id": "x"}).status_code for client in here]
    assert statuses == [400, 400, 429]
    assert Client().post("/o/token/", {"client_id": "x"}, REMOTE_ADDR="192.0.2.8").status_code == 400


def test_without_redis_pages_are_served_and_secrets_wait(caller: ApiCaller, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*args: Any, **kwargs: Any) -> None:
        raise RedisDown

    monkeypatch.setattr(cache, "add", down)
    assert caller.get("waves/").status_code == 200
    reason = {"X-Access-Reason": "Mencocokkan data dengan pusat"}
    for response in (
        caller.get("waves.ndjson"),
        caller.get("registrations/", {"include": "identity"}, **reason),
        Client().post("/o/token/", {"client_id": make_client()[0].client_id}),
    ):
        is_problem(response, 503)
        assert response["Retry-After"] == "30"


def test_no_address_and_no_name_stands_in_redis(caller: ApiCaller, settings: Any) -> None:
    Client().post("/o/token/", {"client_id": "x"}, REMOTE_ADDR="192.0.2.9")
    caller.get("waves/")
    connection = cache._cache.get_client(write=False)  # type: ignore[attr-defined]
    keys = [key.decode() for key in connection.keys("*api:*")]
    assert keys
    assert not [key for key in keys if "192.0.2.9" in key or "Lembaga" in key]


def test_an_address_that_will_go_says_so(caller: ApiCaller, settings: Any) -> None:

    settings.API_DEPRECATIONS = {"api-waves": (date(2026, 12, 1), date(2027, 6, 1), "https://portal.example/api")}
    response = caller.get("waves/")
    assert response["Deprecation"] == "@1796083200"
    assert response["Sunset"] == "Tue, 01 Jun 2027 00:00:00 GMT"
    assert response["Link"] == '<https://portal.example/api>; rel="deprecation"; type="text/html"'
    assert "Deprecation" not in caller.get("splits/")
