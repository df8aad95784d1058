"""At the counter: an office fills in for somebody on a phone, who takes the registration over on theirs."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import LANGUAGES, PHONE, faults, in_language
from tests.browser.people import STAFF, fill_birth_date, sign_in
from tests.browser.portal import Portal
from tests.browser.test_register import choose_village, declare, fill_the_rest, save

pytestmark = pytest.mark.browser


def look(page: Page) -> list[str]:
    """The faults in both languages of a page that is the same when it is opened again."""
    page.wait_for_load_state("networkidle")  # not the page that is being left
    found = []
    for language in reversed(LANGUAGES):
        in_language(page, language)
        page.reload()
        found += faults(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    return found


def test_assisted_and_claimed(portal: Portal, visitor: Callable[..., Page]) -> None:
    page = visitor(PHONE)
    sign_in(page, STAFF["mentor"])
    page.goto("/kantor/dampingi/")
    assert look(page) == []
    page.locator("#begin_agreed").check()
    page.get_by_role("button", name="Mulai mengisi").click()
    expect(page.locator(".whose")).to_contain_text("Anda membantu orang baru")
    page.locator("[name=name]").fill("Raden Ayu Siti Nurhaliza Kusumaningrum Contoh Peramban")
    page.locator("[name=nik]").fill("3399995003850031")
    page.locator("[name=kk]").fill("3399990101200031")
    fill_birth_date(page, ("10", "3", "1985"))
    page.locator("[name=sex][value=F]").check()
    save(page)
    expect(page.locator(".whose")).to_contain_text("Anda membantu Raden Ayu")
    assert look(page) == []
    page.locator("[name=phone]").fill("0812 9900 0031")
    page.locator("[name=address]").fill("Dusun Contoh RT 01 RW 02")
    choose_village(page, True)
    save(page)
    fill_the_rest(page, look, {"pmi_candidate": "ya", "laid_off": "tidak"})
    declare(page, look)
    assert look(page) == []
    review = page.url
    page.get_by_role("button", name="Daftar saja, gabung nanti").click()
    page.get_by_role("button", name="Gabung gelombang").click()
    expect(page.locator("h1")).to_have_text("Terdaftar dan ikut undian")
    assert look(page) == []
    number, code = (page.locator(".ticket-number").nth(at).inner_text() for at in (0, 1))
    page.get_by_role("button", name="Selesai, orang berikutnya").click()
    expect(page.locator("main")).to_contain_text("Layar sudah bersih")
    expect(page.locator("main")).to_contain_text("Raden Ayu")  # in the office's list, with what is left to do
    page.go_back()
    expect(page.locator("main")).not_to_contain_text(code)
    page.goto(review)
    expect(page.locator("main")).to_contain_text("Orang ini sudah ditutup di layar")

    person = visitor(PHONE)
    person.goto("/status/")
    person.get_by_role("link", name="Ambil dengan kode klaim").click()
    assert look(person) == []
    person.locator("[name=number]").fill(number)
    person.locator("[name=code]").fill(code.lower())
    fill_birth_date(person, ("11", "3", "1985"))
    person.get_by_role("button", name="Ambil pendaftaran").click()
    expect(person.get_by_role("alert")).to_contain_text("tidak cocok")
    assert faults(person) == []
    fill_birth_date(person, ("10", "3", "1985"))
    person.get_by_role("button", name="Ambil pendaftaran").click()
    expect(person.locator(".ticket-secret")).to_have_text(re.compile(r"(?:[0-9A-Z]{2,4} ?){3}"))
    person.goto("/status/")
    expect(person.locator("main")).to_contain_text(number)
    page.goto("/kantor/dampingi/")
    expect(page.locator("main")).not_to_contain_text("Raden Ayu")


def test_a_paper_form_is_entered(portal: Portal, visitor: Callable[..., Page]) -> None:
    page = visitor(PHONE)
    sign_in(page, STAFF["mentor"])
    page.goto("/kantor/dampingi/formulir/")
    page.locator("[name=size]").fill("2")
    page.get_by_role("button", name="Siapkan formulir").click()
    expect(page.get_by_role("link", name=re.compile("Buka PDF"))).to_have_count(1)
    page.goto("/kantor/dampingi/?formulir=7K3M9QXD2F")
    expect(page.locator("#paper_number")).to_have_value("7K3M9QXD2F")
    for part, value in (("day", "1"), ("month", "2"), ("year", "2026")):
        page.locator(f"[name=signed_on_{part}]").fill(value)
    page.get_by_role("button", name="Isikan formulir").click()
    expect(page.get_by_role("alert")).to_contain_text("tidak pernah mencetak formulir dengan nomor ini")
    assert faults(page) == []
