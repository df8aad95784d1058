"""Which figure speaks for which cell."""

import csv
from collections import Counter
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from clusters.models import (
    Cluster,
    ClusterArea,
    District,
    FigureChoice,
    Indicator,
    Observation,
    QuotaPolicy,
    Regency,
    Village,
    Wave,
)
from clusters.policy import SHIPPED
from clusters.selectors.demand import SplitInputs, split_inputs
from clusters.selectors.sensitivity import errors_of
from clusters.services.quota import propose_split
from tests.clusters.quota_data import (
    AFIRMASI,
    BOROBUDUR,
    NOW,
    PHK,
    PMI,
    deliver,
    deliver_indicators,
    deliver_seats,
    figure,
    make_wave,
    publish,
)
from tests.factories.staff import make_user

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[2] / "clusters" / "data"


def read(wave: Wave) -> SplitInputs:
    return split_inputs(wave=Wave.objects.select_related("decision").get(pk=wave.pk), today=NOW.date())


def weight(inputs: SplitInputs, cluster: int, regency: int) -> dict[str, Any]:
    row = [found.pk for found in inputs.clusters].index(cluster)
    column = [found.pk for found in inputs.regencies].index(regency)
    basis: dict[str, Any] = inputs.basis[row][column]["weight"]
    assert inputs.weight[row, column] == basis["value"]
    return basis


class TestWeightBeforeRegistrationCloses:
    def test_newest_of_the_surest_figures_speaks_and_the_others_are_listed(self) -> None:
        wave = make_wave()
        deliver_indicators()
        found = weight(read(wave), PMI, 3301)
        assert (found["status"], found["value"]) == ("reported", 1_100 * 12)
        assert found["chosen"]["period"] == "2025-01..02"
        assert Observation.objects.get(pk=found["chosen"]["id"]).value == 1_100
        assert [other["value"] for other in found["others"]] == [3_433]

    def test_a_surer_figure_beats_a_doubtful_one_of_the_same_time(self) -> None:
        wave = make_wave()
        deliver_indicators()
        found = weight(read(wave), PHK, 3374)
        assert found["value"] == 1_135 * 12
        assert [(other["value"], other["confidence"]) for other in found["others"]] == [(1_835, "medium")]

    def test_missing_figure_is_estimated_by_the_rate_of_the_province(self) -> None:
        wave = make_wave()
        deliver_indicators()
        found = weight(read(wave), PMI, 3308)
        # 5,000 of 10,000,000 people in the province; 1,300,000 people here.
        assert (found["status"], found["value"]) == ("estimated", 650 * 12)
        assert found["population"]["value"] == 1_300_000
        assert (found["rate"]["figure"], found["rate"]["persons"]) == (5_000, 10_000_000)

    def test_without_a_figure_of_the_province_the_reporting_regencies_give_the_rate(self) -> None:
        wave = make_wave()
        deliver_indicators()
        found = weight(read(wave), AFIRMASI, 3374)
        assert found["indicator"] == "population_female"
        assert found["rate"] == {"figure": 1_621_256, "persons": 3_300_000, "regencies": 2}
        assert found["value"] == round(1_700_000 * 1_621_256 / 3_300_000) * 12

    def test_without_population_it_is_missing_and_weighs_nothing(self) -> None:
        wave = make_wave()
        deliver_indicators()
        assert weight(read(wave), PMI, 3309) == {"status": "missing", "indicator": "pmi_placed", "value": 0}

    def test_a_reported_zero_is_not_missing(self) -> None:
        wave = make_wave()
        deliver_indicators()
        deliver(figure("phk_workers", 3301, 0, period="2020-04-29"))
        assert weight(read(wave), PHK, 3301) | {"chosen": None} == {
            "status": "reported", "indicator": "phk_workers", "value": 0, "chosen": None, "others": [],
        }  # fmt: skip

    def test_one_indicator_serves_the_whole_cluster(self) -> None:
        wave = make_wave()
        deliver_indicators()
        deliver(figure("unemployed_female", 3301, 40_000))
        assert weight(read(wave), AFIRMASI, 3301)["indicator"] == "population_female"
        deliver(figure("unemployed_female", None, 500_000))
        assert weight(read(wave), AFIRMASI, 3301)["value"] == 40_000 * 12
        assert weight(read(wave), AFIRMASI, 3308)["value"] == 65_000 * 12

    def test_registrants_do_not_count_while_registration_is_open(self) -> None:
        wave = make_wave()
        deliver_indicators()
        deliver_seats(wave, {(PMI, 3301): 64})
        deliver(
            figure("registrants", 3301, 7, cluster_id=PMI, wave_id=wave.pk, unit="persons/12"),
            figure("eligible_people", 3301, 1, cluster_id=PMI, wave_id=wave.pk),
        )
        inputs = read(wave)
        assert weight(inputs, PMI, 3301)["value"] == 1_100 * 12
        assert inputs.cap[PMI, 0] == 64, "the rest may still come"


