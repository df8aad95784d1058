"""Two persons draw a wave in front of witnesses, and anybody checks it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import faults
from tests.browser.people import STAFF, sign_in

pytestmark = pytest.mark.browser

WAVE = "2026-7"
DICE = "123456" * 10


def test_from_a_closed_wave_to_a_published_result(visitor: Callable[..., Page]) -> None:
    planner, approver, public = visitor(), visitor(), visitor()
    sign_in(planner, STAFF["planner"])
    sign_in(approver, STAFF["approver"])
    address = f"/provinsi/undian/{WAVE}/"

    planner.goto(address)
    planner.get_by_role("button", name="Bekukan daftar").click()
    until(planner, planner.get_by_role("button", name="Catat dadu"))
    assert faults(planner) == []
    planner.locator("[name=dice]").fill("1234")
    planner.locator("[name=witnesses]").fill("Ibu Contoh, Ombudsman")
    planner.get_by_role("button", name="Catat dadu").click()
    expect(planner.locator("[name=witnesses]")).to_have_value("Ibu Contoh, Ombudsman")
    assert faults(planner) == []
    planner.locator("[name=dice]").fill(DICE)
    planner.get_by_role("button", name="Catat dadu").click()
    expect(planner.locator("main")).to_contain_text("Menunggu orang kedua")

    approver.goto(address)
    approver.locator("[name=dice]").fill(DICE)
    approver.get_by_role("button", name="Cocokkan dan mulai undian").click()
    until(approver, approver.get_by_role("button", name="Umumkan hasil"))
    assert faults(approver) == []
    approver.get_by_role("button", name="Umumkan hasil").click()
    until(approver, approver.get_by_text("Hasil sudah diumumkan"))

    public.goto(f"/undian/{WAVE}/")
    expect(public.locator("main")).to_contain_text("Ibu Contoh, Ombudsman")
    assert faults(public) == []


def until(page: Page, sign: object) -> None:
    """Reload, as the page asks for, until the worker has done it."""
    for _ in range(60):
        if sign.count():  # type: ignore[attr-defined]
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(page.inner_text("main"))
