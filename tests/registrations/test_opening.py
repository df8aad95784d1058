"""The opening minute: joining by slip is the same step as joining by session, and what waits too long is asked to come again."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection
from django.test import Client
from django.utils import timezone

from clusters.models import Wave
from prakerja.operations.opening import RETRY_AFTER
from records.models import Event
from registrations.models import Registration
from registrations.services.joining import Outcome, join_at_once
from tests.factories.people import make_region, make_wave
from tests.registrations.journey import sent

pytestmark = pytest.mark.django_db(transaction=True)  # a slip's step is a transaction of its own
JOIN = "/daftar/gabung/"
OURS = {"Origin": "http://testserver"}


@pytest.fixture
def registration() -> Registration:
    make_region()
    make_wave()
    sent()
    return Registration.objects.select_related("wave").get()


def joined_events() -> list[dict[str, Any]]:
    return list(Event.objects.filter(kind="registration.joined").values())


def move_opening(wave: Wave, **away: float) -> None:
    Wave.objects.filter(pk=wave.pk).update(opens_at=timezone.now() + timedelta(**away))


class TestSlip:
    def test_it_is_the_same_step_as_by_session(self, registration: Registration, client: Client) -> None:
        answer = client.post(JOIN, {"slip": registration.slip})
        assert (answer.status_code, answer["Location"]) == (302, "/daftar/tanda-terima/")
        by_slip = Registration.objects.filter(pk=registration.pk).values("state", "joined_at").get()
        person, _answer = sent(nik="3374995003950002", kk="3374990101200002")
        other = Registration.objects.exclude(pk=registration.pk).get()
        assert person.post(JOIN, {"registration": other.pk}).status_code == 302
        mine, theirs = joined_events()
        for name in ("actor_id", "actor_role", "subject_type", "regency_id", "fields", "reason"):
            assert mine[name] == theirs[name], name
        assert (mine["subject_id"], mine["person_id"]) == (registration.pk, registration.applicant_id)
        assert by_slip == {"state": "joined", "joined_at": mine["at"]}

    def test_fifty_at_once_are_one_step_and_fifty_equal_answers(self, registration: Registration) -> None:
        def post(_number: int) -> tuple[int, str]:
            answer = Client().post(JOIN, {"slip": registration.slip})
            connection.close()
            return answer.status_code, answer["Location"]

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(post, range(50)))
        assert set(answers) == {(302, "/daftar/tanda-terima/")}
        assert len(joined_events()) == 1

    @pytest.mark.parametrize("change", [lambda s: s[:-1] + "AB"[s[-1] == "A"], lambda s: "", lambda s: s.split(":")[0]])
    def test_a_forged_one_moves_nobody(self, registration: Registration, change: Callable[[str], str]) -> None:
        assert Client().post(JOIN, {"slip": change(registration.slip)}).status_code == 404
        assert joined_events() == []

    def test_a_slip_of_one_person_moves_no_other(self, registration: Registration) -> None:
        forged = Registration(pk=registration.pk, applicant_id="00000000-0000-4000-8000-000000000000")
        assert join_at_once(slip=forged.slip, now=timezone.now())[0] is Outcome.UNDECIDED
        assert joined_events() == []

    def test_nobody_turned_away_gets_in_by_it(self, registration: Registration) -> None:
        Registration.objects.update(state="ineligible")
        assert Client().post(JOIN, {"slip": registration.slip}).status_code == 404
        assert joined_events() == []

    def test_it_has_the_rights_of_web_requests_only(self, registration: Registration) -> None:
        with connection.cursor() as cursor:
            cursor.execute("REVOKE UPDATE ON registrations_registration FROM portal_web")
        try:
            with pytest.raises(ProgrammingError, match="permission denied"):
                join_at_once(slip=registration.slip, now=timezone.now())
        finally:
            with connection.cursor() as cursor:
                cursor.execute("GRANT UPDATE ON registrations_registration TO portal_web")

    def test_before_the_opening_the_page_says_when_and_keeps_the_button(self, registration: Registration) -> None:
        move_opening(registration.wave, seconds=90)
        answer = Client().post(JOIN, {"slip": registration.slip}, headers=OURS)
        page = answer.content.decode()
        assert answer.status_code == 409 and 60 < int(answer["Retry-After"]) <= 90
        assert "Gelombang belum dibuka" in page and "menurut jam portal" in page
        assert f'name="slip" value="{registration.slip}"' in page
        assert joined_events() == []
        move_opening(registration.wave, seconds=-1)
        assert Client().post(JOIN, {"slip": registration.slip}).status_code == 302
        assert len(joined_events()) == 1

    def test_after_the_closing_the_session_is_asked(self, registration: Registration) -> None:
        Wave.objects.update(state="closed")
        assert Client().post(JOIN, {"slip": registration.slip}).status_code == 404
        assert joined_events() == []


class TestShedding:
    @pytest.fixture(autouse=True)
    def _patience(self, settings: Any) -> None:
        settings.SHED_SECONDS = 2.0

    def test_who_stood_too_long_is_asked_to_come_again_with_everything_kept(
        self, registration: Registration, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(0):
            answer = Client().post(JOIN, {"slip": registration.slip}, headers=OURS | {"X-Queued-Seconds": "2.5"})
        page = answer.content.decode()
        assert answer.status_code == 503 and int(answer["Retry-After"]) in RETRY_AFTER
        assert f"Tunggu {answer['Retry-After']} detik" in page
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        assert joined_events() == []

        def come_again(waited: str, **over: str) -> Any:
            again = {"slip": fields["slip"], "tiket": fields["tiket"]} | over
            return Client().post(JOIN, again, headers=OURS | {"X-Queued-Seconds": waited})

        assert come_again("3.9", tiket="forged:1:x").status_code == 503
        later = come_again("4.1")
        assert later.status_code == 503 and later.content.decode().count('name="tiket"') == 1
        assert come_again("3.9").status_code == 302
        assert len(joined_events()) == 1

    def test_pages_are_asked_again_too(self, registration: Registration) -> None:
        assert Client().get("/", headers={"X-Queued-Seconds": "2.5"}).status_code == 503
        for harmless in ("1.9", "x", ""):
            assert Client().get("/", headers={"X-Queued-Seconds": harmless}).status_code == 200
