"""The queue of appeals and complaints, and answering one: who sees what, what is due first, what was typed stays."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from mentoring.selectors import grievances as selector
from records.models import Read
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration
from tests.training.test_grievances import STORY, office_scope, raised
from training.models import Grievance
from training.services import grievances as services

pytestmark = pytest.mark.django_db
OFFICE, OTHER = 3374, 3301


def queued(response: Any) -> list[str]:
    assert response.status_code == 200
    return re.findall(r'href="/kantor/sanggahan/([0-9a-f-]{36})/"', response.content.decode())


def make_grievances(count: int, regency: int = OFFICE) -> list[Grievance]:
    """The later in the list, the earlier raised, a month apart."""
    make_region()
    wave, now = make_wave(), timezone.now()
    return [
        raised(make_registration(wave, regency=regency), now - timedelta(days=30 * number)) for number in range(count)
    ]


def test_what_is_due_first_stands_first_page_by_page(
    as_role: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selector, "PAGE_SIZE", 2)
    made = make_grievances(5)
    foreign = make_grievances(1, OTHER)[0]
    client = as_role("mentor", OFFICE)
    seen, url = [], "/kantor/sanggahan/"
    while url:
        page = client.get(url)
        seen += queued(page)
        url = page.context["next_url"]
    assert seen == [str(grievance.pk) for grievance in reversed(made)]
    assert page.context["overdue"] == 4 and "4 sudah lewat batas" in page.content.decode()
    assert client.get(f"/kantor/sanggahan/?kelompok=kantor&sesudah={foreign.pk}").status_code == 404
    assert client.get("/kantor/sanggahan/?kelompok=semua").status_code == 404
    assert "5" in re.findall(r'due-count">(\d+)<', client.get("/kantor/").content.decode())


def test_the_province_sees_first_what_went_on_to_it_from_all_offices(as_role: Callable[..., Client]) -> None:
    late = [make_grievances(2, regency)[1] for regency in (OFFICE, OTHER)]
    services.move_overdue(now=timezone.now())
    province = as_role("planner")
    page = province.get("/kantor/sanggahan/")
    assert set(queued(page)) == {str(grievance.pk) for grievance in late} and page.context["overdue"] == 0
    assert queued(province.get(f"/kantor/sanggahan/?kelompok=provinsi&kabupaten={OTHER}")) == [str(late[1].pk)]
    assert len(queued(as_role("auditor").get("/kantor/sanggahan/?kelompok=kantor"))) == 2


@pytest.mark.parametrize("count", [1, 20])
def test_the_queue_costs_the_same_whatever_its_length(
    as_role: Callable[..., Client], count: int, django_assert_num_queries: Any
) -> None:
    make_grievances(count)
    client = as_role("mentor", OFFICE)
    client.get("/kantor/")
    with django_assert_num_queries(12):
        assert len(queued(client.get("/kantor/sanggahan/"))) == count


def test_read_answered_and_read_only_from_then_on(as_role: Callable[..., Client]) -> None:
    grievance = make_grievances(1)[0]
    client = as_role("mentor", OFFICE)
    address = f"/kantor/sanggahan/{grievance.pk}/"
    assert STORY not in client.get(address).content.decode() and not Read.objects.exists()
    page = client.post(f"{address}buka/").content.decode()
    assert STORY in page and "Kirim jawaban" in page and Read.objects.count() == 1
    answer = {"verdict": "", "text": "Kami sudah memeriksa arsip loket pada hari itu."}
    page = client.post(f"{address}jawab/", answer)
    assert page.status_code == 422
    assert "Pilih dikabulkan atau ditolak." in page.content.decode() and answer["text"] in page.content.decode()
    assert client.post(f"{address}jawab/", answer | {"verdict": "upheld"}).status_code == 302
    again = as_role("office_head", OFFICE).post(f"{address}jawab/", answer | {"verdict": "rejected"}, follow=True)
    assert "Jawaban Anda tidak disimpan." in again.content.decode()
    assert "Jawaban kantor: Dikabulkan" in again.content.decode()
    assert "Kirim jawaban" not in client.post(f"{address}buka/").content.decode()


def test_handed_on_with_a_reason_and_answered_by_the_province(as_role: Callable[..., Client]) -> None:
    grievance = make_grievances(1)[0]
    address = f"/kantor/sanggahan/{grievance.pk}/"
    client, planner = as_role("mentor", OFFICE), as_role("planner")
    assert "Kirim jawaban" not in planner.post(f"{address}buka/").content.decode()
    answer = {"verdict": "upheld", "text": "Provinsi sudah memeriksa daftar yang asli."}
    assert planner.post(f"{address}jawab/", answer, follow=True).context["grievance"].state == "received"
    assert client.post(f"{address}teruskan/", {"note": "Tidak tahu"}).status_code == 422
    client.post(f"{address}teruskan/", {"note": "Menyangkut petugas kantor kami sendiri."})
    assert client.post(f"{address}jawab/", answer).status_code == 403
    planner.post(f"{address}jawab/", answer)
    page = client.get(address).content.decode()
    assert "Jawaban provinsi: Dikabulkan" in page and "Menyangkut petugas kantor kami sendiri." in page


def test_a_complaint_of_nobody_known_is_answered_like_any_other(as_role: Callable[..., Client]) -> None:
    make_region()
    services.file_complaint(
        scope=office_scope(), regency_id=OFFICE, subject="other", text=STORY, phone="", key=uuid4(), language="id",
        now=timezone.now(),
    )  # fmt: skip
    grievance = Grievance.objects.get()
    page = as_role("mentor", OFFICE).post(f"/kantor/sanggahan/{grievance.pk}/buka/").content.decode()
    assert STORY in page and "Tanpa pendaftaran." in page
    assert Read.objects.get().person_id == grievance.pk
    assert as_role("mentor", OTHER).post(f"/kantor/sanggahan/{grievance.pk}/buka/").status_code == 404
