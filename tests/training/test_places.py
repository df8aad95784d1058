"""Places after the draw: the last one, answers, and what is handed on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import date, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test import Client
from django.utils.timezone import localdate

from accounts.scope import NOBODY, Scope
from clusters.models import Observation, Wave
from records.ids import uuid7
from records.models import Event, Job
from registrations.models import Registration
from tests.factories.draws import Ready, drawn, make_class, make_ready, published
from tests.factories.people import make_wave
from tests.factories.waves import make_split
from training.models import Draw, DrawResult, Placement, TrainingClass
from training.services.places import (
    OfferClosed,
    PlaceTaken,
    answer_offer,
    lapse_offers,
    record_granted_places,
    refill,
    take_place,
)
from training.tasks import record_granted_places as count_places


def together(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run `act` at the same moment on `count` connections; exceptions are returned."""
    start = Barrier(count)

    def one(index: int) -> Any:
        try:
            start.wait()
            return act(index)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def own_scope(registration: Registration) -> Scope:
    return NOBODY.as_applicant(registration.applicant_id)


def unplaced(draw: Draw, count: int) -> list[Registration]:
    rows = DrawResult.objects.filter(draw=draw, training_class__isnull=True).select_related("registration")
    return [row.registration for row in rows.order_by("position")[:count]]


@pytest.mark.django_db(transaction=True)
class TestLastPlace:
    def setup_ready(self) -> tuple[Ready, Draw, TrainingClass, list[Registration]]:
        ready = make_ready(people=20)
        draw = published(ready)
        return ready, draw, make_class(ready.wave, "LAST", seats=1), unplaced(draw, 10)

    def test_ten_at_once_one_gets_it(self) -> None:
        ready, draw, last, people = self.setup_ready()

        def take(index: int) -> Placement:
            return take_place(
                scope=NOBODY,
                registration=people[index],
                class_id=last.pk,
                draw_id=draw.pk,
                answer_by=date(2027, 1, 1),
                now=ready.wave.draws_at,
            )

        outcomes = together(10, take)
        assert sum(isinstance(outcome, Placement) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, PlaceTaken) for outcome in outcomes) == 9
        last.refresh_from_db()
        assert last.taken == Placement.objects.filter(training_class=last).count() == 1

    def test_counting_first_and_writing_then_would_oversell(self) -> None:
        """The naive way, with the database's guard off: the race is real."""
        ready, draw, last, people = self.setup_ready()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE training_trainingclass DROP CONSTRAINT training_trainingclass_seats")
        try:
            looked = Barrier(10)

            def take(index: int) -> Placement | None:
                with transaction.atomic():
                    free = Placement.objects.filter(training_class=last).count() < last.seats
                    looked.wait()
                    return (
                        Placement.objects.create(
                            registration=people[index],
                            applicant_id=people[index].applicant_id,
                            training_class=last,
                            draw=draw,
                            answer_by=date(2027, 1, 1),
                            as_of=ready.wave.draws_at,
                        )
                        if free
                        else None
                    )

            assert sum(isinstance(outcome, Placement) for outcome in together(10, take)) > 1
        finally:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE training_trainingclass SET seats = taken WHERE taken > seats")
                cursor.execute(
                    "ALTER TABLE training_trainingclass ADD CONSTRAINT training_trainingclass_seats CHECK (taken <= seats)"
                )

    def test_one_person_ten_clicks_one_place(self) -> None:
        ready, draw, _last, people = self.setup_ready()
        classes = [make_class(ready.wave, f"X-{index}", seats=1) for index in range(10)]

        def take(index: int) -> Placement:
            return take_place(
                scope=NOBODY,
                registration=people[0],
                class_id=classes[index].pk,
                draw_id=draw.pk,
                answer_by=date(2027, 1, 1),
                now=ready.wave.draws_at,
            )

        outcomes = together(10, take)
        assert sum(isinstance(outcome, Placement) for outcome in outcomes) == 1
        assert Placement.objects.filter(registration=people[0]).count() == 1

    def test_ten_answers_at_once_are_one(self) -> None:
        ready, draw, _last, _people = self.setup_ready()
        offer = Placement.objects.filter(draw=draw).select_related("registration").first()
        assert offer

        def accept(_index: int) -> None:
            answer_offer(
                scope=own_scope(offer.registration), placement_id=offer.pk, accept=True, now=ready.wave.draws_at
            )

        assert together(10, accept) == [None] * 10
        assert Event.objects.filter(subject_id=offer.pk, kind="placement.accepted").count() == 1


