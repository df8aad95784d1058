"""The studio as planners, approvers and auditors use it: forms and addresses only, no JavaScript."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client

from clusters.models import Cluster, Observation, QuotaCell, QuotaSplit, Regency, Scenario, Wave
from clusters.services.observations import Cell, record_counts
from clusters.services.quota import propose_split
from clusters.tasks import propose_split_job
from records.models import Job
from tests.clusters.quota_data import AFIRMASI, NOW, PHK, PMI, deliver_indicators, deliver_seats, make_wave
from tests.clusters.test_scenarios import MORE_PMI, SEATS, keep, pmi, put_in_force
from tests.factories.staff import scope_of

pytestmark = pytest.mark.django_db
STUDIO = "/provinsi/kuota/gelombang-1/studio/"
INDONESIAN = {"accept-language": "id"}


def studio_wave() -> Wave:
    wave = make_wave(total=600)
    deliver_indicators()
    deliver_seats(wave, SEATS)
    return wave


@pytest.fixture
def wave() -> Wave:
    return studio_wave()


@pytest.fixture
def published(wave: Wave) -> QuotaSplit:
    return put_in_force(propose_split(wave_id=wave.pk, requested_by=None, reason="Awal", now=NOW))


def words(answer: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def fields(page: str, form: str) -> dict[str, str]:
    """What a browser would send of the form with this action, or of this id."""
    [body] = re.findall(rf"<form[^>]*{re.escape(form)}[^>]*>(.*?)</form>", page, re.DOTALL)
    inputs = re.findall(r"<input([^>]*)>", body)
    named = {re.search(r'name="([^"]*)"', tag): re.search(r'value="([^"]*)"', tag) for tag in inputs}
    return {name[1]: unescape(value[1]) if value else "" for name, value in named.items() if name}


def total_of_pmi(page: str) -> int:
    """The foot of the first column of the matrix."""
    [foot] = re.findall(r"<tfoot>(.*?)</tfoot>", page, re.DOTALL)
    first = re.findall(r"<td[^>]*>(.*?)</td>", foot, re.DOTALL)[0]
    return int(re.sub(r"<span class=\"change.*?</span>|\D", "", first))


class TestWithoutScript:
    @pytest.mark.django_db(transaction=True)
    def test_a_planner_changes_a_factor_sees_saves_and_proposes(
        self, as_role: Callable[..., Client], published: QuotaSplit
    ) -> None:
        planner = as_role("planner")
        page = planner.get(STUDIO, headers=INDONESIAN).content.decode()
        assert total_of_pmi(page) == pmi(published)
        assert "belum disimpan" not in page

        typed = fields(page, 'id="aturan"') | {"factor_PMI": "400", "langkah": "hitung"}
        answer = planner.post(f"{STUDIO}simpan/", typed, follow=True, headers=INDONESIAN)
        page = answer.content.decode()
        assert "factor_PMI=400" in answer.redirect_chain[-1][0]
        assert "csrf" not in answer.redirect_chain[-1][0]
        assert total_of_pmi(page) > pmi(published)
        assert "belum disimpan" in page
        assert not Scenario.objects.exists()

        typed = fields(page, 'id="aturan"') | {"name": "Lebih banyak PMI", "langkah": "baru"}
        page = planner.post(f"{STUDIO}simpan/", typed, follow=True, headers=INDONESIAN).content.decode()
        scenario = Scenario.objects.get()
        assert scenario.overrides == MORE_PMI
        assert "tersimpan" in page
        shown = total_of_pmi(page)

        usulkan = f"{STUDIO}{scenario.pk}/usulkan/"
        refused = planner.post(usulkan, fields(page, usulkan), headers=INDONESIAN)
        assert refused.status_code == 422
        assert not Job.objects.exists()
        asked = fields(page, usulkan) | {"reason": "Permintaan PMI naik"}
        assert planner.post(usulkan, asked)["Location"] == "/provinsi/kuota/gelombang-1/"
        propose_split_job(str(Job.objects.get().pk))
        split = QuotaSplit.objects.get(version=2)
        assert (split.scenario, pmi(split)) == (scenario, shown)
        assert "Versi 2, dari skenario ini" in words(
            planner.get(f"{STUDIO}?skenario={scenario.pk}", headers=INDONESIAN)
        )

    def test_differences_stand_in_place_and_on_the_map(
        self, as_role: Callable[..., Client], published: QuotaSplit
    ) -> None:
        page = as_role("auditor").get(f"{STUDIO}?factor_PMI=400", headers=INDONESIAN).content.decode()
        assert re.search(r'<span class="change change-up">\+\d', page)
        assert re.search(r'<span class="change change-down">−\d', page)
        assert re.search(r'aria-label="Kota Semarang: [+−]?\d+ tempat"', page)

    def test_unassigned_places_name_the_full_cells(self, as_role: Callable[..., Client], wave: Wave) -> None:
        text = words(as_role("planner").get(f"{STUDIO}?total=5.000", headers=INDONESIAN))
        assert re.search(r"Mengapa [\d.]+ tempat belum dibagi", text)
        assert "PMI : Cilacap (640), Magelang (200), Kota Semarang (320)" in text
        assert "tempat dalam skenario ini 5.000" in text

    def test_impossible_rules_are_told_and_nothing_is_lost(self, as_role: Callable[..., Client], wave: Wave) -> None:
        answer = as_role("planner").get(f"{STUDIO}?total=20&floor=16&factor_PMI=7", headers=INDONESIAN)
        assert "Aturan ini tidak dapat dipenuhi" in words(answer)
        assert fields(answer.content.decode(), 'id="aturan"')["factor_PMI"] == "7"

    @pytest.mark.parametrize(
        "query", ["factor_PMI=0&factor_BOROBUDUR=0&factor_PHK=0&factor_AFIRMASI=0", "total=0&floor=0"]
    )
    def test_nothing_to_give_is_an_answer(self, as_role: Callable[..., Client], wave: Wave, query: str) -> None:
        assert as_role("planner").get(f"{STUDIO}?{query}", headers=INDONESIAN).status_code == 200

    def test_shares_decide_between_clusters(self, as_role: Callable[..., Client], published: QuotaSplit) -> None:
        query = "share_PMI=50&share_BOROBUDUR=0&share_PHK=25&share_AFIRMASI=25&floor=0"
        page = as_role("planner").get(f"{STUDIO}?{query}", headers=INDONESIAN).content.decode()
        assert total_of_pmi(page) == 300
        assert "jadi faktor tidak berpengaruh" in page


class TestTyping:
    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ("total=banyak", "Jumlah tempat: isi angka bulat"),
            ("total=20.5", "Jumlah tempat: isi angka bulat"),
            ("floor=", "Batas bawah tiap sel: isi angka"),
            ("ceiling=-1", "Batas atas tiap sel: isi angka bulat"),
            ("band=101", "Perubahan paling banyak (persen): paling banyak 100"),
            ("factor_PHK=1e9999999", "Faktor PHK: isi angka dari 0 sampai 1.000"),
            ("factor_PHK=1001", "Faktor PHK: isi angka dari 0 sampai 1.000"),
            ("factor_PHK=1/0", "Faktor PHK: isi angka dari 0 sampai 1.000"),
            ("share_PMI=40", "Bagian PHK: isi juga"),
            ("share_PMI=0&share_BOROBUDUR=0&share_PHK=0&share_AFIRMASI=0", "Bagian: sedikitnya satu klaster"),
        ],
    )
    def test_errors_name_the_field(self, as_role: Callable[..., Client], wave: Wave, query: str, message: str) -> None:
        answer = as_role("planner").get(f"{STUDIO}?{query}", headers=INDONESIAN)
        assert answer.status_code == 422
        assert message in words(answer)

    @pytest.mark.parametrize(
        ("query", "overrides"),
        [
            ("total=20.000", {"total": 20_000}),
            ("total=600", {}),
            ("factor_PMI=1,5", {"factors": {"PMI": "1.5"}}),
            ("factor_PMI=2/3&factor_PHK=1", {"factors": {"PMI": "2/3"}}),
            ("floor=0&ceiling=64&band=10", {"floor": 0, "ceiling": 64, "band": 10}),
            ("floor=16", {}),
        ],
    )
    def test_numbers_as_people_write_them(
        self, as_role: Callable[..., Client], wave: Wave, query: str, overrides: dict[str, Any]
    ) -> None:
        planner = as_role("planner")
        page = planner.get(f"{STUDIO}?{query}", headers=INDONESIAN).content.decode()
        typed = fields(page, 'id="aturan"') | {"name": "Uji", "langkah": "baru"}
        assert planner.post(f"{STUDIO}simpan/", typed).status_code == 302
        assert Scenario.objects.get().overrides == overrides

    def test_rules_without_a_field_stay(self, as_role: Callable[..., Client], wave: Wave) -> None:
        scenario = keep(wave, scope_of("planner"), caps={"3301-PMI": 32})
        planner = as_role("planner")
        page = planner.get(f"{STUDIO}?skenario={scenario.pk}", headers=INDONESIAN).content.decode()
        typed = fields(page, 'id="aturan"') | {"floor": "8", "langkah": "simpan"}
        planner.post(f"{STUDIO}simpan/", typed)
        scenario.refresh_from_db()
        assert (scenario.overrides, scenario.revision) == ({"caps": {"3301-PMI": 32}, "floor": 8}, 2)


class TestScenarios:
    def test_a_stale_save_is_refused_and_keeps_what_was_typed(self, as_role: Callable[..., Client], wave: Wave) -> None:
        scenario = keep(wave, scope_of("planner"))
        address = f"{STUDIO}?skenario={scenario.pk}"
        first, second = as_role("planner"), as_role("planner")
        opened = {
            planner: fields(planner.get(address, headers=INDONESIAN).content.decode(), 'id="aturan"')
            for planner in (first, second)
        }
        first.post(f"{STUDIO}simpan/", opened[first] | {"factor_PMI": "2", "langkah": "simpan"})

        # Looking at it once more does not make it fresh.
        typed = opened[second] | {"factor_PMI": "3"}
        looked = second.post(f"{STUDIO}simpan/", typed | {"langkah": "hitung"}, follow=True, headers=INDONESIAN)
        assert "Skenario ini sudah diubah" in words(looked)
        typed = fields(looked.content.decode(), 'id="aturan"')
        answer = second.post(f"{STUDIO}simpan/", typed | {"langkah": "simpan"}, headers=INDONESIAN)
        assert answer.status_code == 409
        assert "Skenario ini sudah diubah" in words(answer)
        assert fields(answer.content.decode(), 'id="aturan"')["factor_PMI"] == "3"
        scenario.refresh_from_db()
        assert scenario.overrides == {"factors": {"PMI": "2"}}

        new = fields(answer.content.decode(), 'id="aturan"') | {"name": "Versi saya", "langkah": "baru"}
        assert second.post(f"{STUDIO}simpan/", new).status_code == 302
        mine = Scenario.objects.get(name="Versi saya")
        assert (mine.overrides, mine.copied_from) == ({"factors": {"PMI": "3"}}, scenario)

    @pytest.mark.parametrize(("name", "message"), [("", "Nama skenario: isi"), ("Lebih banyak PMI", "sudah dipakai")])
    def test_a_name_is_needed_and_free(
        self, as_role: Callable[..., Client], wave: Wave, name: str, message: str
    ) -> None:
        keep(wave, scope_of("planner"))
        answer = as_role("planner").post(f"{STUDIO}simpan/", {"name": name, "factor_PMI": "3"}, headers=INDONESIAN)
        assert answer.status_code == 422
        assert message in words(answer)
        assert fields(answer.content.decode(), 'id="aturan"')["factor_PMI"] == "3"

    def test_copy_archive_and_comment(self, as_role: Callable[..., Client], wave: Wave) -> None:
        scenario = keep(wave, scope_of("planner"))
        planner, here = as_role("planner"), f"{STUDIO}{scenario.pk}/"
        planner.post(f"{here}salin/")
        assert Scenario.objects.get(copied_from=scenario).name.startswith("Lebih banyak PMI (")
        assert planner.post(f"{here}catatan/", {"text": " "}).status_code == 422
        as_role("approver").post(f"{here}catatan/", {"text": "Cilacap perlu dicek"})
        assert "Cilacap perlu dicek" in words(as_role("auditor").get(f"{STUDIO}?skenario={scenario.pk}"))
        planner.post(f"{here}arsip/", {"revision": "9"})
        scenario.refresh_from_db()
        assert not scenario.archived
        planner.post(f"{here}arsip/", {"revision": "1"})
        page = words(planner.get(f"{STUDIO}?skenario={scenario.pk}", headers=INDONESIAN))
        assert "diarsipkan" in page
        assert "Usulkan skenario ini" not in page

    def test_another_total_offers_no_proposal(self, as_role: Callable[..., Client], wave: Wave) -> None:
        scenario = keep(wave, scope_of("planner"), total=900)
        planner = as_role("planner")
        page = words(planner.get(f"{STUDIO}?skenario={scenario.pk}", headers=INDONESIAN))
        assert "Jumlah tempatnya lain dari keputusan" in page
        assert "Usulkan skenario ini" not in page
        asked = {"reason": "Uji", "revision": "1"}
        answer = planner.post(f"{STUDIO}{scenario.pk}/usulkan/", asked, follow=True, headers=INDONESIAN)
        assert "Jumlah tempat skenario ini lain dari keputusan" in words(answer)
        assert not Job.objects.exists()

    def test_side_by_side(self, as_role: Callable[..., Client], wave: Wave) -> None:
        one, other = keep(wave, scope_of("planner")), keep(wave, scope_of("planner"), "Biasa", floor=16)
        page = (
            as_role("auditor")
            .get(f"{STUDIO}?skenario={one.pk}&banding={other.pk}", headers=INDONESIAN)
            .content.decode()
        )
        compared = page[page.index('id="banding"') :]
        assert "Dibandingkan dengan Biasa" in compared
        assert re.search(r'change-up">\+\d+</span>\s*\d+<small class="below">\d', compared)
        assert "orang per tempat, PMI" in compared

    def test_only_readers_read_and_only_planners_change(self, as_role: Callable[..., Client], wave: Wave) -> None:
        scenario = keep(wave, scope_of("planner"))
        for role in ("approver", "auditor"):
            client = as_role(role)
            page = client.get(f"{STUDIO}?skenario={scenario.pk}", headers=INDONESIAN).content.decode()
            assert 'name="langkah"' not in page
            for step in ("simpan/", *(f"{scenario.pk}/{act}/" for act in ("salin", "arsip", "usulkan"))):
                assert client.post(f"{STUDIO}{step}", {"name": "x", "revision": "1"}).status_code == 403
        assert Scenario.objects.count() == 1

    @pytest.mark.parametrize("key", ["skenario", "banding"])
    def test_an_unknown_scenario_is_not_found(self, as_role: Callable[..., Client], wave: Wave, key: str) -> None:
        elsewhere = keep(make_wave(slug="lain"), scope_of("planner"))
        planner = as_role("planner")
        for value in ("x", uuid4(), elsewhere.pk):
            assert planner.get(f"{STUDIO}?{key}={value}").status_code == 404


def register(wave: Wave, people: dict[Cell, int]) -> None:
    """`people` in persons, as the registrations' room counts them."""
    shares = {cell: 12 * persons for cell, persons in people.items()}
    record_counts(wave=wave, dataset_name="Uji", counts={Observation.Indicator.BY_GROUP: shares}, now=NOW)