class TestArea:
    def test_cluster_exists_only_where_its_area_is_on(self) -> None:
        wave = make_wave()
        deliver_indicators()
        deliver_seats(wave, {(BOROBUDUR, 3301): 64})
        inputs = read(wave)
        assert weight(inputs, BOROBUDUR, 3308)["value"] == 1_300_000 * 12
        assert weight(inputs, BOROBUDUR, 3301) == {"status": "outside", "indicator": "", "value": 0}
        assert inputs.cap[BOROBUDUR].tolist() == [0, 0, 0, 0]

    def test_area_of_villages_alone_takes_the_regency_and_says_so(self) -> None:
        wave = make_wave()
        deliver_indicators()
        district = District.objects.create(pk=330802, code="33.08.02", regency_id=3308, name="Borobudur")
        for number in (10, 11):
            village = Village.objects.create(
                pk=3308022000 + number, code=f"33.08.02.20{number}", district=district, name="-", kind="desa"
            )
            ClusterArea.objects.create(cluster_id=BOROBUDUR, village=village, ring="core_sp1", active=True, source="-")
        assert "villages" not in weight(read(wave), BOROBUDUR, 3308)
        ClusterArea.objects.filter(regency_id=3308).update(active=False)
        found = weight(read(wave), BOROBUDUR, 3308)
        assert (found["status"], found["villages"], found["value"]) == ("estimated", 2, 1_300_000 * 12)

    def test_area_counts_from_its_first_to_its_last_day(self) -> None:
        wave = make_wave()
        deliver_indicators()
        ClusterArea.objects.update(valid_from=NOW.date() + timedelta(days=1))
        assert weight(read(wave), BOROBUDUR, 3308)["status"] == "outside"


class TestWeightAfterRegistrationClosed:
    def test_registrants_of_the_wave_count_in_twelfths(self) -> None:
        wave = make_wave(state="closed")
        deliver_indicators()
        assert weight(read(wave), PMI, 3301)["indicator"] == "pmi_placed"
        deliver(
            figure("registrants", 3301, 30, cluster_id=PMI, wave_id=wave.pk, unit="persons/12"),
            figure("registrants", 3308, 2, cluster_id=PMI, wave_id=wave.pk),
        )
        inputs = read(wave)
        assert inputs.policy["weights"] == "registrants"
        assert (weight(inputs, PMI, 3301)["value"], weight(inputs, PMI, 3308)["value"]) == (30, 24)
        assert weight(inputs, PMI, 3374) == {"status": "missing", "indicator": "registrants", "value": 0}

    def test_registrants_of_another_wave_do_not_count(self) -> None:
        wave, other = make_wave(state="closed"), make_wave(slug="gelombang-2", state="closed")
        deliver_indicators()
        deliver(figure("registrants", 3301, 30, cluster_id=PMI, wave_id=other.pk, unit="persons/12"))
        assert read(wave).policy["weights"] == "indicators"


def test_a_demand_is_off_as_far_as_its_least_sure_figure() -> None:
    wave = make_wave(state="closed")
    deliver_indicators()
    deliver(
        figure("phk_workers", 3301, 900, confidence="low"),
        figure("population", 3309, 1_000_000, period="2023-12", confidence="medium"),
    )
    Indicator.objects.get_or_create(pk="pmi_placed", defaults={"name_id": "-", "name_en": "-", "unit": "persons"})
    FigureChoice.objects.create(
        indicator_id="pmi_placed", regency_id=3374, value=250, reason="-", chosen_by=make_user(), chosen_at=NOW
    )

    def error(cluster: int, regency: int, **overrides: Any) -> Fraction:
        inputs = split_inputs(
            wave=Wave.objects.select_related("decision").get(pk=wave.pk), today=NOW.date(), overrides=overrides
        )
        column = [found.pk for found in inputs.regencies].index(regency)
        return errors_of(inputs)[cluster][column]

    def phk(use: dict[str, str], per: str) -> dict[str, Any]:
        return {"PHK": {"use": [use], "per": per}}

    errors = {"high": "0.01", "medium": "0.02", "low": "0.03", "entered": "0.04", "estimated": "0.05", "counted": "0"}
    percents = {
        name: 100 * error(cluster, regency, errors=errors, formulas=formulas)
        for name, cluster, regency, formulas in [
            ("reported", PMI, 3301, {}),
            ("estimated", PMI, 3308, {}),
            ("entered", PMI, 3374, {}),
            ("sum", PHK, 3301, phk({"phk_workers": "1", "pmi_placed": "0.5"}, "count")),
            ("per head", PHK, 3309, phk({"phk_workers": "1"}, "head")),
            ("outside", BOROBUDUR, 3301, {}),
        ]
    }
    assert percents == {"reported": 1, "estimated": 5, "entered": 4, "sum": 3, "per head": 2, "outside": 0}
    assert (error(PMI, 3301), error(PMI, 3308)) == (Fraction("0.05"), Fraction("0.5"))  # what ships

    deliver(figure("registrants", 3301, 30, cluster_id=PMI, wave_id=wave.pk, unit="persons/12"))
    assert error(PMI, 3301) == 0
    assert error(PMI, 3301, errors={"counted": "0.02"}) == Fraction("0.02")


