"""A person's own status: opening it, what it says, answering the offer."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from clusters.models import Wave
from registrations.models import Registration, StatusAttempt
from registrations.services.access import PER_ADDRESS, PER_NUMBER, NoSuchStatus, TooManyAttempts, open_status
from registrations.services.receipts import secret_code
from tests.factories.draws import Ready, make_ready, published
from training.models import Draw, DrawPack, DrawResult, Placement
from training.services.outcome import VERIFIER

pytestmark = pytest.mark.django_db


def past_ready(people: int = 20) -> tuple[Ready, Draw]:
    """A wave whose draw lies a little behind the real now, so that pages may be asked."""
    ready = make_ready(people=people, now=timezone.now() - timedelta(days=8))
    return ready, published(ready)


def opened(registration: Registration, client: Client | None = None) -> Client:
    client = client or Client()
    born = registration.applicant.birth_date
    answer = client.post(
        "/status/buka/",
        {
            "number": f"{registration.number[:4]} {registration.number[4:8]} {registration.number[8:]}",
            "code": secret_code(registration.idempotency_key).lower(),
            "birth_date_day": born.day,
            "birth_date_month": born.month,
            "birth_date_year": born.year,
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    return client


def result(draw: Draw, *, placed: bool) -> DrawResult:
    rows = DrawResult.objects.filter(draw=draw, training_class__isnull=not placed)
    found = rows.select_related("registration__applicant").order_by("position").last()
    assert found
    return found


class TestOpening:
    def test_number_code_and_birth_date_together(self) -> None:
        _ready, draw = past_ready()
        registration = result(draw, placed=True).registration
        page = opened(registration).get("/status/").content.decode()
        assert registration.number[:4] in page
        assert registration.applicant.nik.open() not in page

    @pytest.mark.parametrize("wrong", ["number", "code", "birth_date_day"])
    def test_never_says_which_of_them_is_wrong(self, wrong: str) -> None:
        _ready, draw = past_ready()
        registration = result(draw, placed=True).registration
        born = registration.applicant.birth_date
        right = {
            "number": registration.number,
            "code": secret_code(registration.idempotency_key),
            "birth_date_day": str(born.day),
            "birth_date_month": str(born.month),
            "birth_date_year": str(born.year),
        }
        other = {"number": "000000000000", "code": "0000000000", "birth_date_day": str(born.day % 27 + 1)}
        client = Client()
        page = client.post("/status/buka/", right | {wrong: other[wrong]}).content.decode()
        assert "Nomor, kode, dan tanggal lahir tidak cocok" in page
        assert client.get("/status/").context["form"] is not None

    def test_guessing_is_cut_off_for_known_and_unknown_numbers_alike(self) -> None:
        _ready, draw = past_ready(people=3)
        known = Registration.objects.filter(draw_results__draw=draw).first()
        assert known
        now, born = timezone.now(), known.applicant.birth_date
        for number in (known.number, "000000000000"):
            for _ in range(PER_NUMBER):
                with pytest.raises(NoSuchStatus):
                    open_status(number=number, code="WRONG", birth_date=born, address="192.0.2.1", now=now)
            with pytest.raises(TooManyAttempts):
                open_status(number=number, code="WRONG", birth_date=born, address="192.0.2.1", now=now)
        code = secret_code(known.idempotency_key)
        with pytest.raises(TooManyAttempts):
            open_status(number=known.number, code=code, birth_date=born, address="192.0.2.1", now=now)
        assert open_status(number=known.number, code=code, birth_date=born, address="192.0.2.2", now=now) == known
        later = now + timedelta(hours=1, seconds=1)
        assert open_status(number=known.number, code=code, birth_date=born, address="192.0.2.1", now=later) == known
        assert known.number not in str(list(StatusAttempt.objects.values_list("key", flat=True)))

    @pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::{}"])
    def test_an_address_has_a_budget_for_all_numbers_together(self, address: str) -> None:
        """A household has a /64 of IPv6."""
        _ready, draw = past_ready(people=3)
        known = Registration.objects.filter(draw_results__draw=draw).first()
        assert known
        now, born, code = timezone.now(), known.applicant.birth_date, secret_code(known.idempotency_key)
        for guess in range(PER_ADDRESS):
            with pytest.raises(NoSuchStatus):
                open_status(number=f"{guess:012}", code=code, birth_date=born, address=address.format(guess), now=now)
        with pytest.raises(TooManyAttempts):
            open_status(number=known.number, code=code, birth_date=born, address=address.format("a"), now=now)
        assert open_status(number=known.number, code=code, birth_date=born, address="192.0.2.2", now=now) == known

    def test_a_session_sees_its_own_person_only(self) -> None:
        _ready, draw = past_ready()
        mine, other = Registration.objects.filter(draw_results__draw=draw).select_related("applicant")[:2]
        client = opened(mine)
        assert client.get(f"/status/baris/{other.pk}/").status_code == 404
        offer = Placement.objects.exclude(registration=mine).first()
        assert offer
        assert client.post(f"/status/jawab/{offer.pk}/", {"answer": "accept"}).status_code == 404

    def test_opening_forgets_who_was_signed_in_here(self, as_role: Callable[..., Client]) -> None:
        _ready, draw = past_ready()
        registration = result(draw, placed=True).registration
        client = opened(registration, as_role("mentor", regency=3301))
        assert client.get("/kantor/").status_code == 302
        assert client.get(f"/kantor/peserta/{registration.pk}/").status_code == 302

    def test_leaving_the_wave_and_only_before_the_freeze(self) -> None:
        ready = make_ready(people=2)
        mine, other = Registration.objects.filter(wave=ready.wave).select_related("applicant")
        client = opened(mine)
        assert client.post(f"/status/mundur/{other.pk}/").status_code == 404
        client.post(f"/status/mundur/{mine.pk}/")
        mine.refresh_from_db()
        assert mine.state == "withdrawn"
        Registration.objects.filter(pk=mine.pk).update(state="joined")
        Wave.objects.filter(pk=ready.wave.pk).update(state="frozen")
        client.post(f"/status/mundur/{mine.pk}/")
        mine.refresh_from_db()
        assert mine.state == "joined"

    def test_closing_forgets_the_person(self) -> None:
        _ready, draw = past_ready()
        client = opened(result(draw, placed=True).registration)
        client.post("/status/tutup/")
        assert "form" in client.get("/status/").context


class TestWhatItSays:
    def test_a_place_and_why(self) -> None:
        _ready, draw = past_ready()
        row = result(draw, placed=True)
        page = opened(row.registration).get("/status/").content.decode()
        assert "Anda mendapat tempat di kelas Barista, BLK Contoh, mulai 12 Januari 2027." in page
        assert f"Nomor Anda keluar pada urutan {row.position + 1} dari 20" in page

    def test_no_place_and_why(self) -> None:
        _ready, draw = past_ready()
        row = DrawResult.objects.filter(draw=draw, admitted_pass=-1).select_related("registration__applicant").last()
        assert row
        page = opened(row.registration).get("/status/").content.decode()
        cutoff = draw.cutoffs.get().position + 1
        assert "Anda belum mendapat tempat pada gelombang ini." in page
        assert f"Tempat dibagikan sampai urutan {cutoff}" in page
        assert row.position + 1 > cutoff

    def test_nothing_before_publication(self) -> None:
        ready = make_ready(people=5)
        registration = Registration.objects.filter(wave=ready.wave).select_related("applicant").first()
        assert registration
        client = opened(registration)
        page = client.get("/status/")
        assert page.context["outcome"] is None
        assert page.context["placement"] is None

    def test_costs_the_same_for_everybody(self, django_assert_max_num_queries: object) -> None:
        _ready, draw = past_ready()
        client = opened(result(draw, placed=True).registration)
        with django_assert_max_num_queries(23):  # type: ignore[operator]
            client.get("/status/")


class TestOffer:
    def test_accepted_by_one_click_and_again(self) -> None:
        _ready, draw = past_ready()
        row = result(draw, placed=True)
        client = opened(row.registration)
        offer = Placement.objects.get(registration=row.registration)
        for _ in range(2):
            assert client.post(f"/status/jawab/{offer.pk}/", {"answer": "accept"}).status_code == 302
        offer.refresh_from_db()
        assert offer.state == "accepted"
        assert "Bawa KTP pada hari pertama" in client.get("/status/").content.decode()

    def test_declined_then_accepted_is_refused(self) -> None:
        _ready, draw = past_ready()
        row = result(draw, placed=True)
        client = opened(row.registration)
        offer = Placement.objects.get(registration=row.registration)
        client.post(f"/status/jawab/{offer.pk}/", {"answer": "decline"})
        assert client.post(f"/status/jawab/{offer.pk}/", {"answer": "accept"}).status_code == 409
        offer.refresh_from_db()
        assert offer.state == "declined"

    @pytest.mark.parametrize("word", ["Accept", "", None])
    def test_any_other_word_changes_nothing(self, word: str | None) -> None:
        _ready, draw = past_ready()
        row = result(draw, placed=True)
        offer = Placement.objects.get(registration=row.registration)
        data = {} if word is None else {"answer": word}
        assert opened(row.registration).post(f"/status/jawab/{offer.pk}/", data).status_code == 400
        offer.refresh_from_db()
        assert offer.state == "offered"

    def test_a_get_changes_nothing(self) -> None:
        _ready, draw = past_ready()
        row = result(draw, placed=True)
        offer = Placement.objects.get(registration=row.registration)
        assert opened(row.registration).get(f"/status/jawab/{offer.pk}/?answer=accept").status_code == 405
        offer.refresh_from_db()
        assert offer.state == "offered"


def test_the_downloaded_line_passes_the_stand_alone_check(tmp_path: Path) -> None:
    _ready, draw = past_ready()
    registration = result(draw, placed=False).registration
    line = opened(registration).get(f"/status/baris/{registration.pk}/")
    (tmp_path / "line.json").write_bytes(line.content)
    pack = tmp_path / "pack.zip"
    pack.write_bytes(bytes(DrawPack.objects.get(draw=draw, audience="public").content))
    (tmp_path / "draw.json").write_bytes(zipfile.ZipFile(pack).read("draw.json"))
    command = [sys.executable, "-I", str(VERIFIER), "receipt", str(tmp_path / "line.json"), str(tmp_path / "draw.json")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    tampered = json.loads(line.content)
    tampered["line"] = tampered["line"].replace("|8|", "|15|")
    (tmp_path / "line.json").write_text(json.dumps(tampered))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
