"""Filling in a registration page by page, leaving it and coming back: behind the walls, as portal_web."""

import gzip
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.models import BlankSpotVillage, Wave
from registrations.forms.page import MOST_TYPED
from registrations.forms.pages import PAGES, Page
from registrations.models import Applicant, Draft, Registration
from registrations.selectors.drafts import pages_of
from registrations.services.consents import CONSENT_VERSION
from tests.factories.people import VILLAGE_ID, make_region, make_wave
from tests.prakerja.test_public import FIRST_LOAD
from tests.registrations.journey import (
    SLUGS,
    TYPED,
    address,
    date_parts,
    drafted,
    fill_in,
    form_of,
    holding,
    send,
    sent,
    typed,
)

# Committed for real: the session is saved after the request has given its role back, as in production.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def code_in(answer: Any) -> str:
    return str(answer.context["code"])


def kept(slug: str) -> dict[str, str]:
    return pages_of(Draft.objects.get())[slug].answers


class TestSaving:
    def test_page_by_page_to_the_review(self, client: Client, wave: Wave) -> None:
        assert client.get("/daftar/").context["journey"].go_on == address("ktp")
        for at, slug in enumerate(SLUGS):
            page = client.get(address(slug)).content.decode()
            total = 8 + (at > SLUGS.index("klaster"))  # the papers are asked for only now
            assert f"Langkah {at + 1} dari {total}" in page
            answer = fill_in(client, [slug])
            following = address(SLUGS[at + 1]) if at + 1 < len(SLUGS) else "/daftar/periksa/"
            assert (answer.context["journey"].go_on if at == 0 else answer.url) == following
            assert kept(slug).items() >= TYPED[slug].items()
        page = client.get(address("keadaan")).content.decode()
        assert "sekitar 8 menit lagi" in page and "Tersimpan" in page
        assert fill_in(client, ["keadaan"]).url == "/daftar/periksa/"  # a page that was changed leads back

    def test_what_is_wrong_is_named_and_the_rest_is_saved_already(self, client: Client, wave: Wave) -> None:
        answer = fill_in(client, ["ktp"], nik="123", name="Siti <Contoh>")
        page = answer.content.decode()
        assert answer.status_code == 422
        assert page.count("error-summary") == 1 and 'href="#id_nik"' in page and "Yang Anda isi 3 angka" in page
        assert "Siti &lt;Contoh&gt;" in page and 'value="123"' in page
        assert kept("ktp")["name"] == "Siti <Contoh>" and "nik" not in kept("ktp")
        assert Draft.objects.get().step == "ktp"

    def test_nothing_sent_names_every_question(self, client: Client, wave: Wave) -> None:
        page = client.post(address("ktp"), {"revision": 0}).content.decode()
        assert all(f'href="#id_{field}' in page for field in ("name", "nik", "kk", "sex", "birth_date"))

    def test_the_draft_is_encrypted_and_lasts_half_a_year_after_the_wave(self, client: Client, wave: Wave) -> None:
        fill_in(client, ["ktp"])
        draft = Draft.objects.get()
        assert b"3374" not in draft.pages.ciphertext and str(draft.pages) == "********"
        assert draft.expires_at == wave.closes_at + timedelta(days=180)
        Wave.objects.update(state="closed")
        fill_in(client, ["alasan"])
        draft.refresh_from_db()
        assert draft.expires_at == draft.saved_at + timedelta(days=180)

    def test_a_page_beyond_the_first_needs_a_draft(self, client: Client, wave: Wave) -> None:
        assert client.get(address("keadaan")).url == client.get("/daftar/periksa/").url == "/daftar/lanjut/"
        assert client.get(address("tidak-ada")).status_code == 404
        assert not Draft.objects.exists()

    def test_choosing_without_a_script_keeps_everything(self, client: Client, wave: Wave) -> None:
        fill_in(client, ["ktp"])
        data = typed(phone="1")["tempat-tinggal"] | {"choose": "district", "revision": 1}
        page = client.post(address("tempat-tinggal"), data).content.decode()
        assert "error-summary" not in page
        assert 'value="1"' in page and f'value="{VILLAGE_ID // 10_000}" selected' in page

    def test_a_blank_spot_village_brings_its_reason(self, client: Client, wave: Wave) -> None:
        listed = {"village_id": VILLAGE_ID, "printed_name": "C", "period": "2026", "source": "https://contoh.id"}
        BlankSpotVillage.objects.create(**listed)
        assert "Alasan ini sudah kami catat" in holding(drafted()).get(address("alasan")).content.decode()
        assert sent(unfamiliar_digital=None)[1].status_code == 302

    def test_options_for_the_script(self, client: Client, wave: Wave) -> None:
        districts = client.get("/daftar/kecamatan/", {"parent": VILLAGE_ID // 1_000_000}).json()
        assert districts == [[VILLAGE_ID // 10_000, "Kecamatan 33.74.01"]]
        assert client.get("/daftar/desa/", {"parent": VILLAGE_ID // 10_000}).json()[0][0] == VILLAGE_ID
        assert client.get("/daftar/desa/", {"parent": "x"}).json() == []
        assert client.get("/daftar/desa/", {"parent": "9" * 40}).json() == []

    def test_queries_and_bytes_of_each_page(self, wave: Wave, django_assert_max_num_queries: Any) -> None:
        for district in range(2, 6):
            make_region(3374000000 + district * 10_000 + 1001)
        client = holding(drafted())
        for page in ["/daftar/", "/daftar/periksa/", *map(address, SLUGS)]:
            with django_assert_max_num_queries(15):
                answer = client.get(page)
            assert first_load(answer.content.decode()) < FIRST_LOAD, page
        for slug in SLUGS:
            with django_assert_max_num_queries(18):
                assert client.post(address(slug), TYPED[slug] | {"revision": 99}).status_code == 302


def first_load(page: str) -> int:
    """Compressed bytes of a page with all it names."""
    total = len(gzip.compress(page.encode()))
    for asset in set(re.findall(r'(?:href|src)="/static/([^"]+)"', page)) | {"img/kawung.svg", "img/chevron.svg"}:
        with open(finders.find(asset), "rb") as file:  # noqa: PTH123
            total += len(gzip.compress(file.read()))
    return total


class TestComingBack:
    def test_a_code_opens_the_draft_on_another_device(self, client: Client, wave: Wave) -> None:
        code = code_in(fill_in(client, ["ktp"]))
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{12}", code)
        fill_in(client, ["tempat-tinggal"])
        other = Client()
        spaced = f" {code[:4].lower()} {code[4:8]}-{code[8:]} ".replace("0", "o").replace("1", "l")
        assert other.post("/daftar/lanjut/", {"code": spaced}).url == address("keadaan")
        assert "Siti Contoh" in other.get(address("ktp")).content.decode()
        fill_in(other, SLUGS[2:])
        assert send(other, "join").url == "/daftar/tanda-terima/"
        # the first device has it open still: it gets to the receipt of the same registration, not to a second one
        assert client.post("/daftar/periksa/", {"action": "join", "revision": 9}).url == "/daftar/tanda-terima/"
        assert client.get("/daftar/tanda-terima/").context["registration"] == Registration.objects.get()

    def test_the_code_is_shown_once_and_a_new_one_ends_it(self, client: Client, wave: Wave) -> None:
        code = code_in(fill_in(client, ["ktp"]))
        assert code not in client.get("/daftar/kode/").content.decode()
        assert fill_in(client, ["tempat-tinggal"]).status_code == 302
        fresh = code_in(client.post("/daftar/kode/"))
        assert Client().post("/daftar/lanjut/", {"code": code}).status_code == 422
        assert Client().post("/daftar/lanjut/", {"code": fresh}).url == address("keadaan")

    def test_unknown_sent_and_expired_codes_get_one_answer(self, client: Client, wave: Wave) -> None:
        code = code_in(fill_in(client, ["ktp"]))
        fill_in(client, SLUGS[1:])
        expired = code_in(fill_in(other := Client(), ["ktp"]))
        Draft.objects.exclude(pk=client.session["draft"]).update(expires_at=timezone.now(), saved_at=wave.opens_at)
        send(client)
        answers = [Client().post("/daftar/lanjut/", {"code": asked}) for asked in ("0" * 12, code, expired)]
        pages = [re.sub(r'value="[^"]*"', "", answer.content.decode()) for answer in answers]
        assert [answer.status_code for answer in answers] == [422] * 3
        assert len(set(pages)) == 1 and "Kode ini tidak membuka pendaftaran" in pages[0]
        assert other.session["draft"]

    def test_guessing_has_a_budget(self, client: Client, wave: Wave, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("registrations.views.pages.PER_ADDRESS", 3)
        code = code_in(fill_in(client, ["ktp"]))
        guesses = [Client().post("/daftar/lanjut/", {"code": f"{n:012}"}).status_code for n in range(4)]
        assert guesses == [422, 422, 422, 429]
        assert Client().post("/daftar/lanjut/", {"code": code}).status_code == 429
        elsewhere = Client(REMOTE_ADDR="10.0.0.9")
        assert elsewhere.post("/daftar/lanjut/", {"code": code}).status_code == 302

    @pytest.mark.parametrize("code", ["", "7K3M", "7K3M9QXD2FHV7", "*" * 12])
    def test_what_is_no_code_is_told_so(self, client: Client, wave: Wave, code: str) -> None:
        answer = client.post("/daftar/lanjut/", {"code": code})
        assert answer.status_code == 422 and 'href="#id_code"' in answer.content.decode()

    def test_a_page_sent_after_the_session_is_over_keeps_what_was_typed(self, client: Client, wave: Wave) -> None:
        code = code_in(fill_in(client, ["ktp"]))
        page = client.get(address("keadaan"))
        late = TYPED["keadaan"] | {"revision": page.context["revision"], "dependants": "7"}
        with time_machine.travel(timezone.now() + timedelta(minutes=61)):
            answer = client.post(address("keadaan"), late)
            assert answer.status_code == 409 and "Sesi Anda sudah berakhir" in answer.content.decode()
            assert ("dependants", "7") in answer.context["typed"]
            wrong = client.post(address("keadaan"), late | {"code": "0" * 12})
            assert wrong.status_code == 409 and ("dependants", "7") in wrong.context["typed"]
            assert client.post(address("keadaan"), late | {"code": code}).url == address("tempat-tinggal")
        assert kept("keadaan")["dependants"] == "7"
        assert Draft.objects.count() == 1

    def test_the_first_page_sent_after_the_session_is_over_begins_no_second_draft(
        self, client: Client, wave: Wave
    ) -> None:
        fill_in(client, ["ktp"])
        answer = Client().post(address("ktp"), TYPED["ktp"] | {"revision": 1})
        assert answer.status_code == 409
        assert Draft.objects.count() == 1

    def test_a_draft_gets_a_session_key_nobody_had_before(self, client: Client, wave: Wave) -> None:
        planted = client.session
        planted["planted"] = "1"
        planted.save()
        client.cookies["sessionid"] = planted.session_key
        fill_in(client, ["ktp"])
        assert client.cookies["sessionid"].value != planted.session_key
        stranger = Client()
        stranger.cookies["sessionid"] = planted.session_key
        assert stranger.get(address("keadaan")).url == "/daftar/lanjut/"

    def test_a_shared_device_is_left_without_losing_anything(self, client: Client, wave: Wave) -> None:
        code = code_in(fill_in(client, ["ktp"]))
        page = client.get("/daftar/").content.decode()
        assert "Pendaftaran belum selesai" in page and "Siti" not in page
        assert client.post("/daftar/tutup/").url == "/daftar/"
        assert "Mulai mengisi" in client.get("/daftar/").content.decode()
        assert client.post("/daftar/lanjut/", {"code": code}).url == address("tempat-tinggal")

    def test_opening_somebody_elses_draft_leaves_ones_own_registration(self, wave: Wave) -> None:
        code = code_in(fill_in(Client(), ["ktp"], nik="3374995003950002"))
        client, _answer = sent()
        Wave.objects.update(state="closed")
        make_wave()
        assert client.post("/daftar/lanjut/", {"code": code}).status_code == 302
        assert "applicant" not in client.session
        assert client.get("/daftar/tanda-terima/").url == "/daftar/"
        assert "3374995003950002" in client.get(address("ktp")).content.decode().replace(" ", "")


class TestTwoDevices:
    def test_neither_overwrites_the_other_unasked(self, wave: Wave) -> None:
        draft = drafted()
        one, two = holding(draft), holding(draft)
        seen = two.get(address("keadaan")).context["revision"]
        one.post(address("keadaan"), TYPED["keadaan"] | {"revision": seen, "dependants": "3"})
        answer = two.post(address("keadaan"), TYPED["keadaan"] | {"revision": seen, "dependants": "5"})
        page = answer.content.decode()
        assert answer.status_code == 409
        assert page.count("WIB") >= 2 and ("Jumlah tanggungan", "3") in answer.context["theirs"]
        assert 'value="5"' in page and kept("keadaan")["dependants"] == "3"
        again = TYPED["keadaan"] | {"revision": answer.context["revision"], "dependants": "5"}
        assert two.post(address("keadaan"), again).status_code == 302
        assert kept("keadaan")["dependants"] == "5"

    def test_other_pages_and_equal_answers_are_no_conflict(self, wave: Wave) -> None:
        draft = drafted()
        one, two = holding(draft), holding(draft)
        seen = two.get(address("keadaan")).context["revision"]
        one.post(address("klaster"), TYPED["klaster"] | {"revision": seen, "laid_off": "ya"})
        page = TYPED["keadaan"] | {"revision": seen, "dependants": "5"}
        assert [two.post(address("keadaan"), page).status_code for _ in range(2)] == [302, 302]
        assert (kept("klaster")["laid_off"], kept("keadaan")["dependants"]) == ("ya", "5")

    def test_what_was_looked_through_is_what_is_sent(self, wave: Wave) -> None:
        draft = drafted()
        one, two = holding(draft), holding(draft)
        seen = one.get("/daftar/periksa/").context["journey"].draft.revision
        fill_in(two, ["keadaan"], dependants="5")
        answer = one.post("/daftar/periksa/", {"action": "join", "revision": seen})
        assert answer.status_code == 409 and "Isian diubah di perangkat lain" in answer.content.decode()
        assert not Registration.objects.exists()


ASKING = [page for page in PAGES if page.form.base_fields]


def junk(page: Page) -> st.SearchStrategy[dict[str, str]]:
    """What a page might be sent: its own controls with anything in them, wrong choices, and right answers between."""
    names = [name for field in page.form.base_fields for name in (field, *sorted(date_parts(field)))]
    odd = st.sampled_from(
        ["", " ", "0", "-1", "99999999999999999999", "3374", "ya", "lewati", "on", "' OR 1=1 --", "<b>"]
    )
    right = st.sampled_from([*TYPED[page.slug].values()])
    text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=700)
    return st.dictionaries(st.sampled_from([*names, *TYPED[page.slug]]), odd | right | text)


@pytest.mark.django_db
@pytest.mark.parametrize("page", ASKING, ids=[page.slug for page in ASKING])
def test_whatever_a_page_is_sent_is_named_or_right(page: Page) -> None:
    make_region()

    @settings(max_examples=40)
    @given(junk(page))
    def check(controls: dict[str, str]) -> None:
        form = form_of(page, controls)
        for field, errors in form.errors.items():
            assert form[field].label and all(error.endswith(".") for error in errors)
        again = form_of(page, form.typed())
        assert form.typed().items() <= (controls | {"consent_text": CONSENT_VERSION}).items()
        assert set(again.errors) <= set(form.errors)
        assert all(len(text) <= MOST_TYPED for text in form.typed().values())

    check()


@pytest.mark.django_db
@pytest.mark.parametrize("page", ASKING, ids=[page.slug for page in ASKING])
def test_whatever_is_sent_breaks_nothing_and_registers_nobody_wrongly(page: Page) -> None:
    make_region()
    make_wave()
    client = holding(draft := drafted())

    @settings(max_examples=8)
    @given(junk(page))
    def check(controls: dict[str, str]) -> None:
        with transaction.atomic():
            answer = client.post(address(page.slug), controls | {"revision": 99})
            assert answer.status_code in {302, 422}
            if answer.status_code == 422:
                assert all(f"#id_{field}" in answer.content.decode() for field in answer.context["form"].errors)
            revision = Draft.objects.get(pk=draft.pk).revision
            sending = client.post("/daftar/periksa/", {"action": "join", "revision": revision})
            assert sending.status_code in {200, 302}
            assert answer.status_code == 302 or not Applicant.objects.exists()
            transaction.set_rollback(True)

    check()


def test_no_personal_value_in_logs_or_addresses(client: Client, wave: Wave, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    answers = [fill_in(client, ["ktp"], kk="123"), fill_in(client), send(client), sent()[1], sent(in_education="ya")[1]]
    secrets = ["3374995003950001", "3374990101200001", "81234567890", "Siti Contoh"]
    written = caplog.text + "".join(answer.headers.get("Location", "") for answer in answers)
    assert not [secret for secret in secrets if secret in written]
