"""A person at a browser: real HTTP against the pages, forms filled as shown, cookies kept."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from django.core.servers.basehttp import WSGIRequestHandler, WSGIServer

from prakerja.wsgi import application


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """The portal on a free port of this machine for as long as the block runs; yields its address.

    One thread answers, so one connection to the database serves all requests.
    """
    server = WSGIServer(("127.0.0.1", 0), _QuietHandler)
    server.set_app(application)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Browser:
    """`open` and `submit` return status and page; redirects are followed."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))

    def open(self, path: str) -> tuple[int, str]:
        return self._fetch(path, None)

    def submit(
        self, path: str, page: str, values: Mapping[str, str | list[str]], to: str | None = None
    ) -> tuple[int, str]:
        """Post `values` with the hidden fields of the form shown in `page`, to `to` or to the page itself."""
        hidden = dict(_hidden(page))
        return self._fetch(to or path, urlencode({**hidden, **values}, doseq=True).encode())

    def _fetch(self, path: str, data: bytes | None) -> tuple[int, str]:
        try:
            with self._opener.open(self.address + path, data) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as refused:
            return refused.code, refused.read().decode()


def _hidden(page: str) -> Iterator[tuple[str, str]]:
    for field in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', field), re.search(r'value="([^"]*)"', field)
        if name:
            yield unescape(name[1]), unescape(value[1]) if value else ""
