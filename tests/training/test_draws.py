"""The draw from a closed wave to published places."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.scope import NOBODY
from clusters.models import Wave
from clusters.services.states import WrongState
from clusters.services.waves import transition
from records.models import Event, Job
from registrations.models import Registration
from tests.factories.draws import drawn, frozen, make_ready, published, refused, roll, scope_of
from training.lottery import draw_order, leaf, verify_proof
from training.models import Draw, DrawCutoff, DrawPack, DrawResult, Placement, TrainingClass
from training.selectors.status import own_line
from training.services import draws
from training.services.outcome import VERIFIER
from training.services.places import refill

pytestmark = pytest.mark.django_db


class TestFreeze:
    def test_commits_to_everybody_who_joined(self) -> None:
        ready = make_ready(people=12)
        away = Registration.objects.filter(wave=ready.wave).first()
        assert away
        Registration.objects.filter(pk=away.pk).update(state="withdrawn")
        draw, job = draws.request_freeze(scope=ready.planner, wave_id=ready.wave.pk, now=ready.wave.closes_at)
        assert job.task == "training.freeze_list"
        draws.freeze_list(draw_id=draw.pk, now=ready.wave.closes_at)
        draw.refresh_from_db()
        assert (draw.state, draw.list_size) == ("frozen", 11)
        assert len(draw.list_root) == len(draw.list_sha256) == len(draw.rules_digest) == 64
        assert Wave.objects.get(pk=ready.wave.pk).state == "frozen"

    def test_twice_is_once(self) -> None:
        ready = make_ready(people=3)
        draw, _ = draws.request_freeze(scope=ready.planner, wave_id=ready.wave.pk, now=ready.wave.closes_at)
        first = draws.freeze_list(draw_id=draw.pk, now=ready.wave.closes_at)
        assert draws.freeze_list(draw_id=draw.pk, now=ready.wave.closes_at) == first
        with pytest.raises(draws.DrawRefused):
            draws.request_freeze(scope=ready.planner, wave_id=ready.wave.pk, now=ready.wave.closes_at)

    def test_needs_a_closed_wave(self) -> None:
        ready = make_ready(people=1)
        Wave.objects.filter(pk=ready.wave.pk).update(state="open")
        with pytest.raises(draws.DrawRefused):
            draws.request_freeze(scope=ready.planner, wave_id=ready.wave.pk, now=ready.wave.closes_at)

    def test_nobody_can_rewrite_the_list_or_its_digests(self) -> None:
        draw = drawn(make_ready(people=3))
        assert refused("UPDATE training_drawentry SET line = 'x' WHERE draw_id = %s", draw.pk)
        assert refused("DELETE FROM training_drawentry WHERE draw_id = %s", draw.pk)
        assert refused("UPDATE training_draw SET list_root = %s WHERE id = %s", "0" * 64, draw.pk)
        assert refused("UPDATE training_draw SET seed = %s WHERE id = %s", "0" * 64, draw.pk)
        assert refused("UPDATE training_draw SET state = 'frozen' WHERE id = %s", draw.pk)
        assert refused("DELETE FROM training_draw WHERE id = %s", draw.pk)

    def test_own_line_stands_under_the_root(self) -> None:
        ready = make_ready(people=9)
        draw = drawn(ready)
        for registration in Registration.objects.filter(wave=ready.wave).select_related("wave"):
            own = own_line(registration, ready.planner)
            assert own is not None
            assert str(own["line"]).startswith(f"{registration.number}|33.74|")
            leaf_hash = leaf(bytes.fromhex(str(own["salt"])), str(own["line"]))
            proof = [bytes.fromhex(h) for h in own["proof"]]  # type: ignore[attr-defined]
            assert verify_proof(leaf_hash, int(str(own["index"])), 9, proof, bytes.fromhex(draw.list_root))


class TestRetry:
    def test_a_failed_job_is_asked_for_again(self) -> None:
        ready = make_ready(people=2)
        draw, job = draws.request_freeze(scope=ready.planner, wave_id=ready.wave.pk, now=ready.wave.closes_at)
        assert draws.retry(scope=ready.planner, draw_id=draw.pk).pk == job.pk
        Job.objects.filter(pk=job.pk).update(state="failed", error="OSError")
        assert draws.retry(scope=ready.planner, draw_id=draw.pk).pk != job.pk
        draws.freeze_list(draw_id=draw.pk, now=ready.wave.closes_at)
        with pytest.raises(draws.DrawRefused):
            draws.retry(scope=ready.planner, draw_id=draw.pk)


class TestRun:
    def test_engine_and_verifier_agree_and_the_result_is_stored(self) -> None:
        ready = make_ready(people=20)
        draw = drawn(ready)
        assert draw.state == "agreed", draw.report
        results = DrawResult.objects.filter(draw=draw)
        assert results.count() == 20
        assert draw.placed == results.filter(training_class__isnull=False).count() <= 6
        numbers = list(Registration.objects.filter(wave=ready.wave).order_by("number").values_list("number", flat=True))
        expected = [numbers[i] for i in draw_order(bytes.fromhex(draw.seed), numbers)]
        assert list(results.order_by("position").values_list("registration__number", flat=True)) == expected
        assert Wave.objects.get(pk=ready.wave.pk).state == "drawn"

    def test_again_gives_the_same(self) -> None:
        draw = drawn(make_ready(people=8))
        again = draws.run_draw(draw_id=draw.pk, now=draw.ran_at)  # type: ignore[arg-type]
        assert again["result_sha256"] == draw.result_sha256
        assert DrawPack.objects.filter(draw=draw).count() == 2

    def test_later_changes_of_people_do_not_matter(self) -> None:
        ready = make_ready(people=8)
        when = ready.wave.draws_at
        draw, _ = draws.request_freeze(scope=ready.planner, wave_id=ready.wave.pk, now=when)
        draws.freeze_list(draw_id=draw.pk, now=when)
        Registration.objects.filter(wave=ready.wave).update(clusters=1, laid_off=True)
        roll(ready, draw)
        draws.run_draw(draw_id=draw.pk, now=when)
        draw.refresh_from_db()
        assert draw.state == "agreed"
        assert draw.placed == 6

    def test_a_stored_list_that_was_edited_is_not_drawn(self) -> None:
        ready = make_ready(people=4)
        when = ready.wave.draws_at
        draw, _ = draws.request_freeze(scope=ready.planner, wave_id=ready.wave.pk, now=when)
        draws.freeze_list(draw_id=draw.pk, now=when)
        roll(ready, draw)
        with connection.cursor() as cursor:  # what only the owner of the database can do
            partition = f"training_drawentry_{draw.pk.hex}"
            cursor.execute(f"ALTER TABLE {partition} DISABLE TRIGGER append_only")
            cursor.execute(f"UPDATE {partition} SET line = replace(line, '|8|', '|9|') WHERE position = 2")  # noqa: S608 - a name made by us
        with pytest.raises(draws.DrawChanged):
            draws.run_draw(draw_id=draw.pk, now=when)
        assert Draw.objects.get(pk=draw.pk).state == "seeded"

    def test_the_public_pack_passes_the_stand_alone_verifier(self, tmp_path: Path) -> None:
        draw = published(make_ready(people=15))
        for audience in ("public", "auditors"):
            pack = tmp_path / f"{audience}.zip"
            pack.write_bytes(bytes(DrawPack.objects.get(draw=draw, audience=audience).content))
            done = subprocess.run(
                [sys.executable, "-I", str(VERIFIER), str(pack)], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
        public = zipfile.ZipFile(io.BytesIO(bytes(DrawPack.objects.get(draw=draw, audience="public").content)))
        assert not {"list.txt", "salts.txt", "results.txt"} & set(public.namelist())
        assert json.loads(public.read("draw.json"))["seed"] == draw.seed


class TestPublication:
    def test_needs_a_second_person(self) -> None:
        ready = make_ready(people=5)
        draw = drawn(ready)
        with pytest.raises(draws.DrawRefused):
            draws.request_publication(scope=ready.planner, draw_id=draw.pk)
        with pytest.raises(IntegrityError, match="training_draw_two_persons"), transaction.atomic():
            draws.release_results(scope=ready.planner, draw_id=draw.pk, now=ready.wave.draws_at)
        assert Placement.objects.count() == 0

    def test_gives_everybody_with_a_class_an_offer(self) -> None:
        ready = make_ready(people=20)
        draw = published(ready)
        offers = Placement.objects.filter(draw=draw, state="offered")
        assert offers.count() == draw.placed
        assert set(offers.values_list("registration_id", "training_class_id")) == set(
            DrawResult.objects.filter(draw=draw, training_class__isnull=False).values_list(
                "registration_id", "training_class_id"
            )
        )
        for c in TrainingClass.objects.filter(wave=ready.wave):
            assert c.taken == offers.filter(training_class=c).count()
        assert DrawCutoff.objects.filter(draw=draw).count() == 1
        draws.release_results(scope=ready.approver, draw_id=draw.pk, now=ready.wave.draws_at)
        assert Placement.objects.count() == draw.placed

    def test_results_cannot_be_rewritten(self) -> None:
        draw = published(make_ready(people=5))
        assert refused("UPDATE training_drawresult SET position = 0 WHERE draw_id = %s", draw.pk)
        assert refused("DELETE FROM training_drawresult WHERE draw_id = %s", draw.pk)
        assert refused("UPDATE training_draw SET result_sha256 = %s WHERE id = %s", "0" * 64, draw.pk)
        assert refused("UPDATE training_drawcutoff SET position = 0 WHERE draw_id = %s", draw.pk)
        assert refused("DELETE FROM training_drawpack WHERE draw_id = %s", draw.pk)

    def test_an_edit_after_the_two_programs_agreed_stops_the_release(self) -> None:
        ready = make_ready(people=12)
        draw = drawn(ready)
        partition = f"training_drawresult_{draw.pk.hex}"
        winner = DrawResult.objects.filter(draw=draw, training_class__isnull=False).order_by("position")[0]
        loser = DrawResult.objects.filter(draw=draw, training_class__isnull=True).order_by("-position")[0]
        with connection.cursor() as cursor:  # what only the owner of the database can do
            cursor.execute(f"ALTER TABLE {partition} DISABLE TRIGGER append_only")
            for row, gets in ((loser, winner), (winner, loser)):
                cursor.execute(
                    f"UPDATE {partition} SET training_class_id = %s, wish_rank = %s, admitted_pass = %s"  # noqa: S608 - ours
                    " WHERE registration_id = %s",
                    [gets.training_class_id, gets.wish_rank, gets.admitted_pass, row.registration_id],
                )
        with pytest.raises(draws.DrawChanged):
            draws.release_results(scope=ready.approver, draw_id=draw.pk, now=ready.wave.draws_at)
        assert Placement.objects.count() == 0

    def test_who_withdrew_gets_no_place_and_the_next_does(self) -> None:
        ready = make_ready(people=20)
        draw = drawn(ready)
        gone = DrawResult.objects.filter(draw=draw, training_class__isnull=False).order_by("position")[0]
        Registration.objects.filter(pk=gone.registration_id).update(state="withdrawn")
        draws.release_results(scope=ready.approver, draw_id=draw.pk, now=ready.wave.draws_at)
        assert not Placement.objects.filter(registration=gone.registration_id).exists()
        assert Job.objects.filter(task="training.refill").count() == 1
        refill(draw_id=draw.pk, now=ready.wave.draws_at)
        assert Placement.objects.filter(state="offered").count() == draw.placed

    def test_outside_the_province_nobody_publishes(self) -> None:
        draw = drawn(make_ready(people=3))
        with pytest.raises(PermissionDenied):
            draws.release_results(scope=NOBODY, draw_id=draw.pk, now=draw.ran_at)  # type: ignore[arg-type]


class TestVoid:
    def test_keeps_everything_and_lets_a_new_list_be_frozen(self) -> None:
        ready = make_ready(people=5)
        first, when = drawn(ready), ready.wave.draws_at
        with pytest.raises(draws.DrawRefused):
            draws.void_draw(scope=ready.planner, draw_id=first.pk, reason=" ", now=when)
        assert draws.void_draw(scope=ready.planner, draw_id=first.pk, reason="Salah daftar", now=when).state == "agreed"
        with pytest.raises(draws.DrawRefused):
            draws.void_draw(scope=ready.planner, draw_id=first.pk, reason="Salah daftar", now=when)
        with pytest.raises(IntegrityError, match="training_draw_void_two_persons"), transaction.atomic():
            Draw.objects.filter(pk=first.pk).update(state="void", voided_by=ready.planner.user_id)
        assert draws.void_draw(scope=ready.approver, draw_id=first.pk, reason="", now=when).state == "void"
        assert DrawResult.objects.filter(draw=first).count() == 5
        second = drawn(ready)
        assert (second.number, second.state) == (2, "agreed")
        assert second.list_root != first.list_root
        page = Client().get(f"/undian/{ready.wave.slug}/").content.decode()
        assert all(text in page for text in ("Salah daftar", first.list_root, first.seed, str(first.result_sha256)))

    def test_nothing_else_happens_while_it_is_asked_for(self) -> None:
        ready = make_ready(people=5)
        draw, when = drawn(ready), ready.wave.draws_at
        draws.void_draw(scope=ready.planner, draw_id=draw.pk, reason="Salah daftar", now=when)
        with pytest.raises(draws.DrawRefused):
            draws.request_publication(scope=ready.approver, draw_id=draw.pk)
        with pytest.raises(draws.DrawRefused):
            draws.release_results(scope=ready.approver, draw_id=draw.pk, now=when)
        draws.keep_draw(scope=ready.approver, draw_id=draw.pk, now=when)
        draws.release_results(scope=ready.approver, draw_id=draw.pk, now=when)
        with pytest.raises(draws.DrawRefused):
            draws.keep_draw(scope=ready.approver, draw_id=draw.pk, now=when)

    def test_not_after_publication(self) -> None:
        ready = make_ready(people=5)
        draw = published(ready)
        with pytest.raises(draws.DrawRefused):
            draws.void_draw(scope=scope_of("approver"), draw_id=draw.pk, reason="Ulang", now=ready.wave.draws_at)


class TestWaveOfADraw:
    @pytest.mark.parametrize("to", ["closed", "open", "cancelled"])
    def test_moves_by_its_draw_alone(self, to: str) -> None:
        ready = make_ready(people=2)
        draw = frozen(ready)
        with pytest.raises(WrongState):
            transition(scope=ready.planner, wave_id=ready.wave.pk, to=to, now=ready.wave.draws_at, reason="Alasan")
        assert Wave.objects.get(pk=ready.wave.pk).state == "frozen"
        Wave.objects.filter(pk=ready.wave.pk).update(state="closed")
        with pytest.raises(draws.DrawRefused):
            roll(ready, draw)


class TestPages:
    def test_the_auditors_pack_is_for_auditors_and_each_reading_is_an_event(
        self, as_role: Callable[..., Client]
    ) -> None:
        ready = make_ready(people=3)
        draw = published(ready)
        address = f"/provinsi/undian/{ready.wave.slug}/1/auditors.zip"
        assert as_role("planner").get(address).status_code == 403
        assert as_role("auditor").get(address).status_code == 200
        assert Event.objects.filter(kind="draw.auditors_pack_read", subject_id=draw.pk).count() == 1
        assert Client().get(f"/undian/{ready.wave.slug}/berkas/public.zip").status_code == 200

    def test_a_refused_entry_keeps_what_was_typed(self, as_role: Callable[..., Client]) -> None:
        ready = make_ready(people=2, now=timezone.now() - timedelta(days=8))
        frozen(ready)
        address = f"/provinsi/undian/{ready.wave.slug}/dadu/"
        page = as_role("planner").post(address, {"dice": "1 2 3", "witnesses": "Ibu Saksi"}).content.decode()
        assert "paling sedikit 40 lemparan" in page
        assert "Ibu Saksi" in page
