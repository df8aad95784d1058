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
    page.locator("[name=code]").fill(authenticator_code(page, email))
    page.locator("main form button[type=submit], main form button").first.click()
    page.wait_for_url(lambda address: "/masuk/" not in address)


def authenticator_code(page: Page, email: str) -> str:
    phone = page.context.new_page()
    phone.goto("/simulator/autentikator/")
    row = phone.locator("li, tr, article").filter(has_text=email).last
    digits = re.sub(r"\D", "", row.locator("code, output, strong, b").first.inner_text())
    phone.close()
    assert len(digits) == 6, digits
    return digits


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
