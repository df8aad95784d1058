"""Dice: when they may be entered, by whom, and what stands once a seed does."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client, override_settings
from django.utils import timezone

from accounts.services import enter_scope
from tests.factories.draws import DICE, drawn, frozen, make_ready, refused, roll
from training.lottery import normalise_dice
from training.models import Draw
from training.selectors.protocol import in_fives
from training.services import draws

pytestmark = pytest.mark.django_db


class TestDice:
    def test_not_before_the_announced_time(self) -> None:
        ready = make_ready(people=2)
        draw, early = frozen(ready), ready.wave.draws_at - timedelta(seconds=1)
        with pytest.raises(draws.DrawRefused, match="diumumkan"):
            draws.record_dice(scope=ready.planner, draw_id=draw.pk, dice=DICE, witnesses="Saksi", now=early)
        assert Draw.objects.get(pk=draw.pk).dice == ""

    @override_settings(OBJECTION_HOURS=48)
    def test_not_while_people_may_object_to_the_list(self) -> None:
        ready = make_ready(people=2)
        when = ready.wave.draws_at
        frozen_at = when - timedelta(hours=47)
        draw, _job = draws.request_freeze(scope=ready.planner, wave_id=ready.wave.pk, now=frozen_at)
        draws.freeze_list(draw_id=draw.pk, now=frozen_at)
        with pytest.raises(draws.DrawRefused, match="menyanggah"):
            draws.record_dice(scope=ready.planner, draw_id=draw.pk, dice=DICE, witnesses="Saksi", now=when)
        later = when + timedelta(hours=1)
        draws.record_dice(scope=ready.planner, draw_id=draw.pk, dice=DICE, witnesses="Saksi", now=later)

    @pytest.mark.parametrize(
        ("dice", "witnesses"), [("1 2 3", "Saksi"), (DICE.replace("1", "7"), "Saksi"), (DICE, " ")]
    )
    def test_wants_enough_dice_and_a_witness(self, dice: str, witnesses: str) -> None:
        ready = make_ready(people=2)
        draw, when = frozen(ready), ready.wave.draws_at
        with pytest.raises(draws.DrawRefused):
            draws.record_dice(scope=ready.planner, draw_id=draw.pk, dice=dice, witnesses=witnesses, now=when)

    def test_count_only_when_a_second_person_enters_the_same(self) -> None:
        ready = make_ready(people=2)
        draw, when = frozen(ready), ready.wave.draws_at
        draws.record_dice(scope=ready.planner, draw_id=draw.pk, dice=DICE, witnesses="Saksi", now=when)
        for scope, dice in ((ready.planner, DICE), (ready.approver, DICE[::-1])):
            with pytest.raises(draws.DrawRefused):
                draws.confirm_dice(scope=scope, draw_id=draw.pk, dice=dice, now=when)
            assert Draw.objects.get(pk=draw.pk).seed == ""
        confirmed, job = draws.confirm_dice(scope=ready.approver, draw_id=draw.pk, dice=DICE, now=when)
        assert len(confirmed.seed) == 64
        assert job.task == "training.run_draw"

    def test_the_database_wants_two_persons_too(self) -> None:
        ready = make_ready(people=2)
        draw, when = frozen(ready), ready.wave.draws_at
        draws.record_dice(scope=ready.planner, draw_id=draw.pk, dice=DICE, witnesses="Saksi", now=when)
        with pytest.raises(IntegrityError, match="training_draw_dice_twice"), transaction.atomic():
            Draw.objects.filter(pk=draw.pk).update(state="seeded", seed="0" * 64, seeded_by=ready.planner.user_id)
        with pytest.raises(IntegrityError, match="training_draw_seeded"), transaction.atomic():
            Draw.objects.filter(pk=draw.pk).update(state="seeded", seed="0" * 64)

    def test_a_slip_is_taken_back_before_a_seed_stands_and_not_after(self) -> None:
        ready = make_ready(people=2)
        draw, when = frozen(ready), ready.wave.draws_at
        draws.record_dice(scope=ready.planner, draw_id=draw.pk, dice=DICE[::-1], witnesses="Saksi", now=when)
        for scope, reason in ((ready.planner, "Salah ketik"), (ready.approver, " ")):
            with pytest.raises(draws.DrawRefused):
                draws.clear_dice(scope=scope, draw_id=draw.pk, reason=reason, now=when)
        draws.clear_dice(scope=ready.approver, draw_id=draw.pk, reason="Salah ketik", now=when)
        page = Client().get(f"/undian/{ready.wave.slug}/").content.decode()
        assert "Salah ketik" in page
        assert in_fives(normalise_dice(DICE[::-1])) in page
        roll(ready, draw)
        with pytest.raises(draws.DrawRefused):
            draws.clear_dice(scope=ready.approver, draw_id=draw.pk, reason="Salah ketik", now=when)
        with pytest.raises(draws.DrawRefused):
            draws.record_dice(scope=ready.approver, draw_id=draw.pk, dice=DICE, witnesses="Saksi", now=when)

    def test_are_shown_to_nobody_before_the_second_person_typed_them(self, as_role: Callable[..., Client]) -> None:
        ready = make_ready(people=2, now=timezone.now() - timedelta(days=8))
        draw = frozen(ready)
        draws.record_dice(scope=ready.planner, draw_id=draw.pk, dice=DICE, witnesses="Saksi", now=ready.wave.draws_at)
        for page in (
            as_role("approver").get(f"/provinsi/undian/{ready.wave.slug}/"),
            Client().get(f"/undian/{ready.wave.slug}/"),
        ):
            assert in_fives(normalise_dice(DICE)) not in page.content.decode()
            assert "Menunggu orang kedua" in page.content.decode()

    def test_stand_with_their_seed(self) -> None:
        draw = drawn(make_ready(people=2))
        for change in (
            "dice = '1'",
            "witnesses = 'x'",
            "rolled_by_id = NULL",
            "frozen_at = now()",
            "seeded_at = now()",
        ):
            assert refused(f"UPDATE training_draw SET {change} WHERE id = %s", draw.pk)  # noqa: S608 - ours

    def test_a_web_request_cannot_do_the_workers_part(self) -> None:
        ready = make_ready(people=2)
        draw = frozen(ready)
        enter_scope(ready.planner, web_role=True)
        assert refused(
            "UPDATE training_draw SET state = 'rolled', rolled_by_id = %s WHERE id = %s RETURNING 1; "
            "UPDATE training_draw SET state = 'agreed' WHERE id = %s",
            ready.planner.user_id,
            draw.pk,
            draw.pk,
        )
        assert refused("UPDATE training_draw SET result_sha256 = %s WHERE id = %s", "0" * 64, draw.pk)