def chances(rows: Any) -> list[list[tuple[float, ...] | None]]:
    """By cluster, then all; by group, then all: per cent, persons expected, persons. None where nobody is."""
    return [
        [None if c["share"] is None else (c["share"], c["expected"], c["people"]) for c in cells]
        for _name, cells in rows
    ]


class TestChances:
    def test_nobody_has_no_chance_and_not_the_chance_0(
        self, as_role: Callable[..., Client], published: QuotaSplit
    ) -> None:
        text = words(as_role("auditor").get(STUDIO, headers=INDONESIAN))
        assert "Belum ada pendaftar. Peluang tampil di sini" in text
        assert "%" not in text[text.index("Peluang pendaftar") :]

    def test_places_over_people_of_a_cell_in_every_group_of_it(
        self, as_role: Callable[..., Client], published: QuotaSplit
    ) -> None:
        """PMI in Cilacap: 4 people for each place; PHK in Boyolali: one person; elsewhere nobody."""
        seats = QuotaCell.objects.get(split=published, regency=3301, cluster=PMI).seats
        register(
            published.wave,
            {
                Cell(3301, PMI, "f", False): 3 * seats,
                Cell(3301, PMI, "m", True): seats,
                Cell(3309, PHK, "m", False): 1,
                Cell(3309, AFIRMASI, "f", False): 0,
            },
        )
        planner = as_role("planner")
        links = planner.get(STUDIO, headers=INDONESIAN).context["acceptance"]["regencies"]
        answers = {
            name: planner.get(f"{STUDIO}{link}", headers=INDONESIAN)
            for name, link, _shares in links
            if name in {"Kabupaten Cilacap", "Kabupaten Boyolali"}
        }
        regencies = {name: chances(a.context["acceptance"]["chosen"]["rows"]) for name, a in answers.items()}
        pmi_row = [(25, seats * 3 / 4, 3 * seats), None, None, (25, seats / 4, seats), (25, seats, 4 * seats)]
        nobody = [None] * 5
        assert regencies["Kabupaten Cilacap"] == [pmi_row, nobody, nobody, nobody, pmi_row]
        assert regencies["Kabupaten Boyolali"][AFIRMASI] == nobody
        answer = answers["Kabupaten Cilacap"]
        assert {name: shares for name, _link, shares in links}["Kabupaten Cilacap"] == [25, None, None, 25, 25]
        assert fields(answer.content.decode(), 'id="aturan"')["daerah"] == "3301", "who computes again still sees it"
        assert chances(answer.context["acceptance"]["province"])[-1][2] == (100, 1, 1)
        text = words(answer)
        assert f"25,0 % {seats} dari {4 * seats}" in text
        assert "belum ada pendaftar" in text
        assert "berlaku: 25" not in text

        text = words(planner.get(f"{STUDIO}?total=0&floor=0", headers=INDONESIAN))
        assert f"0,0 % 0 dari {4 * seats} berlaku: 25,0 %" in text

    def test_says_which_guarantees_it_leaves_out(self, as_role: Callable[..., Client], wave: Wave) -> None:
        register(wave, {Cell(3301, PMI, "f", False): 1})
        planner = as_role("planner")
        told = "Jaminan kelompok gelombang ini belum ikut dihitung"
        assert told not in words(planner.get(STUDIO, headers=INDONESIAN))
        Wave.objects.filter(pk=wave.pk).update(guarantees={"women": 2})
        assert told in words(planner.get(STUDIO, headers=INDONESIAN))