class TestBounds:
    def test_unknown_seats_are_no_seats(self) -> None:
        wave = make_wave()
        inputs = read(wave)
        assert not inputs.cap.any()
        assert inputs.basis[PMI][0]["cap"] == {"value": 0, "seats": None, "eligible": None}

    @pytest.mark.parametrize(
        ("seats", "eligible", "granted", "floor", "cap"),
        [
            (64, None, None, 16, 64),
            (15, None, None, 0, 15),
            (64, 40, None, 16, 40),
            (64, 9, None, 0, 9),
            (64, None, 20, 20, 64),
            (64, None, 3, 16, 64),
        ],
    )
    def test_floor_and_cap(self, seats: int, eligible: int | None, granted: int | None, floor: int, cap: int) -> None:
        wave = make_wave(state="closed")
        known = {"open_seats": seats, "eligible_people": eligible, "granted_places": granted}
        deliver(
            *(
                figure(name, 3301, value, cluster_id=PMI, wave_id=wave.pk)
                for name, value in known.items()
                if value is not None
            )
        )
        inputs = read(wave)
        assert (inputs.floor[PMI, 0], inputs.cap[PMI, 0]) == (floor, cap)


class TestDigest:
    def test_is_reproducible_and_follows_the_figures(self) -> None:
        wave = make_wave()
        deliver_indicators()
        before = read(wave).digest
        assert read(wave).digest == before
        deliver_seats(wave, {(PMI, 3301): 16})
        assert read(wave).digest != before


def test_a_band_around_the_version_in_force_is_no_news() -> None:
    """Or each publication would ask for the next: the band is laid around what was just published."""
    wave = make_wave()
    deliver_indicators()
    deliver_seats(wave, {(PMI, 3301): 64, (PHK, 3309): 64})
    split = propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW)
    rules = {**SHIPPED, "band": 10}
    QuotaPolicy.objects.create(version=1, name="Pita", rules=rules, reason="Uji", author=make_user(), created_at=NOW)
    before = read(wave)
    publish(split)
    after = read(wave)
    assert before.cap.tolist() != after.cap.tolist() or before.floor.tolist() != after.floor.tolist()
    assert before.digest == after.digest


def test_nine_queries_whatever_the_number_of_cells(django_assert_num_queries: Any) -> None:
    wave = Wave.objects.select_related("decision").get(pk=make_wave().pk)
    deliver_indicators()
    with django_assert_num_queries(9):
        split_inputs(wave=wave, today=NOW.date())


def test_shipped_figures_give_the_choices_of_the_policy() -> None:
    """The indicators that ship with the product, over all 35 regencies."""
    with (DATA / "regencies.csv").open() as file:
        rows = list(csv.DictReader(file))
    Regency.objects.bulk_create(
        Regency(
            pk=int(row["bps_code"]),
            **{name: row[name] for name in ("code", "bps_code", "name", "kind", "seat", "tile_col", "tile_row")},
        )
        for row in rows
    )
    wave = make_wave()
    with (DATA / "indicators.csv").open() as file:
        shipped = [row for row in csv.DictReader(file) if row["code"].startswith("33")]
    deliver(
        *(
            figure(
                row["indicator"],
                int(row["code"].replace(".", "")) if row["code"] != "33" else None,
                float(row["value"]),
                **{name: row[name] for name in ("period", "unit", "source", "confidence", "note")},
            )
            for row in shipped
        )
    )
    inputs = read(wave)
    assert inputs.weight.shape == (4, 35)
    status = {
        Cluster.objects.get(pk=row).code: Counter(cell["weight"]["status"] for cell in inputs.basis[row])
        for row in range(4)
    }
    assert status == {
        "PMI": {"reported": 8, "estimated": 22, "missing": 5},
        "BOROBUDUR": {"reported": 1, "outside": 34},
        "PHK": {"reported": 16, "estimated": 18, "missing": 1},
        "AFIRMASI": {"reported": 15, "estimated": 15, "missing": 5},
    }
    assert weight(inputs, PMI, 3301)["value"] == 1_099 * 12
    assert weight(inputs, BOROBUDUR, 3308)["value"] == 1_330_000 * 12
    # Reported by Disnakertrans for January to August 2024; the counts of April 2020 compete.
    assert weight(inputs, PHK, 3374)["value"] == 1_135 * 12
    assert {other["value"] for other in weight(inputs, PHK, 3374)["others"]} == {2_385, 1_835}
    assert weight(inputs, PHK, 3316)["status"] == "reported"
    assert weight(inputs, PMI, 3316)["status"] == "missing"
    # Kabupaten Wonogiri: 5,596 departures of 38,130,000 people, times its population.
    assert weight(inputs, PMI, 3312)["value"] == round(5_596 * 1_070_000 / 38_130_000) * 12
