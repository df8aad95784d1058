"""A provider of SMS on this machine, over real HTTP: it answers as told and remembers what it took."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

Answer = tuple[int, str]


@dataclass
class Provider:
    url: str = ""
    answer: Callable[[dict[str, Any]], Answer | None] = lambda letter: (
        200,
        json.dumps({"id": letter["reference"][:8]}),
    )
    # Each reference once, as a provider with idempotency does.
    taken: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)  # headers of every request
    reached: Event = field(default_factory=Event)

    @property
    def name(self) -> str:
        return f"http-sms:{self.url.removeprefix('http://').removesuffix('/send')}"


@contextmanager
def provider(**how: Any) -> Iterator[Provider]:
    """`answer` gets the letter: (status, body), or None to hang up after having taken it."""
    double = Provider(**how)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            letter = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            double.asked.append(dict(self.headers))
            double.reached.set()
            answer = double.answer(letter)
            known = {taken["reference"] for taken in double.taken}
            if (answer is None or 200 <= answer[0] < 300) and letter["reference"] not in known:
                double.taken.append(letter)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer[0])
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(answer[1].encode())

        def do_GET(self) -> None:
            double.asked.append({"followed": self.path})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    double.url = f"http://127.0.0.1:{server.server_port}/send"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def dripping_server() -> Iterator[str]:
    """Says a byte every 0.05 s and never ends: each read succeeds, the answer never does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            try:
                while True:
                    self.wfile.write(b"x")
                    time.sleep(0.05)
            except OSError:
                pass

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/send"
    finally:
        server.shutdown()
        server.server_close()
