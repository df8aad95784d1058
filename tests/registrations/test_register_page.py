"""Registration through the pages, as anybody on the street meets it: behind the walls, as portal_web."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from clusters.models import BlankSpotVillage, Wave
from records.models import Message
from registrations.models import Applicant, Registration
from registrations.services.budget import PER_ADDRESS
from registrations.services.intake import RECEIPTS_A_PHONE_A_DAY
from tests.factories.people import VILLAGE_ID, make_region, make_wave

# Committed for real: the session is saved after the request has given its role back, as in production.
pytestmark = pytest.mark.django_db(transaction=True)

NIK = "3374995003950001"


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def filled(**over: Any) -> dict[str, Any]:
    """What the form posts for somebody eligible; None leaves a field out."""
    data = {
        "name": "Siti Contoh",
        "nik": "3374 9950 0395 0001",
        "kk": "3374-9901-0120-0001",
        "birth_date_day": "10",
        "birth_date_month": "3",
        "birth_date_year": "1995",
        "sex": "F",
        "phone": "0812 3456 7890",
        "email": "",
        "education": "sma",
        "marital_status": "single",
        "dependants": "0",
        "regency": str(VILLAGE_ID // 1_000_000),
        "district": str(VILLAGE_ID // 10_000),
        "village_id": str(VILLAGE_ID),
        "address": "Dusun Contoh RT 01 RW 02",
        "occupation": "jobseeker",
        "citizen": "ya",
        "in_education": "tidak",
        "received_before": "tidak",
        "unfamiliar_digital": "on",
        "pmi_candidate": "ya",
        "laid_off": "tidak",
        "disability": "lewati",
        "consent": "on",
    } | over
    return {name: value for name, value in data.items() if value is not None}


def send(client: Client, **over: Any) -> Any:
    """Open the form, then post it with the key it showed."""
    key = client.get("/daftar/").context["key"]
    return client.post("/daftar/", filled(**over) | {"key": key})


def test_from_the_form_to_joined(client: Client, wave: Wave) -> None:
    response = send(client)
    assert response.status_code == 302
    assert response.url == "/daftar/tanda-terima/"
    page = client.get(response.url)
    registration = Registration.objects.get()
    number = registration.number
    assert f"{number[:4]} {number[4:8]} {number[8:]}" in page.content.decode()
    assert page.context["secret"]

    response = client.post("/daftar/gabung/", {"registration": registration.pk}, follow=True)
    assert "Anda ikut undian" in response.content.decode()
    registration.refresh_from_db()
    assert registration.state == "joined"


class TestTheForm:
    def test_nothing_sent_names_every_question(self, client: Client, wave: Wave) -> None:
        page = client.post("/daftar/", {}).content.decode()
        assert page.count("error-summary") == 1
        assert 'href="#id_nik"' in page
        assert not Applicant.objects.exists()

    def test_what_was_typed_stays(self, client: Client, wave: Wave) -> None:
        page = send(client, nik="123", name="Siti <Contoh>").content.decode()
        assert "Yang Anda isi 3 angka" in page
        for kept in (
            "Siti &lt;Contoh&gt;",
            'value="123"',
            "Dusun Contoh RT 01 RW 02",
            f'value="{VILLAGE_ID}" selected',
        ):
            assert kept in page

    def test_choosing_without_a_script_keeps_everything_and_the_key(self, client: Client, wave: Wave) -> None:
        key = client.get("/daftar/").context["key"]
        response = client.post("/daftar/", filled(nik="1", consent=None) | {"choose": "district", "key": key})
        page = response.content.decode()
        assert "error-summary" not in page
        assert 'value="1"' in page
        assert f'value="{VILLAGE_ID // 10_000}" selected' in page
        assert str(response.context["key"]) == str(key)

    @pytest.mark.parametrize("email", ["a@" + ".".join(["b" * 60] * 5) + ".id", "a\tb@contoh.id"])
    def test_an_email_that_cannot_be_stored_is_said(self, client: Client, wave: Wave, email: str) -> None:
        answer = send(client, email=email)
        assert answer.status_code == 200
        assert 'href="#id_email"' in answer.content.decode()

    def test_a_warning_does_not_block(self, client: Client, wave: Wave) -> None:
        assert send(client, birth_date_day="11").status_code == 302
        assert "nik_birth_date" in Registration.objects.get().warnings

    def test_a_blank_spot_village_brings_its_reason(self, client: Client, wave: Wave) -> None:
        listed = {"village_id": VILLAGE_ID, "printed_name": "C", "period": "2026", "source": "https://contoh.id"}
        BlankSpotVillage.objects.create(**listed)
        page = client.post("/daftar/", filled(consent=None)).content.decode()
        assert "Alasan ini sudah kami catat" in page
        assert send(client, unfamiliar_digital=None).status_code == 302

    def test_options_for_the_script(self, client: Client, wave: Wave) -> None:
        districts = client.get("/daftar/kecamatan/", {"parent": VILLAGE_ID // 1_000_000}).json()
        assert districts == [[VILLAGE_ID // 10_000, "Kecamatan 33.74.01"]]
        assert client.get("/daftar/desa/", {"parent": VILLAGE_ID // 10_000}).json()[0][0] == VILLAGE_ID
        assert client.get("/daftar/desa/", {"parent": "x"}).json() == []
        assert client.get("/daftar/desa/", {"parent": "9" * 40}).json() == []

    def test_queries_do_not_grow_with_the_list(
        self, client: Client, wave: Wave, django_assert_max_num_queries: Any
    ) -> None:
        for district in range(2, 6):
            make_region(3374000000 + district * 10_000 + 1001)
        with django_assert_max_num_queries(12):
            client.get("/daftar/")
        with django_assert_max_num_queries(44):
            assert send(client).status_code == 302


class TestAnswers:
    def test_not_eligible_names_rule_article_and_remedy_and_keeps_the_form(self, client: Client, wave: Wave) -> None:
        page = send(client, in_education="ya").content.decode()
        assert "Anda belum memenuhi syarat kuota luring" in page
        assert "Permenko Perekonomian 11/2020 Pasal 2 ayat (4)" in page
        assert "setelah lulus atau berhenti" in page
        assert "Dusun Contoh RT 01 RW 02" in page
        assert not Applicant.objects.exists()

    def test_the_same_form_again_is_the_same_receipt(self, client: Client, wave: Wave) -> None:
        data = filled() | {"key": client.get("/daftar/").context["key"]}
        assert client.post("/daftar/", data).status_code == 302
        shown = client.get("/daftar/tanda-terima/").context["secret"]
        assert shown
        assert client.post("/daftar/", data).status_code == 302
        assert client.get("/daftar/tanda-terima/").context["secret"] == shown
        assert Registration.objects.count() == 1

    def test_whoever_did_not_get_the_answer_sends_again(self, client: Client, wave: Wave) -> None:
        data = filled() | {"key": client.get("/daftar/").context["key"]}
        before = client.cookies["sessionid"].value
        client.post("/daftar/", data)
        shown = client.get("/daftar/tanda-terima/").context["secret"]
        client.cookies["sessionid"] = before
        assert client.get("/daftar/tanda-terima/").url == "/daftar/"
        assert client.post("/daftar/", data).status_code == 302
        assert client.get("/daftar/tanda-terima/").context["secret"] == shown
        client.cookies["sessionid"] = before
        with time_machine.travel(timezone.now() + timedelta(minutes=3)):
            assert client.post("/daftar/", data).status_code == 409

    def test_a_key_noted_beforehand_opens_no_receipt(self, client: Client, wave: Wave) -> None:
        data = filled() | {"key": client.get("/daftar/").context["key"]}
        client.post("/daftar/", data)
        stranger = Client()
        assert stranger.post("/daftar/", data).status_code == 409
        assert stranger.get("/daftar/tanda-terima/").url == "/daftar/"

    def test_a_form_sent_for_somebody_else_asks_once_more(self, client: Client, wave: Wave) -> None:
        key = client.get("/daftar/").context["key"]
        client.post("/daftar/", filled() | {"key": key})
        other = filled(nik="3374995003950002", kk="3374990101200002", name="Ani Contoh")
        again = client.post("/daftar/", other | {"key": key})
        assert again.status_code == 409
        assert client.post("/daftar/", other | {"key": again.context["key"]}).status_code == 302
        assert Registration.objects.count() == 2

    def test_a_known_nik_is_answered_without_saying_whose(self, client: Client, wave: Wave) -> None:
        send(client, name="Rahayu Contoh")
        answer = send(Client(), name="Penebak")
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "perlu dicocokkan" in page
        assert "Rahayu" not in page
        assert Registration.objects.get().number not in page

    def test_three_known_niks_a_day_for_a_session(self, client: Client, wave: Wave) -> None:
        send(Client())
        assert [send(client).status_code for _ in range(4)] == [409, 409, 409, 429]
        fresh = {"nik": "3374995003950009", "kk": "3374990101200009"}
        assert send(client, **fresh).status_code == 429  # not even a new NIK is looked up
        assert send(Client(), **fresh).status_code == 302

    def test_a_larger_budget_for_an_address(self, client: Client, wave: Wave) -> None:
        send(client)
        here, elsewhere = {"REMOTE_ADDR": "10.0.0.1"}, {"REMOTE_ADDR": "10.0.0.2"}
        assert {send(Client(**here)).status_code for _ in range(PER_ADDRESS)} == {409}
        fresh = {"nik": "3374995003950009", "kk": "3374990101200009"}
        assert send(Client(**here), **fresh).status_code == 429
        spoofed = Client(**here, HTTP_X_FORWARDED_FOR="10.9.9.9")
        assert send(spoofed, **fresh).status_code == 429
        assert send(Client(**elsewhere), **fresh).status_code == 302

    def test_addresses_of_one_household_share_its_budget(self, client: Client, wave: Wave) -> None:
        send(client)
        answers = [send(Client(REMOTE_ADDR=f"2001:db8::{host:x}")).status_code for host in range(PER_ADDRESS + 1)]
        assert answers == [409] * PER_ADDRESS + [429]

    def test_a_phone_gets_so_many_receipts_a_day_whoever_types_its_number(self, wave: Wave) -> None:
        for person in range(1, RECEIPTS_A_PHONE_A_DAY + 3):
            assert send(Client(), nik=f"337499500395000{person}", kk=f"337499010120000{person}").status_code == 302
        assert Registration.objects.count() == RECEIPTS_A_PHONE_A_DAY + 2
        assert Message.objects.filter(template__name="registration_received").count() == RECEIPTS_A_PHONE_A_DAY
        send(Client(), nik="3374995003950008", kk="3374990101200008", phone="0812 3456 7899")
        assert Message.objects.filter(template__name="registration_received").count() == RECEIPTS_A_PHONE_A_DAY + 1

    def test_a_full_family_card_costs_the_same_budget(self, client: Client, wave: Wave) -> None:
        for number in (1, 2):
            send(Client(), nik=f"337499500395000{number}")
        probe = {"nik": "3374995003950007", "in_education": "ya"}
        answers = [send(client, **probe) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert "satu kartu keluarga" in answers[0].content.decode()

    def test_the_budget_comes_back_after_a_day(self, client: Client, wave: Wave) -> None:
        send(Client())
        for _ in range(4):
            last = send(client)
        assert last.status_code == 429
        with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
            assert send(client).status_code == 409


class TestReceipt:
    def test_clusters_are_explained(self, client: Client, wave: Wave) -> None:
        send(client)
        context = client.get("/daftar/tanda-terima/").context
        assert len(context["reasons_for"]) == 2
        assert len(context["reasons_against"]) == 2

    def test_the_code_is_for_the_session_that_made_it(self, client: Client, wave: Wave) -> None:
        send(client)
        visitor = Client()
        session = visitor.session
        session["applicant"] = str(Applicant.objects.get().pk)
        session.save()
        visitor.cookies["sessionid"] = session.session_key
        page = visitor.get("/daftar/tanda-terima/")
        assert page.status_code == 200
        assert not page.context["secret"]

    def test_the_code_goes_after_ten_minutes_and_the_session_after_thirty(self, client: Client, wave: Wave) -> None:
        send(client)
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

    def test_the_next_visitor_of_a_shared_device_sees_no_code(self, client: Client, wave: Wave) -> None:
        send(client)
        page = client.get("/daftar/", follow=True)
        assert not page.context["secret"]
        assert "Sudah ada yang mendaftar di sini" in page.content.decode()
        client.post("/status/tutup/")
        assert b"id_nik" in client.get("/daftar/").content

    def test_the_session_key_changes(self, client: Client, wave: Wave) -> None:
        key = client.get("/daftar/").context["key"]
        before = client.cookies["sessionid"].value
        client.post("/daftar/", filled() | {"key": key})
        assert client.cookies["sessionid"].value != before

    def test_the_picture_holds_the_status_address_only(self, client: Client, wave: Wave) -> None:
        send(client)
        context = client.get("/daftar/tanda-terima/").context
        assert context["status_url"] == "http://testserver/status/"
        assert "style=" not in context["qr"]

    def test_without_a_registration_the_form_comes_first(self, client: Client, wave: Wave) -> None:
        assert client.get("/daftar/tanda-terima/").url == "/daftar/"

    def test_a_registered_person_comes_back_to_the_receipt(self, client: Client, wave: Wave) -> None:
        send(client)
        assert client.get("/daftar/").url == "/daftar/tanda-terima/"


class TestWaves:
    def test_a_later_wave_asks_only_what_may_have_changed(self, client: Client, wave: Wave) -> None:
        send(client)
        Wave.objects.filter(pk=wave.pk).update(state="closed")
        later = make_wave()
        page = client.get("/daftar/")
        assert b"id_nik" not in page.content
        answers = {name: value for name, value in filled().items() if name in page.context["form"].fields}
        assert client.post("/daftar/", answers | {"key": page.context["key"]}).status_code == 302
        assert Registration.objects.get(wave=later).applicant == Applicant.objects.get()

    def test_the_next_wave_is_announced(self, client: Client) -> None:
        now = timezone.now()
        dates = {"opens_at": now + timedelta(days=3), "closes_at": now + timedelta(days=5)}
        make_wave(**dates)
        page = client.get("/daftar/").content.decode()
        assert "Pendaftaran belum dibuka" in page
        assert "Dibuka" in page

    def test_a_closed_wave_says_when(self, client: Client) -> None:
        make_region()
        make_wave("closed", closes_at=timezone.now() - timedelta(hours=1))
        assert "Pendaftaran sudah ditutup" in client.get("/daftar/").content.decode()

    @pytest.mark.parametrize("choose", [{}, {"choose": "district"}])
    def test_a_wave_that_closes_meanwhile_leaves_what_was_typed(
        self, client: Client, wave: Wave, choose: dict[str, str]
    ) -> None:
        key = client.get("/daftar/").context["key"]
        with time_machine.travel(wave.closes_at + timedelta(minutes=1)):
            answer = client.post("/daftar/", filled() | {"key": key} | choose)
        page = answer.content.decode()
        assert answer.status_code == 409
        assert f"Pendaftaran {wave.name} ditutup" in page and "tidak disimpan" in page
        assert "Dusun Contoh RT 01 RW 02" in page and "3374 9950 0395 0001" in page
        assert not Applicant.objects.exists()

    def test_no_wave_at_all(self, client: Client) -> None:
        assert "Belum ada gelombang" in client.get("/daftar/").content.decode()

    def test_joining_late_is_told(self, client: Client, wave: Wave) -> None:
        send(client)
        Wave.objects.filter(pk=wave.pk).update(state="closed")
        answer = client.post("/daftar/gabung/", {"registration": Registration.objects.get().pk})
        assert answer.status_code == 409
        assert Registration.objects.get().state == "registered"

    @pytest.mark.parametrize("registration", ["", "x", "00000000-0000-4000-8000-000000000000"])
    def test_only_ones_own_registration_joins(self, client: Client, wave: Wave, registration: str) -> None:
        send(Client())
        registration = registration or str(Registration.objects.get().pk)
        assert client.post("/daftar/gabung/", {"registration": registration}).status_code == 404

    @pytest.mark.parametrize("role", ["mentor", "planner", "auditor"])
    def test_staff_joins_for_nobody(self, as_role: Any, client: Client, wave: Wave, role: str) -> None:
        send(client)
        registration = Registration.objects.get()
        answer = as_role(role, 3374).post("/daftar/gabung/", {"registration": registration.pk})
        assert answer.status_code == 404
        registration.refresh_from_db()
        assert registration.state == "registered"

    def test_joining_is_a_post(self, client: Client, wave: Wave) -> None:
        assert client.get("/daftar/gabung/").status_code == 405


def test_no_personal_value_in_logs_or_addresses(client: Client, wave: Wave, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    answers = [send(client), send(Client()), send(Client(), nik="123"), send(Client(), in_education="ya")]
    secrets = [NIK, "3374990101200001", "81234567890", "Siti Contoh"]
    written = caplog.text + "".join(answer.headers.get("Location", "") for answer in answers)
    assert not [secret for secret in secrets if secret in written]
