"""From a factor that a planner tries to the version a second person published: with and without JavaScript, also on a phone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import DESK, PHONE, faults
from tests.browser.people import STAFF, sign_in
from tests.browser.portal import Portal

pytestmark = pytest.mark.browser


def calculate(page: Page, field: str, value: str) -> None:
    page.get_by_role("textbox", name=field).fill(value)
    page.get_by_role("button", name="Hitung", exact=True).click()
    page.wait_for_load_state()


@pytest.mark.parametrize(
    ("size", "script", "factor"),  # each another factor than the version in force, which the test before published
    [(DESK, True, "0,05"), (DESK, False, "0,03"), (PHONE, False, "0,02")],
    ids=["desk", "desk, no script", "phone, no script"],
)
def test_from_a_factor_to_the_published_version(
    portal: Portal, visitor: Callable[..., Page], size: dict[str, int], script: bool, factor: str
) -> None:
    page = visitor(size, java_script_enabled=script)
    sign_in(page, STAFF["planner"])
    page.goto("/provinsi/gelombang/2026-8/")
    page.get_by_role("link", name="Studio", exact=True).click()
    places = page.locator("#hasil tfoot td").nth(3)
    calculate(page, "Jumlah tempat", "5.000")  # fewer than there are seats, so that demand decides
    calculate(page, "Faktor AFIRMASI", "1")  # whatever the version in force has
    before = places.inner_text()
    calculate(page, "Faktor AFIRMASI", factor)
    expect(places).not_to_have_text(before)
    formulas = page.get_by_role("button", name="Ubah rumus")
    if not formulas.is_visible():  # open where the version in force has formulas of its own
        page.locator("summary", has_text="Rumus permintaan").click()
    formulas.click()
    page.get_by_label("AFIRMASI, pilihan 1, angka 1").select_option("unemployed")
    page.get_by_label("AFIRMASI, pilihan 1, bobot 1").fill(factor)
    if script:
        assert faults(page) == []
    page.get_by_role("button", name="Hitung dengan rumus ini").click()
    expect(page.locator("#aturan")).to_contain_text(f"{factor} × Penganggur")
    calculate(page, "Jumlah tempat", "20.000")
    expect(page.get_by_label("Faktor AFIRMASI")).to_have_value(factor)
    expect(page.locator(".state-bar")).to_contain_text("belum disimpan")
    page.get_by_label("Nama skenario").fill(f"Uji {size['width']} {script}")
    page.get_by_role("button", name="Simpan sebagai skenario baru").click()
    expect(page.locator(".state-bar")).to_contain_text("tersimpan")
    expect(page.get_by_role("button", name="Usulkan skenario ini")).to_be_visible()
    if script:
        assert faults(page) == []
    page.get_by_label("Alasan usulan").fill(f"Uji peramban {size['width']} {script}")
    page.get_by_role("button", name="Usulkan skenario ini").click()
    own = page.get_by_text(re.compile(r"Versi \d+ adalah usulan Anda sendiri"))
    for _ in range(30):  # the worker of the sample province makes it; the page reloads itself meanwhile
        if own.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    [version] = re.findall(r"Versi (\d+) adalah", own.inner_text())
    expect(page.get_by_role("button", name=f"Sahkan versi {version}")).to_have_count(0)

    second = visitor(size, java_script_enabled=script)
    sign_in(second, STAFF["approver"])
    second.goto("/provinsi/kuota/2026-8/")
    second.get_by_role("button", name=f"Sahkan versi {version}").click()
    expect(second.get_by_text(f"Versi {version} sudah disahkan dan diumumkan")).to_be_visible()
    second.goto("/kuota/2026-8/")
    expect(second.locator("main")).to_contain_text(re.compile(rf"[Vv]ersi {version}\b"))
