"""A villager registers on a cheap phone: with and without JavaScript, and going on with another phone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.looks import LANGUAGES, PHONE, faults, in_language
from tests.browser.people import fill_birth_date
from tests.browser.portal import Portal
from tests.factories.pictures import EICAR, photo

pytestmark = pytest.mark.browser

CODE = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{4} ?){3}")
NUMBER = re.compile(r"\d{4}\s\d{4}\s\d{4}")
CHOICES = {"education": "sma", "marital_status": "married", "occupation": "jobseeker"}
STATEMENTS = {"citizen": "ya", "received_before": "tidak"}


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_from_the_landing_page_to_a_place_in_the_draw(
    script: bool, portal: Portal, visitor: Callable[..., Page]
) -> None:
    page = visitor(PHONE, java_script_enabled=script)
    look = faults_in_both_languages if script else nothing_more
    page.goto("/")
    page.get_by_role("link", name="Daftar sekarang").first.click()
    page.get_by_role("link", name="Mulai mengisi").click()
    identify(page, number=int(script) + 1)
    save(page)
    assert CODE.fullmatch(page.locator(".ticket-number").inner_text().strip())
    page.get_by_role("link", name="Lanjut mengisi").click()

    assert look(page) == []
    page.locator("[name=phone]").fill("0812")
    page.locator("[name=address]").fill("Dusun Contoh RT 01 RW 02")
    choose_village(page, script)
    save(page)
    # the number is cut short: the summary says so, everything typed is still there, and the rest is saved
    expect(page.get_by_role("alert")).to_contain_text("Nomor HP tidak dikenali")
    expect(page.locator("[name=address]")).to_have_value("Dusun Contoh RT 01 RW 02")
    expect(page.locator("[name=village_id]")).not_to_have_value("")
    expect(page.locator(".register-saved")).to_contain_text("Tersimpan")
    if script:
        assert faults(page) == []
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.locator("[name=phone]").fill(f"0812 9900 000{int(script) + 1}")
    save(page)
    expect(page.locator(".progress")).to_contain_text("Langkah 3 dari 8 — sekitar 6 menit lagi")
    fill_the_rest(page, look, {"pmi_candidate": "ya", "laid_off": "tidak"})
    send_a_photo(page, look, cut=script)
    declare(page, look)

    expect(page.locator("h1")).to_have_text("Periksa jawaban Anda")
    assert look(page) == []
    page.get_by_role("link", name="Ubah Alamat tempat tinggal").click()
    page.locator("[name=address]").fill("Dusun Contoh RT 03 RW 04")
    save(page)
    expect(page.locator("main")).to_contain_text("RT 03 RW 04")
    page.get_by_role("button", name="Daftar saja, gabung nanti").click()

    number = page.locator(".ticket-number").first.inner_text()
    assert NUMBER.fullmatch(number.strip())
    assert look(page) == []
    page.goto("/bantuan/")  # on every page until it is done
    assert look(page) == []
    page.locator(".next-step").get_by_role("button", name="Gabung gelombang").click()
    expect(page.locator("h1")).to_have_text("Anda ikut undian")
    page.get_by_role("link", name="Pilih kelas").click()
    assert look(page) == []
    page.locator("[name=wish_0]").select_option(index=1)
    page.get_by_role("button", name=re.compile("Simpan")).click()
    page.goto("/status/")
    expect(page.locator("main")).to_contain_text(number.strip())
    expect(page.locator(".next-step")).to_have_count(0)
    page.get_by_role("link", name="Kirim atau ganti bukti").click()
    expect(page.locator("main")).to_contain_text("Menunggu diperiksa")
    assert look(page) == []


def test_begun_on_one_phone_and_finished_on_another(portal: Portal, visitor: Callable[..., Page]) -> None:
    first, second = visitor(PHONE), visitor(PHONE, java_script_enabled=False)
    first.goto("/daftar/isi/ktp/")
    identify(first, number=3)
    save(first)
    code = first.locator(".ticket-number").inner_text()
    assert faults(first) == []
    for address in ("/daftar/kode/", "/daftar/"):
        first.goto(address)
        assert faults_in_both_languages(first) == []

    second.goto("/daftar/")
    second.get_by_role("link", name="Lanjutkan dengan kode").click()
    second.locator("[name=code]").fill("7K3M 9QXD 2FHV")
    second.get_by_role("button", name="Lanjutkan").click()
    expect(second.get_by_role("alert")).to_contain_text("Kode ini tidak membuka pendaftaran")
    second.locator("[name=code]").fill(code.lower())
    second.get_by_role("button", name="Lanjutkan").click()
    expect(second.locator(".progress")).to_contain_text("Langkah 2 dari 8")

    # the first phone shows this page too, and what it sends later must not replace what the second has saved
    first.goto("/daftar/isi/tempat-tinggal/")
    for page, address in ((second, "Dusun Contoh RT 05 RW 06"), (first, "Dusun Contoh RT 07 RW 08")):
        page.locator("[name=phone]").fill("0812 9900 0003")
        page.locator("[name=address]").fill(address)
        choose_village(page, script=page is first)
        save(page)
    expect(first.locator(".outcome")).to_contain_text("Halaman ini juga diisi di perangkat lain")
    expect(first.locator("[name=address]")).to_have_value("Dusun Contoh RT 07 RW 08")
    assert faults(first) == []

    fill_the_rest(second, nothing_more, {"pmi_candidate": "tidak", "laid_off": "tidak"})
    declare(second, nothing_more)
    expect(second.locator("main")).to_contain_text("RT 05 RW 06")
    second.get_by_role("button", name="Daftar dan gabung gelombang").click()
    expect(second.locator("h1")).to_have_text("Anda ikut undian")


def nothing_more(page: Page) -> list[str]:
    return []


def faults_in_both_languages(page: Page) -> list[str]:
    """Of a page that is the same when it is opened again; then on as before."""
    found = []
    for language in reversed(LANGUAGES):
        in_language(page, language)
        page.reload()
        found += faults(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    return found


def identify(page: Page, *, number: int) -> None:
    page.locator("[name=name]").fill("Siti Contoh Peramban")
    page.locator("[name=nik]").fill(f"339999500385000{number}")
    page.locator("[name=kk]").fill(f"339999010120000{number}")
    fill_birth_date(page, ("10", "3", "1985"))
    page.locator("[name=sex][value=F]").check()


def fill_the_rest(page: Page, look: Callable[[Page], list[str]], claims: dict[str, str]) -> None:
    """From schooling and work up to the page behind disability."""
    assert look(page) == []
    for name, value in CHOICES.items():
        page.locator(f"[name={name}]").select_option(value)
    page.locator("[name=in_education][value=tidak]").check()
    page.locator("[name=dependants]").fill("1")
    save(page)
    assert look(page) == []
    page.locator("[name=unfamiliar_digital]").check()
    save(page)
    assert look(page) == []
    for name, value in claims.items():
        page.locator(f"[name={name}][value={value}]").check()
    save(page)
    assert look(page) == []
    page.locator("[name=disability][value=lewati]").check()
    save(page)


def send_a_photo(page: Page, look: Callable[[Page], list[str]], *, cut: bool) -> None:
    """Not a photo first, then one whose way is cut once; in pieces where scripts run, else as a form."""
    expect(page.locator("h1")).to_have_text("Bukti")
    assert look(page) == []
    page.locator("[name=file]").set_input_files({"name": "surat.jpg", "mimeType": "image/jpeg", "buffer": EICAR})
    page.get_by_role("button", name="Kirim foto").click()
    expect(page.locator("main")).to_contain_text("Ini bukan foto")
    if cut:
        broken: list[str] = []

        def break_once(route: Route) -> None:
            broken.append(route.request.url)
            if len(broken) == 2:
                route.abort()
            else:
                route.continue_()

        page.route("**/daftar/bukti/bagian/**", break_once)
    letter = {"name": "surat.png", "mimeType": "image/png", "buffer": photo(1500, 900, "PNG") + bytes(500_000)}
    page.locator("[name=file]").set_input_files(letter)
    page.get_by_role("button", name="Kirim foto").click()
    if cut:
        expect(page.locator("[data-upload-status]")).to_contain_text("Sambungan terputus")
    expect(page.locator("main")).to_contain_text("Foto sudah kami terima")
    assert look(page) == []
    save(page)


def declare(page: Page, look: Callable[[Page], list[str]]) -> None:
    """The statement, and on to the review."""
    assert look(page) == []
    for name, value in STATEMENTS.items():
        page.locator(f"[name={name}][value={value}]").check()
    page.locator("[name=consent]").check()
    save(page)


def save(page: Page) -> None:
    page.get_by_role("button", name="Simpan dan lanjut").last.click()


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
