"""The province's steps of a wave: who may take them, what each needs, what stands afterwards."""

from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.scope import NOBODY, Scope
from clusters.models import QuotaDecision, Wave
from clusters.services.decisions import AlreadyDecided, create_decision
from clusters.services.states import WrongState, move_wave
from clusters.services.waves import (
    DecisionUsed,
    FieldStands,
    NameTaken,
    NotLater,
    NotReady,
    ReasonMissing,
    advance_waves,
    create_wave,
    edit_wave,
    extend_wave,
    transition,
)
from clusters.states import TRANSITIONS
from clusters.tasks import advance_waves as task
from records.models import Event
from tests.factories.people import make_rule_set, make_wave
from tests.factories.staff import make_user
from tests.factories.waves import record_seats

pytestmark = pytest.mark.django_db

NOW = timezone.make_aware(datetime(2026, 11, 24, 10))  # noqa: DTZ001
DAY = timedelta(days=1)


@pytest.fixture
def planner() -> Scope:
    return Scope(user_id=make_user().pk, roles=frozenset({"planner"}))


def decide(scope: Scope, number: str = "CONTOH/900", total: int = 20_000) -> QuotaDecision:
    return create_decision(
        scope=scope, decree_number=number, decree_date=date(2026, 10, 1), author="Gubernur", total=total, now=NOW
    )


def values(decision: QuotaDecision, **over: Any) -> dict[str, Any]:
    return {
        "slug": "gelombang-x",
        "name": "Gelombang X",
        "decision": decision,
        "rule_set": make_rule_set(),
        "opens_at": NOW + DAY,
        "closes_at": NOW + 8 * DAY,
        "draws_at": NOW + 10 * DAY,
        "starts_on": date(2027, 1, 12),
        "ends_on": date(2027, 2, 12),
        "mode": "guarded",
        "guarantees": {},
    } | over


def last_event() -> Event:
    return Event.objects.order_by("-pk")[0]


# The table of states holds for the service and for plain SQL alike.


@pytest.mark.parametrize(("old", "new"), list(product(TRANSITIONS, TRANSITIONS)))
def test_service_and_plain_sql_allow_the_same_steps(old: str, new: str) -> None:
    wave = make_wave(old)
    allowed = new in TRANSITIONS[old]

    if old != new:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE clusters_wave SET state = %s, cancel_reason = %s WHERE id = %s",
                    [new, "sebab" if new == "cancelled" else "", wave.pk],
                )
                transaction.set_rollback(True)
            by_sql = True
        except IntegrityError:
            by_sql = False
        assert by_sql == allowed

    try:
        move_wave(scope=NOBODY, wave=wave, to=new, now=NOW, reason="sebab" if new == "cancelled" else "")
        by_service = True
    except WrongState:
        by_service = False
    assert by_service == allowed
    assert Wave.objects.get(pk=wave.pk).state == (new if allowed else old)


# Decisions and drafts.


def test_a_decision_is_recorded_once_and_never_changes(planner: Scope) -> None:
    decision = decide(planner)
    assert last_event().kind == "decision.created"
    with pytest.raises(AlreadyDecided):
        decide(planner)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        QuotaDecision.objects.filter(pk=decision.pk).update(total=1)


def test_a_wave_starts_as_a_draft_that_only_the_province_sees(planner: Scope) -> None:
    wave = create_wave(scope=planner, values=values(decide(planner)), now=NOW)
    assert wave.state == "draft"
    assert Wave.objects.within(planner).filter(pk=wave.pk).exists()
    assert not Wave.objects.within(NOBODY).filter(pk=wave.pk).exists()
    assert (last_event().kind, last_event().actor_id) == ("wave.created", planner.user_id)


def test_an_address_and_a_decision_belong_to_one_wave(planner: Scope) -> None:
    first = decide(planner)
    wave = create_wave(scope=planner, values=values(first), now=NOW)
    with pytest.raises(NameTaken):
        create_wave(scope=planner, values=values(decide(planner, "CONTOH/901")), now=NOW)
    with pytest.raises(DecisionUsed):
        create_wave(scope=planner, values=values(first, slug="lain"), now=NOW)
    transition(scope=planner, wave_id=wave.pk, to="cancelled", reason="Data contoh", now=NOW)
    create_wave(scope=planner, values=values(first, slug="lain"), now=NOW)


def test_dates_out_of_order_are_refused_by_the_database(planner: Scope) -> None:
    with pytest.raises(IntegrityError, match="clusters_wave_dates"):
        create_wave(scope=planner, values=values(decide(planner), closes_at=NOW), now=NOW)


