"""Paper forms: printed by an office, entered once, by that office."""

import re
import zlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.services import enter_scope
from clusters.models import Wave
from clusters.selectors.offices import scope_of
from mentoring.services import papers
from registrations.forms.pages import PAGES
from registrations.models import MOST_FORMS, Assistance, Consent, PaperForm, PaperLot, Registration
from registrations.services import assistance as service
from registrations.services.assistance import FormEntered, Paper
from registrations.services.papers import issue
from tests.factories.people import make_region, make_wave
from tests.factories.staff import make_staff
from tests.mentoring.test_assistance import OFFICE, counter, fill_in, send
from tests.registrations.races import race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def printed(regency: int = OFFICE) -> str:
    """The number of a form of this office."""
    lot = issue(scope=scope_of(make_staff("mentor", regency)), key=uuid4(), size=1, now=timezone.now())
    return str(lot.forms.get().number)


def enter(client: Client, form: str, **over: Any) -> Any:
    day = timezone.localdate() - timedelta(days=2)
    date = {"signed_on_day": day.day, "signed_on_month": day.month, "signed_on_year": day.year}
    return client.post("/kantor/dampingi/", {"kind": "paper", "key": str(uuid4()), "number": form} | date | over)


class TestPrinting:
    def test_a_repeated_click_is_one_lot_and_every_number_is_another(self, wave: Wave) -> None:
        client, order = counter(), {"key": str(uuid4()), "size": "12"}
        for _ in range(2):
            assert client.post("/kantor/dampingi/formulir/", order)["Location"] == "/kantor/dampingi/formulir/"
        lot = PaperLot.objects.get()
        assert (lot.regency_id, lot.size, lot.forms.count()) == (OFFICE, 12, 12)
        assert [each.entered for each in client.get("/kantor/dampingi/formulir/").context["lots"]] == [0]

    @pytest.mark.parametrize(
        ("size", "words"), [("", "Isi berapa"), ("0", "paling sedikit"), (str(MOST_FORMS + 1), "paling banyak")]
    )
    def test_how_many(self, wave: Wave, size: str, words: str) -> None:
        answer = counter().post("/kantor/dampingi/formulir/", {"key": str(uuid4()), "size": size})
        assert answer.status_code == 422 and words in answer.content.decode() and not PaperLot.objects.exists()

    def test_two_pages_a_form_and_another_office_prints_none_of_them(self, wave: Wave) -> None:
        client = counter()
        client.post("/kantor/dampingi/formulir/", {"key": str(uuid4()), "size": "3"})
        address = f"/kantor/dampingi/formulir/{PaperLot.objects.get().pk}/formulir.pdf"
        pdf = client.get(address).content
        assert pdf.startswith(b"%PDF") and pages_in(pdf) == 6
        assert counter(3301).get(address).status_code == 404

    def test_every_question_of_the_pages_is_on_it(self) -> None:
        labels = [question["label"] for page in PAGES for question in papers._section(page)["questions"]]
        assert len(labels) == sum(len(page.form.base_fields) for page in PAGES)
        assert papers._section(PAGES[-1])["before"] and papers._lines("2026-11-assistance")


def pages_in(pdf: bytes) -> int:
    objects = [pdf, *map(inflated, re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL))]
    return max(int(count) for part in objects for count in re.findall(rb"/Count (\d+)", part))


def inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return b""


class TestEntering:
    def test_number_and_day_are_on_record(self, wave: Wave) -> None:
        number, client = printed(), counter()
        qr = f"http://testserver/kantor/dampingi/?formulir={number}"
        answer = enter(client, qr)
        home = str(answer["Location"]).removesuffix("isi/ktp/")
        page = client.get(f"{home}isi/ktp/").content.decode()
        assert "Dari formulir kertas" in page
        fill_in(client, home)
        send(client, home)
        row = Assistance.objects.get()
        assert (row.form_id, row.signed_on, row.consent_text) == (number, timezone.localdate() - timedelta(days=2), "")
        assert row.registration == Registration.objects.get() and Consent.objects.get().taken_by == row.assistant

    def test_scanned_into_the_page(self, wave: Wave) -> None:
        page = counter().get("/kantor/dampingi/?formulir=7K3M9QXD2F")
        assert page.context["paper_form"]["number"].value() == "7K3M9QXD2F"

    def test_the_same_form_only_once(self, wave: Wave) -> None:
        number = printed()
        enter(counter(), number)
        answer = enter(counter(), number)
        assert answer.status_code == 422 and "sudah diisikan" in answer.content.decode()
        assert answer.context["paper_form"]["number"].value() == number
        assert Assistance.objects.count() == 1

    def test_nor_by_two_at_once(self, wave: Wave) -> None:
        number = printed()
        scopes = [scope_of(make_staff("mentor", OFFICE)) for _ in range(2)]

        def entering(scope: Any) -> Any:
            def act() -> Any:
                enter_scope(scope)
                return service.begin(
                    scope=scope, key=uuid4(), paper=Paper(number, timezone.localdate()), first_page="ktp", language="id",
                    now=timezone.now(),
                )  # fmt: skip

            return act

        first, second = race(*map(entering, scopes))
        assert first.form_id == number and isinstance(second, FormEntered)

    def test_nor_in_the_database(self, wave: Wave) -> None:
        number = printed()
        enter(counter(), number)
        row = Assistance.objects.get()
        row.pk, row.holder = uuid4(), None
        with pytest.raises(IntegrityError, match="registrations_assistance_form_id_key"), transaction.atomic():
            row.save(force_insert=True)

    def test_only_what_this_office_has_printed(self, wave: Wave) -> None:
        for number in (printed(3301), "0000000000"):
            answer = enter(counter(), number)
            assert answer.status_code == 422 and "tidak pernah mencetak" in answer.content.decode()
        assert not Assistance.objects.exists()
        assert PaperForm.objects.count() == 1

    @pytest.mark.parametrize(
        ("over", "words"),
        [
            ({"number": "7K3M"}, "terdiri atas 10"),
            ({"signed_on_year": str(timezone.localdate().year + 1)}, "belum tiba"),
            ({"signed_on_day": "31", "signed_on_month": "2"}, "tidak ada di kalender"),
        ],
    )
    def test_what_is_wrong_is_said(self, wave: Wave, over: dict[str, str], words: str) -> None:
        answer = enter(counter(), printed(), **over)
        assert answer.status_code == 422 and words in answer.content.decode()