@pytest.mark.django_db
class TestAnswers:
    def test_decline_frees_the_seat_and_asks_for_a_refill(self) -> None:
        ready = make_ready(people=20)
        offer = Placement.objects.filter(draw=published(ready)).select_related("registration").first()
        assert offer
        before = TrainingClass.objects.get(pk=offer.training_class_id).taken
        scope = own_scope(offer.registration)
        job = answer_offer(scope=scope, placement_id=offer.pk, accept=False, now=ready.wave.draws_at)
        assert job is not None
        assert Job.objects.get(pk=job.pk).task == "training.refill"
        assert TrainingClass.objects.get(pk=offer.training_class_id).taken == before - 1
        with pytest.raises(OfferClosed):
            answer_offer(scope=scope, placement_id=offer.pk, accept=True, now=ready.wave.draws_at)

    def test_too_late_is_refused(self) -> None:
        ready = make_ready(people=20)
        offer = Placement.objects.filter(draw=published(ready)).select_related("registration").first()
        assert offer
        with pytest.raises(OfferClosed):
            answer_offer(
                scope=own_scope(offer.registration),
                placement_id=offer.pk,
                accept=True,
                now=ready.wave.draws_at + timedelta(days=16),
            )
        offer.refresh_from_db()
        assert offer.state == "offered"

    @pytest.mark.parametrize(("state", "given_back"), [("published", True), ("running", False)])
    def test_an_accepted_place_is_given_back_until_training_begins(self, state: str, given_back: bool) -> None:
        ready = make_ready(people=20)
        offer = Placement.objects.filter(draw=published(ready)).select_related("registration").first()
        assert offer
        scope, late = own_scope(offer.registration), ready.wave.draws_at + timedelta(days=16)
        answer_offer(scope=scope, placement_id=offer.pk, accept=True, now=ready.wave.draws_at)
        Wave.objects.filter(pk=ready.wave.pk).update(state=state)
        with nullcontext() if given_back else pytest.raises(OfferClosed):
            answer_offer(scope=scope, placement_id=offer.pk, accept=False, now=late)
        offer.refresh_from_db()
        assert offer.state == ("declined" if given_back else "accepted")

    def test_offers_end_before_training_begins(self) -> None:
        ready = make_ready(people=20)
        start = localdate(ready.wave.draws_at) + timedelta(days=3)
        Wave.objects.filter(pk=ready.wave.pk).update(starts_on=start)
        published(ready)
        assert set(Placement.objects.values_list("answer_by", flat=True)) == {start - timedelta(days=1)}

    def test_somebody_elses_offer_does_not_exist(self) -> None:
        ready = make_ready(people=20)
        mine, other = Placement.objects.filter(draw=published(ready)).select_related("registration")[:2]
        with pytest.raises(Placement.DoesNotExist):
            answer_offer(
                scope=own_scope(mine.registration), placement_id=other.pk, accept=True, now=ready.wave.draws_at
            )

    def test_answers_cannot_be_taken_back_by_sql(self) -> None:
        ready = make_ready(people=20)
        offer = Placement.objects.filter(draw=published(ready)).select_related("registration").first()
        assert offer
        answer_offer(scope=own_scope(offer.registration), placement_id=offer.pk, accept=False, now=ready.wave.draws_at)
        with pytest.raises(IntegrityError), transaction.atomic():
            Placement.objects.filter(pk=offer.pk).update(state="accepted")


