"""The data room as planners, approvers and auditors see it; writing is the planners'."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from clusters.models import FigureChoice, Indicator, Observation
from clusters.resources import IndicatorResource, ObservationResource, RegencyResource, load_table
from clusters.services.observations import record_observations
from prakerja.management.commands.load_reference_data import DATA
from tests.clusters.quota_data import NOW, PMI, deliver, deliver_indicators, figure, make_province
from tests.clusters.test_studio_pages import INDONESIAN, words
from tests.factories.staff import make_user

SignIn = Callable[..., Client]
pytestmark = pytest.mark.django_db
ROOM = "/provinsi/data/"
CILACAP, BOYOLALI = f"{ROOM}33.01/", f"{ROOM}33.09/"


@pytest.fixture(autouse=True)
def _figures() -> None:
    make_province()
    deliver_indicators()
    for position, code in enumerate(("population", "pmi_placed", "phk_workers")):
        name = {"name_id": f"Nama {code}", "name_en": f"Name {code}"}
        Indicator.objects.create(code=code, unit="persons", position=position, **name)
    Indicator.objects.create(code="tpt", unit="percent", position=9, name_id="Pengangguran", name_en="Unemployment")


def cells(page: str, place: str) -> list[str]:
    """The text of a row's cells."""
    [row] = re.findall(rf'<tr><th scope="row"><a href="{ROOM}{place}/">.*?</tr>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)]


def get(client: Client, address: str) -> str:
    answer = client.get(address, headers=INDONESIAN)
    assert answer.status_code == 200
    return answer.content.decode()


class TestCoverage:
    def test_what_counts_stands_and_what_is_missing_is_no_zero(self, as_role: SignIn) -> None:
        deliver(figure("tpt", 3301, 0, unit="percent"))
        page = get(as_role("auditor"), ROOM)
        missing = "— tidak ada data"
        assert cells(page, "33.01") == [
            *("2.000.000 Desember 2023 2 angka bersaing", "1.100 Januari–Februari 2025 2 angka bersaing"),
            *(missing, "0 2025"),
        ]
        assert cells(page, "33.09") == [missing, missing, "1.662 Januari–Agustus 2024 2 angka bersaing", missing]
        assert cells(page, "33")[0] == "10.000.000 Desember 2023"

    def test_coverage_counts_regencies_and_not_the_province(self, as_role: SignIn) -> None:
        assert re.findall(r"(\d/\d)", get(as_role("approver"), ROOM)) == ["3/4", "1/4", "2/4", "0/4"]

    def test_a_year_shows_that_years_figures_only(self, as_role: SignIn) -> None:
        page = get(as_role("planner"), f"{ROOM}?tahun=2021")
        assert cells(page, "33.01")[:2] == ["— tidak ada data", "3.433 2021"]
        assert re.findall(r"(\d/\d)", page) == ["0/4", "1/4", "0/4", "0/4"]
        assert re.search(r'<option value="2021" selected>', page)

    @pytest.mark.parametrize("year", ["", "kemarin", "²", "9" * 30])
    def test_any_other_year_is_answered(self, as_role: SignIn, year: str) -> None:
        get(as_role("planner"), f"{ROOM}?tahun={year}")

    def test_a_planners_word_is_marked(self, as_role: SignIn) -> None:
        planner = as_role("planner")
        chosen = Observation.objects.get(indicator="pmi_placed", regency=3301, period="2021").pk
        planner.post(f"{CILACAP}pmi_placed/", {"figure": chosen, "reason": "Tahun penuh"})
        planner.post(f"{BOYOLALI}tpt/", {"value": "4,02", "reason": "Laporan dinas"})
        page = get(planner, ROOM)
        assert cells(page, "33.01")[1] == "3.433 2021 2 angka bersaing dipilih perencana"
        assert cells(page, "33.09")[3] == "4,02 diisi perencana"
        assert re.findall(r"(\d/\d)", page)[3] == "1/4"

    def test_deliveries_say_where_they_are_from(self, as_role: SignIn) -> None:
        rows = [figure("tpt", 3308, 4, unit="percent", period="2024-08")]
        about: dict[str, Any] = {"source": "https://contoh.example/tabel", "period": "2024-08", "licence": "CC BY 4.0"}
        dataset = record_observations(
            dataset_name="Sakernas", publisher="BPS", rows=rows, now=NOW, imported_by_id=make_user(name="Rina").pk, **about
        )  # fmt: skip
        text = words(as_role("auditor").get(ROOM, headers=INDONESIAN))
        for said in (
            "Sakernas BPS https://contoh.example/tabel Agustus 2024 1 Rina",
            "CC BY 4.0",
            dataset.checksum[:12],
        ):
            assert said in text
        assert "Data contoh Uji pada tiap angka 2020 – 2025 15 portal" in text


class TestPlace:
    def test_all_figures_of_a_place_with_source_and_which_counts(self, as_role: SignIn) -> None:
        text = words(as_role("auditor").get(f"{ROOM}33.74/", headers=INDONESIAN))
        assert (
            "1.135 berlaku Januari–Agustus 2024 contoh.example dapat diandalkan Data contoh, 24 November 2026" in text
        )
        assert "1.835 Januari–Agustus 2024 contoh.example cukup dapat diandalkan" in text
        assert "paling dapat diandalkan, dan di antaranya yang terbaru" in text
        assert "Ubah angka" not in text and "Isi angka" not in text

    def test_superseded_figures_are_folded_away_and_a_lost_choice_is_told(self, as_role: SignIn) -> None:
        planner = as_role("planner")
        chosen = Observation.objects.get(indicator="pmi_placed", regency=3301, period="2021").pk
        planner.post(f"{CILACAP}pmi_placed/", {"figure": chosen, "reason": "Tahun penuh"})
        deliver(figure("pmi_placed", 3301, 3_500, period="2021"), now=NOW + timedelta(days=1))
        page = get(planner, CILACAP)
        folded = page[page.index('<details class="disclosure"') :]
        assert "1 angka yang sudah diganti" in folded and "3.433" in folded
        assert "3.433" not in page[page.index('id="isi"') : page.index('<details class="disclosure"')]
        assert "sudah diganti sumbernya. Aturan menentukan lagi" in page

    def test_figures_of_some_people_stand_apart_and_count_nowhere(self, as_role: SignIn) -> None:
        auditor = as_role("auditor")
        before = cells(get(auditor, ROOM), "33.09")
        women = replace(figure("pmi_placed", 3309, 410), sex="f")
        deliver(women, replace(women, cluster_id=PMI, value=400), now=NOW + timedelta(days=1))
        assert cells(get(auditor, ROOM), "33.09") == before
        page = get(auditor, BOYOLALI)
        apart = page[page.index("Menurut klaster dan jenis kelamin") :]
        for said in ("410", "perempuan", "400", "PMI, perempuan", "tidak dihitung dalam pembagian"):
            assert said in apart and said not in page[: -len(apart)]

    def test_the_province_has_a_page(self, as_role: SignIn) -> None:
        assert "10.000.000 berlaku" in words(as_role("approver").get(f"{ROOM}33/", headers=INDONESIAN))

    def test_one_indicator_over_all_places(self, as_role: SignIn) -> None:
        text = words(as_role("auditor").get(f"{ROOM}indikator/phk_workers/", headers=INDONESIAN))
        assert "Ada untuk 2 dari 4 kabupaten dan kota" in text
        assert "Kota Semarang 1.135 Januari–Agustus 2024 2 angka bersaing contoh.example" in text
        assert "Kabupaten Magelang — tidak ada data" in text


class TestChoosing:
    def test_a_planner_chooses_and_withdraws(self, as_role: SignIn) -> None:
        planner, address = as_role("planner"), f"{CILACAP}pmi_placed/"
        chosen = Observation.objects.get(indicator="pmi_placed", regency=3301, period="2021").pk
        answer = planner.post(address, {"figure": chosen, "reason": "Tahun penuh"})
        assert answer["Location"] == f"{CILACAP}#pmi_placed"
        assert re.search(r"3\.433\s.*?berlaku", words(planner.get(CILACAP, headers=INDONESIAN)))
        assert f'value="{chosen}" required' in (page := get(planner, address)) and "checked" in page
        assert planner.post(address, {"langkah": "tarik", "reason": ""}).status_code == 422
        planner.post(address, {"langkah": "tarik", "reason": "Keliru"})
        assert "1.100 berlaku" in words(planner.get(CILACAP, headers=INDONESIAN))
        assert FigureChoice.objects.count() == 2

    @pytest.mark.parametrize(
        ("indicator", "typed", "value"),
        [("pmi_placed", "12.500", 12_500), ("pmi_placed", "0", 0), ("tpt", "4,02", 4.02), ("tpt", "4.5", 4.5)],
    )
    def test_a_figure_is_read_as_it_is_written(self, as_role: SignIn, indicator: str, typed: str, value: float) -> None:
        as_role("planner").post(f"{BOYOLALI}{indicator}/", {"value": typed, "reason": "Laporan dinas"})
        assert float(FigureChoice.objects.get().value) == value

    @pytest.mark.parametrize(
        ("indicator", "typed", "message"),
        [
            ("pmi_placed", "banyak", "isi angka bulat"),
            ("pmi_placed", "-1", "isi angka bulat"),
            ("tpt", "101", "dari 0 sampai 100"),
            ("tpt", "", "Isi nilainya"),
        ],
    )
    def test_errors_keep_what_was_typed(self, as_role: SignIn, indicator: str, typed: str, message: str) -> None:
        sent = {"value": typed, "reason": "Laporan dinas"}
        answer = as_role("planner").post(f"{BOYOLALI}{indicator}/", sent, headers=INDONESIAN)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert message in page and 'value="Laporan dinas"' in page
        assert not typed or f'value="{typed}"' in page
        assert not FigureChoice.objects.exists()

    def test_a_figure_that_was_replaced_meanwhile_is_refused(self, as_role: SignIn) -> None:
        chosen = Observation.objects.get(indicator="pmi_placed", regency=3301, period="2021").pk
        deliver(figure("pmi_placed", 3301, 3_500, period="2021"), now=NOW + timedelta(days=1))
        answer = as_role("planner").post(
            f"{CILACAP}pmi_placed/", {"figure": chosen, "reason": "Tahun penuh"}, headers=INDONESIAN
        )
        assert "Angka ini sudah diganti" in words(answer)
        assert not FigureChoice.objects.exists()

    @pytest.mark.parametrize("role", ["approver", "auditor"])
    def test_others_read_only(self, as_role: SignIn, role: str) -> None:
        client = as_role(role)
        assert client.post(f"{BOYOLALI}tpt/", {"value": "4", "reason": "x"}).status_code == 403
        assert "/tpt/" not in get(client, BOYOLALI).replace("/indikator/tpt/", "")

    @pytest.mark.parametrize("address", ["33.99/", "x/", "33.99/tpt/", "33.01/nothing/", "indikator/nothing/"])
    def test_what_does_not_exist(self, as_role: SignIn, address: str) -> None:
        assert as_role("planner").get(f"{ROOM}{address}").status_code == 404


def test_the_province_leads_there(as_role: SignIn) -> None:
    assert f'href="{ROOM}"' in get(as_role("auditor"), "/provinsi/")


def test_at_full_size_the_number_of_queries_stays(as_role: SignIn, django_assert_num_queries: Any) -> None:
    planner = as_role("planner")
    planner.post(f"{BOYOLALI}tpt/", {"value": "4", "reason": "Laporan dinas"})
    addresses = {ROOM: 12, CILACAP: 11, f"{ROOM}indikator/population/": 11, f"{CILACAP}population/": 11}
    for address, queries in addresses.items():
        with django_assert_num_queries(queries):
            planner.get(address)
    load_table(RegencyResource(), DATA / "regencies.csv")
    load_table(IndicatorResource(), DATA / "indicator_catalogue.csv")
    load_table(ObservationResource(options={"name": "Uji", "publisher": "Uji"}), DATA / "indicators.csv")
    for address, queries in addresses.items():
        with django_assert_num_queries(queries):
            planner.get(address)
    page = get(planner, ROOM)
    assert page.count('<tr><th scope="row">') == 36 + 2
    covered = zip(re.findall(rf"{ROOM}indikator/(\w+)/", page), re.findall(r">(\d+/35) <", page), strict=True)
    assert dict(covered)["tpt"] == "26/35"
