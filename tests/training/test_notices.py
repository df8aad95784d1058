"""Who is told what about places, once, in their language, without anything secret."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clusters.models import Wave
from records.models import Message
from records.services.messages import Recipient
from records.services.messages.reading import values_of
from records.services.messages.templates import render
from registrations.models import Consent, Registration
from registrations.services.notices import tell_cancelled
from tests.factories.draws import drawn, make_ready, published
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration
from tests.factories.staff import scope_of
from tests.records.outbox import queue_code
from tests.training.test_status import opened
from training.models import Draw, Placement
from training.services import draws
from training.services.notices import remind_of_offers
from training.services.places import lapse_offers, refill

pytestmark = pytest.mark.django_db
JAKARTA = ZoneInfo("Asia/Jakarta")


def told(template: str) -> dict[Any, str]:
    """Who was promised this message, and its words."""
    messages = Message.objects.filter(template__name=template).select_related("template")
    return {m.recipient_id: render(m.template, values_of(m) or {}).body for m in messages}


def people_with(state: str) -> set[Any]:
    return set(Placement.objects.filter(state=state).values_list("applicant_id", flat=True))


@pytest.fixture
def draw() -> Draw:
    return published(make_ready(people=20))


def test_at_release_everybody_hears_once_with_or_without_a_place(draw: Draw) -> None:
    offered = people_with("offered")
    everybody = set(Registration.objects.values_list("applicant_id", flat=True))
    offers, others = told("offer_made"), told("no_place")
    assert offered and offers.keys() == offered
    assert others.keys() == everybody - offered
    assert Message.objects.count() == len(everybody)
    placement = Placement.objects.order_by("pk").first()
    assert placement is not None
    words = offers[placement.applicant_id]
    assert words.startswith(f"Anda mendapat tempat pelatihan {draw.wave.name}. Jawab paling lambat ")
    assert f"{placement.answer_by.day} " in words and f" {placement.answer_by.year} " in words
    assert "/status/" in words
    assert not any(hidden in words for hidden in Registration.objects.values_list("number", flat=True))


def test_the_day_is_written_in_the_persons_language() -> None:
    make_region()
    wave = make_wave()
    person, other = make_registration(wave), make_registration(wave)
    Consent.objects.create(
        registration=person, purpose="programme", text_version="lain", language="en", given_at=timezone.now()
    )
    Wave.objects.filter(pk=wave.pk).update(state="cancelled", cancel_reason="uji", as_of=timezone.now())
    assert tell_cancelled(now=timezone.now()) == 2
    assert "is cancelled" in told("wave_cancelled")[person.applicant_id]
    assert "dibatalkan" in told("wave_cancelled")[other.applicant_id]


def test_a_cancelled_wave_is_told_once_and_not_to_who_left() -> None:
    make_region()
    wave = make_wave()
    stays, left = make_registration(wave), make_registration(wave)
    Registration.objects.filter(pk=left.pk).update(state="withdrawn")
    now = timezone.now()
    assert tell_cancelled(now=now) == 0
    Wave.objects.filter(pk=wave.pk).update(state="cancelled", cancel_reason="uji", as_of=now)
    assert [tell_cancelled(now=now) for _ in range(2)] == [1, 0]
    assert told("wave_cancelled").keys() == {stays.applicant_id}


def test_telling_thousands_costs_as_many_statements_as_telling_few() -> None:
    counts = []
    for people in (10, 40):
        ready = make_ready(people=people, slug=f"ukur-{people}")
        draw = drawn(ready)
        job = draws.request_publication(scope=ready.approver, draw_id=draw.pk)
        assert job
        with CaptureQueriesContext(connection) as queries:
            draws.release_results(scope=ready.approver, draw_id=draw.pk, now=ready.wave.draws_at)
        counts.append(sum("records_message " in query["sql"] for query in queries))
    assert counts == [4, 4]


def test_who_does_not_answer_is_told_and_the_next_one_gets_the_offer(draw: Draw) -> None:
    first = people_with("offered")
    late = Placement.objects.order_by("answer_by").last()
    assert late is not None
    after = datetime.combine(late.answer_by + timedelta(days=1), datetime.min.time(), JAKARTA) + timedelta(hours=9)
    lapse_offers(now=after)
    assert told("offer_lapsed").keys() == people_with("lapsed") == first
    refill(draw_id=draw.pk, now=after)
    assert told("offer_made").keys() == first | people_with("offered")
    before = Message.objects.count()
    lapse_offers(now=after)
    refill(draw_id=draw.pk, now=after)
    assert Message.objects.count() == before


def test_reminders_come_at_half_three_quarters_and_the_last_two_days_once_each(draw: Draw) -> None:
    one = Placement.objects.filter(state="offered").first()
    assert one is not None
    offered = date(2026, 12, 1)
    noon = datetime(2026, 12, 1, 12, tzinfo=JAKARTA)
    Placement.objects.exclude(pk=one.pk).update(state="accepted", answered_at=noon)
    Placement.objects.filter(pk=one.pk).update(as_of=noon, answer_by=offered + timedelta(days=12))
    came = {}
    for day in range(15):
        for hour in (-15, 0, 3):  # 21.00 the day before, noon, 15.00
            now = noon + timedelta(days=day, hours=hour)
            if count := remind_of_offers(now=now):
                came[day, hour] = count
    assert came == {(6, 0): 1, (9, 0): 1, (11, 0): 1, (12, 0): 1}
    words = told("offer_reminder")[one.applicant_id]
    assert "sampai 13 Desember 2026" in words


def test_no_reminder_after_the_answer_and_none_past_its_day(draw: Draw) -> None:
    one = Placement.objects.filter(state="offered").first()
    assert one is not None
    span = one.answer_by - timezone.localdate(one.as_of)
    eve = datetime.combine(one.answer_by - timedelta(days=1), datetime.min.time(), JAKARTA) + timedelta(hours=12)
    assert span > timedelta(days=2)
    Placement.objects.filter(pk=one.pk).update(state="accepted", answered_at=eve)
    remind_of_offers(now=eve)
    assert told("offer_reminder") and one.applicant_id not in told("offer_reminder")
    message = Message.objects.filter(template__name="offer_reminder").first()
    assert message is not None and message.expires_at is not None
    assert timezone.localtime(message.expires_at).date() == one.answer_by + timedelta(days=1)


def test_a_step_that_is_rolled_back_tells_nobody() -> None:
    ready = make_ready(people=10)
    draw = drawn(ready)
    with pytest.raises(PermissionDenied):
        draws.release_results(scope=scope_of("auditor"), draw_id=draw.pk, now=ready.wave.draws_at)
    assert not Message.objects.exists()


def test_everybody_reads_own_messages_on_the_status_page_and_no_codes(draw: Draw) -> None:
    placement = Placement.objects.select_related("registration__applicant").order_by("pk").first()
    assert placement is not None
    Message.objects.exclude(recipient_id=placement.applicant_id).update(plain_values={"wave": "ORANG LAIN", "day": "1"})
    queue_code(
        destination=None,
        recipient=Recipient("applicant", placement.applicant_id),
        now=timezone.now(),
        expires_at=timezone.now() + timedelta(minutes=5),
    )
    page = opened(placement.registration).get("/status/").content.decode()
    assert "Pesan untuk Anda" in page and f"Anda mendapat tempat pelatihan {draw.wave.name}." in page
    assert "ORANG LAIN" not in page and "048213" not in page