class TestAtFullSize:
    @pytest.fixture
    def province(self) -> Wave:
        """4 x 35 with the real indicators, everywhere with classes."""
        call_command("load_reference_data", verbosity=0)
        wave = make_wave(total=20_000)
        seats = {
            (c, r): 640
            for c in Cluster.objects.values_list("pk", flat=True)
            for r in Regency.objects.values_list("pk", flat=True)
        }
        deliver_seats(wave, seats)
        put_in_force(propose_split(wave_id=wave.pk, requested_by=None, reason="Awal", now=NOW))
        groups = [Cell(r, c, sex, disabled) for c, r in seats for sex in "fm" for disabled in (False, True)]
        register(wave, dict.fromkeys(groups, 1_000))
        return wave

    def test_a_change_is_shown_with_as_many_queries_as_ever(
        self, as_role: Callable[..., Client], province: Wave, django_assert_num_queries: Any
    ) -> None:
        scenario = keep(province, scope_of("planner"))
        other = keep(province, scope_of("planner"), "Lain", band=10)
        planner, address = as_role("planner"), f"{STUDIO}?skenario={scenario.pk}"
        assert planner.get(address).content.decode().count('<tr id="k-') == 35
        with django_assert_num_queries(26):
            planner.get(f"{address}&factor_PMI=2")
        with django_assert_num_queries(37):
            planner.get(f"{address}&factor_PMI=2&banding={other.pk}")