@pytest.mark.django_db
class TestLapse:
    def test_unanswered_offers_end_after_their_last_day_and_go_on(self) -> None:
        ready = make_ready(people=20)
        draw = published(ready)
        kept = Placement.objects.filter(draw=draw).select_related("registration").first()
        assert kept
        answer_offer(scope=own_scope(kept.registration), placement_id=kept.pk, accept=True, now=ready.wave.draws_at)
        last_day = ready.wave.draws_at + timedelta(days=15)
        assert lapse_offers(now=last_day) == []
        (job,) = lapse_offers(now=last_day + timedelta(days=1))
        assert job.task == "training.refill"
        assert set(Placement.objects.values_list("state", flat=True)) == {"accepted", "lapsed"}
        assert lapse_offers(now=last_day + timedelta(days=1)) == []
        refill(draw_id=draw.pk, now=last_day + timedelta(days=1))
        assert Placement.objects.filter(state="offered").count() == (draw.placed or 0) - 1


@pytest.mark.django_db
class TestRefill:
    def test_a_second_decline_asks_for_a_refill_of_its_own(self) -> None:
        """One that runs already has read the list: it would not see the second free place."""
        ready = make_ready(people=20)
        draw = published(ready)
        jobs = [
            answer_offer(
                scope=own_scope(offer.registration), placement_id=offer.pk, accept=False, now=ready.wave.draws_at
            )
            for offer in Placement.objects.filter(draw=draw).select_related("registration")[:2]
        ]
        assert len({job.pk for job in jobs if job}) == 2

    def test_nobody_gets_a_place_once_training_runs(self) -> None:
        ready = make_ready(people=20)
        draw = published(ready)
        offer = Placement.objects.filter(draw=draw).select_related("registration").first()
        assert offer
        answer_offer(scope=own_scope(offer.registration), placement_id=offer.pk, accept=False, now=ready.wave.draws_at)
        Wave.objects.filter(pk=ready.wave.pk).update(state="running")
        assert refill(draw_id=draw.pk, now=ready.wave.draws_at) == {"placed": 0}

    def test_the_next_in_order_gets_the_place_and_nobody_loses_one(self) -> None:
        ready = make_ready(people=20)
        draw = published(ready)
        held = dict(Placement.objects.values_list("registration_id", "training_class_id"))
        offer = Placement.objects.filter(draw=draw).select_related("registration").first()
        assert offer
        answer_offer(scope=own_scope(offer.registration), placement_id=offer.pk, accept=False, now=ready.wave.draws_at)
        free = set(TrainingClass.objects.filter(wave=ready.wave, taken__lt=F("seats")).values_list("pk", flat=True))
        assert refill(draw_id=draw.pk, now=ready.wave.draws_at) == {"placed": 1}
        live = dict(
            Placement.objects.filter(state__in=Placement.LIVE).values_list("registration_id", "training_class_id")
        )
        assert {pk: c for pk, c in held.items() if pk != offer.registration_id}.items() <= live.items()
        (newcomer,) = live.keys() - held.keys()
        waiting = DrawResult.objects.filter(draw=draw, training_class__isnull=True).order_by("position")
        # Who wants listed classes only is passed over while none of them has a free seat.
        content = [
            row.registration_id
            for row in waiting.select_related("registration__wish_list")
            if not row.registration.wish_list.strict
            or free & set(row.registration.wishes.values_list("training_class", flat=True))
        ]
        assert newcomer == content[0]
        assert refill(draw_id=draw.pk, now=ready.wave.draws_at) == {"placed": 0}

    def test_passes_over_who_withdrew(self) -> None:
        ready = make_ready(people=20)
        draw = published(ready)
        next_up = unplaced(draw, 1)[0]
        Registration.objects.filter(pk=next_up.pk).update(state="withdrawn")
        offer = Placement.objects.filter(draw=draw).select_related("registration").first()
        assert offer
        answer_offer(scope=own_scope(offer.registration), placement_id=offer.pk, accept=False, now=ready.wave.draws_at)
        refill(draw_id=draw.pk, now=ready.wave.draws_at)
        assert not Placement.objects.filter(registration=next_up).exists()
        assert Placement.objects.filter(draw=draw, state__in=Placement.LIVE).count() == draw.placed


