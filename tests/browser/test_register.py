"""A villager registers on a cheap phone, with and without JavaScript."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import PHONE, faults
from tests.browser.people import fill_birth_date
from tests.browser.portal import Portal

pytestmark = pytest.mark.browser

WORDS = {
    "name": "Siti Contoh Peramban",
    "kk": "3399990101200001",
    "phone": "0812 9900 0001",
    "dependants": "1",
    "address": "Dusun Contoh RT 01 RW 02",
}
CHOICES = {"education": "sma", "marital_status": "married", "occupation": "jobseeker"}
ANSWERS = {
    "citizen": "ya", "in_education": "tidak", "received_before": "tidak", "pmi_candidate": "tidak",
    "laid_off": "tidak", "disability": "tidak",
}  # fmt: skip


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_from_the_landing_page_to_a_place_in_the_draw(
    script: bool, portal: Portal, visitor: Callable[..., Page]
) -> None:
    page = visitor(PHONE, java_script_enabled=script)
    page.goto("/")
    page.get_by_role("link", name="Daftar sekarang").first.click()
    for name, text in WORDS.items():
        page.locator(f"[name={name}]").fill(text)
    page.locator("[name=nik]").fill(f"339999500385000{int(script) + 1}")
    page.locator("[name=kk]").fill(f"339999010120000{int(script) + 1}")
    page.locator("[name=phone]").fill(f"0812 9900 000{int(script) + 1}")
    fill_birth_date(page, ("10", "3", "1985"))
    page.locator("[name=sex]").and_(page.locator("[value=F]")).check()
    for name, value in CHOICES.items():
        page.locator(f"[name={name}]").select_option(value)
    for name, value in ANSWERS.items():
        page.locator(f"[name={name}][value={value}]").check()
    page.locator("[name=unfamiliar_digital]").check()
    choose_village(page, script)
    page.get_by_role("button", name="Kirim pendaftaran").last.click()

    # the consent was forgotten: the summary says so, and everything typed is still there
    expect(page.get_by_role("alert")).to_contain_text("Beri tanda setuju")
    expect(page.locator("[name=name]")).to_have_value(WORDS["name"])
    expect(page.locator("[name=village_id]")).not_to_have_value("")
    if script:
        assert faults(page) == []
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.locator("[name=consent]").check()
    page.get_by_role("button", name="Kirim pendaftaran").last.click()

    number = page.locator(".ticket-number").first.inner_text()
    assert re.fullmatch(r"\d{4}\s\d{4}\s\d{4}", number.strip())
    if script:
        assert faults(page) == []
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.get_by_role("button", name="Gabung gelombang").click()
    expect(page.locator("h1")).to_have_text("Anda ikut undian")
    page.get_by_role("link", name="Pilih kelas").click()
    if script:
        assert faults(page) == []
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.locator("[name=wish_0]").select_option(index=1)
    page.get_by_role("button", name=re.compile("Simpan")).click()
    page.goto("/status/")
    expect(page.locator("main")).to_contain_text(number.strip())


def choose_village(page: Page, script: bool) -> None:
    page.locator("[name=regency]").select_option(label="Kabupaten Cilacap")
    if not script:
        page.get_by_role("button", name="Pilih kecamatan").click()
    page.locator("[name=district] option:nth-child(2)").wait_for(state="attached")
    page.locator("[name=district]").select_option(index=1)
    if not script:
        page.get_by_role("button", name="Pilih desa").click()
    page.locator("[name=village_id] option:nth-child(2)").wait_for(state="attached")
    page.locator("[name=village_id]").select_option(index=1)
