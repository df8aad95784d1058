"""Taking one's data away, having the office correct what the registry fixes, and being erased."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import Wave
from records.models import Event, Job
from registrations.models import (
    Applicant,
    Disability,
    DisabilityNeed,
    Evidence,
    FormerValue,
    IdentityCheck,
    Registration,
)
from registrations.services.access import NoSuchStatus, open_status
from registrations.services.corrections import Correction, correct, correct_for_office
from registrations.services.evidence import add_evidence
from registrations.services.receipts import secret_code
from tests.factories.people import make_region, make_wave
from tests.factories.pictures import photo
from tests.factories.registered import make_registration
from tests.factories.staff import make_staff
from tests.prakerja.database import refused
from tests.registrations.races import race
from tests.registrations.test_corrections import own, signed
from tests.training.test_status import past_ready, result
from training.models import Erasure
from training.services import erasure as services
from training.services.grievances import answer, file_own, open_text
from training.services.outcome import VERIFIER

pytestmark = pytest.mark.django_db(transaction=True)

OFFICE = 3374


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def office(regency: int = OFFICE) -> Scope:
    return Scope(make_staff("mentor", regency).pk, frozenset({"mentor"}), frozenset({regency}))


def withdrawn(wave: Wave, **over: Any) -> Registration:
    registration = make_registration(wave, **over)
    Registration.objects.filter(pk=registration.pk).update(state="withdrawn")
    return registration


def approved(registration: Registration) -> Erasure:
    now = timezone.now()
    asked = services.request_erasure(scope=own(registration), now=now)
    services.propose_erasure(scope=office(registration.regency_id), erasure_id=asked.pk, now=now)
    services.approve_erasure(scope=office(registration.regency_id), erasure_id=asked.pk, now=now)
    return asked


def everything() -> str:
    """Every row of every table of ours, with what is encrypted opened."""
    from django.apps import apps

    from records.fields import Sealed

    said = []
    for model in apps.get_models():
        if not model._meta.managed or model._meta.app_label not in {"records", "registrations", "training"}:
            continue
        for one in model._base_manager.all():
            for field in model._meta.concrete_fields:
                value = getattr(one, field.attname)
                said.append(value.open_bytes().decode(errors="replace") if isinstance(value, Sealed) else str(value))
    return "\n".join(said)


class TestDownload:
    def test_everything_is_in_it_and_the_log_knows(self, wave: Wave) -> None:
        registration = make_registration(wave, disability=True, disability_need="Kursi roda", address="=1+1 Dusun")
        person, other = registration.applicant, make_registration(wave)
        correct(
            scope=own(registration), correction=Correction(details={"email": "siti@contoh.example"}), key=uuid4(),
            now=timezone.now(), language="id",
        )  # fmt: skip
        paper = add_evidence(
            scope=own(registration), owner=registration, claim="disability", data=photo(), now=timezone.now()
        )
        answer = signed(registration).post("/status/unduh/")
        assert answer["Content-Type"] == "application/zip"
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        data = json.loads(archive.read("data.json"))
        assert data["orang"][0]["nik"] == person.nik.open() and data["orang"][0]["kk"] == person.kk.open()
        assert data["pendaftaran"][0]["number"] == registration.number
        assert data["bantuan_di_kelas"][0]["text"] == "Kursi roda"
        assert data["isian_sebelumnya"][0]["field"] == "email"
        assert data["bukti"][0]["verdict"] == "waiting" and "content" not in data["bukti"][0]
        assert archive.read(f"bukti/{paper.pk}.jpg").startswith(b"\xff\xd8")
        assert data["pesan"] and data["persetujuan"]
        rows = list(csv.DictReader(io.StringIO(archive.read("orang.csv").decode("utf-8-sig"))))
        assert rows[0]["nik"].lstrip("'") == person.nik.open()
        assert rows[0]["address"] == "'=1+1 Dusun"  # runs in no spreadsheet
        text = archive.read("data.json").decode()
        assert other.number not in text and other.applicant.nik.open() not in text
        assert secret_code(registration.idempotency_key) not in text and "code_index" not in text
        assert Event.objects.filter(kind="applicant.downloaded", person_id=person.pk).count() == 1

    def test_no_address_gives_it_away(self, wave: Wave) -> None:
        client = signed(make_registration(wave))
        assert client.get("/status/unduh/").status_code == 405
        assert Client().post("/status/unduh/").url == "/status/"


class TestRegistryData:
    def upheld(self, registration: Registration) -> Any:
        now = timezone.now()
        asked = file_own(
            scope=own(registration), registration_id=registration.pk, subject="correction", claim="",
            text="Nama saya di KTP memakai huruf y, bukan i.", key=uuid4(), language="id", now=now,
        )  # fmt: skip
        scope = office()
        open_text(scope=scope, grievance_id=asked.pk, now=now)
        return answer(
            scope=scope, grievance_id=asked.pk, verdict="upheld", text="Kami sudah melihat KTP Anda.", now=now
        )

    def test_the_wish_has_three_working_days_and_a_page_of_its_own(self, wave: Wave) -> None:
        registration = make_registration(wave)
        client = signed(registration)
        page = client.get("/status/sanggahan/?tentang=correction").content.decode()
        assert 'value="correction" required id="id_subject_' in page or "checked" in page
        typed = {"subject": "correction", "claim": "", "text": "Nama saya di KTP memakai y.", "key": str(uuid4())}
        assert client.post("/status/sanggahan/", typed).status_code == 302
        from training.models import Grievance

        found = Grievance.objects.get()
        assert found.kind == "correction" and 3 <= (found.due_on - timezone.localdate()).days <= 10

    def test_the_office_corrects_and_the_registry_is_asked_again(
        self, wave: Wave, as_role: Callable[..., Client]
    ) -> None:
        registration = make_registration(wave, name="Siti Contoh")
        matched = {"state": "matched", "checked_at": timezone.now(), "next_try": None}
        IdentityCheck.objects.update(**matched)
        found, client = self.upheld(registration), as_role("mentor", regency=OFFICE)
        address = f"/kantor/sanggahan/{found.pk}/perbaiki/"
        assert client.get(address).status_code == 200
        typed = {"name": "Sity Contoh", "key": str(uuid4())}
        for _ in range(2):
            assert client.post(address, typed).status_code == 302
        registration.refresh_from_db()
        assert registration.name == Applicant.objects.get().name == "Sity Contoh"
        assert IdentityCheck.objects.get().state == "pending"
        former = FormerValue.objects.get()
        assert json.loads(former.former.open()) == "Siti Contoh" and former.actor_role == "mentor"

    def test_a_number_of_somebody_else_is_refused_in_its_field(
        self, wave: Wave, as_role: Callable[..., Client]
    ) -> None:
        other, registration = make_registration(wave), make_registration(wave)
        found = self.upheld(registration)
        taken = other.applicant.nik.open()
        page = as_role("mentor", regency=OFFICE).post(
            f"/kantor/sanggahan/{found.pk}/perbaiki/", {"nik": taken, "key": str(uuid4())}
        )
        assert "sudah terdaftar atas orang lain" in page.content.decode()
        assert not FormerValue.objects.exists()

    def test_only_what_was_upheld_and_only_the_own_office(self, wave: Wave, as_role: Callable[..., Client]) -> None:
        registration = make_registration(wave)
        asked = file_own(
            scope=own(registration), registration_id=registration.pk, subject="correction", claim="",
            text="Nama saya di KTP memakai huruf y, bukan i.", key=uuid4(), language="id", now=timezone.now(),
        )  # fmt: skip
        address = f"/kantor/sanggahan/{asked.pk}/perbaiki/"
        assert as_role("mentor", regency=OFFICE).post(address, {"name": "X"}).status_code == 403
        assert as_role("mentor", regency=3301).post(address, {"name": "X"}).status_code == 404
        with pytest.raises(ValueError, match="not the applicant's to change"):
            correct(
                scope=own(registration), correction=Correction(details={"name": "X"}), key=uuid4(), now=timezone.now(),
                language="id",
            )  # fmt: skip
        with pytest.raises(Applicant.DoesNotExist):
            correct_for_office(
                scope=office(3301), applicant_id=registration.applicant_id, details={"name": "X"}, reason="x",
                key=uuid4(), now=timezone.now(), language="id",
            )  # fmt: skip


class TestAskingToBeErased:
    def test_what_stands_in_the_way_is_said(self, wave: Wave) -> None:
        client = signed(make_registration(wave))
        page = client.post("/status/hapus/")
        assert page.status_code == 422 and "Undurkan diri dulu" in page.content.decode()
        assert not Erasure.objects.exists()

    def test_asked_twice_it_is_one_with_a_clock(self, wave: Wave) -> None:
        registration = withdrawn(wave)
        client = signed(registration)
        for _ in range(2):
            assert client.post("/status/hapus/").status_code == 302
        asked = Erasure.objects.get()
        assert asked.due_at - asked.requested_at == timedelta(hours=72)
        assert "Diputus paling lambat" in client.get("/status/hapus/").content.decode()
        client.post(f"/status/hapus/{asked.pk}/tarik/")
        asked.refresh_from_db()
        assert asked.state == "withdrawn"
        assert Applicant.objects.get().erased_at is None

    def test_two_at_once_ask_once(self, wave: Wave) -> None:
        registration = withdrawn(wave)
        scope = own(registration)

        def act() -> Erasure:
            enter_scope(scope)
            return services.request_erasure(scope=scope, now=timezone.now())

        first, second = race(act, act)
        assert first.pk == second.pk and Erasure.objects.count() == 1

    def test_a_place_that_is_held_stands_in_the_way(self) -> None:
        _ready, draw = past_ready()
        registration = result(draw, placed=True).registration
        with pytest.raises(services.Obliged):
            services.request_erasure(scope=own(registration), now=timezone.now())


class TestDeciding:
    def test_it_takes_two_persons_of_the_own_office(self, wave: Wave, as_role: Callable[..., Client]) -> None:
        asked = services.request_erasure(scope=own(withdrawn(wave)), now=timezone.now())
        address = f"/kantor/hapus/{asked.pk}/"
        first, second = as_role("mentor", regency=OFFICE), as_role("office_head", regency=OFFICE)
        assert as_role("mentor", regency=3301).post(address, {"act": "propose"}).status_code == 404
        assert first.post(address, {"act": "propose"}).status_code == 302
        assert first.post(address, {"act": "approve"}).status_code == 403
        assert second.post(address, {"act": "approve"}).status_code == 302
        asked.refresh_from_db()
        assert asked.state == "approved" and Job.objects.filter(task=services.ERASE).count() == 1

    def test_the_database_wants_two_persons_too(self, wave: Wave) -> None:
        asked, scope = services.request_erasure(scope=own(withdrawn(wave)), now=timezone.now()), office()
        services.propose_erasure(scope=scope, erasure_id=asked.pk, now=timezone.now())
        with refused("training_erasure_two_persons"):
            Erasure.objects.filter(pk=asked.pk).update(state="approved", decided_by=scope.user_id)
        with refused("cannot go from proposed to done"):
            Erasure.objects.filter(pk=asked.pk).update(state="done", decided_by=make_staff("mentor", OFFICE).pk)
        with refused("row-level security"):
            enter_scope(own(Registration.objects.get()), web_role=True)
            Erasure.objects.filter(pk=asked.pk).update(state="approved")

    def test_a_refusal_says_why_to_the_person(self, wave: Wave, as_role: Callable[..., Client]) -> None:
        registration = withdrawn(wave)
        asked = services.request_erasure(scope=own(registration), now=timezone.now())
        client, address = as_role("mentor", regency=OFFICE), f"/kantor/hapus/{asked.pk}/"
        assert "pendaftar membacanya" in client.post(address, {"act": "refuse", "reason": ""}).content.decode()
        client.post(address, {"act": "refuse", "reason": "Sertifikat Anda masih diproses sampai 1 Maret."})
        assert "Sertifikat Anda masih diproses" in signed(registration).get("/status/hapus/").content.decode()

    def test_what_came_in_between_stops_the_worker(self, wave: Wave) -> None:
        registration = withdrawn(wave)
        asked = approved(registration)
        Registration.objects.update(state="joined", joined_at=timezone.now())
        assert services.erase_approved(erasure_id=asked.pk, now=timezone.now()) == {"state": "refused"}
        assert Applicant.objects.get().erased_at is None


class TestErased:
    def test_nothing_says_any_more_who_it_was(self, wave: Wave) -> None:
        registration = withdrawn(wave, name="Kenari Semarangan", disability=True, disability_need="Kursi roda")
        person = registration.applicant
        secrets = [person.nik.open(), person.kk.open(), person.phone.open(), "Kenari", "Dusun Contoh", "Kursi roda"]
        correct(
            scope=own(registration), correction=Correction(details={"kk": "3374990101200777"}), key=uuid4(),
            now=timezone.now(), language="id",
        )  # fmt: skip
        add_evidence(scope=own(registration), owner=registration, claim="disability", data=photo(), now=timezone.now())
        before = everything()
        assert all(secret in before for secret in secrets)
        asked = approved(registration)
        now = timezone.now()
        assert services.erase_approved(erasure_id=asked.pk, now=now) == {"state": "done"}
        assert services.erase_approved(erasure_id=asked.pk, now=now) == {"state": "done"}  # delivered twice
        after = everything()
        assert [secret for secret in [*secrets, "3374990101200777"] if secret in after] == []
        assert not Evidence.objects.exists()
        assert not Disability.objects.exists() and not DisabilityNeed.objects.exists()
        with pytest.raises(NoSuchStatus):
            open_status(
                number=registration.number, code=secret_code(registration.idempotency_key),
                birth_date=person.birth_date, address="192.0.2.1", now=now,
            )  # fmt: skip
        assert Event.objects.filter(person_id=person.pk).exists()
        assert not IdentityCheck.objects.due(now + timedelta(days=400)).exists()  # nobody is asked about nobody

    def test_the_draw_and_the_chain_still_verify(self, tmp_path: Path) -> None:
        import subprocess
        import sys

        from records.services.seals import seal_logs
        from training.models import DrawPack

        _ready, draw = past_ready()
        loser = result(draw, placed=False).registration
        Wave.objects.filter(pk=draw.wave_id).update(state="running")
        asked = approved(loser)
        services.erase_approved(erasure_id=asked.pk, now=timezone.now())
        for pack in DrawPack.objects.filter(draw=draw):
            path = tmp_path / f"{pack.audience}.zip"
            path.write_bytes(bytes(pack.content))
            done = subprocess.run([sys.executable, VERIFIER, path], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        seal_logs(now=timezone.now())
        call_command("verify_chain")

    def test_the_same_number_may_register_anew(self, wave: Wave) -> None:
        registration = withdrawn(wave)
        nik = registration.applicant.nik.open()
        services.erase_approved(erasure_id=approved(registration).pk, now=timezone.now())
        again = make_registration(wave, nik=nik)
        assert again.applicant_id != registration.applicant_id

    def test_a_restore_is_followed_by_erasing_again(self, wave: Wave, tmp_path: Path) -> None:
        registration = withdrawn(wave)
        services.erase_approved(erasure_id=approved(registration).pk, now=timezone.now())
        file = tmp_path / "tombstones"
        call_command("tombstones", out=file)
        assert file.read_text() == f"{registration.applicant_id}\n"
        Applicant.objects.update(erased_at=None, name="Siti Contoh")  # as a backup from before would have it
        call_command("tombstones", replay=file)
        assert Applicant.objects.get().name == services.ERASED
