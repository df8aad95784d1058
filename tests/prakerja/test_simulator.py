"""The simulated phones: every message as it would arrive, of samples only, masked, in pages that stay put."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from prakerja.simulator import PAGE, mask
from records.models import Message
from records.services.messages import delivery
from tests.records.outbox import NUMBER, Clock, queue, queue_code

pytestmark = pytest.mark.django_db
PAGE_URL = "/simulator/pesan/"


def page(query: str = "") -> str:
    response = Client().get(PAGE_URL + query)
    assert response.status_code == 200
    return response.content.decode()


def next_of(html: str) -> str:
    found = re.search(r'rel="next" href="(\?[^"]+)"', html)
    return found[1].replace("&amp;", "&") if found else ""


def test_it_is_there_in_a_sample_province_only(settings: Any) -> None:
    assert "Belum ada pesan" in page()
    settings.SAMPLE_DATA = False
    queue_code()
    response = Client().get(PAGE_URL)
    assert response.status_code == 404 and "048213" not in response.content.decode()


def test_a_code_can_be_read_before_and_after_it_was_sent_and_until_it_ends() -> None:
    now = timezone.now()
    queue_code(now=now, expires_at=now + timedelta(minutes=5))
    html = page()
    assert "Kode masuk Portal Prakerja: 048213." in html and "Menunggu" in html
    assert "Simulasi" in html and "Tidak ada pesan yang benar-benar dikirim" in html


@pytest.mark.django_db(transaction=True)
def test_what_was_delivered_is_shown_as_delivered_and_wiped_when_it_ends() -> None:
    queue_code()
    clock = Clock()
    delivery.deliver_due(now=clock, chance=lambda: 0.0, until=clock.at + timedelta(seconds=1))
    assert "048213" in page() and "Terkirim" in page()
    delivery.wipe_expired(now=clock.at + timedelta(minutes=5))
    html = page()
    assert "048213" not in html and "Isinya sudah dihapus" in html and "Alamat sudah dihapus" in html


def test_numbers_are_masked_unless_asked_for() -> None:
    queue_code()
    html = page()
    assert NUMBER not in html and NUMBER[-3:] in html
    assert NUMBER in page("?nomor=terlihat")
    assert mask("warga@contoh.example") == "w•••@contoh.example"


def test_messages_to_one_number_are_one_conversation_newest_first() -> None:
    now = timezone.now()
    for number in range(3):
        queue(key=f"uji {number}", destination=NUMBER, now=now + timedelta(seconds=number),
              values={"wave": f"Gelombang {number}", "number": "1"})  # fmt: skip
    queue(key="lain", destination="+6281299999999", now=now)
    html = page()
    assert html.count('class="phone"') == 2
    assert [html.index(f"Gelombang {number} ") for number in (2, 1, 0)] == sorted(
        html.index(f"Gelombang {number} ") for number in range(3)
    )


def test_mail_looks_like_mail() -> None:
    queue_code(channel="email", destination="warga@contoh.example")
    html = page()
    assert 'class="mailbox"' in html and "Kode masuk Portal Kuota Luring Prakerja" in html
    assert "warga@contoh.example" not in html
    assert "048213" not in page("?kanal=sms")


def test_pages_show_every_message_once_while_new_ones_arrive() -> None:
    now = timezone.now()
    same_moment = PAGE + 3  # the id decides among equals
    for number in range(2 * PAGE):
        queue(key=f"uji {number}", now=now + timedelta(seconds=max(0, number - same_moment)), destination=NUMBER,
              values={"wave": f"G{number:03}", "number": "1"})  # fmt: skip
    seen, query = [], ""
    while True:
        html = page(query)
        seen += re.findall(r"untuk (G\d{3}) sudah", html)
        queue(key=str(uuid4()), now=now + timedelta(hours=1), destination=NUMBER)
        query = next_of(html)
        if not query:
            break
    assert sorted(seen) == [f"G{number:03}" for number in range(2 * PAGE)]
    assert Message.objects.count() > 2 * PAGE


@pytest.mark.parametrize("query", ["?sebelum=x", "?sebelum=0193e6a0-0000-7000-8000-000000000000"])
def test_a_made_up_place_is_not_found(query: str) -> None:
    assert Client().get(PAGE_URL + query).status_code == 404


def test_a_page_costs_the_same_for_many_recipients(django_assert_max_num_queries: Any) -> None:
    for number in range(PAGE):
        queue(key=f"uji {number}")
    with django_assert_max_num_queries(8):
        page()
