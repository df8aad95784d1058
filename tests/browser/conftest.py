"""Chromium before a whole portal. Whatever a page complains about fails the test that opened it."""

from collections.abc import Callable, Iterator
from shutil import rmtree, which

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from prakerja.embedded.state import state_of
from tests.browser.portal import Portal, running

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    # beside the state of the other tests, whose path is short enough for a socket and open to the servers' account
    folder = state_of("test").folder.with_name(f"browser-{tmp_path_factory.getbasetemp().name}")
    try:
        with running(folder) as portal:
            yield portal
    finally:
        rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = which("chromium")
    assert program, "Chromium is needed: make test-browser"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=QUIET)


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What pages of this test reported: CSP violations, script errors, answers of 500, requests to elsewhere."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def visitor(portal: Portal, chromium: Browser, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """`visitor(PHONE)`: the first page of somebody new with a browser of this size."""
    contexts: list[BrowserContext] = []

    def arrive(size: dict[str, int] = DESK, **options: object) -> Page:
        context = chromium.new_context(base_url=portal.address, viewport=size, locale="id-ID", **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on(
            "console", lambda m: complaints.append(f"{page.url}: {m.text}") if _is_complaint(m.text, m.type) else None
        )
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("response", lambda r: complaints.append(f"{r.url}: {r.status}") if r.status >= 500 else None)
        page.on("request", lambda r: None if _is_ours(r.url, portal) else complaints.append(f"{page.url} asks {r.url}"))
        return page

    yield arrive
    for context in contexts:
        context.close()


def _is_complaint(text: str, kind: str) -> bool:
    """A refused request is also told on the console; whether that was right is for the test to say."""
    return kind == "error" and "Failed to load resource" not in text


def _is_ours(url: str, portal: Portal) -> bool:
    return url.startswith((portal.address, "data:", "blob:"))