@pytest.mark.django_db
def test_places_given_out_are_told_to_the_quota_room_and_followed() -> None:
    """6 places of AFIRMASI in 3374; one declined and not handed on yet."""

    def granted(wave: Wave) -> list[tuple[int | None, int | None, int]]:
        current = Observation.objects.current().filter(wave=wave, indicator="granted_places")
        return [(row.regency_id, row.cluster_id, int(row.value)) for row in current]

    ready = make_ready(people=20)
    drawn(make_ready(people=2))
    draw = published(ready)
    assert count_places.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    count_places()
    assert granted(ready.wave) == [(3374, 3, 6)]
    placement = Placement.objects.filter(draw=draw).select_related("registration").first()
    assert placement
    answer_offer(
        scope=own_scope(placement.registration), placement_id=placement.pk, accept=False, now=ready.wave.draws_at
    )
    for hour in (1, 2):
        record_granted_places(now=ready.wave.draws_at + timedelta(hours=hour))
        assert granted(ready.wave) == [(3374, 3, 5)]
    assert Observation.objects.filter(indicator="granted_places").count() == 2, "unpublished waves give nothing out"


@pytest.mark.django_db
class TestTwoWaves:
    def both(self) -> tuple[Ready, Placement, Registration]:
        """Somebody with an offer in one wave who joins the next."""
        ready = make_ready(people=20)
        offer = Placement.objects.filter(draw=published(ready)).select_related("registration__applicant").first()
        assert offer
        following = make_wave()
        make_class(following, "N-1")
        make_split(following, {(3, 3374): 4})
        copy = Registration.objects.get(pk=offer.registration_id)
        copy.pk, copy.wave, copy.number, copy.idempotency_key = uuid7(), following, "999999999999", uuid4()
        copy.save(force_insert=True)
        return Ready(following, ready.planner, ready.approver), offer, copy

    def test_the_older_offer_is_what_the_status_page_shows_first(self) -> None:
        _following, offer, again = self.both()
        Placement.objects.filter(pk=offer.pk).update(answer_by=localdate() + timedelta(days=1))
        client = Client()
        session = client.session
        session["applicant"] = str(again.applicant_id)
        session.save()
        assert f"/status/jawab/{offer.pk}/" in client.get("/status/").content.decode()
        newer = client.get(f"/status/?gelombang={again.wave.slug}").content.decode()
        assert f"/status/jawab/{offer.pk}/" not in newer

    def test_who_accepted_a_place_takes_no_part_in_another_draw(self) -> None:
        following, offer, _again = self.both()
        answer_offer(
            scope=own_scope(offer.registration), placement_id=offer.pk, accept=True, now=offer.draw.wave.draws_at
        )
        Wave.objects.filter(pk=following.wave.pk).update(state="closed", closes_at=following.wave.as_of)
        following.wave.refresh_from_db()
        assert drawn(following).list_size == 0

    def test_nobody_accepts_two_places(self) -> None:
        following, offer, again = self.both()
        Wave.objects.filter(pk=following.wave.pk).update(state="closed", closes_at=following.wave.as_of)
        following.wave.refresh_from_db()
        published(following)
        when, scope = following.wave.draws_at, own_scope(again)
        second = Placement.objects.get(registration=again)
        Placement.objects.filter(pk=offer.pk).update(answer_by=localdate(when))
        answer_offer(scope=scope, placement_id=second.pk, accept=True, now=when)
        with pytest.raises(OfferClosed):
            answer_offer(scope=scope, placement_id=offer.pk, accept=True, now=when)
        assert Placement.objects.filter(applicant=again.applicant_id, state="accepted").count() == 1
