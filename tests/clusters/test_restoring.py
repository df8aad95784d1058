"""Undo of a split: a former version proposed again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from accounts.scope import Scope
from clusters.models import QuotaDecision, QuotaSplit, Wave
from clusters.selectors.quota import reason_of
from clusters.services.quota import SelfApproval, Unsplittable, WaveIsFrozen
from clusters.services.recomputing import request_due_splits
from clusters.services.restoring import NotRestorable, request_restore, restore_split
from clusters.tasks import propose_split_job
from records.models import Job
from tests.clusters.quota_data import AFIRMASI, NOW, PMI, deliver, deliver_seats, figure, publish
from tests.clusters.test_quota import propose, wave
from tests.factories.staff import scope_of

__all__ = ["wave"]
pytestmark = pytest.mark.django_db


class TestRestore:
    """Undo is a new version with the cells of a former one."""

    @pytest.fixture
    def versions(self, wave: Wave) -> list[QuotaSplit]:
        """In force one after the other; in the first AFIRMASI in Magelang has only 48 seats, and fills them."""
        deliver_seats(wave, {(AFIRMASI, 3308): 48}, now=NOW + timedelta(minutes=30))
        first = publish(propose(wave))
        deliver_seats(wave, {(AFIRMASI, 3308): 160}, now=NOW + timedelta(hours=1))
        return [first, publish(propose(wave))]

    def restore(self, split: QuotaSplit, scope: Scope | None = None) -> QuotaSplit:
        by = (scope or scope_of("planner")).user_id
        assert by is not None
        restored, _digest = restore_split(
            wave_id=split.wave_id,
            split_id=split.pk,
            requested_by=by,
            reason="Salah catat",
            now=NOW + timedelta(hours=2),
        )
        return restored

    def seats(self, split: QuotaSplit) -> dict[tuple[int, int], int]:
        return {(c, r): n for c, r, n in split.cells.values_list("cluster_id", "regency_id", "seats")}

    def test_is_a_new_version_with_the_former_cells_and_their_reasons(self, versions: list[QuotaSplit]) -> None:
        first, second = versions
        assert self.seats(first) != self.seats(second)
        restored = self.restore(first)
        assert (restored.version, restored.restores, restored.reason) == (3, first, "Salah catat")
        assert self.seats(restored) == self.seats(first)
        assert restored.published_at is None
        assert list(QuotaSplit.objects.in_force()) == [second]
        for key in ("3301-PMI", "3308-AFIRMASI"):
            was, now = reason_of(first, key), reason_of(restored, key)
            assert was is not None
            assert now is not None
            assert (was.divisor, was.rounded, was.cell.basis) == (now.divisor, now.rounded, now.cell.basis)
        assert self.restore(first) == restored, "safe twice"

    def test_needs_a_second_person(self, versions: list[QuotaSplit]) -> None:
        both = replace(scope_of("planner"), roles=frozenset({"planner", "approver"}))
        restored = self.restore(versions[0], both)
        with pytest.raises(SelfApproval):
            publish(restored, scope=both)
        assert list(QuotaSplit.objects.in_force()) == [versions[1]]
        publish(restored)
        assert list(QuotaSplit.objects.in_force()) == [restored]

    @pytest.mark.parametrize(
        ("indicator", "value", "short"),
        [("granted_places", 60, 12), ("open_seats", 40, 8), ("eligible_people", 40, 8)],
    )
    def test_granted_places_and_seats_of_today_forbid_it_by_name(
        self, wave: Wave, versions: list[QuotaSplit], indicator: str, value: int, short: int
    ) -> None:
        assert self.seats(versions[0])[AFIRMASI, 3308] == 48
        Wave.objects.filter(pk=wave.pk).update(state="closed")
        deliver(
            figure(indicator, 3308, value, cluster_id=AFIRMASI, wave_id=wave.pk, period="2026", source="uji"),
            now=NOW + timedelta(hours=2),
        )
        with pytest.raises(Unsplittable) as refused:
            self.restore(versions[0])
        assert (refused.value.cells, refused.value.short) == ([(3308, "AFIRMASI")], short)
        assert QuotaSplit.objects.count() == 2

    def test_decrees_of_today_forbid_it(self, wave: Wave, versions: list[QuotaSplit]) -> None:
        QuotaDecision.objects.create(
            level="cluster",
            parent=wave.decision,
            cluster_id=PMI,
            decree_number="CONTOH/rincian",
            decree_date=wave.decision.decree_date,
            author="Uji",
            total=100,
            as_of=NOW,
        )
        with pytest.raises(Unsplittable):
            self.restore(versions[0])

    def test_only_a_published_version_that_is_no_longer_in_force(self, wave: Wave, versions: list[QuotaSplit]) -> None:
        deliver_seats(wave, {(PMI, 3301): 48}, now=NOW + timedelta(hours=3))
        for split in (versions[1], propose(wave)):
            with pytest.raises(NotRestorable):
                self.restore(split)
            with pytest.raises(NotRestorable):
                request_restore(scope=scope_of("planner"), split_id=split.pk, reason="Uji")

    @pytest.mark.parametrize("role", ["approver", "auditor"])
    def test_only_planners_ask(self, versions: list[QuotaSplit], role: str) -> None:
        with pytest.raises(PermissionDenied):
            request_restore(scope=scope_of(role), split_id=versions[0].pk, reason="Uji")
        assert not Job.objects.exists()

    def test_not_after_the_freeze(self, wave: Wave, versions: list[QuotaSplit]) -> None:
        for state in ("closed", "frozen"):
            Wave.objects.filter(pk=wave.pk).update(state=state)
        with pytest.raises(WaveIsFrozen):
            self.restore(versions[0])

    @pytest.mark.django_db(transaction=True)
    def test_the_clock_does_not_answer_with_the_figures_that_were_undone(
        self, wave: Wave, versions: list[QuotaSplit]
    ) -> None:
        job = request_restore(scope=scope_of("planner"), split_id=versions[0].pk, reason="Salah catat")
        propose_split_job(str(job.pk))
        restored = QuotaSplit.objects.get(version=3)
        assert restored.restores == versions[0]
        assert request_due_splits(now=NOW) == []
        publish(restored)
        assert request_due_splits(now=NOW) == []
        deliver_seats(wave, {(PMI, 3301): 16}, now=NOW + timedelta(hours=3))
        assert len(request_due_splits(now=NOW)) == 1
