"""A village without a signal: filled in with the network off, sent when it is back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import PHONE, faults
from tests.browser.people import STAFF, fill_birth_date, sign_in
from tests.browser.portal import Portal

pytestmark = pytest.mark.browser

PIN = "sawah-2026"
SLOW = 30_000  # milliseconds: keeping the page, and deriving a key, where other work has the processor
KEPT = """async () => {
  const opening = indexedDB.open("luring");
  const base = await new Promise(resolve => { opening.onsuccess = () => resolve(opening.result); });
  const asked = base.transaction("kept").objectStore("kept").getAll();
  const rows = await new Promise(resolve => { asked.onsuccess = () => resolve(asked.result); });
  base.close();
  return rows.map(row => Object.keys(row).join() + new TextDecoder("latin1").decode(row.sealed));
}"""


def test_filled_in_without_a_network_and_sent_later(portal: Portal, visitor: Callable[..., Page]) -> None:
    page = visitor(PHONE)
    sign_in(page, STAFF["mentor"])
    page.goto("/kantor/luar-jaringan/")
    expect(page.locator("#kesiapan")).to_have_text("Siap dipakai tanpa jaringan di perangkat ini.", timeout=SLOW)
    assert faults(page) == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.context.set_offline(True)
    page.reload()
    make_pin(page)

    page.get_by_role("button", name="Simpan di perangkat ini").click()
    expect(page.get_by_role("alert")).to_contain_text("Bacakan dulu")
    assert faults(page) == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    fill_in(page, name="Siti Tanpa Sinyal", number=41)
    fill_in(page, name="Siti Dengan Jabatan", number=42, occupation="asn")
    rows = page.evaluate(KEPT)
    assert len(rows) == 2 and all(row.startswith("id,iv,sealed") and "Siti" not in row for row in rows)
    page.get_by_role("button", name="Kirim sekarang").click()
    expect(page.get_by_role("alert")).to_contain_text("Belum ada jaringan")

    page.reload()  # and the PIN is asked for again
    for left in (4, 3, 2, 1):
        unlock(page, "keliru-sekali")
        expect(page.get_by_role("alert")).to_contain_text(f"Sisa percobaan: {left}")
    unlock(page, PIN)
    expect(page.locator("#daftar")).to_contain_text("Siti Tanpa Sinyal")
    assert faults(page) == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]

    page.context.set_offline(False)
    # the portal registers, but its answer never arrives
    page.route("**/kirim/", lambda route: (route.fetch(), route.abort())[1], times=1)
    page.get_by_role("button", name="Kirim sekarang").click()
    expect(page.get_by_role("alert")).to_contain_text("Belum ada jaringan")
    expect(page.locator("#daftar > li")).to_have_count(2)
    page.get_by_role("button", name="Kirim sekarang").click()
    expect(page.locator("#kabar")).to_contain_text("Terkirim: 1")
    expect(page.locator("#daftar > li")).to_have_count(1)
    expect(page.locator("#daftar")).to_contain_text("Pasal")
    page.goto("/kantor/dampingi/")
    expect(page.locator("main").get_by_text("Siti Tanpa Sinyal", exact=True)).to_have_count(1)


def test_five_wrong_pins_close_it(portal: Portal, visitor: Callable[..., Page]) -> None:
    page = visitor(PHONE)
    sign_in(page, STAFF["mentor"])
    page.goto("/kantor/luar-jaringan/")
    expect(page.locator("#kesiapan")).not_to_be_empty(timeout=SLOW)
    make_pin(page)
    page.get_by_role("button", name="Kunci perangkat").click()
    for _ in range(5):
        unlock(page, "keliru-sekali")
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator("#id_pin")).to_have_value("")
    expect(page.get_by_role("alert")).to_contain_text("Coba lagi 5 menit lagi")
    page.reload()
    unlock(page, PIN)  # the right one waits too
    expect(page.get_by_role("alert")).to_contain_text("menit lagi")
    expect(page.locator("#terbuka")).to_be_hidden()


def make_pin(page: Page) -> None:
    page.locator("#id_pin").fill(PIN)
    page.locator("#id_again").fill(PIN)
    page.get_by_role("button", name="Buka", exact=True).click()
    expect(page.locator("#terbuka")).to_be_visible(timeout=SLOW)


def unlock(page: Page, pin: str) -> None:
    page.evaluate("document.querySelector('#masalah').hidden = true")
    page.locator("#id_pin").fill(pin)
    page.get_by_role("button", name="Buka", exact=True).click()


def fill_in(page: Page, *, name: str, number: int, occupation: str = "jobseeker") -> None:
    page.locator("[name=agreed]").check()
    page.locator("[name=name]").fill(name)
    page.locator("[name=nik]").fill(f"33999950038500{number}")
    page.locator("[name=kk]").fill(f"33999901012000{number}")
    fill_birth_date(page, ("10", "3", "1985"))
    page.locator("[name=sex][value=F]").check()
    page.locator("[name=phone]").fill(f"0812 9900 00{number}")
    page.locator("[name=village_id]").select_option(index=1)
    page.locator("[name=address]").fill("Dusun Contoh RT 01 RW 02")
    chosen = {"education": "sma", "marital_status": "married", "occupation": occupation}
    for field, value in chosen.items():
        page.locator(f"[name={field}]").select_option(value)
    page.locator("[name=dependants]").fill("1")
    page.locator("[name=unfamiliar_digital]").check()
    for field in ("in_education", "pmi_candidate", "laid_off", "received_before"):
        page.locator(f"[name={field}][value=tidak]").check()
    page.locator("[name=disability][value=lewati]").check()
    page.locator("[name=citizen][value=ya]").check()
    page.locator("[name=consent]").check()
    page.get_by_role("button", name="Simpan di perangkat ini").click()
    expect(page.locator("#kabar")).to_have_text("Tersimpan di perangkat ini.")