def test_a_draft_changes_freely_an_open_wave_only_in_part_a_closed_one_not(planner: Scope) -> None:
    wave = create_wave(scope=planner, values=values(decide(planner)), now=NOW)
    edit_wave(scope=planner, wave_id=wave.pk, values={"slug": "gelombang-y", "mode": "sd"}, now=NOW)
    assert last_event().fields == ["mode", "slug"]

    Wave.objects.filter(pk=wave.pk).update(state="open")
    edit_wave(scope=planner, wave_id=wave.pk, values={"name": "Gelombang Y", "slug": "gelombang-y"}, now=NOW)
    assert last_event().fields == ["name"]
    with pytest.raises(FieldStands) as refused:
        edit_wave(scope=planner, wave_id=wave.pk, values={"closes_at": NOW + 9 * DAY, "name": "Z"}, now=NOW)
    assert refused.value.fields == {"closes_at"}
    assert Wave.objects.get(pk=wave.pk).name == "Gelombang Y"

    Wave.objects.filter(pk=wave.pk).update(state="closed")
    with pytest.raises(FieldStands):
        edit_wave(scope=planner, wave_id=wave.pk, values={"name": "Z"}, now=NOW)


# Opening, closing, cancelling.


def test_opening_needs_open_seats_and_a_closing_time_ahead(planner: Scope) -> None:
    wave = make_wave("draft", now=NOW)
    with pytest.raises(NotReady) as refused:
        transition(scope=planner, wave_id=wave.pk, to="open", now=NOW + 8 * DAY)
    assert refused.value.needs == ["seats", "dates"]
    record_seats(wave, {(0, 3301): 16})
    with pytest.raises(NotReady) as refused:
        transition(scope=planner, wave_id=wave.pk, to="open", now=NOW + 8 * DAY)
    assert refused.value.needs == ["dates"]
    assert transition(scope=planner, wave_id=wave.pk, to="open", now=NOW).state == "open"
    assert last_event().kind == "wave.open"


def test_classes_taken_away_again_do_not_count(planner: Scope) -> None:
    wave = make_wave("draft", now=NOW)
    record_seats(wave, {(0, 3301): 16})
    record_seats(wave, {(0, 3301): 0}, now=NOW + DAY)
    with pytest.raises(NotReady):
        transition(scope=planner, wave_id=wave.pk, to="open", now=NOW)


def test_closing_early_needs_a_reason_and_becomes_the_closing_time(planner: Scope) -> None:
    wave = make_wave("open", now=NOW)
    with pytest.raises(ReasonMissing):
        transition(scope=planner, wave_id=wave.pk, to="closed", now=NOW, reason=" ")
    transition(scope=planner, wave_id=wave.pk, to="closed", now=NOW, reason="Keputusan CONTOH/2")
    wave.refresh_from_db()
    assert (wave.state, wave.closes_at) == ("closed", NOW)
    assert last_event().reason == "Keputusan CONTOH/2"


def test_closing_at_the_announced_time_needs_none(planner: Scope) -> None:
    wave = make_wave("open", now=NOW)
    assert transition(scope=planner, wave_id=wave.pk, to="closed", now=NOW + 7 * DAY).state == "closed"


def test_a_wave_that_has_not_taken_anybody_is_cancelled_not_closed(planner: Scope) -> None:
    wave = make_wave("open", now=NOW)
    with pytest.raises(WrongState):
        transition(scope=planner, wave_id=wave.pk, to="closed", now=NOW - 2 * DAY, reason="Data contoh")


def test_a_cancelled_wave_stays_visible_with_its_reason(planner: Scope) -> None:
    wave = make_wave("closed", now=NOW)
    with pytest.raises(ReasonMissing):
        transition(scope=planner, wave_id=wave.pk, to="cancelled", now=NOW)
    transition(scope=planner, wave_id=wave.pk, to="cancelled", now=NOW, reason="Anggaran dialihkan")
    seen = Wave.objects.within(NOBODY).get(pk=wave.pk)
    assert (seen.state, seen.cancel_reason) == ("cancelled", "Anggaran dialihkan")


@pytest.mark.parametrize("to", ["frozen", "drawn", "published", "running", "finished", "draft"])
def test_the_draws_steps_are_not_the_provinces(planner: Scope, to: str) -> None:
    wave = make_wave("closed")
    with pytest.raises(WrongState):
        transition(scope=planner, wave_id=wave.pk, to=to, now=NOW, reason="Data contoh")


# Extending.


def test_an_extension_moves_close_and_draw_and_is_logged_with_its_reason(planner: Scope) -> None:
    wave = make_wave("open", now=NOW)
    extend_wave(
        scope=planner,
        wave_id=wave.pk,
        closes_at=NOW + 9 * DAY,
        draws_at=NOW + 12 * DAY,
        reason="Sinyal padam di Cilacap",
        now=NOW,
    )
    wave.refresh_from_db()
    assert (wave.state, wave.closes_at, wave.draws_at) == ("open", NOW + 9 * DAY, NOW + 12 * DAY)
    event = last_event()
    assert (event.kind, event.fields, event.reason) == (
        "wave.extended",
        ["closes_at", "draws_at"],
        "Sinyal padam di Cilacap",
    )


