"""Gateways: what is sent where, what each answer means, and what is never done."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any
from uuid import UUID

import pytest

from records.gateways import Letter, NotConfigured, Refused, Unavailable, Uncertain, parse
from records.gateways.mail import Mail
from records.gateways.web import HttpSms, HttpWhatsApp
from tests.records.provider import dripping_server, provider

REFERENCE = UUID("0193e6a0-0000-7000-8000-000000000001")
LETTER = Letter(REFERENCE, "+6281234567890", "Perihal", "Isi pesan")


def test_a_letter_shows_no_address_and_no_text() -> None:
    assert repr(LETTER) == f"Letter(reference={REFERENCE!r})"


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ((400, ""), Refused),
        ((404, ""), Refused),
        ((422, ""), Refused),
        ((401, ""), Unavailable),
        ((403, ""), Unavailable),
        ((429, ""), Unavailable),
        ((500, ""), Unavailable),
        ((503, ""), Unavailable),
        ((302, ""), Unavailable),
        ((307, ""), Unavailable),
        ((200, "<html>Selamat datang di WiFi</html>"), Uncertain),
        ((200, "{}"), Uncertain),
        ((200, "[]"), Uncertain),
        (None, Uncertain),
    ],
)
def test_what_each_answer_means(answer: Any, meaning: type[Exception]) -> None:
    with provider(answer=lambda letter: answer) as double:
        with pytest.raises(meaning) as refusal:
            HttpSms(double.url).send(LETTER)
        assert "6281" not in str(refusal.value)
        assert len(double.asked) == 1, "no redirect is followed"


def test_nobody_listening_is_certain() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable):
        HttpSms(f"http://127.0.0.1:{port}/").send(LETTER)


def test_a_dripping_server_ends_at_the_deadline() -> None:
    with dripping_server() as url:
        began = time.monotonic()
        with pytest.raises(Uncertain):
            HttpSms(url, deadline=0.4).send(LETTER)
        assert 0.3 < time.monotonic() - began < 3


def test_whatsapp_speaks_the_shape_of_its_providers() -> None:
    answer = json.dumps({"messages": [{"id": "wamid.1"}]})
    heard: list[Any] = []

    def take(letter: dict[str, Any]) -> tuple[int, str]:
        heard.append(dict(letter))
        letter["reference"] = letter["biz_opaque_callback_data"]  # the double's name for it
        return 200, answer

    with provider(answer=take) as double:
        assert HttpWhatsApp(double.url).send(LETTER) == "wamid.1"
    assert heard == [
        {
            "messaging_product": "whatsapp",
            "to": "6281234567890",
            "type": "text",
            "text": {"body": "Isi pesan"},
            "biz_opaque_callback_data": str(REFERENCE),
        }
    ]


def test_the_token_goes_to_its_own_host_only(settings: Any) -> None:
    settings.MESSAGE_TOKENS = {"127.0.0.1": "rahasia", "sms.example": "lain"}
    with provider() as double:
        gateway = HttpSms(double.url)
        gateway.send(LETTER)
    assert double.asked[0]["Authorization"] == "Bearer rahasia"
    assert "rahasia" not in gateway.name and gateway.name == double.name


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    with provider() as double:
        assert HttpSms(double.url).send(LETTER)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sms=http:http://sms.example/send", "https://"),
        ("sms=http:ftp://sms.example/send", "https://"),
        ("sms=http:https://", "https://"),
        ("sms=http:https://user:rahasia@sms.example/", "https://"),
        ("sms=http:https://sms.example/send", "no token for sms.example"),
        ("sms=smtp", "smtp"),
        ("email=http:https://mail.example/", "http"),
        ("fax=console", "fax"),
        ("email=anymail:tidakada", "tidakada"),
        ("sms=merpati", "merpati"),
    ],
)
def test_in_production_an_unsafe_or_unknown_way_out_is_named(settings: Any, text: str, named: str) -> None:
    settings.DEVELOPMENT = False
    with pytest.raises(NotConfigured, match=named) as refusal:
        parse(text)
    assert "rahasia" not in str(refusal.value)


def test_ways_out_are_tried_in_the_order_given(settings: Any) -> None:
    settings.DEVELOPMENT, settings.MESSAGE_TOKENS = False, {"one.example": "a", "two.example": "b"}
    found = parse("sms=http:https://one.example/send http:https://two.example/send; email=smtp anymail:mailgun")
    assert {channel: [gateway.name for gateway in gateways] for channel, gateways in found.items()} == {
        "sms": ["http-sms:one.example", "http-sms:two.example"],
        "email": ["mail:smtp", "mail:mailgun"],
    }


def test_the_console_shows_nobodys_number(capsys: pytest.CaptureFixture[str]) -> None:
    (console,) = parse("sms=console")["sms"]
    console.send(LETTER)
    said = capsys.readouterr().err
    assert "***90" in said and "81234" not in said and "Isi" not in said


@contextmanager
def smtp_server(recipient_answer: str, data_answer: str | None) -> Iterator[tuple[int, list[str]]]:
    """A mail server that answers RCPT and the end of the mail as told; None hangs up."""
    heard: list[str] = []

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            def say(line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            say("220 contoh.example")
            in_data = False
            for raw in self.rfile:
                line = raw.decode().rstrip("\r\n")
                heard.append(line)
                if in_data:
                    if line == ".":
                        in_data = False
                        if data_answer is None:
                            return
                        say(data_answer)
                elif line.upper().startswith("RCPT"):
                    say(recipient_answer)
                elif line.upper() == "DATA":
                    in_data = True
                    say("354 go on")
                elif line.upper() == "QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 ok")

    server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server.server_address[1], heard
    finally:
        server.shutdown()
        server.server_close()


MAIL = Letter(REFERENCE, "warga@contoh.example", "Kode masuk", "Kode Anda: 123456")


@pytest.fixture
def smtp(settings: Any) -> Callable[[int], Mail]:
    def on(port: int) -> Mail:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_USE_TLS = False
        return Mail("django.core.mail.backends.smtp.EmailBackend")

    return on


def test_mail_goes_out_by_smtp_under_its_reference(smtp: Callable[[int], Mail]) -> None:
    with smtp_server("250 ok", "250 taken") as (port, heard):
        assert str(REFERENCE) in smtp(port).send(MAIL)
    assert "Subject: Kode masuk" in heard and "Kode Anda: 123456" in heard
    assert any(line.startswith("Message-ID: <") and str(REFERENCE) in line for line in heard)


@pytest.mark.parametrize(
    ("recipient", "data", "meaning"),
    [
        ("550 no such user", "250 taken", Refused),
        ("450 try later", "250 taken", Unavailable),
        ("250 ok", "451 later", Unavailable),
        ("250 ok", None, Uncertain),
    ],
)
def test_what_a_mail_server_means(
    smtp: Callable[[int], Mail], recipient: str, data: str | None, meaning: type[Exception]
) -> None:
    with smtp_server(recipient, data) as (port, _heard), pytest.raises(meaning) as refusal:
        smtp(port).send(MAIL)
    assert "warga" not in str(refusal.value)
