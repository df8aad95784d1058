"""Looking through and sending a registration, its receipt, and joining: behind the walls, as portal_web."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clusters.models import Wave
from records.models import Message
from registrations.models import Applicant, Draft, Registration
from registrations.services.budget import PER_ADDRESS
from registrations.services.intake import RECEIPTS_A_PHONE_A_DAY
from tests.factories.people import make_region, make_wave
from tests.registrations.journey import drafted, fill_in, holding, send, sent

# Committed for real: the session is saved after the request has given its role back, as in production.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


class TestSending:
    def test_registering_and_joining_are_two_choices(self, client: Client, wave: Wave) -> None:
        fill_in(client)
        page = send(client, "register")
        assert page.url == "/daftar/tanda-terima/"
        registration = Registration.objects.get()
        receipt = client.get(page.url)
        number = registration.number
        assert f"{number[:4]} {number[4:8]} {number[8:]}" in receipt.content.decode()
        assert receipt.context["secret"]
        assert registration.state == "registered"
        answer = client.post("/daftar/gabung/", {"registration": registration.pk}, follow=True)
        assert "Anda ikut undian" in answer.content.decode()
        registration.refresh_from_db()
        assert registration.state == "joined"

        at_once, answer = sent("join", nik="3374995003950002", kk="3374990101200002")
        assert "Anda ikut undian" in at_once.get(answer.url).content.decode()
        assert set(Registration.objects.values_list("state", flat=True)) == {"joined"}

    def test_the_draft_goes_with_the_registration(self, wave: Wave) -> None:
        sent(in_education="ya")
        assert Draft.objects.count() == 1 and not Registration.objects.exists()
        Draft.objects.all().delete()
        sent()
        assert Registration.objects.count() == 1 and not Draft.objects.exists()

    def test_every_answer_stands_there_with_a_way_to_change_it(self, wave: Wave) -> None:
        client = holding(
            drafted(birth_date_day="11", disability="ya", disability_need="Kursi roda", disability_consent="on")
        )
        page = client.get("/daftar/periksa/").content.decode()
        for shown in ("3374 9950 0395 0001", "Siti Contoh", "11 Maret 1995", "Perempuan", "+6281234567890",
                      "Dusun Contoh RT 01 RW 02", "Pencari kerja", "Kursi roda", "Langkah 9 dari 9"):  # fmt: skip
            assert shown in page
        assert '/daftar/isi/tempat-tinggal/#id_phone"' in page
        assert "Tanggal lahir yang Anda isi berbeda dengan NIK" in page  # a warning, which does not block
        assert send(client).status_code == 302
        assert "nik_birth_date" in Registration.objects.get().warnings
        assert set(Registration.objects.get().consents.values_list("purpose", flat=True)) == {"programme", "disability"}

    def test_nothing_is_sent_before_every_page_is_filled_in(self, client: Client, wave: Wave) -> None:
        draft = drafted(consent=None)
        answer = holding(draft).post("/daftar/periksa/", {"action": "join", "revision": draft.revision})
        assert answer.url == "/daftar/isi/pernyataan/"
        assert not Applicant.objects.exists()

    def test_rules_that_changed_meanwhile_are_asked_again(
        self, client: Client, wave: Wave, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = holding(draft := drafted())
        monkeypatch.setattr("registrations.forms.page.CONSENT_VERSION", "2027-01")
        answer = client.post("/daftar/periksa/", {"action": "join", "revision": draft.revision})
        assert answer.status_code == 422 and 'href="#id_consent"' in answer.content.decode()
        assert not Applicant.objects.exists()

    def test_queries(self, wave: Wave, django_assert_max_num_queries: Any) -> None:
        client = holding(drafted())
        with django_assert_max_num_queries(16):
            revision = client.get("/daftar/periksa/").context["journey"].draft.revision
        with django_assert_max_num_queries(52):
            assert client.post("/daftar/periksa/", {"revision": revision, "action": "join"}).status_code == 302


class TestAnswers:
    def test_not_eligible_names_rule_article_and_remedy_and_keeps_the_answers(self, wave: Wave) -> None:
        _client, answer = sent(in_education="ya")
        page = answer.content.decode()
        assert "Anda belum memenuhi syarat kuota luring" in page
        assert "Permenko Perekonomian 11/2020 Pasal 2 ayat (4)" in page
        assert "setelah lulus atau berhenti" in page
        assert "Dusun Contoh RT 01 RW 02" in page
        assert not Applicant.objects.exists()

    @pytest.mark.parametrize("action", ["register", "join"])
    def test_whoever_did_not_get_the_answer_sends_again(self, wave: Wave, action: str) -> None:
        client = holding(draft := drafted())
        data = {"action": action, "revision": draft.revision}
        before = client.cookies["sessionid"].value
        client.post("/daftar/periksa/", data)
        shown = client.get("/daftar/tanda-terima/").context["secret"]
        assert shown
        client.cookies["sessionid"] = before
        assert client.get("/daftar/tanda-terima/").url == "/daftar/"
        for _ in range(3):
            assert client.post("/daftar/periksa/", data).url == "/daftar/tanda-terima/"
            assert client.get("/daftar/tanda-terima/").context["secret"] == shown
        assert Registration.objects.count() == 1
        client.cookies["sessionid"] = before
        with time_machine.travel(timezone.now() + timedelta(minutes=3)):
            assert client.post("/daftar/periksa/", data).url == "/daftar/lanjut/"

    def test_a_revision_noted_beforehand_opens_no_receipt(self, wave: Wave) -> None:
        sent()
        stranger = Client()
        assert stranger.post("/daftar/periksa/", {"action": "join", "revision": "7"}).url == "/daftar/lanjut/"
        assert stranger.get("/daftar/tanda-terima/").url == "/daftar/"

    def test_a_known_nik_is_answered_without_saying_whose(self, wave: Wave) -> None:
        sent(name="Rahayu Contoh")
        _client, answer = sent(name="Penebak")
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "perlu dicocokkan" in page
        assert "Rahayu" not in page
        assert Registration.objects.get().number not in page

    def test_three_known_niks_a_day_for_a_session(self, wave: Wave) -> None:
        sent()
        client = holding(drafted())
        assert [send(client).status_code for _ in range(4)] == [409, 409, 409, 429]
        fresh = {"nik": "3374995003950009", "kk": "3374990101200009"}
        fill_in(client, ["ktp"], **fresh)
        assert send(client).status_code == 429  # not even a new NIK is looked up
        assert sent(**fresh)[1].status_code == 302

    def test_a_larger_budget_for_an_address(self, wave: Wave) -> None:
        sent()
        known, fresh = drafted(), drafted(nik="3374995003950009", kk="3374990101200009")

        def answer(to: Draft, **where: str) -> int:
            data = {"action": "register", "revision": to.revision}
            return holding(to, **where).post("/daftar/periksa/", data).status_code

        here, elsewhere = {"REMOTE_ADDR": "10.0.0.1"}, {"REMOTE_ADDR": "10.0.0.2"}
        assert {answer(known, **here) for _ in range(PER_ADDRESS)} == {409}
        assert answer(fresh, **here) == 429
        assert answer(fresh, **here, HTTP_X_FORWARDED_FOR="10.9.9.9") == 429
        household = [answer(known, REMOTE_ADDR=f"2001:db8::{host:x}") for host in range(PER_ADDRESS + 1)]
        assert household == [409] * PER_ADDRESS + [429]
        assert answer(fresh, **elsewhere) == 302

    def test_a_phone_gets_so_many_receipts_a_day_whoever_types_its_number(self, wave: Wave) -> None:
        for person in range(1, RECEIPTS_A_PHONE_A_DAY + 3):
            sent(nik=f"337499500395000{person}", kk=f"337499010120000{person}")
        assert Registration.objects.count() == RECEIPTS_A_PHONE_A_DAY + 2
        assert Message.objects.filter(template__name="registration_received").count() == RECEIPTS_A_PHONE_A_DAY
        sent(nik="3374995003950008", kk="3374990101200008", phone="0812 3456 7899")
        assert Message.objects.filter(template__name="registration_received").count() == RECEIPTS_A_PHONE_A_DAY + 1

    def test_a_full_family_card_costs_the_same_budget(self, wave: Wave) -> None:
        for number in (1, 2):
            sent(nik=f"337499500395000{number}")
        client = holding(drafted(nik="3374995003950007", in_education="ya"))
        answers = [send(client) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert "satu kartu keluarga" in answers[0].content.decode()

    def test_the_budget_comes_back_after_a_day(self, wave: Wave) -> None:
        sent()
        client = holding(drafted())
        for _ in range(4):
            last = send(client)
        assert last.status_code == 429
        with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
            assert send(holding(Draft.objects.get())).status_code == 409


class TestReceipt:
    def test_clusters_are_explained(self, wave: Wave) -> None:
        client, _answer = sent()
        context = client.get("/daftar/tanda-terima/").context
        assert len(context["reasons_for"]) == 2
        assert len(context["reasons_against"]) == 2

    def test_the_code_is_for_the_session_that_made_it(self, wave: Wave) -> None:
        sent()
        visitor = Client()
        session = visitor.session
        session["applicant"] = str(Applicant.objects.get().pk)
        session.save()
        visitor.cookies["sessionid"] = session.session_key
        page = visitor.get("/daftar/tanda-terima/")
        assert page.status_code == 200
        assert not page.context["secret"]

    def test_the_code_goes_after_ten_minutes_and_the_session_after_thirty(self, wave: Wave) -> None:
        client, _answer = sent()
        page = client.get("/daftar/tanda-terima/")
        assert page.context["secret"] and "paling lama 10 menit" in page.content.decode()
        assert client.get("/daftar/tanda-terima/").context["secret"] == page.context["secret"]
        now = timezone.now()
        with time_machine.travel(now + timedelta(minutes=10)):
            page = client.get("/daftar/tanda-terima/")
            assert page.status_code == 200 and not page.context["secret"]
            assert "Kode rahasia tidak ditampilkan lagi" in page.content.decode()
        with time_machine.travel(now + timedelta(minutes=30)):
            assert client.get("/daftar/tanda-terima/").status_code == 302

    def test_the_next_visitor_of_a_shared_device_sees_no_code(self, wave: Wave) -> None:
        client, _answer = sent()
        page = client.get("/daftar/", follow=True)
        assert not page.context["secret"]
        assert "Sudah ada yang mendaftar di sini" in page.content.decode()
        client.post("/status/tutup/")
        assert "Mulai mengisi" in client.get("/daftar/").content.decode()

    def test_the_session_key_changes(self, wave: Wave) -> None:
        client = holding(drafted())
        before = client.cookies["sessionid"].value
        send(client)
        assert client.cookies["sessionid"].value != before

    def test_the_picture_holds_the_status_address_only(self, wave: Wave) -> None:
        client, _answer = sent()
        context = client.get("/daftar/tanda-terima/").context
        assert context["status_url"] == "http://testserver/status/"
        assert "style=" not in context["qr"]

    def test_without_a_registration_the_form_comes_first(self, client: Client, wave: Wave) -> None:
        assert client.get("/daftar/tanda-terima/").url == "/daftar/"

    def test_a_registered_person_comes_back_to_the_receipt(self, wave: Wave) -> None:
        client, _answer = sent()
        assert client.get("/daftar/").url == "/daftar/tanda-terima/"


class TestWaves:
    def test_a_later_wave_asks_only_what_may_have_changed(self, wave: Wave) -> None:
        client, _answer = sent(occupation="worker")
        Wave.objects.filter(pk=wave.pk).update(state="closed")
        later = make_wave()
        first = client.get("/daftar/").context["journey"].go_on
        page = client.get(first)
        assert first == "/daftar/isi/keadaan/"
        assert "Langkah 1 dari 5" in page.content.decode()
        assert page.context["form"]["occupation"].value() == "worker"
        assert "education" not in page.context["form"].fields
        assert client.get("/daftar/isi/ktp/").status_code == 404
        answer = fill_in(client, ["keadaan", "alasan", "klaster", "bukti", "pernyataan"], occupation="jobseeker")
        assert answer.url == "/daftar/periksa/"
        assert Draft.objects.get().applicant == Applicant.objects.get()
        assert send(client, "join").status_code == 302
        again = Registration.objects.get(wave=later)
        assert (again.applicant, again.occupation, again.state) == (Applicant.objects.get(), "jobseeker", "joined")
        assert not Draft.objects.exists()

    def test_before_the_opening_one_registers_and_only_joining_is_left(self, client: Client) -> None:
        make_region()
        now = timezone.now()
        later = make_wave(opens_at=now + timedelta(days=3), closes_at=now + timedelta(days=5))
        page = client.get("/daftar/").content.decode()
        assert "Anda boleh mendaftar sekarang. Bergabung dibuka" in page
        fill_in(client)
        page = client.get("/daftar/periksa/").content.decode()
        assert "Daftar sekarang" in page and "Daftar dan gabung" not in page
        assert send(client, "join")["Location"] == "/daftar/tanda-terima/"
        assert Registration.objects.get().state == "registered", "nobody joins before the opening"
        page = client.get("/daftar/tanda-terima/").content.decode()
        assert "gabung gelombang, yang dibuka" in page and 'name="slip"' in page
        step = {"registration": Registration.objects.get().pk}
        assert client.post("/daftar/gabung/", step).status_code == 409
        Wave.objects.filter(pk=later.pk).update(opens_at=timezone.now())
        assert client.post("/daftar/gabung/", step).status_code == 302
        assert Registration.objects.get().state == "joined"

    def test_nobody_gets_into_the_next_wave_by_a_button_of_the_last_one(self, wave: Wave) -> None:
        draft = drafted()
        later = make_wave(now=wave.closes_at + timedelta(days=3))
        with time_machine.travel(wave.closes_at + timedelta(minutes=1)):
            sending = {"action": "join", "revision": draft.revision, "gelombang": wave.slug}
            answer = holding(draft).post("/daftar/periksa/", sending)
            page = answer.content.decode()
            assert answer.status_code == 409 and not Registration.objects.exists()
            assert f"Pendaftaran {wave.name} ditutup" in page and f"Anda dapat ikut {later.name}" in page
            assert holding(draft).post("/daftar/periksa/", sending | {"gelombang": later.slug}).status_code == 302
        assert Registration.objects.get().wave == later

    def test_a_closed_wave_says_when(self, client: Client) -> None:
        make_region()
        make_wave("closed", closes_at=timezone.now() - timedelta(hours=1))
        assert "Pendaftaran sudah ditutup" in client.get("/daftar/").content.decode()

    def test_a_wave_that_closes_meanwhile_leaves_the_draft(self, wave: Wave) -> None:
        draft = drafted()
        with time_machine.travel(wave.closes_at + timedelta(minutes=1)):
            answer = holding(draft).post("/daftar/periksa/", {"action": "join", "revision": draft.revision})
        page = answer.content.decode()
        assert answer.status_code == 409
        assert f"Pendaftaran {wave.name} ditutup" in page and "isian Anda tetap tersimpan" in page
        assert "Dusun Contoh RT 01 RW 02" in page
        assert Draft.objects.exists() and not Applicant.objects.exists()

    def test_no_wave_at_all(self, client: Client) -> None:
        assert "Belum ada gelombang" in client.get("/daftar/").content.decode()

    def test_joining_late_is_told(self, wave: Wave) -> None:
        client, _answer = sent()
        Wave.objects.filter(pk=wave.pk).update(state="closed")
        answer = client.post("/daftar/gabung/", {"registration": Registration.objects.get().pk})
        assert answer.status_code == 409
        assert Registration.objects.get().state == "registered"

    @pytest.mark.parametrize("registration", ["", "x", "00000000-0000-4000-8000-000000000000"])
    def test_only_ones_own_registration_joins(self, client: Client, wave: Wave, registration: str) -> None:
        sent()
        registration = registration or str(Registration.objects.get().pk)
        assert client.post("/daftar/gabung/", {"registration": registration}).status_code == 404

    @pytest.mark.parametrize("role", ["mentor", "planner", "auditor"])
    def test_staff_joins_for_nobody(self, as_role: Any, wave: Wave, role: str) -> None:
        sent()
        registration = Registration.objects.get()
        answer = as_role(role, 3374).post("/daftar/gabung/", {"registration": registration.pk})
        assert answer.status_code == 404
        registration.refresh_from_db()
        assert registration.state == "registered"

    def test_joining_is_a_post(self, client: Client, wave: Wave) -> None:
        assert client.get("/daftar/gabung/").status_code == 405


class TestNextStep:
    """Whoever stops half-way is told on every page what is left; nobody else pays for it."""

    def test_joining_stands_on_every_page_until_it_is_done(self, wave: Wave) -> None:
        client, _answer = sent("register")
        registration = Registration.objects.get()
        for path in ("/", "/bantuan/", "/status/"):
            page = client.get(path).content.decode()
            assert "Satu langkah lagi." in page and f'value="{registration.pk}"' in page
        client.post("/daftar/gabung/", {"registration": registration.pk})
        assert "Satu langkah lagi." not in client.get("/").content.decode()

    def test_a_draft_stands_on_every_page_until_it_is_sent(self, client: Client, wave: Wave) -> None:
        fill_in(client, ["ktp"])
        assert "Pendaftaran Anda belum selesai." in client.get("/bantuan/").content.decode()
        assert "Pendaftaran Anda belum selesai." not in client.get("/daftar/isi/keadaan/").content.decode()
        client.post("/daftar/tutup/")
        assert "Pendaftaran Anda belum selesai." not in client.get("/bantuan/").content.decode()

    def test_everybody_else_pays_nothing_for_it(
        self, client: Client, wave: Wave, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with CaptureQueriesContext(connection) as queries:
            client.get("/bantuan/")
        assert not [query for query in queries if "registrations_" in query["sql"]]


class TestReceiptFile:
    def test_the_pdf_says_what_the_page_says_and_keeps_the_code_to_its_first_minutes(self, wave: Wave) -> None:
        client, _answer = sent("join")
        page = client.get("/daftar/tanda-terima/")
        registration = Registration.objects.get()
        answer = client.get("/daftar/tanda-terima/berkas.pdf")
        assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")
        assert answer.content == client.get("/daftar/tanda-terima/berkas.pdf").content
        assert registration.number not in answer["Content-Disposition"]
        with_code = len(answer.content)
        assert page.context["secret"]
        with time_machine.travel(timezone.now() + timedelta(minutes=11)):
            assert not client.get("/daftar/tanda-terima/").context["secret"]
            assert len(client.get("/daftar/tanda-terima/berkas.pdf").content) < with_code

    def test_nobody_without_a_registration_gets_one(self, client: Client, wave: Wave) -> None:
        assert client.get("/daftar/tanda-terima/berkas.pdf").url == "/daftar/"
