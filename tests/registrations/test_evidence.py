"""Photographed papers: sent in one piece or many, kept encrypted, carried to the registration, shown to few."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.scope import NOBODY, Scope
from clusters.models import Wave
from records.models import Event
from registrations.models import Draft, Evidence, EvidencePiece, EvidenceUpload, Registration
from registrations.services import evidence as services
from registrations.services.drafts import clear_drafts
from registrations.services.intake import join
from tests.factories.people import make_region, make_wave
from tests.factories.pictures import EICAR, SVG, bomb, photo
from tests.factories.registered import make_registration
from tests.prakerja.database import refused
from tests.registrations.journey import address, drafted, fill_in, holding, send

pytestmark = pytest.mark.django_db
LETTER = photo(80, 50, colour="red")
BIG = photo(700, 500, "PNG", colour="green") + bytes(400_000)  # of several pieces


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def post(
    client: Client, data: bytes = LETTER, *, claim: str = "pmi", to: str = "/daftar/bukti/", name: str = "a.jpg"
) -> Any:
    return client.post(to, {"claim": claim, "file": SimpleUploadedFile(name, data)})


def announce(client: Client, data: bytes, *, to: str = "/daftar/bukti/", **over: Any) -> Any:
    said = {"claim": "pmi", "size": len(data), "sha256": sha256(data).hexdigest()}
    return client.post(to, said | over).json()


def put(client: Client, to: str, start: int, data: bytes) -> Any:
    return client.post(to, data, content_type="application/octet-stream", headers={"Upload-Offset": str(start)})


def of(applicant_id: UUID) -> Client:
    client = Client()
    session = client.session
    session["applicant"] = str(applicant_id)
    session.save()
    client.cookies["sessionid"] = session.session_key
    return client


class TestAsking:
    @pytest.mark.parametrize(
        ("answers", "claims"),
        [
            ({"pmi_candidate": "tidak"}, []),
            ({"pmi_candidate": "ya"}, ["pmi"]),
            ({"laid_off": "ya", "disability": "ya", "disability_consent": "on"}, ["pmi", "laid_off", "disability"]),
        ],
    )
    def test_only_what_bears_out_a_statement_is_asked_for(
        self, client: Client, wave: Wave, answers: dict[str, str], claims: list[str]
    ) -> None:
        fill_in(client, ["ktp", "tempat-tinggal", "keadaan", "alasan", "klaster"], **answers)
        answer = fill_in(client, ["disabilitas"], **answers)
        assert answer.url == address("bukti" if claims else "pernyataan")
        page = client.get(address("bukti"))
        assert "formaction" not in page.content.decode()
        assert [one.claim for one, _form in page.context["asked"]] == claims if claims else page.url == answer.url

    def test_nobody_is_lost_who_brings_nothing(self, wave: Wave) -> None:
        client = holding(drafted())
        assert "Boleh menyusul" in client.get("/daftar/periksa/").content.decode()
        assert send(client, "join").status_code == 302
        assert Registration.objects.get().state == "joined"

    def test_a_page_that_is_asked_no_longer_leads_on(self, wave: Wave) -> None:
        client = holding(drafted())
        fill_in(client, ["klaster"], pmi_candidate="tidak")
        assert client.get(address("bukti")).url == post(client).url == "/daftar/periksa/"
        assert not Evidence.objects.exists()


class TestSending:
    def test_the_photo_goes_with_the_registration_and_decides_nothing(self, wave: Wave) -> None:
        client = holding(drafted())
        assert post(client).url == address("bukti")
        assert "Foto sudah kami terima" in (page := client.get(address("bukti")).content.decode()) and "Foto 1" in page
        assert "1 foto" in client.get("/daftar/periksa/").content.decode()
        send(client)
        kept, registration = Evidence.objects.get(), Registration.objects.get()
        assert (kept.registration, kept.draft, kept.verdict) == (registration, None, "waiting")
        without = make_registration(wave, pmi_candidate=True)
        assert without.clusters == registration.clusters

    def test_what_is_stored_is_encrypted_and_bound_to_its_row(self, wave: Wave) -> None:
        client = holding(drafted())
        post(client)
        post(client, photo(colour="blue"))
        one, two = Evidence.objects.order_by("added_at")
        plain = one.content.open_bytes()
        assert (
            plain.startswith(b"\xff\xd8")
            and plain[:20] not in one.content.ciphertext
            and b"JFIF" not in bytes(one.digest)
        )
        Evidence.objects.filter(pk=two.pk).update(content=one.content.ciphertext)
        with pytest.raises(Exception, match="does not belong to this field of this row"):
            Evidence.objects.get(pk=two.pk).content.open_bytes()

    def test_equal_bytes_have_one_digest_and_are_kept_once(self, wave: Wave) -> None:
        one, two = holding(drafted()), holding(drafted())
        for client in (one, one, two):
            post(client)
        assert Evidence.objects.count() == 2
        assert len({bytes(kept.digest) for kept in Evidence.objects.all()}) == 1

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "Berkas ini kosong"),
            (EICAR, "Ini bukan foto"),
            (SVG, "Ini bukan foto"),
            (bomb(), "terlalu besar untuk dibuka"),
            (b"%PDF-1.4", "PDF belum dapat diterima"),
            (photo(400, 300, colour="red")[:-300], "rusak atau terpotong"),
        ],
    )
    def test_what_is_no_photo_is_refused_with_what_to_do(self, wave: Wave, data: bytes, words: str) -> None:
        client = holding(drafted())
        answer = post(client, data, name="foto.jpg")
        page = answer.content.decode()
        assert answer.status_code == 422 and words in page and 'href="#id_pmi_file"' in page
        assert "Langkah 7 dari 9" in page and not Evidence.objects.exists()

    def test_the_name_of_a_file_decides_nothing(self, wave: Wave) -> None:
        client = holding(drafted())
        assert post(client, name="surat.pdf").status_code == 302
        assert post(client, EICAR, name="surat.jpg").status_code == 422

    def test_nothing_chosen_is_said(self, wave: Wave) -> None:
        answer = holding(drafted()).post("/daftar/bukti/", {"claim": "pmi"})
        assert answer.status_code == 422 and "Ambil atau pilih foto dulu" in answer.content.decode()

    def test_five_are_enough_for_one_claim(self, wave: Wave) -> None:
        client = holding(drafted())
        for number in range(5):
            assert post(client, photo(10 + number)).status_code == 302
        answer = post(client, photo(99))
        assert answer.status_code == 422 and Evidence.objects.count() == 5
        assert "Sudah 5 foto" in client.get(address("bukti")).content.decode()
        assert "error" in announce(client, BIG)

    def test_a_photo_of_the_usual_size_is_taken_from_who_has_a_draft_only(self, wave: Wave) -> None:
        large = photo(60, 40) + bytes(4_000_000)
        assert post(holding(drafted()), large).status_code == 302
        stranger = Client(enforce_csrf_checks=True)
        answer = post(stranger, large)
        assert answer.status_code == 413 and "terlalu besar" in answer.content.decode()
        assert post(holding(drafted()), bytes(11_000_000)).status_code != 302

    def test_one_takes_back_what_nobody_has_decided_about(self, wave: Wave) -> None:
        client = holding(drafted())
        post(client)
        kept = Evidence.objects.get()
        assert client.post(f"/daftar/bukti/foto/{kept.pk}/hapus/").url == address("bukti")
        assert client.post(f"/daftar/bukti/foto/{kept.pk}/hapus/").status_code == 404
        assert not Evidence.objects.exists()

    def test_the_photos_of_a_forgotten_draft_go_with_it(self, wave: Wave) -> None:
        client = holding(draft := drafted())
        post(client)
        announce(client, BIG)
        assert clear_drafts(now=draft.expires_at + timedelta(days=1)) == 1
        assert not Evidence.objects.exists() and not EvidenceUpload.objects.exists()


class TestPieces:
    def test_after_a_cut_it_goes_on_where_it_stopped_on_any_device(self, wave: Wave) -> None:
        draft = drafted()
        first, second = holding(draft), holding(draft)
        begun = announce(first, BIG)
        assert begun["received"] == 0
        assert put(first, begun["to"], 0, BIG[:150_000]).json()["received"] == 150_000
        again = announce(second, BIG)
        assert again == {"to": begun["to"], "received": 150_000}
        done = put(second, again["to"], 150_000, BIG[150_000:])
        assert done.json() == {"next": address("bukti")}
        assert Evidence.objects.get().content.open_bytes().startswith(b"\xff\xd8")
        assert not EvidenceUpload.objects.exists() and not EvidencePiece.objects.exists()
        # the answer got lost: announced once more, the file is there
        assert announce(first, BIG) == {"next": address("bukti")}
        assert Evidence.objects.count() == 1

    def test_it_is_the_file_that_one_piece_would_have_been(self, wave: Wave) -> None:
        one, two = holding(drafted()), holding(drafted())
        begun = announce(one, BIG)
        for start in range(0, len(BIG), 200_000):
            last = put(one, begun["to"], start, BIG[start : start + 200_000])
        assert "next" in last.json()
        post(two, BIG)
        kept, other = Evidence.objects.all()
        assert bytes(kept.digest) == bytes(other.digest)
        assert kept.content.open_bytes() == other.content.open_bytes()

    def test_a_piece_in_the_wrong_place_is_told_where_to_go_on(self, wave: Wave) -> None:
        client = holding(drafted())
        to = announce(client, BIG)["to"]
        put(client, to, 0, BIG[:1000])
        for start, data in [(0, BIG[:1000]), (2000, BIG[2000:3000]), (1000, b""), (1000, bytes(len(BIG)))]:
            answer = put(client, to, start, data)
            assert (answer.status_code, answer.json()) == (409, {"received": 1000})
        assert client.post(to, b"x", content_type="application/octet-stream").json() == {"received": 1000}
        assert client.post(to, {"a": "form"}, headers={"Upload-Offset": "1000"}).json() == {"received": 1000}

    def test_other_bytes_than_announced_are_refused_and_gone(self, wave: Wave) -> None:
        client = holding(drafted())
        to = announce(client, LETTER, sha256="0" * 64)["to"]
        answer = put(client, to, 0, LETTER)
        assert answer.status_code == 422 and "berubah di jalan" in answer.json()["error"]
        assert put(client, to, 0, LETTER).status_code == 404
        assert not Evidence.objects.exists() and not EvidencePiece.objects.exists()

    def test_what_is_no_photo_is_refused_at_its_end(self, wave: Wave) -> None:
        client = holding(drafted())
        answer = put(client, announce(client, EICAR)["to"], 0, EICAR)
        assert answer.status_code == 422 and "Ini bukan foto" in answer.json()["error"]
        assert not EvidenceUpload.objects.exists()

    def test_more_than_the_limit_is_refused_before_it_is_sent(self, wave: Wave) -> None:
        client = holding(drafted())
        assert "10 MB" in announce(client, LETTER, size=10 * 1024 * 1024 + 1)["error"]
        assert client.post("/daftar/bukti/", {"claim": "pmi", "size": 5, "sha256": "x"}).status_code == 400

    def test_few_are_on_their_way_at_once_and_none_for_long(self, wave: Wave) -> None:
        client = holding(drafted())
        begun = [announce(client, photo(10 + number))["to"] for number in range(4)]
        assert EvidenceUpload.objects.count() == services.MOST_UPLOADS
        assert put(client, begun[0], 0, b"x").status_code == 404
        assert services.clear_uploads(now=timezone.now() + timedelta(days=2)) == services.MOST_UPLOADS

    def test_pieces_lie_encrypted(self, wave: Wave) -> None:
        client = holding(drafted())
        put(client, announce(client, BIG)["to"], 0, BIG[:1000])
        piece = EvidencePiece.objects.get()
        assert piece.data.open_bytes() == BIG[:1000] and b"PNG" not in piece.data.ciphertext


class TestAfterwards:
    @pytest.fixture
    def mine(self, wave: Wave) -> Registration:
        return make_registration(wave, laid_off=True)

    def to(self, registration: Registration) -> str:
        return f"/daftar/bukti/{registration.pk}/"

    def test_what_is_missing_is_said_and_brought(self, mine: Registration) -> None:
        client = of(mine.applicant_id)
        status = client.get("/status/").content.decode()
        assert "Belum ada. Kirim foto dari:" in status and f'href="{self.to(mine)}"' in status
        assert post(client, claim="laid_off", to=self.to(mine)).url == self.to(mine)
        kept = Evidence.objects.get()
        assert kept.registration == mine and Event.objects.filter(kind="evidence.added", person_id=mine.applicant_id)
        assert "Menunggu diperiksa" in client.get("/status/").content.decode()
        begun = announce(client, BIG, to=self.to(mine), claim="laid_off")
        assert put(client, begun["to"], 0, BIG).json() == {"next": self.to(mine)}

    def test_what_was_not_stated_is_not_taken(self, mine: Registration) -> None:
        assert post(of(mine.applicant_id), claim="pmi", to=self.to(mine)).status_code == 422
        assert not Evidence.objects.exists()

    def test_once_joined_nothing_is_taken_back_but_more_may_come(self, mine: Registration) -> None:
        client = of(mine.applicant_id)
        post(client, claim="laid_off", to=self.to(mine))
        kept = Evidence.objects.get()
        with transaction.atomic():
            assert client.post(f"/daftar/bukti/foto/{kept.pk}/hapus/").status_code == 302
            transaction.set_rollback(True)
        join(scope=Scope().as_applicant(mine.applicant_id), registration_id=mine.pk, now=timezone.now())
        assert client.post(f"/daftar/bukti/foto/{kept.pk}/hapus/").status_code == 404
        assert "Hapus" not in client.get(self.to(mine)).content.decode()
        assert post(client, photo(colour="blue"), claim="laid_off", to=self.to(mine)).status_code == 302

    def test_it_leaves_as_a_file_that_runs_nothing(self, mine: Registration) -> None:
        client = of(mine.applicant_id)
        post(client, claim="laid_off", to=self.to(mine))
        answer = client.get(f"/daftar/bukti/foto/{Evidence.objects.get().pk}/")
        assert answer["Content-Type"] == "image/jpeg" and answer.content.startswith(b"\xff\xd8")
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff" and "sandbox" in answer["Content-Security-Policy"]
        assert "no-store" in answer["Cache-Control"]

    def test_nobody_else_reaches_it(self, wave: Wave, mine: Registration, as_role: Callable[..., Client]) -> None:
        post(of(mine.applicant_id), claim="laid_off", to=self.to(mine))
        begun = announce(of(mine.applicant_id), BIG, to=self.to(mine), claim="laid_off")["to"]
        photo_of = f"/daftar/bukti/foto/{Evidence.objects.get().pk}/"
        others = [of(make_registration(wave).applicant_id), holding(drafted()), Client(), as_role("mentor", 3374)]
        for client in others:
            assert client.get(photo_of).status_code == client.post(f"{photo_of}hapus/").status_code == 404
            assert put(client, begun, 0, b"x").status_code == 404
            assert post(client, claim="laid_off", to=self.to(mine)).status_code == 404
        assert Evidence.objects.count() == 1 and EvidenceUpload.objects.get().received == 0


def as_web(scope: Scope) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', 'portal_web', true), set_config('app.scope', %s, true)", [scope.as_setting()]
        )


def test_the_database_alone_keeps_others_out(wave: Wave) -> None:
    mine = make_registration(wave, laid_off=True)
    post(of(mine.applicant_id), claim="laid_off", to=f"/daftar/bukti/{mine.pk}/")
    other, me = make_registration(wave), Scope().as_applicant(mine.applicant_id)
    seen = {
        "me": me, "office": Scope(regency_ids=frozenset({3374})), "auditor": Scope(roles=frozenset({"auditor"})),
        "other office": Scope(regency_ids=frozenset({3301})), "planner": Scope(roles=frozenset({"planner"})),
        "other": Scope().as_applicant(other.applicant_id), "nobody": NOBODY,
    }  # fmt: skip
    found = set()
    for who, scope in seen.items():
        with transaction.atomic():
            as_web(scope)
            found |= {who} if Evidence.objects.count() else set()
            transaction.set_rollback(True)
    assert found == {"me", "office", "auditor"}
    with transaction.atomic():
        as_web(me)
        with refused("permission denied"):
            Evidence.objects.update(content=b"x")
        assert not Evidence.objects.update(registration=other)
        assert not Evidence.objects.update(verdict="waiting", reason="")  # the person decides nothing
        transaction.set_rollback(True)
    with transaction.atomic():
        as_web(seen["office"])
        with refused("row-level security"):  # not in nobody's name
            Evidence.objects.update(verdict="accepted", decided_by=None, decided_at=timezone.now())
        assert Evidence.objects.all().delete()[0] == 0
        transaction.set_rollback(True)
    draft = drafted()
    post(holding(draft))
    with transaction.atomic():
        as_web(NOBODY.with_draft(draft.pk))
        with refused("row-level security"):
            Evidence.objects.filter(draft=draft).update(draft=None, registration=other)
        transaction.set_rollback(True)
    for wrong in ({"verdict": "accepted"}, {"verdict": "refused"}, {"registration": None}):
        with refused("registrations_evidence_"):
            Evidence.objects.update(**wrong)


@pytest.mark.django_db(transaction=True)
def test_a_photo_that_comes_while_the_draft_is_sent_is_carried_or_refused(wave: Wave) -> None:
    draft = drafted()
    client = holding(draft)
    send(client)
    with pytest.raises(services.OwnerGone):
        services.add_evidence(
            scope=NOBODY.with_draft(draft.pk), owner=draft, claim="pmi", data=LETTER, now=timezone.now()
        )
    assert not Draft.objects.exists()
