"""Signing in with a passkey, kept by a virtual authenticator of the browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from prakerja.rehearsal.province import PASSWORD
from tests.browser.looks import PHONE, faults
from tests.browser.people import STAFF, authenticator_code, sign_in

pytestmark = pytest.mark.browser

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_is_made_once_and_opens_the_next_time(visitor: Callable[..., Page]) -> None:
    page, email = visitor(PHONE), STAFF["auditor"]
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    sign_in(page, email)
    page.goto("/akun/")
    page.get_by_role("link", name="Tambah faktor kedua").click()
    if "/konfirmasi/" in page.url:
        assert faults(page) == []
        give_next_code(page, email)
    assert faults(page) == []
    page.locator("form[data-passkey=create] [name=name]").fill("Laptop kantor")
    page.get_by_role("button", name="Buat kunci sandi").click()
    expect(page.locator("h1")).to_have_text("Simpan kode pemulihan Anda")
    assert faults(page) == []
    page.goto("/akun/")
    expect(page.locator("main")).to_contain_text("Laptop kantor")
    assert faults(page) == []

    page.context.clear_cookies()
    page.goto("/masuk/")
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Masuk", exact=True).click()
    assert faults(page) == []
    page.get_by_role("button", name="Pakai kunci sandi").click()
    page.wait_for_url(lambda address: "/masuk/" not in address)
    expect(page.locator("h1").first).to_be_visible()


def give_next_code(page: Page, email: str) -> None:
    """A code opens once; the one of the sign-in is spent."""
    spent = authenticator_code(page, email)
    while (code := authenticator_code(page, email)) == spent:
        page.wait_for_timeout(1000)
    page.locator("[name=code]").fill(code)
    page.get_by_role("button", name="Lanjut").click()
    page.wait_for_url(lambda address: "/konfirmasi/" not in address)
