"""Every page of the portal, as everybody who may see it, in both languages and at both sizes.

Found by following links from where each role starts. A page that nobody links to is named by the last test, or stands in
ELSEWHERE, where a test of its own looks at it.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Error, Page, expect

from tests.browser.looks import LANGUAGES, faults, in_language
from tests.browser.people import STAFF, open_status, sign_in
from tests.browser.portal import Portal
from tests.prakerja.test_matrix import ACCESS

pytestmark = pytest.mark.browser

STARTS = (
    "/",
    "/gaya/",
    "/simulator/autentikator/",
    "/simulator/dukcapil/",
    "/status/",
    "/daftar/",
    "/masuk/",
    "/tempat-kerja/",
)
EACH = 2  # pages of one view, so that a list of 500 people is not 500 visits
ADMIN = "admin:"  # each view once for each role: the frame of all these pages is one,
ADMIN_IN_FULL = ("admin:index", "admin:clusters_district_")  # and English is looked at on these only
LOOKS = 3  # at one view, by whoever comes by, the first in both languages: most pages are the same to the next role
ELSEWHERE = {
    "own-papers",
    "receipt",
    "register-code",
    "register-review",
    "wishes",
    "confirm",
    "status-open",
    "draw-dice",
    "draw-confirm",
    "studio-formulas",
}  # test_register, test_sign_in, test_draw, test_studio
NO_PAGES = {  # files, answers to machines, and posts whose page is the one they are made on
    "api-schema", "audit-export", "district-options", "draw-auditors-pack", "draw-pack", "health", "health-live",
    "health-ready", "import-template", "metrics", "offline-manifest", "offline-worker", "own-data", "own-evidence",
    "paper-forms-pdf", "province-quota-propose", "province-quota-restore", "quota-csv", "quota-json", "quota-pdf",
    "quota-script", "quota-xlsx", "receipt-file", "seals-text", "verifier", "village-options",
}  # fmt: skip
# Swagger UI's, linked nowhere and not made to pass axe: color-contrast of its badges, nested-interactive of its rows,
# heading-order (h1, h3), html-has-lang, region.
SWAGGER = "api-docs"

# a link of an SVG holds its address in a way of its own
LINKS = """all => all.map(a => new URL(a.href.baseVal ?? a.href, location))
    .filter(url => url.origin === location.origin).map(url => url.pathname + url.search)"""

seen: dict[str, set[str]] = {}
looks: Counter[str] = Counter()


@pytest.mark.parametrize("role", ["public", "applicant", *STAFF])
def test_no_page_has_a_fault(role: str, portal: Portal, visitor: Callable[..., Page]) -> None:
    page = visitor()
    if role == "applicant":
        open_status(page, portal.people["with a place"])
    elif role != "public":
        sign_in(page, STAFF[role])
    found = faults_of_rows_added(page) if role == "operator" else []
    found += [fault for view in walk(page, role) for fault in faults_in_both_languages(page, view)]
    assert found == [], "\n".join(found)


def faults_in_both_languages(page: Page, view: str) -> Iterator[str]:
    looks[view] += 1
    if looks[view] > LOOKS:
        return
    if looks[view] > 1 or (view.startswith(ADMIN) and not view.startswith(ADMIN_IN_FULL)):
        yield from faults(page)
        return
    for language in reversed(LANGUAGES):  # the walk goes on in Indonesian
        in_language(page, language)
        page.reload()
        yield from faults(page)


def faults_of_rows_added(page: Page) -> list[str]:
    """A row where the sample province has none, so that its pages in the admin are found; what is wrong on the way."""
    page.goto("/admin/clusters/holiday/add/")
    page.locator("[name=day]").fill("2031-01-02")
    page.locator("[name=name]").fill("Contoh")
    page.locator("[name=_save]").click()
    page.goto("/admin/accounts/institution/add/")
    page.locator("[name=name]").fill("Lembaga Contoh")
    page.locator("[name=kind]").select_option("ministry")
    page.locator("[name=_save]").click()
    page.goto("/admin/accounts/apiclient/add/")
    page.locator("[name=institution]").select_option(index=1)
    page.locator("[name=name]").fill("Program Contoh")
    page.locator("[name=scopes]").first.check()
    page.locator("[name=expires_on]").fill("2031-01-02")
    page.get_by_role("button", name="Buat").click()
    expect(page.locator("code")).to_have_count(2)
    return faults(page)  # the secret is shown in this answer only


def walk(page: Page, role: str) -> Iterator[str]:
    """Leave `page` at one address after another, and yield the name of its view."""
    waiting = deque([*STARTS, urlsplit(page.url).path])
    visits: Counter[str] = Counter()
    known: set[str] = set()
    while waiting:
        address = waiting.popleft()
        name = view_of(address)
        if name is None or address in known or visits[name] >= each(name):
            continue
        known.add(address)
        try:
            answer = page.goto(address)
        except Error as error:
            if "Download is starting" in str(error) or "ERR_ABORTED" in str(error):
                continue
            raise
        if answer is None or "text/html" not in answer.headers.get("content-type", "") or answer.status >= 400:
            continue
        landed = view_of(urlsplit(page.url).path)
        if landed is None or visits[landed] >= each(landed):
            continue
        visits[landed] += 1
        seen.setdefault(role, set()).add(landed)
        waiting.extend(page.eval_on_selector_all("a[href]", LINKS))
        yield landed


def each(view: str) -> int:
    return 1 if view.startswith(ADMIN) else EACH


def view_of(address: str) -> str | None:
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return None


def test_every_page_was_looked_at() -> None:
    """Runs last: what some role is answered with a page, but no walk came by."""
    pages = {key for key, row in ACCESS.items() if 200 in row.values() and " " not in key} - NO_PAGES
    missed = pages - set().union(*seen.values()) - ELSEWHERE - {SWAGGER}
    assert not missed, ", ".join(sorted(missed))
