"""Changing one's own number, family card and domicile on the pages for it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from clusters.models import Wave
from records.models import Message
from records.services.messages.reading import values_of
from registrations.models import Applicant, FormerValue, PhoneChange, Registration
from registrations.services import phones
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration
from tests.registrations.test_corrections import OTHER_VILLAGE, own, signed

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "+6281300004444"
CARD = "3374990101200777"


@pytest.fixture
def wave() -> Wave:
    make_region()
    make_region(OTHER_VILLAGE)
    return make_wave()


def sent_code() -> str:
    message = Message.objects.filter(template__name="phone_code").latest("created_at")
    return (values_of(message) or {})["code"]


def ask(client: Client, phone: str = NEW) -> Any:
    return client.post("/status/nomor-hp/", {"phone": phone})


class TestPhone:
    def test_the_code_goes_to_the_new_number_and_the_notice_to_the_former_one(self, wave: Wave) -> None:
        registration = make_registration(wave)
        client, former = signed(registration), registration.applicant.phone.open()
        assert former not in client.get("/status/nomor-hp/").content.decode()
        assert ask(client, "0813 0000 4444").url == "/status/nomor-hp/kode/"
        code = Message.objects.get(template__name="phone_code")
        assert code.destination.open() == NEW
        assert Applicant.objects.get().phone.open() == former  # nothing before the code
        answer = client.post("/status/nomor-hp/kode/", {"code": sent_code()})
        assert answer.url == "/status/"
        assert Applicant.objects.get().phone.open() == NEW
        assert Message.objects.get(template__name="phone_changed").destination.open() == former
        assert FormerValue.objects.get().field == "phone"

    def test_a_wrong_code_costs_a_try_and_five_of_them_the_code(self, wave: Wave) -> None:
        registration = make_registration(wave)
        client = signed(registration)
        ask(client)
        right = sent_code()
        wrong = f"{(int(right) + 1) % 1_000_000:06}"
        for _ in range(PhoneChange.TRIES):
            assert "Kode ini tidak cocok" in client.post("/status/nomor-hp/kode/", {"code": wrong}).content.decode()
        assert client.post("/status/nomor-hp/kode/", {"code": right}).url == "/status/nomor-hp/"
        assert not FormerValue.objects.exists()

    def test_a_code_counts_in_the_session_and_for_the_person_that_asked(self, wave: Wave) -> None:
        one, other = make_registration(wave), make_registration(wave)
        ask(signed(one))
        assert signed(one).post("/status/nomor-hp/kode/", {"code": sent_code()}).url == "/status/nomor-hp/"
        change = PhoneChange.objects.get()
        with pytest.raises(phones.CodeSpent):
            phones.change_phone(
                scope=own(other), change_id=change.pk, code=sent_code(), language="id", now=timezone.now()
            )

    def test_a_code_is_over_after_ten_minutes(self, wave: Wave) -> None:
        client = signed(make_registration(wave))
        ask(client)
        with time_machine.travel(timezone.now() + phones.LASTS + timedelta(seconds=1)):
            assert client.post("/status/nomor-hp/kode/", {"code": sent_code()}).url == "/status/nomor-hp/"

    def test_no_more_codes_a_day_than_are_meant(self, wave: Wave) -> None:
        for _ in range(phones.PER_NUMBER):  # whoever asks, the number is rung so often
            ask(signed(make_registration(wave)))
        answer = ask(signed(make_registration(wave)))
        assert answer.status_code == 429 and "Coba lagi besok" in answer.content.decode()
        assert Message.objects.filter(template__name="phone_code").count() == phones.PER_NUMBER

    def test_between_two_changes_lies_a_day(self, wave: Wave) -> None:
        client = signed(make_registration(wave))
        ask(client)
        client.post("/status/nomor-hp/kode/", {"code": sent_code()})
        assert "Demi keamanan" in ask(client, "081300005555").content.decode()

    def test_a_bad_number_says_what_is_right_and_stays_in_the_form(self, wave: Wave) -> None:
        page = ask(signed(make_registration(wave)), "12345").content.decode()
        assert "misalnya 0812 3456 7890" in page and 'value="12345"' in page
        assert not PhoneChange.objects.exists()

    def test_what_is_over_is_deleted(self, wave: Wave) -> None:
        ask(signed(make_registration(wave)))
        assert phones.clear_phone_changes(now=timezone.now()) == 0
        assert phones.clear_phone_changes(now=timezone.now() + timedelta(days=3)) == 1


class TestCardAndDomicile:
    def test_a_card_is_replaced_once_with_its_reason(self, wave: Wave) -> None:
        registration = make_registration(wave)
        client = signed(registration)
        typed = {"kk": "3374 9901 0120 0777", "reason": "family", "key": str(uuid4())}
        for _ in range(2):
            assert client.post("/status/nomor-kk/", typed).url == "/status/"
        assert Applicant.objects.get().kk.open() == CARD
        assert FormerValue.objects.get().reason == "family"

    def test_a_full_card_is_refused_by_its_rule_and_what_was_typed_stays(self, wave: Wave) -> None:
        for _ in range(2):
            make_registration(wave, kk=CARD)
        client = signed(make_registration(wave))
        page = client.post("/status/nomor-kk/", {"kk": CARD, "reason": "family", "key": str(uuid4())}).content.decode()
        assert "KK" in page and f'value="{CARD}"' in page
        assert not FormerValue.objects.exists()

    def test_without_a_reason_nothing_changes(self, wave: Wave) -> None:
        page = signed(make_registration(wave)).post("/status/nomor-kk/", {"kk": CARD, "key": str(uuid4())})
        assert "Pilih sebabnya" in page.content.decode()
        assert not FormerValue.objects.exists()

    def test_moving_without_scripts(self, wave: Wave) -> None:
        registration = make_registration(wave)
        client = signed(registration)
        typed: dict[str, Any] = {"regency": "3301", "address": "Dusun Laut RT 01 RW 01", "key": str(uuid4())}
        page = client.post("/status/tempat-tinggal/", typed | {"choose": "district"}).content.decode()
        assert f'value="{OTHER_VILLAGE // 10_000}"' in page and "Ada yang perlu diperbaiki" not in page
        typed |= {"district": str(OTHER_VILLAGE // 10_000), "village_id": str(OTHER_VILLAGE), "reason": "moved"}
        assert client.post("/status/tempat-tinggal/", typed).url == "/status/"
        registration.refresh_from_db()
        assert registration.regency_id == 3301
        assert set(FormerValue.objects.values_list("field", "reason")) == {
            ("village_id", "moved"),
            ("address", "moved"),
        }

    def test_a_list_that_has_closed_says_until_when(self, wave: Wave) -> None:
        client = signed(make_registration(wave))
        Wave.objects.update(state="closed")
        page = client.post("/status/nomor-kk/", {"kk": CARD, "reason": "family", "key": str(uuid4())}).content.decode()
        assert "sampai hasilnya diumumkan" in page

    def test_the_office_reads_what_stood_before_masked(self, wave: Wave, as_role: Callable[..., Client]) -> None:
        registration = make_registration(wave)
        former = registration.applicant.kk.open()
        signed(registration).post("/status/nomor-kk/", {"kk": CARD, "reason": "family", "key": str(uuid4())})
        registration = Registration.objects.get()
        page = as_role("mentor", regency=3374).get(f"/kantor/peserta/{registration.pk}/").content.decode()
        assert "Data sebelumnya" in page and "Menikah, bercerai, atau pisah KK" in page
        assert f"{former[:4]}********{former[12:]}" in page
        assert former not in page and CARD not in page
