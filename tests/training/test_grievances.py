"""Appeals and complaints: deadlines, who may answer, what happens once, what an upheld appeal would change."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from threading import Barrier
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.scope import NOBODY, Scope
from clusters.models import Cluster, Holiday
from records.models import Event, Message, Read
from registrations.models import Registration
from registrations.services.access import PER_NUMBER, NoSuchStatus, TooManyAttempts
from registrations.services.bulk import register_many
from registrations.services.recheck import recheck
from tests.factories.draws import Ready, make_class, make_ready, published
from tests.factories.people import make_person, make_region, make_wave
from tests.factories.registered import make_list, make_registration
from tests.factories.staff import make_staff, scope_of
from tests.factories.waves import make_split
from tests.prakerja.database import refused
from tests.training.test_places import own_scope, together
from tests.training.test_status import opened, past_ready, result
from training import allocation
from training.lottery import draw_order
from training.models import Draw, DrawResult, Grievance, GrievanceStep
from training.selectors.draws import capacities, entrants, frozen_list
from training.selectors.effects import effect_of, effect_words
from training.services import grievances as services
from training.services.grievances import AlreadyOpen, StepClosed, SubjectClosed
from training.views.grievances import COMPLAINTS_A_DAY

pytestmark = pytest.mark.django_db

OFFICE = 3374
STORY = "Saya sudah menyerahkan surat PHK di loket, tetapi tidak tercatat."
BEFORE_CHRISTMAS = datetime(2026, 12, 22, 3, tzinfo=UTC)  # Tuesday; off are 24, 25, 1 and 5 January


def office_scope(regency: int = OFFICE) -> Scope:
    return Scope(make_staff("mentor", regency).pk, frozenset({"mentor"}), frozenset({regency}))


def raised(registration: Registration, now: datetime | None = None, **over: Any) -> Grievance:
    given: dict[str, Any] = {"subject": "service", "claim": "", "text": STORY, "key": uuid4(), "language": "id"}
    given |= {"registration_id": registration.pk, "now": now or timezone.now()}
    return services.file_own(scope=own_scope(registration), **given | over)


@pytest.fixture
def registration() -> Registration:
    make_region()
    return make_registration(make_wave())


def answered(grievance: Grievance, scope: Scope, now: datetime, verdict: str = "rejected") -> Grievance:
    services.open_text(scope=scope, grievance_id=grievance.pk, now=now)
    return services.answer(scope=scope, grievance_id=grievance.pk, verdict=verdict, text=STORY, now=now)


class TestDeadlines:
    def test_weekends_holidays_and_the_provinces_own_days_off_do_not_count(self, registration: Registration) -> None:
        assert raised(registration, BEFORE_CHRISTMAS).due_on == date(2026, 12, 31)
        assert raised(registration, BEFORE_CHRISTMAS, subject="eligibility").due_on == date(2027, 1, 6)
        Holiday.objects.create(day=date(2026, 12, 31), name="Banjir", is_off=True)
        assert raised(registration, BEFORE_CHRISTMAS, subject="other").due_on == date(2027, 1, 4)

    def test_the_clock_takes_it_to_the_province_once_on_the_day_after(self, registration: Registration) -> None:
        late = raised(registration, BEFORE_CHRISTMAS)
        on_the_day = datetime(2026, 12, 31, 16, 59, tzinfo=UTC)  # a minute to midnight in Jakarta
        assert services.move_overdue(now=on_the_day) == 0
        after = on_the_day + timedelta(minutes=1)
        assert [services.move_overdue(now=after), services.move_overdue(now=after)] == [1, 0]
        late.refresh_from_db()
        assert (late.state, late.due_on) == ("escalated", date(2027, 1, 11))
        assert list(late.steps.values_list("state", "actor_role")) == [("escalated", "system")]
        assert Message.objects.filter(template__name="grievance_late").count() == 1

    def test_an_answer_nobody_takes_further_is_closed(self, registration: Registration) -> None:
        grievance = answered(raised(registration, BEFORE_CHRISTMAS), office_scope(), BEFORE_CHRISTMAS)
        too_late = datetime(2027, 1, 1, 3, tzinfo=UTC)
        with pytest.raises(StepClosed):
            services.escalate(scope=own_scope(registration), grievance=grievance, now=too_late)
        assert services.move_overdue(now=too_late) == 1
        grievance.refresh_from_db()
        assert (grievance.state, grievance.verdict) == ("closed", "rejected")


class TestRaising:
    def test_the_same_sending_is_one_and_the_same_subject_stands_once(self, registration: Registration) -> None:
        key = uuid4()
        first = raised(registration, key=key)
        assert raised(registration, key=key).pk == first.pk
        with pytest.raises(AlreadyOpen) as standing:
            raised(registration)
        assert standing.value.grievance.pk == first.pk
        services.withdraw(scope=own_scope(registration), grievance=first, now=timezone.now())
        assert raised(registration).pk != first.pk

    def test_what_stands_in_the_frozen_list_is_disputed_for_48_hours_and_the_draw_once_it_is_public(self) -> None:
        _ready, draw = past_ready()
        registration = result(draw, placed=False).registration
        assert draw.frozen_at
        in_time = draw.frozen_at + timedelta(hours=48)
        with pytest.raises(SubjectClosed, match="frozen"):
            raised(registration, in_time + timedelta(seconds=1), subject="eligibility")
        assert raised(registration, in_time, subject="eligibility").kind == "appeal"
        assert raised(registration, subject="draw").kind == "appeal"
        unpublished = make_ready(people=1)
        undrawn = Registration.objects.get(wave=unpublished.wave)
        with pytest.raises(SubjectClosed, match="no_result"):
            raised(undrawn, subject="draw")
        form = {"subject": "draw", "claim": "", "text": STORY, "key": uuid4()}
        page = opened(undrawn).post("/status/sanggahan/", form).content.decode()
        assert "Hasil undian gelombang ini belum diumumkan." in page and STORY in page

    def test_only_for_oneself(self, registration: Registration) -> None:
        other = make_registration(registration.wave)
        with pytest.raises(Registration.DoesNotExist):
            services.file_own(
                scope=own_scope(other), registration_id=registration.pk, subject="service", claim="", text=STORY,
                key=uuid4(), language="id", now=timezone.now(),
            )  # fmt: skip


class TestAnswering:
    def test_the_second_word_is_somebody_elses(self, registration: Registration) -> None:
        now = timezone.now()
        both = make_staff("mentor", OFFICE).pk
        grievance = answered(raised(registration), Scope(both, frozenset({"mentor"}), frozenset({OFFICE})), now)
        services.escalate(scope=own_scope(registration), grievance=grievance, now=now)
        again: dict[str, Any] = {"grievance_id": grievance.pk, "verdict": "rejected", "text": STORY, "now": now}
        with pytest.raises(PermissionDenied):  # promoted meanwhile
            services.answer(scope=Scope(both, frozenset({"planner"})), **again)
        with pytest.raises(PermissionDenied):  # and the office has had its say
            services.answer(scope=office_scope(), **again)
        closed = services.answer(scope=scope_of("planner"), **again | {"verdict": "upheld"})
        assert (closed.state, closed.verdict, closed.answered_by_id) == ("closed", "upheld", both)
        with pytest.raises(IntegrityError, match="training_grievance_two_persons"), transaction.atomic():
            Grievance.objects.create(
                number="1", idempotency_key=uuid4(), kind="complaint", subject="other", regency_id=OFFICE,
                code_index=bytes(32), language="id", text=STORY, received_at=now, due_on=date(2027, 1, 1), as_of=now,
                answered_by_id=both, second_by_id=both,
            )  # fmt: skip

    def test_what_was_said_stands(self, registration: Registration) -> None:
        grievance = answered(raised(registration), office_scope(), timezone.now())
        rows = Grievance.objects.filter(pk=grievance.pk)
        for change in (
            {"number": "000000000000"},
            {"subject": "other"},
            {"due_on": date(2030, 1, 1), "kind": "appeal"},
        ):
            with refused("may change"):
                rows.update(**change)
        with refused("stands and cannot change"):
            rows.update(answered_by=make_staff("mentor", OFFICE))
        with refused("may change"):
            GrievanceStep.objects.update(verdict="upheld")
        for table in (GrievanceStep.objects.all(), rows):
            with refused("append-only"):
                table._raw_delete(using="default")

    def test_what_was_written_is_stored_sealed_and_read_on_the_record(self, registration: Registration) -> None:
        grievance, scope = raised(registration), office_scope()
        with connection.cursor() as cursor:
            cursor.execute("SELECT text FROM training_grievance WHERE id = %s", [grievance.pk])
            assert b"PHK" not in bytes(cursor.fetchone()[0])
        found, text = services.open_text(scope=scope, grievance_id=grievance.pk, now=timezone.now())
        assert (found.state, text) == ("working", STORY)
        read = Read.objects.get(person_id=registration.applicant_id)
        assert (read.actor_id, read.field) == (scope.user_id, "grievance")
        assert "PHK" not in str(list(Event.objects.filter(kind__startswith="grievance.").values()))


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def at_work(self) -> tuple[Grievance, list[Scope]]:
        make_region()
        grievance = raised(make_registration(make_wave()))
        scopes = [office_scope() for _ in range(4)]
        services.open_text(scope=scopes[0], grievance_id=grievance.pk, now=timezone.now())
        return grievance, scopes

    def test_of_four_answers_one_counts(self) -> None:
        grievance, scopes = self.at_work()

        def act(index: int) -> Grievance:
            verdict = ("upheld", "rejected")[index % 2]
            return services.answer(
                scope=scopes[index], grievance_id=grievance.pk, verdict=verdict, text=STORY, now=timezone.now()
            )

        outcomes = together(4, act)
        won = [outcome for outcome in outcomes if isinstance(outcome, Grievance)]
        assert len(won) == 1 and sum(isinstance(outcome, StepClosed) for outcome in outcomes) == 3
        grievance.refresh_from_db()
        step = grievance.steps.get(state="answered")
        assert (step.verdict, step.actor_id) == (grievance.verdict, grievance.answered_by_id)
        assert Message.objects.filter(template__name="grievance_answered").count() == 1

    def test_looking_first_and_writing_then_would_answer_twice(self) -> None:
        """The naive way: everybody has looked before anybody writes."""
        grievance, _scopes = self.at_work()
        looked = Barrier(4)

        def act(_index: int) -> bool:
            with transaction.atomic():
                working = Grievance.objects.get(pk=grievance.pk).state == "working"
                looked.wait()
                return working

        assert together(4, act) == [True] * 4

    def test_the_clock_run_by_four_workers_moves_it_once(self) -> None:
        grievance, _scopes = self.at_work()
        assert sum(together(4, lambda _index: services.move_overdue(now=timezone.now() + timedelta(days=30)))) == 1
        assert grievance.steps.filter(state="escalated").count() == 1


class TestWithoutRegistration:
    def file(self, **over: Any) -> tuple[str, str, date]:
        given: dict[str, Any] = {"regency_id": OFFICE, "subject": "service", "text": STORY, "phone": ""}
        given |= {"key": uuid4(), "language": "id", "now": timezone.now(), "scope": NOBODY}
        return services.file_complaint(**given | over)

    def test_nobody_in_particular_sees_nobodys_complaint(self, registration: Registration) -> None:
        self.file()
        assert not Grievance.objects.within(NOBODY).exists()
        assert not Grievance.objects.within(own_scope(registration)).exists()
        assert Grievance.objects.within(office_scope()).count() == 1

    def test_numbers_cannot_be_walked_through(self, registration: Registration) -> None:
        """Neither guessed from others nor found out, whosever they are; whoever has the code is not shut out."""
        made = [self.file() for _ in range(20)]
        values = sorted(int(number) for number, _code, _due in made)
        assert min(b - a for a, b in pairwise(values)) > 1000
        number, code, _due = made[0]
        look: dict[str, Any] = {"address": "192.0.2.1", "now": timezone.now()}
        for target in (number, "000000000000", raised(registration).number):
            for _ in range(PER_NUMBER):
                with pytest.raises(NoSuchStatus):
                    services.find_by_code(number=target, code=made[1][1], **look)
            with pytest.raises(TooManyAttempts):
                services.find_by_code(number=target, code=code, **look)
        assert services.find_by_code(number=number, code=code, **look | {"address": "192.0.2.9"}).number == number

    def test_from_the_form_to_the_answer_and_on(self, client: Client) -> None:
        make_region()
        form = {"regency": OFFICE, "subject": "service", "text": STORY, "phone": "0812 12", "key": uuid4()}
        page = client.post("/pengaduan/", form).content.decode()
        assert "Nomor HP tidak dikenali" in page and STORY in page and not Grievance.objects.exists()
        form["phone"] = "0812 9999 0001"
        receipts = [client.post("/pengaduan/", form).content.decode() for _ in range(2)]
        shown = [re.findall(r'ticket-(?:number|secret)">([\w ]+)<', page) for page in receipts]
        assert shown[0] == shown[1] and Grievance.objects.count() == 1
        number, code = shown[0]
        grievance = answered(Grievance.objects.get(), office_scope(), timezone.now())
        message = Message.objects.get(template__name="grievance_answered")
        assert message.destination.open() == "+6281299990001"
        assert message.plain_values == {"number": grievance.number, "page": "/pengaduan/lihat/"}
        follow = {"number": number, "code": code.lower()}
        page = client.post("/pengaduan/lihat/", follow).content.decode()
        assert "Jawaban kantor: Ditolak" in page and "Teruskan ke provinsi" in page
        page = client.post("/pengaduan/lihat/", follow | {"act": "escalate"}).content.decode()
        assert "Dijawab provinsi paling lambat" in page
        page = client.post("/pengaduan/lihat/", follow | {"act": "escalate"}).content.decode()
        assert "tidak dapat lagi diambil" in page
        assert "tidak cocok" in client.post("/pengaduan/lihat/", follow | {"code": "0" * 10}).content.decode()

    def test_an_address_has_a_budget(self, client: Client) -> None:
        make_region()
        form = {"regency": OFFICE, "subject": "other", "text": STORY, "phone": ""}
        statuses = [
            client.post("/pengaduan/", form | {"key": uuid4()}).status_code for _ in range(COMPLAINTS_A_DAY + 1)
        ]
        assert statuses == [200] * COMPLAINTS_A_DAY + [429]
        elsewhere = client.post("/pengaduan/", form | {"key": uuid4()}, REMOTE_ADDR="192.0.2.77")
        assert elsewhere.status_code == 200 and Grievance.objects.count() == COMPLAINTS_A_DAY + 1


class TestOwnPages:
    def test_raised_followed_and_taken_on(self) -> None:
        _ready, draw = past_ready()
        registration = result(draw, placed=False).registration
        client = opened(registration)
        text = "<script>alert(1)</script> Saya tidak setuju dengan hasil undian."
        form = {"subject": "draw", "claim": "", "text": text, "key": uuid4()}
        short = client.post("/status/sanggahan/", form | {"text": "Tidak adil"}).content.decode()
        assert "Tulis paling sedikit 20 huruf. Yang Anda isi 10 huruf." in short and ">\nTidak adil<" in short
        address = client.post("/status/sanggahan/", form)["Location"]
        page = client.get(address).content.decode()
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page
        grievance = Grievance.objects.get()
        assert re.search(r"Dijawab paling lambat (Senin|Selasa|Rabu|Kamis|Jumat) \d+ \w+ 20\d\d\.", page)
        assert grievance.number[:4] in client.get("/status/").content.decode()
        assert (
            client.post(f"{address}langkah/", {"act": "escalate"}, follow=True).context["grievance"].state == "received"
        )
        answered(grievance, office_scope(), timezone.now())
        assert "Jawaban kantor: Ditolak" in client.get(address).content.decode()
        taken = client.post(f"{address}langkah/", {"act": "escalate"}, follow=True)
        assert taken.context["grievance"].state == "escalated"
        assert opened(result(draw, placed=True).registration).get(address).status_code == 404


class TestEffect:
    """Women of AFIRMASI, laid-off men of PHK and laid-off women of both, more than there are places in either."""

    def draw(self) -> tuple[Ready, Draw]:
        now = timezone.now()
        make_region()
        wave = make_wave(now=now, draws_at=now + timedelta(days=7))
        for cluster in (2, 3):
            make_class(wave, f"C-{cluster}", cluster=cluster, seats=8)
        make_split(wave, {(2, OFFICE): 8, (3, OFFICE): 6})
        people = [make_person() for _ in range(16)]
        people += [make_person(sex="M", laid_off=True, nik=f"33749910039501{n:02}") for n in range(6)]
        people += [make_person(laid_off=True) for _ in range(6)]
        Random(3).shuffle(people)
        assert register_many(wave=wave, people=people, now=now, join=True).accepted == 28
        type(wave).objects.filter(pk=wave.pk).update(state="closed", closes_at=now)
        wave.refresh_from_db()
        ready = Ready(wave, scope_of("planner"), scope_of("approver"))
        return ready, published(ready)

    def test_agrees_with_the_draw_made_again(self) -> None:
        """Each woman without a place claims that she was laid off: what is said is what a draw of the corrected list gives."""
        said: set[bool | None] = set()
        for _draw in range(8):  # tickets are random: one draw in ten leaves nobody whose claim would change it
            with transaction.atomic():
                said |= self.said_and_true()
                transaction.set_rollback(True)
            if said >= {True, False}:
                return
        raise AssertionError(said)

    def said_and_true(self) -> set[bool | None]:
        _ready, draw = self.draw()
        rules, (ids, lines, _salts) = json.loads(draw.rules), frozen_list(draw)
        said: set[bool | None] = set()
        for row in DrawResult.objects.filter(draw=draw, admitted_pass=-1, registration__clusters=8):
            effect = effect_of(row.registration, claim="laid_off", scope=office_scope())
            assert effect and effect.draw and int(effect.then.clusters) == 12
            index = ids.index(str(row.registration_id))
            number, regency, mask, *rest = lines[index].split("|")
            assert mask == "8"
            corrected = [*lines[:index], "|".join([number, regency, "12", *rest]), *lines[index + 1 :]]
            people = entrants(rules, corrected)
            order = draw_order(bytes.fromhex(draw.seed), people.numbers)
            again = allocation.allocate(order=order, **people.arrays, **capacities(rules))
            truth = bool(np.asarray(again.admitted_pass)[index] >= 0)
            assert effect.draw.admitted in (truth, None)
            said.add(effect.draw.admitted)
        return said

    def test_in_plain_words(self, registration: Registration) -> None:
        scope, clusters = office_scope(), Cluster.objects.all()
        words = effect_words(effect_of(registration, claim="pmi_candidate", scope=scope), clusters)  # type: ignore[arg-type]
        assert "klaster orang ini berubah dari AFIRMASI menjadi PMI, AFIRMASI." in words[0]
        assert "belum diumumkan" in words[1]
        assert effect_of(registration, claim="", scope=office_scope(3301)) is None

    def test_a_list_gives_way_only_to_the_claim_that_disputes_it(self) -> None:
        nik = make_person().nik
        registration = make_registration(make_wave(), nik=nik)
        make_list("in_education", nik)
        recheck(wave=registration.wave, now=timezone.now())
        claims = ["", "laid_off", "not_in_education"]
        effects = [effect_of(registration, claim=claim, scope=office_scope()) for claim in claims]
        assert [effect and (effect.now.eligible, effect.then.eligible) for effect in effects] == [
            (False, False), (False, False), (False, True),
        ]  # fmt: skip


def test_a_page_of_the_office_says_whose_places_are_not_touched(as_role: Callable[..., Client]) -> None:
    _ready, draw = past_ready()
    grievance = raised(result(draw, placed=False).registration, subject="draw")
    page = as_role("mentor", OFFICE).get(f"/kantor/sanggahan/{grievance.pk}/").content.decode()
    assert "Jadi hasil undian tidak berubah." in page and "Tempat orang lain tidak diambil." in page
