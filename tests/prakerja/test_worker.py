"""What gunicorn's worker tells the application of a request's wait is its own measurement."""

import socket
from collections.abc import Callable, Iterable
from typing import Any

from bench.http import answer, web


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    told = [("X-Told", environ.get("HTTP_X_QUEUED_SECONDS", "nothing")), ("Content-Length", "0")]
    start_response("200 OK", told)
    return [b""]


def test_a_client_cannot_say_how_long_it_waited() -> None:
    with web(f"{__name__}:application", worker_class="prakerja.operations.worker.Worker") as (port, _process):
        for claimed in ("X-Queued-Seconds: 99", "X_Queued_Seconds: 99", "x-queued-seconds: nan", "X-Other: 1"):
            with socket.create_connection(("127.0.0.1", port), 20) as connection:
                connection.sendall(f"GET / HTTP/1.1\r\nHost: localhost\r\n{claimed}\r\n\r\n".encode())
                status, header = answer(connection)
            told = next(line for line in header.split(b"\r\n") if line.startswith(b"X-Told: ")).decode()
            assert status == 200 and 0 <= float(told.removeprefix("X-Told: ")) < 60, told
