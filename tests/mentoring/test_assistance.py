"""An office fills in for somebody, and the person takes it over: behind the walls, as portal_web."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.scope import NOBODY
from accounts.services import enter_scope
from clusters.models import Wave
from clusters.selectors.offices import scope_of
from records.models import Event
from registrations.forms.pages import PAPERS, entered
from registrations.models import Assistance, Consent, Draft, Registration
from registrations.services import assistance as service
from registrations.services.access import PER_NUMBER
from registrations.services.consents import ASSISTANCE_VERSION, CONSENT_VERSION
from registrations.services.drafts import begin_for, clear_drafts
from registrations.services.receipts import claim_code, secret_code
from tests.factories.people import make_region, make_wave
from tests.factories.sign_in import promised
from tests.factories.staff import make_staff, sign_in
from tests.prakerja.database import refused
from tests.registrations.journey import SLUGS, TYPED, typed
from tests.registrations.races import race

# Committed for real: the session is saved after the request has given its role back, as in production.
pytestmark = pytest.mark.django_db(transaction=True)

OFFICE = 3374
BORN = {"birth_date_day": "10", "birth_date_month": "3", "birth_date_year": "1995"}


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def counter(regency: int = OFFICE, user: User | None = None) -> Client:
    """A member of the office's staff at their computer."""
    client = Client()
    sign_in(client, user or make_staff("mentor", regency))
    return client


def begin(client: Client, **over: Any) -> Any:
    return client.post("/kantor/dampingi/", {"kind": "present", "key": str(uuid4()), "agreed": "on"} | over)


def begun(client: Client) -> str:
    """The address of somebody's first page."""
    answer = begin(client)
    assert answer.status_code == 302, answer.context["form"].errors
    return str(answer["Location"]).removesuffix("isi/ktp/")


AT_THE_COUNTER = [slug for slug in SLUGS if slug != PAPERS]


def fill_in(client: Client, home: str, slugs: list[str] = AT_THE_COUNTER, **over: Any) -> Any:
    pages = typed(**over)
    for slug in slugs:
        revision = client.get(f"{home}isi/{slug}/").context["revision"]
        answer = client.post(f"{home}isi/{slug}/", pages[slug] | {"revision": revision})
    return answer


def send(client: Client, home: str, action: str = "register") -> Any:
    page = client.get(f"{home}periksa/")
    return client.post(f"{home}periksa/", {"action": action, "revision": page.context["journey"].draft.revision})


def registered(client: Client, action: str = "register", **over: Any) -> str:
    home = begun(client)
    fill_in(client, home, **over)
    answer = send(client, home, action)
    assert answer["Location"] == f"{home}bukti/", answer.context
    return home


def claim(client: Client, **over: Any) -> Any:
    registration = Registration.objects.get()
    code = claim_code(Assistance.objects.get(registration=registration).pk)
    return client.post("/klaim/", {"number": registration.number, "code": code} | BORN | over)


def events() -> list[tuple[str, UUID | None]]:
    kinds = [
        "assistance.began",
        "assistance.opened",
        "registration.created",
        "registration.joined",
        "registration.claimed",
    ]
    return list(Event.objects.filter(kind__in=kinds).order_by("at", "id").values_list("kind", "actor_id"))


