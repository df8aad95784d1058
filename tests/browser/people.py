"""What people do at a browser, step by step."""

import re

from playwright.sync_api import Page, expect

from prakerja.rehearsal.province import PASSWORD
from prakerja.rehearsal.province import STAFF as ACCOUNTS
from tests.browser.portal import Person

STAFF = {role: email for _name, email, role, _regency in ACCOUNTS}


def sign_in(page: Page, email: str) -> None:
    """Password, then the six digits of the simulated authenticator, read in a tab of its own."""
    page.goto("/masuk/")
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Masuk", exact=True).click()
    page.wait_for_url("**/masuk/langkah-kedua/**")
    used = ""
    while "/masuk/" in page.url:  # a code opens once: whoever came in a moment ago waits for the next one
        while (code := authenticator_code(page, email)) == used:
            page.wait_for_timeout(1000)
        used = code
        page.locator("[name=code]").fill(code)
        page.get_by_role("button", name="Masuk", exact=True).click()
        page.wait_for_load_state()


def authenticator_code(page: Page, email: str) -> str:
    phone = page.context.new_page()
    phone.goto("/simulator/autentikator/")
    digits = phone.locator("tr").filter(has_text=email).locator(".phone-code").inner_text()
    phone.close()
    return re.sub(r"\D", "", digits)


def open_status(page: Page, person: Person) -> None:
    page.goto("/status/")
    page.locator("[name=number]").fill(person.number)
    page.locator("[name=code]").fill(person.code)
    fill_birth_date(page, person.born)
    page.get_by_role("button", name="Lihat status").click()
    expect(page.locator("h1")).not_to_have_text("Lihat status pendaftaran")


def fill_birth_date(page: Page, born: tuple[str, str, str]) -> None:
    """In the three parts that the form has, whether to type in or to choose from."""
    for part, value in zip(("day", "month", "year"), born, strict=True):
        field = page.locator(f"[name=birth_date_{part}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(str(int(value)))
        else:
            field.fill(str(int(value)))
