"""When something fails, the person keeps calm and what they typed; nobody else gets it."""

import os
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from accounts.middleware import outside_scope
from prakerja.operations import maintenance

pytestmark = pytest.mark.django_db

OURS = {"origin": "http://testserver"}
TYPED = {
    "name": 'Sri "Kenari" <b>',
    "nik": "3374995003957001",
    "password": "rahasia",
    "kode": "123456",
    "a": ["1", "2"],
}


@pytest.fixture(autouse=True)
def _open_again(settings: Any) -> Any:
    maintenance._Seen.at, maintenance._Seen.state = -maintenance.SECONDS_TO_NOTICE, None
    yield
    maintenance.end()
    maintenance._Seen.state = None


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`broken(error)`: the sign-in address raises it."""

    def breaks(error: Exception, view: Any = None) -> Client:
        def raises(request: Any) -> Any:
            request.POST.get("name")
            raise error

        pattern = next(p for p in get_resolver().url_patterns if getattr(p, "name", "") == "help")
        monkeypatch.setattr(pattern, "callback", outside_scope((view or (lambda v: v))(raises)))
        return Client(raise_request_exception=False)

    return breaks


def hidden(page: str) -> list[tuple[str, str]]:
    return re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)


def test_a_failed_form_comes_back_with_what_was_typed_but_no_secret(broken: Any) -> None:
    answer = broken(ValueError("ouch")).post("/bantuan/", TYPED, headers=OURS)
    page = answer.content.decode()
    names = [name for name, _ in hidden(page)]
    assert answer.status_code == 500 and names == ["csrfmiddlewaretoken", "name", "nik", "a", "a"]
    assert ("name", "Sri &quot;Kenari&quot; &lt;b&gt;") in hidden(page) and "Coba lagi" in page
    assert "rahasia" not in page and "123456" not in page and "ouch" not in page
    assert answer["X-Request-ID"] in page and "no-store" in answer["Cache-Control"]


def test_what_came_back_can_be_sent_again(broken: Any, client: Client) -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    broken(ValueError("ouch"))
    page = strict.post("/bahasa/", {"language": "en", "next": "/"}, headers=OURS).content.decode()
    assert "Lanjutkan" in page
    again = strict.post("/bahasa/", dict(hidden(page)), headers=OURS)
    assert again.status_code == 302 and again.cookies["django_language"].value == "en"


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "https://evil.example"}, {"referer": "https://evil.example/x"}, {"origin": "null"}]
)
def test_a_form_of_a_foreign_page_is_not_handed_to_the_visitor(broken: Any, headers: dict[str, str]) -> None:
    client = broken(ValueError())
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    for answer in (client.post("/bantuan/", TYPED, headers=headers), strict.post("/bahasa/", TYPED, headers=headers)):
        page = answer.content.decode()
        assert hidden(page) == [] and "Kenari" not in page and answer.status_code in {500, 403}


def test_what_a_view_calls_sensitive_is_not_kept(broken: Any) -> None:
    named = broken(ValueError(), sensitive_post_parameters("nik")).post("/bantuan/", TYPED, headers=OURS)
    assert "nik" not in dict(hidden(named.content.decode()))
    everything = broken(ValueError(), sensitive_post_parameters()).post("/bantuan/", TYPED, headers=OURS)
    assert hidden(everything.content.decode()) == []


def test_a_database_that_does_not_answer_is_told_as_such(broken: Any) -> None:
    answer = broken(OperationalError("server closed the connection")).post("/bantuan/", TYPED, headers=OURS)
    assert answer.status_code == 503 and answer["Retry-After"] == "60"
    assert "name" in dict(hidden(answer.content.decode()))


def test_a_form_too_big_is_413_and_one_that_cannot_be_read_400(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    big = client.post(
        "/masuk/", urlencode({"name": "x" * 2000}), content_type="application/x-www-form-urlencoded", headers=OURS
    )
    assert big.status_code == 413 and "terlalu besar" in big.content.decode()
    assert client.post("/masuk/", {"login": "a\0"}, headers=OURS).status_code == 400


def test_maintenance_closes_the_portal_and_keeps_the_form(client: Client) -> None:
    until = timezone.now() + timedelta(minutes=30)
    maintenance.begin(until)
    answer = client.post("/daftar/", TYPED, headers=OURS)
    page = answer.content.decode()
    assert answer.status_code == 503 and 1700 < int(answer["Retry-After"]) <= 1800
    assert f"pukul {timezone.localtime(until):%H.%M} WIB" in page and dict(hidden(page))["nik"] == TYPED["nik"]
    assert client.get("/health/live").status_code == client.get("/health/ready").status_code == 200
    maintenance.end()
    maintenance._Seen.at = -maintenance.SECONDS_TO_NOTICE
    assert client.get("/masuk/").status_code == 200


def test_maintenance_lets_operators_through(client: Client, settings: Any) -> None:
    maintenance.begin(None)
    settings.MAINTENANCE_ALLOWED = ["10.1.0.0/16"]
    assert client.get("/masuk/", REMOTE_ADDR="10.1.2.3").status_code == 200
    assert client.get("/masuk/", REMOTE_ADDR="10.2.2.3").status_code == 503
    settings.TRUSTED_PROXIES = 1
    forged = client.get("/masuk/", REMOTE_ADDR="10.2.2.3", headers={"x-forwarded-for": "10.1.2.3, 203.0.113.9"})
    assert forged.status_code == 503


def test_maintenance_needs_neither_database_nor_session(client: Client, django_assert_num_queries: Any) -> None:
    maintenance.begin(None)
    client.cookies["sessionid"] = "abcdefghijklmnop"
    with django_assert_num_queries(0):
        assert client.get("/kantor/").status_code == 503


def test_without_redis_the_last_known_state_holds(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    maintenance.begin(None)
    assert client.get("/masuk/").status_code == 503
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    maintenance._redis.cache_clear()
    maintenance._Seen.at = -maintenance.SECONDS_TO_NOTICE
    assert client.get("/masuk/").status_code == 503
    maintenance._Seen.at, maintenance._Seen.state = -maintenance.SECONDS_TO_NOTICE, None
    assert client.get("/masuk/").status_code == 200
    with pytest.raises(CommandError, match="Redis does not answer"):
        call_command("maintenance", "on")
    monkeypatch.undo()
    settings.REDIS_URL = os.environ["REDIS_URL"]
    maintenance._redis.cache_clear()


@pytest.mark.parametrize("until", ["yesterday", "25:00", "2020-01-01 00:00"])
def test_a_wrong_end_of_maintenance_is_refused(until: str) -> None:
    with pytest.raises(CommandError, match="--until"):
        call_command("maintenance", "on", f"--until={until}")
    assert maintenance.ask() is None


def test_the_command_sets_tells_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("maintenance", "on", "--until=2099-01-01 08:00")
    call_command("maintenance", "off")
    said = capsys.readouterr().out.splitlines()
    assert "until 2099-01-01 08:00" in said[0] and said[1] == "The portal is open."
