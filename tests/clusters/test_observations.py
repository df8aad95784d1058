"""Figures are appended; what changed names its successor."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import Dataset, Observation
from clusters.services.observations import record_observations
from tests.clusters.quota_data import NOW, PHK, PMI, deliver, figure, make_wave
from tests.factories.staff import make_user

pytestmark = pytest.mark.django_db


class TestRecordObservations:
    def test_writes_what_was_delivered_under_one_dataset(self) -> None:
        wave = make_wave()
        row = figure("open_seats", 3301, 32, cluster_id=PMI, wave_id=wave.pk, period="2026-11-24", unit="places")
        dataset = record_observations(dataset_name="Kursi terbuka", publisher="Pelatihan", rows=[row], now=NOW)
        stored = Observation.objects.get()
        assert (stored.dataset, stored.value, stored.cluster_id, stored.wave_id) == (dataset, 32, PMI, wave.pk)
        assert (dataset.name, dataset.publisher, dataset.as_of) == ("Kursi terbuka", "Pelatihan", NOW)

    def test_a_dataset_says_where_it_is_from_and_who_brought_it(self) -> None:
        planner = make_user()
        dataset = record_observations(
            dataset_name="Keadaan Angkatan Kerja",
            publisher="BPS",
            rows=[figure("population", None, 37_000_000)],
            now=NOW,
            source="https://contoh.example/tabel",
            period="2026-08",
            licence="CC BY 4.0",
            imported_by_id=planner.pk,
        )
        dataset.refresh_from_db()
        assert (dataset.source, dataset.period) == ("https://contoh.example/tabel", "2026-08")
        assert (dataset.licence, dataset.imported_by) == ("CC BY 4.0", planner)

    def test_women_and_men_with_and_without_a_disability_are_counted_side_by_side(self) -> None:
        wave = make_wave()
        row = figure("registrants_by_group", 3301, 1, cluster_id=PMI, wave_id=wave.pk)
        groups = [(sex, with_disability) for sex in ("f", "m") for with_disability in (None, False, True)]
        deliver(*(replace(row, sex=sex, with_disability=disabled) for sex, disabled in groups))
        deliver(replace(row, sex="f", with_disability=True, value=2), now=NOW + timedelta(days=1))
        current = Observation.objects.current()
        assert set(current.values_list("sex", "with_disability")) == set(groups)
        assert current.get(value=2).with_disability is True
        assert current.count() == len(groups)

    def test_changed_figure_of_a_wave_supersedes_and_keeps_the_old_row(self) -> None:
        wave = make_wave()
        old = figure("open_seats", 3301, 32, cluster_id=PMI, wave_id=wave.pk, period="2026-11-24")
        new = figure("open_seats", 3301, 48, cluster_id=PMI, wave_id=wave.pk, period="2026-11-25")
        deliver(old)
        deliver(new, now=NOW + timedelta(days=1))
        assert list(Observation.objects.current().values_list("value", flat=True)) == [48]
        replaced = Observation.objects.get(value=32)
        assert replaced.superseded_by is not None
        assert replaced.superseded_by.value == 48

    def test_back_to_a_former_value_is_a_third_row(self) -> None:
        wave = make_wave()
        for day, value in enumerate([32, 48, 32]):
            deliver(figure("open_seats", 3301, value, cluster_id=PMI, wave_id=wave.pk), now=NOW + timedelta(days=day))
        assert Observation.objects.count() == 3
        assert Observation.objects.current().get().as_of == NOW + timedelta(days=2)

    def test_same_value_writes_no_row(self) -> None:
        wave = make_wave()
        for day in range(2):
            deliver(
                figure("open_seats", 3301, 32, cluster_id=PMI, wave_id=wave.pk, period=f"2026-11-2{day}"),
                figure("open_seats", 3301, 16 * (day + 1), cluster_id=PHK, wave_id=wave.pk, period=f"2026-11-2{day}"),
                now=NOW + timedelta(days=day),
            )
        assert Observation.objects.filter(cluster=PMI).count() == 1
        assert Observation.objects.filter(cluster=PHK).count() == 2

    @pytest.mark.parametrize("corrected", [{"unit": "thousand"}, {"confidence": "medium"}])
    def test_a_corrected_unit_or_confidence_supersedes(self, corrected: dict[str, str]) -> None:
        make_wave()
        deliver(figure("population", 3301, 2_000_000))
        for day in (1, 2):
            deliver(figure("population", 3301, 2_000_000, **corrected), now=NOW + timedelta(days=day))
        assert Observation.objects.count() == 2
        assert Observation.objects.current().filter(**corrected).count() == 1

    def test_same_delivery_twice_is_one(self) -> None:
        make_wave()
        deliver(figure("population", 3301, 2_000_000))
        deliver(figure("population", 3301, 2_000_000))
        assert (Dataset.objects.count(), Observation.objects.count()) == (1, 1)

    def test_published_figures_of_other_sources_and_periods_stay_side_by_side(self) -> None:
        make_wave()
        deliver(figure("pmi_placed", None, 64_566, period="2023", source="Disnakertrans"))
        deliver(figure("pmi_placed", None, 59_009, period="2023", source="BP2MI"))
        deliver(figure("pmi_placed", None, 66_611, period="2024", source="Disnakertrans"))
        deliver(figure("pmi_placed", None, 64_600, period="2023", source="Disnakertrans"))
        current = Observation.objects.current().values_list("period", "source", "value")
        assert set(current) == {
            ("2023", "BP2MI", 59_009),
            ("2024", "Disnakertrans", 66_611),
            ("2023", "Disnakertrans", 64_600),
        }

    def test_one_delivery_cannot_state_a_figure_twice(self) -> None:
        make_wave()
        with pytest.raises(IntegrityError, match="clusters_observation_once"):
            deliver(figure("population", 3301, 1), figure("population", 3301, 2))

    def test_figures_cannot_be_changed_or_deleted(self) -> None:
        make_wave()
        deliver(figure("population", 3301, 2_000_000))
        with pytest.raises(DatabaseError, match="may change"), transaction.atomic():
            Observation.objects.update(value=1)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Observation.objects.all().delete()

    def test_web_requests_cannot_write_figures(self) -> None:
        make_wave()
        enter_scope(Scope(roles=frozenset({"planner"})), web_role=True)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            deliver(figure("population", 3301, 2_000_000))


@pytest.mark.django_db(transaction=True)
def test_two_deliveries_at_once_leave_one_current_figure() -> None:
    wave = make_wave()

    def count(value: int) -> None:
        deliver(figure("open_seats", 3301, value, cluster_id=PMI, wave_id=wave.pk, period=f"2026-11-{value}"))
        connection.close()

    threads = [threading.Thread(target=count, args=[value]) for value in range(10, 18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Observation.objects.count() == 8
    assert Observation.objects.current().count() == 1