def test_a_closed_wave_opens_again_by_an_extension(planner: Scope) -> None:
    wave = make_wave("closed", now=NOW)
    record_seats(wave, {(0, 3301): 16})
    later = {"closes_at": NOW + 9 * DAY, "draws_at": NOW + 12 * DAY, "reason": "Data contoh", "now": NOW + 8 * DAY}
    assert extend_wave(scope=planner, wave_id=wave.pk, **later).state == "open"
    assert Wave.objects.get(pk=wave.pk).state == "open"


@pytest.mark.parametrize("closes_at", [NOW, NOW + 7 * DAY])
def test_an_extension_is_later_than_what_was_announced(planner: Scope, closes_at: datetime) -> None:
    wave = make_wave("open", now=NOW)
    with pytest.raises(NotLater):
        extend_wave(scope=planner, wave_id=wave.pk, closes_at=closes_at, draws_at=NOW + 12 * DAY, reason="Ya", now=NOW)


def test_an_extension_needs_a_reason_and_a_draw_after_it(planner: Scope) -> None:
    wave = make_wave("open", now=NOW)
    with pytest.raises(ReasonMissing):
        extend_wave(
            scope=planner, wave_id=wave.pk, closes_at=NOW + 8 * DAY, draws_at=NOW + 12 * DAY, reason="", now=NOW
        )
    with pytest.raises(IntegrityError, match="clusters_wave_dates"), transaction.atomic():
        extend_wave(
            scope=planner, wave_id=wave.pk, closes_at=NOW + 11 * DAY, draws_at=wave.draws_at, reason="Ya", now=NOW
        )


@pytest.mark.parametrize("state", ["draft", "frozen", "drawn", "published", "finished", "cancelled"])
def test_only_an_open_or_closed_wave_is_extended(planner: Scope, state: str) -> None:
    wave = make_wave(state, now=NOW)
    with pytest.raises(WrongState):
        extend_wave(
            scope=planner, wave_id=wave.pk, closes_at=NOW + 8 * DAY, draws_at=NOW + 12 * DAY, reason="Ya", now=NOW
        )


# Who may.


@pytest.mark.parametrize("role", ["auditor", "mentor", "office_head", "operator", ""])
def test_only_planner_and_approver_act(role: str) -> None:
    scope = Scope(user_id=make_user().pk, roles=frozenset({role} - {""}))
    wave = make_wave("draft", now=NOW)
    record_seats(wave, {(0, 3301): 16})
    acts = [
        lambda: decide(scope, "CONTOH/999"),
        lambda: create_wave(scope=scope, values=values(wave.decision), now=NOW),
        lambda: edit_wave(scope=scope, wave_id=wave.pk, values={"name": "Z"}, now=NOW),
        lambda: transition(scope=scope, wave_id=wave.pk, to="open", now=NOW),
        lambda: transition(scope=scope, wave_id=wave.pk, to="cancelled", reason="Ya", now=NOW),
        lambda: extend_wave(
            scope=scope, wave_id=wave.pk, closes_at=NOW + 8 * DAY, draws_at=NOW + 9 * DAY, reason="Ya", now=NOW
        ),
    ]
    for act in acts:
        with pytest.raises(PermissionDenied):
            act()
    assert Wave.objects.get(pk=wave.pk).state == "draft"


# What the days do by themselves.


def test_waves_move_on_by_their_dates_and_nothing_opens_by_itself() -> None:
    draft, opened = make_wave("draft", now=NOW), make_wave("open", now=NOW)
    published, running = make_wave("published", now=NOW), make_wave("running", now=NOW)

    def states(after: timedelta) -> list[str]:
        advance_waves(now=NOW + after)
        return [Wave.objects.get(pk=wave.pk).state for wave in (draft, opened, published, running)]

    assert states(7 * DAY - timedelta(seconds=1)) == ["draft", "open", "published", "running"]
    assert states(7 * DAY) == ["draft", "closed", "published", "running"]
    assert states(30 * DAY) == ["draft", "closed", "running", "running"]
    assert states(60 * DAY) == ["draft", "closed", "running", "running"]
    assert states(61 * DAY) == ["draft", "closed", "finished", "finished"]
    assert advance_waves(now=NOW + 61 * DAY) == []


def test_the_beat_knows_the_task_and_the_task_moves_waves() -> None:
    over = make_wave("open", now=timezone.now() - 20 * DAY)
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} >= {task.name}
    task()
    assert Wave.objects.get(pk=over.pk).state == "closed"
    assert (last_event().kind, last_event().actor_id, last_event().actor_role) == ("wave.closed", None, "system")
