"""Through proxy, web and pooler, as somebody outside sees it."""

import gzip
import http.client
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import pytest

from prakerja.embedded.state import ROOT
from tests.production.stack import HOST, Stack, production

pytestmark = pytest.mark.production


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with production(tmp_path_factory.mktemp("production")) as running:
        yield running


def ask(stack: Stack, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    context = ssl.create_default_context(cafile=stack.certificate)
    connection = http.client.HTTPSConnection("127.0.0.1", stack.https, context=context, timeout=30)
    connection.sock = context.wrap_socket(
        http.client.socket.create_connection(("127.0.0.1", stack.https)), server_hostname=HOST
    )
    connection.request(
        method, path, body, {"Host": HOST} | {name.replace("_", "-"): text for name, text in headers.items()}
    )
    answer = connection.getresponse()
    return Answer(answer.status, answer.msg, answer.read())


def test_a_page_comes_over_tls_with_its_guards(stack: Stack) -> None:
    answer = ask(stack, "/status/", Accept_Encoding="gzip")
    assert answer.status == 200 and b"Status" in gzip.decompress(answer.body)
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Server"] == "nginx"
    cookies = answer.headers.get_all("Set-Cookie") or []
    assert cookies and all("Secure" in cookie and "HttpOnly" in cookie for cookie in cookies)


def test_without_tls_one_is_sent_on(stack: Stack) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", stack.http)
    connection.request("GET", "/daftar/?x=1", headers={"Host": HOST})
    answer = connection.getresponse()
    assert answer.status == 308 and answer.headers["Location"] == f"https://{HOST}:{stack.https}/daftar/?x=1"


def test_static_files_are_compressed_and_kept_for_ever(stack: Stack) -> None:
    page = gzip.decompress(ask(stack, "/", Accept_Encoding="gzip").body).decode()
    (sheet,) = re.findall(r'href="(/static/css/base\.[0-9a-f]+\.css)"', page)
    answer = ask(stack, sheet, Accept_Encoding="gzip")
    assert answer.status == 200 and answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]


def test_only_the_proxys_word_about_the_asker_counts(stack: Stack) -> None:
    """Six wrong passwords from one address are stopped, whatever addresses the client claims to have."""
    form = ask(stack, "/masuk/")
    cookie = (form.headers["Set-Cookie"] or "").split(";")[0]
    token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', form.body)
    assert token
    login = "login=siapa@contoh.example&password=bukan-kata-sandi-itu&how=password"
    body = f"{login}&csrfmiddlewaretoken={token[1].decode()}".encode()
    statuses = [
        ask(
            stack, "/masuk/", "POST", body,
            Content_Type="application/x-www-form-urlencoded", Cookie=cookie, Referer=f"https://{HOST}/masuk/",
            X_Forwarded_For=f"203.0.113.{number}", Forwarded=f"for=203.0.113.{number}", X_Real_IP=f"203.0.113.{number}",
        ).status
        for number in range(7)
    ]  # fmt: skip
    assert statuses[-1] == 429, statuses


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/metrics", {}, 404),
        ("/", {"Host": "elsewhere.example"}, 400),
        ("/" + "a" * 9000, {}, 414),
        ("/", {"X_Long": "a" * 9000}, 400),
    ],
)
def test_the_proxy_refuses(stack: Stack, path: str, headers: dict[str, str], status: int) -> None:
    assert ask(stack, path, **headers).status == status


def test_a_body_over_the_limit_is_refused_before_it_is_read(stack: Stack) -> None:
    assert ask(stack, "/masuk/", "POST", None, Content_Length=str(2 << 20)).status == 413


def test_addresses_in_logs_have_no_query(stack: Stack) -> None:
    ask(stack, "/status/?nik=3374994101900001")
    assert "/status/" in stack.log("nginx")
    assert not any("3374994101900001" in stack.log(name) for name in ("nginx", "web", "pgbouncer"))


def test_a_link_that_opens_an_account_is_in_no_log(stack: Stack) -> None:
    ask(stack, "/masuk/tautan/kBqXsRtYvLmNwPzAcDeFgHiJoKuTyWeR/")
    assert "/masuk/tautan/***" in stack.log("nginx")
    assert not any("kBqXsRtY" in stack.log(name) for name in ("nginx", "web"))


def test_the_worker_starts_on_the_same_settings(stack: Stack) -> None:
    command = [sys.executable, "-m", "celery", "-A", "prakerja.celery", "report"]
    told = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=True)
    assert "prakerja" in told.stdout


def test_the_compose_file_is_valid(tmp_path: Path) -> None:
    names = re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "docker-compose.yml").read_text())
    assert "ALLOWED_HOSTS" in names
    filled = dict.fromkeys(names, "./x") | {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    subprocess.run(["docker-compose", "config", "--quiet"], cwd=ROOT, env=filled, check=True)


def test_zz_while_web_is_away_the_proxy_says_when_to_come_back(stack: Stack) -> None:
    stack.gunicorn.send_signal(signal.SIGTERM)
    stack.gunicorn.wait(60)
    answer = ask(stack, "/daftar/?nik=3374994101900002")
    assert answer.status == 503 and answer.headers["Retry-After"] == "30"
    assert "tetap aman" in answer.body.decode()
    assert "3374994101900002" not in stack.log("nginx")