class TestHelping:
    def test_both_are_on_record_and_the_receipt_goes_to_the_person(self, wave: Wave) -> None:
        staff = make_staff("mentor", OFFICE)
        client = counter(user=staff)
        home = registered(client, "join")
        registration = Registration.objects.get()
        assert (registration.channel, registration.state) == ("office", "joined")
        row = Assistance.objects.get()
        assert (row.registration, row.applicant_id, row.assistant) == (registration, registration.applicant_id, staff)
        assert (row.regency_id, row.consent_text, row.language) == (OFFICE, ASSISTANCE_VERSION, "id")
        consent = Consent.objects.get()
        assert (consent.text_version, consent.taken_by) == (CONSENT_VERSION, staff)
        assert events() == [
            ("assistance.began", staff.pk), ("registration.created", staff.pk), ("registration.joined", staff.pk),
        ]  # fmt: skip
        assert promised("registration_received")[0]["number"] == registration.number
        page = client.get(f"{home}bukti/").content.decode()
        assert "Anda membantu <strong>Siti Contoh</strong>" in page
        squeezed = re.sub(r"\s", "", page)
        assert claim_code(row.pk) in squeezed and secret_code(registration.idempotency_key) not in squeezed

    def test_nothing_begins_before_the_person_said_yes(self, wave: Wave) -> None:
        answer = begin(counter(), agreed="")
        assert answer.status_code == 422 and "Bacakan dulu" in answer.content.decode()
        assert not Assistance.objects.exists()

    def test_the_same_rules_as_for_everybody(self, wave: Wave) -> None:
        client = counter()
        home = begun(client)
        answer = client.post(f"{home}isi/ktp/", TYPED["ktp"] | {"nik": "123", "revision": "0"})
        assert answer.status_code == 422 and answer.context["form"].errors["nik"]
        assert answer.context["form"]["name"].value() == "Siti Contoh"
        assert "Anda membantu <strong>Siti Contoh</strong>" in answer.content.decode()

    def test_a_repeated_click_begins_and_registers_once(self, wave: Wave) -> None:
        client, key = counter(), str(uuid4())
        first, second = begin(client, key=key), begin(client, key=key)
        assert first["Location"] == second["Location"] and Assistance.objects.count() == Draft.objects.count() == 1
        home = str(first["Location"]).removesuffix("isi/ktp/")
        fill_in(client, home)
        page = client.get(f"{home}periksa/")
        sent = {"action": "register", "revision": page.context["journey"].draft.revision}
        answers = [client.post(f"{home}periksa/", sent)["Location"] for _ in range(2)]
        assert answers == [f"{home}bukti/"] * 2 and Registration.objects.count() == 1

    def test_somebody_from_elsewhere_is_helped_and_no_longer_seen_afterwards(self, wave: Wave) -> None:
        client = counter(3301)
        home = registered(client)
        assert client.get(f"{home}bukti/").context["whose"] == "Siti Contoh"
        person = Registration.objects.get()
        assert client.get(f"/kantor/peserta/{person.pk}/").status_code == 404
        created = Event.objects.get(kind="registration.created")
        assert (created.regency_id, created.person_id) == (3301, person.applicant_id)
        claim(Client())
        assert client.get(f"{home}bukti/").status_code == 404

    def test_the_staffs_budget_for_being_told_who_is_known(self, wave: Wave, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mentoring.views.assistance.PER_ASSISTANT", 1)
        client = counter()
        registered(client)
        home = begun(client)
        fill_in(client, home)
        assert [send(client, home).status_code for _ in range(2)] == [409, 429]


class TestWhose:
    def test_another_office_finds_nothing(self, wave: Wave) -> None:
        home = begun(counter())
        other = counter(3301)
        for address in ("isi/ktp/", "periksa/", "bukti/"):
            assert other.get(home + address).status_code == 404
        assert other.post(home).status_code == other.post(f"{home}gabung/").status_code == 404
        assert other.get("/kantor/dampingi/").context["helped"] == []
        scope = scope_of(make_staff("mentor", 3301))
        draft = Draft.objects.get()
        with transaction.atomic():
            enter_scope(scope.with_draft(draft.pk), web_role=True)
            assert not Draft.objects.exists() and not Assistance.objects.exists()
            transaction.set_rollback(True)
        with transaction.atomic():  # nor does a session that names it
            enter_scope(NOBODY.with_draft(draft.pk), web_role=True)
            assert not Draft.objects.exists()
            transaction.set_rollback(True)

    def test_left_and_gone_on_with_by_a_colleague(self, wave: Wave) -> None:
        first, second = counter(), counter()
        home = begun(first)
        fill_in(first, home, ["ktp"])
        assert second.get(f"{home}isi/keadaan/")["Location"] == "/kantor/dampingi/"
        assert [each.name for each in second.get("/kantor/dampingi/").context["helped"]] == ["Siti Contoh"]
        assert second.post(home)["Location"] == f"{home}isi/tempat-tinggal/"
        answer = first.get(f"{home}isi/ktp/", follow=True)
        assert "Rekan Anda sedang membuka orang ini" in answer.content.decode()
        assert [kind for kind, _actor in events()] == ["assistance.began", "assistance.opened"]

    def test_the_next_person_sees_nothing_of_the_one_before(self, wave: Wave) -> None:
        client = counter()
        home = begun(client)
        fill_in(client, home, ["ktp"])
        page = client.get(f"{home}isi/ktp/")
        assert "no-store" in page["Cache-Control"] and 'autocomplete="off"' in page.content.decode()
        assert 'autocomplete="name"' not in page.content.decode()
        assert client.post("/kantor/dampingi/selesai/")["Location"] == "/kantor/dampingi/"
        back = client.get(f"{home}isi/ktp/", follow=True)
        assert TYPED["ktp"]["nik"] not in back.content.decode() and back.redirect_chain

    def test_one_person_at_a_time(self, wave: Wave) -> None:
        client = counter()
        before, after = begun(client), begun(client)
        assert client.get(f"{before}isi/ktp/").status_code == 302
        assert client.get(f"{after}isi/ktp/").status_code == 200

    def test_two_who_press_at_once_have_one_registration(self, wave: Wave) -> None:
        staff = make_staff("mentor", OFFICE)
        client = counter(user=staff)
        home = begun(client)
        fill_in(client, home)
        page = client.get(f"{home}periksa/")
        journey = page.context["journey"]
        filled = [journey.form(each, journey.typed(each)) for each in journey.pages]
        assert all(form.is_valid() for form in filled)
        scope, row = scope_of(staff).with_draft(journey.draft.pk), Assistance.objects.get()

        def press() -> Any:
            enter_scope(scope)
            return service.register(
                scope=scope, assistance=row, draft=journey.draft, entered=entered(filled), wave=wave, join=True,
                now=timezone.now(), language="id",
            )  # fmt: skip

        first, second = race(press, press)
        assert (second.number, second.created) == (first.number, False)
        assert Assistance.objects.get().registration == Registration.objects.get()

    def test_two_colleagues_who_take_at_once(self, wave: Wave) -> None:
        begun(counter())
        row = Assistance.objects.get()
        scopes = [scope_of(make_staff("mentor", OFFICE)) for _ in range(2)]

        def taking(scope: Any) -> Callable[[], Any]:
            def take() -> Any:
                enter_scope(scope)
                return service.take(scope=scope, assistance_id=row.pk, now=timezone.now())

            return take

        race(*map(taking, scopes))
        assert Assistance.objects.get().holder_id == scopes[1].user_id


def ended(staff: User) -> Assistance:
    """Somebody whom this colleague had open when the right ended, a day ago."""
    now = timezone.now()
    row = Assistance.objects.create(
        regency_id=OFFICE, assistant=staff, holder=staff, language="id", consent_text=ASSISTANCE_VERSION,
        began_at=now - timedelta(days=31), ends_at=now - timedelta(days=1),
    )  # fmt: skip
    begin_for(assistance=row, step="ktp", now=row.began_at)
    return row


class TestEnding:
    def test_the_right_ends_on_its_day_in_the_pages_and_in_the_database(self, wave: Wave) -> None:
        staff = make_staff("mentor", OFFICE)
        client, row = counter(user=staff), ended(staff)
        home = f"/kantor/dampingi/{row.pk}/"
        assert client.get(f"{home}isi/ktp/").status_code == client.post(home).status_code == 404
        assert client.get("/kantor/dampingi/").context["helped"] == []
        with transaction.atomic():
            enter_scope(scope_of(staff), web_role=True)
            assert not Draft.objects.exists()
            with refused("permission denied"):
                Assistance.objects.update(ends_at=timezone.now() + timedelta(days=1))
            with refused("row-level security"):
                Assistance.objects.update(holder=staff)
            transaction.set_rollback(True)
        assert begin(client).status_code == 302  # one may go on with somebody else
        row.refresh_from_db()
        assert row.holder is None

    def test_what_was_never_sent_goes(self, wave: Wave) -> None:
        begun(counter())
        ends_at = Assistance.objects.get().ends_at
        assert clear_drafts(now=ends_at - timedelta(minutes=1)) == 0
        assert clear_drafts(now=ends_at) == 1
        assert not Assistance.objects.exists()

    def test_what_was_sent_stays(self, wave: Wave) -> None:
        registered(counter())
        clear_drafts(now=timezone.now() + timedelta(days=900))
        with refused("append-only"), transaction.atomic():
            Assistance.objects.all().delete()


class TestClaiming:
    def test_it_is_the_persons_own_from_then_on(self, wave: Wave) -> None:
        staff = make_staff("mentor", OFFICE)
        client = counter(user=staff)
        home = registered(client)
        person = Client()
        assert claim(person)["Location"] == "/daftar/tanda-terima/"
        page = person.get("/daftar/tanda-terima/")
        registration = Registration.objects.get()
        assert page.context["secret"] == secret_code(registration.idempotency_key)
        assert client.get(f"{home}bukti/").status_code == client.post(f"{home}gabung/").status_code == 404
        assert client.get("/kantor/dampingi/").context["helped"] == []
        opened = Client().post(
            "/status/buka/", {"number": registration.number, "code": page.context["secret"]} | BORN, follow=True
        )
        looks = opened.context["looks"]
        assert [(look.what, look.who) for look in looks] == [
            ("Mendaftar", "Dinas tenaga kerja Kabupaten 3374 (Pendamping)")
        ]
        assert events()[-1] == ("registration.claimed", None)
        assert promised("registration_claimed") == [{"number": registration.number}]

    def test_a_claim_on_the_offices_own_computer_signs_the_colleague_out(self, wave: Wave) -> None:
        client = counter()
        registered(client)
        claim(client)
        assert "/masuk/" in client.get("/kantor/")["Location"]

    def test_once_but_a_lost_answer_comes_again(self, wave: Wave) -> None:
        registered(counter())
        now = timezone.now()
        assert claim(Client()).status_code == claim(Client()).status_code == 302
        assert len(promised("registration_claimed")) == 1
        with time_machine.travel(now + service.REPEATED + timedelta(minutes=1), tick=False):
            assert claim(Client()).status_code == 422

    @pytest.mark.parametrize("wrong", [{"code": "0000000000"}, {"birth_date_day": "11"}, {"number": "123456789012"}])
    def test_a_wrong_part_is_never_told_apart_and_costs_the_budget(self, wave: Wave, wrong: dict[str, str]) -> None:
        registered(counter())
        answers = [claim(Client(), **wrong) for _ in range(PER_NUMBER + 1)]
        assert [answer.status_code for answer in answers] == [422] * PER_NUMBER + [429]
        assert "tidak cocok" in answers[0].content.decode()
        if "number" not in wrong:
            assert claim(Client()).status_code == 429
        assert Assistance.objects.get().claimed_at is None

    def test_not_after_the_right_has_ended(self, wave: Wave) -> None:
        registered(counter())
        with time_machine.travel(Assistance.objects.get().ends_at, tick=False):
            assert claim(Client()).status_code == 422
