"""The pages of the rules as planners, approvers and auditors use them: forms and addresses only, no JavaScript."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from clusters.models import Indicator, QuotaPolicy, Wave
from clusters.policy import SHIPPED, read_rules
from clusters.selectors.demand import current_policy
from clusters.services.policies import store_policy
from tests.clusters.quota_data import NOW, PHK, PMI, deliver_indicators, deliver_seats, make_wave
from tests.clusters.test_studio_formulas import selected
from tests.clusters.test_studio_pages import fields, words
from tests.factories.staff import scope_of

pytestmark = pytest.mark.django_db
RULES, EDIT = "/provinsi/aturan/", "/provinsi/aturan/ubah/"
INDONESIAN = {"accept-language": "id"}
SAVE = {"langkah": "simpan", "name": "Versi uji", "reason": "Kelas lebih kecil"}
SEATS = {(PMI, 3301): 300, (PMI, 3308): 200, (PHK, 3309): 100, (PHK, 3374): 100}


@pytest.fixture
def wave() -> Wave:
    wave = make_wave(total=400)
    deliver_indicators()
    deliver_seats(wave, SEATS)
    return wave


def whole_form(client: Client) -> dict[str, str]:
    """What a browser would send of the form as it was opened."""
    page = client.get(EDIT, headers=INDONESIAN).content.decode()
    return fields(page, EDIT) | selected(page)


def catalogue() -> None:
    Indicator.objects.create(pk="tpt", name_id="Tingkat pengangguran", name_en="Unemployment", unit="percent", of="x")
    Indicator.objects.create(pk="desa", name_id="Desa tanpa sinyal", name_en="Villages", unit="villages")


def store(**changes: Any) -> QuotaPolicy:
    version, stored = current_policy()
    return store_policy(
        scope=scope_of("planner"), name="Lain", rules={**stored, **changes}, reason="Uji", based_on=version, now=NOW
    )


class TestReading:
    def test_rules_stand_in_plain_words(self, as_role: Callable[..., Client]) -> None:
        text = words(as_role("auditor").get(RULES, headers=INDONESIAN))
        assert "Aturan bawaan (versi 0) berlaku" in text
        assert (
            "Angka yang dipakai: perempuan yang menganggur. Bila provinsi tidak punya angka itu dan tidak semua" in text
        )
        assert "Klaster ini hanya ada di kawasan yang ditetapkan provinsi." in text
        assert "Batas bawah tiap sel 16 tempat" in text
        assert "diandaikan, bukan hasil pengukuran dapat diandalkan 5 persen; cukup dapat diandalkan 15 persen;" in text
        assert "Ubah aturan" not in text

    def test_weights_heads_bounds_and_shares_are_said(self, as_role: Callable[..., Client]) -> None:
        formula = {"use": [{"pmi_placed": "1.5", "population": "1"}], "per": "head", "missing": "leave_out"}
        store(
            formulas={**SHIPPED["formulas"], "PMI": formula}, floor=0, ceiling=1_200, band=10, factors={"PHK": "2/3"},
            shares={"PMI": 40, "BOROBUDUR": 10, "PHK": 20, "AFIRMASI": 30}, caps={"3301-PMI": 7}, materiality=5,
        )  # fmt: skip
        text = words(as_role("planner").get(RULES, headers=INDONESIAN))
        assert "1,5 × pekerja migran yang ditempatkan + penduduk." in text
        assert "Dihitung per 100.000 penduduk" in text
        assert "Daerah tanpa angka tidak dihitung" in text
        assert "Batas bawah tiap sel tidak ada Batas atas tiap sel 1.200 tempat" in text
        assert "10 persen tiap sel" in text
        assert "permintaan PHK dihitung 0,6667 kali" in text
        assert "PMI 40, BOROBUDUR 10, PHK 20, AFIRMASI 30" in text
        assert "3301-PMI paling banyak 7" in text
        assert "bila sedikitnya 5 dari tiap 1.000 tempat berpindah" in text

    def test_history_says_who_when_why_and_what(self, as_role: Callable[..., Client]) -> None:
        first, second = store(floor=8), store(floor=4, band=10)
        text = words(as_role("approver").get(RULES, headers=INDONESIAN))
        riwayat = text[text.index("Riwayat") :]
        assert riwayat.index("Versi 2: Lain") < riwayat.index("Versi 1: Lain")
        assert f"Disimpan {first.author.name}, " in riwayat
        assert "Alasan: Uji" in riwayat
        assert "Batas bawah tiap sel 8 tempat 4 tempat" in riwayat
        assert "Batas bawah tiap sel 16 tempat 8 tempat" in riwayat
        assert second.author.name in riwayat

    def test_examples_stand_beside_with_their_outcome(self, as_role: Callable[..., Client]) -> None:
        client = as_role("auditor")
        page = client.get(RULES, headers=INDONESIAN).content.decode()
        example = words_of(page, "angka-kosong")
        assert "Kabupaten Melati PHK 400 perkiraan 16 – 64 35 16" in example
        assert "Kota Kenanga PHK 200 diisi perencana 16 – 64 17 24" in example
        assert "Kabupaten Cempaka PHK belum ada data 16 – 64 16 batas bawah 16" in example
        assert "68 tempat belum dibagi" in words_of(page, "belum-ada-angka")
        store(floor=0)
        page = client.get(RULES, headers=INDONESIAN).content.decode()
        assert "Kabupaten Cempaka PHK belum ada data 0 – 64 0" in words_of(page, "angka-kosong")

    def test_with_as_many_queries_whatever_the_versions(
        self, as_role: Callable[..., Client], django_assert_num_queries: Any
    ) -> None:
        client = as_role("auditor")
        store(floor=8)
        client.get(RULES)
        for floor in (4, 2):
            with django_assert_num_queries(11):
                client.get(RULES)
            store(floor=floor)


def words_of(page: str, example: str) -> str:
    [found] = re.findall(rf'<details[^>]*id="contoh-{example}"[^>]*>(.*?)</details>', page, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found)).split())


class TestChanging:
    def test_a_form_nobody_touched_is_the_rules_that_count(self, as_role: Callable[..., Client]) -> None:
        store(
            factors={"PMI": "1.5"}, ceiling=1_200, caps={"3301-PMI": 7},
            formulas={**SHIPPED["formulas"], "PMI": {"use": [{"pmi_placed": "0.25"}], "per": "head"}},
        )  # fmt: skip
        planner = as_role("planner")
        answer = planner.post(EDIT, whole_form(planner) | {"langkah": "lihat"}, headers=INDONESIAN)
        text = words(answer)
        assert "Tidak ada aturan yang berubah." in text
        assert "Tidak ada contoh yang berubah." in text
        assert "10 contoh tidak berubah" in text
        answer = planner.post(EDIT, whole_form(planner) | SAVE, headers=INDONESIAN)
        assert answer.status_code == 422
        assert "Belum ada aturan yang berubah" in words(answer)

    def test_a_planner_sees_what_follows_and_then_stores(self, as_role: Callable[..., Client], wave: Wave) -> None:
        planner = as_role("planner")
        typed = whole_form(planner) | {"floor": "8", "per_PHK": "head", "langkah": "lihat"}
        answer = planner.post(EDIT, typed, headers=INDONESIAN)
        page, text = answer.content.decode(), words(answer)
        assert answer.status_code == 200
        assert "Batas bawah tiap sel 16 tempat 8 tempat" in text
        assert "Kabupaten Melati PHK 500 per 100.000 penduduk 25" in text  # before; after stands with its change
        assert re.search(r"Gelombang 1 [1-9]\d* tempat PMI \d+ → \d+", text)
        assert "contoh tidak berubah" in text
        assert not QuotaPolicy.objects.exists()

        typed = fields(page, EDIT) | selected(page) | SAVE
        assert planner.post(EDIT, typed)["Location"] == RULES
        stored = QuotaPolicy.objects.get()
        assert (stored.version, stored.name, stored.reason) == (1, "Versi uji", "Kelas lebih kecil")
        rules, shipped = read_rules(stored.rules), read_rules(SHIPPED)
        assert (rules.floor, rules.formulas["PHK"].per, rules.formulas["BOROBUDUR"].by_area) == (8, "head", True)
        assert {code: rules.formulas[code] for code in ("PMI", "BOROBUDUR", "AFIRMASI")} == {
            code: shipped.formulas[code] for code in ("PMI", "BOROBUDUR", "AFIRMASI")
        }

    def test_formulas_are_built_of_alternatives_and_weights(self, as_role: Callable[..., Client]) -> None:
        catalogue()
        planner = as_role("planner")
        typed = whole_form(planner) | {
            "use_PMI_1_3": "tpt",
            "weight_PMI_1_3": "0,5",
            "use_PMI_3_1": "population",
            "missing_PMI": "leave_out",
            "by_area_PMI": "areas",
            "use_AFIRMASI_1_1": "",  # emptied: the second alternative is then the first
            "materiality": "20",
        }
        text = words(planner.post(EDIT, typed | {"langkah": "lihat"}, headers=INDONESIAN))
        assert "Rumus AFIRMASI Angka yang dipakai: perempuan yang menganggur." in text
        assert "ada di semua kabupaten dan kota. Angka yang dipakai: penduduk perempuan." in text
        assert planner.post(EDIT, typed | SAVE)["Location"] == RULES
        rules = QuotaPolicy.objects.get().rules
        assert rules["formulas"]["PMI"] == {
            "use": [{"pmi_placed": "1", "tpt": "0.5"}, {"population": "1"}],
            "per": "count",
            "missing": "leave_out",
            "by_area": True,
        }
        assert rules["formulas"]["AFIRMASI"]["use"] == [{"population_female": "1"}]
        assert rules["materiality"] == 20
        text = words(planner.get(RULES, headers=INDONESIAN))
        riwayat = text[text.index("Riwayat") :]
        assert "0,5 × Tingkat pengangguran + pekerja migran yang ditempatkan. Bila provinsi tidak punya" in riwayat
        assert "Klaster ini hanya ada di kawasan yang ditetapkan provinsi." in riwayat
        assert "segera, bila sedikitnya 1 dari tiap 1.000" in riwayat
        assert "segera, bila sedikitnya 20 dari tiap 1.000" in riwayat

    def test_there_is_always_room_for_one_more_and_nothing_typed_is_lost(self, as_role: Callable[..., Client]) -> None:
        catalogue()
        planner = as_role("planner")
        typed = whole_form(planner) | {"use_PMI_1_2": "tpt", "weight_PMI_1_2": "0,5", "name": "Belum selesai"}
        assert "use_PMI_1_4" not in typed
        typed |= {"use_PMI_1_3": "population", "weight_PMI_1_3": "2/3", "langkah": "baris"}
        page = planner.post(EDIT, typed, headers=INDONESIAN).content.decode()
        assert "Akibatnya" not in page
        again = fields(page, EDIT) | selected(page)
        assert {"use_PMI_1_4": "", "use_PMI_1_5": "", "name": "Belum selesai"}.items() <= again.items()
        assert (again["weight_PMI_1_2"], again["weight_PMI_1_3"]) == ("0,5", "2/3")
        assert planner.post(EDIT, again | {"use_PMI_1_4": "population_female"} | SAVE)["Location"] == RULES
        assert QuotaPolicy.objects.get().rules["formulas"]["PMI"]["use"] == [
            {"pmi_placed": "1", "tpt": "0.5", "population": "2/3", "population_female": "1"}
        ]
        assert "use_PMI_1_6" in whole_form(planner)

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"use_PMI_1_1": ""}, "PMI: pilih sedikitnya satu angka."),
            ({"use_PMI_1_2": "pmi_placed"}, "PMI, pilihan 1, angka 2: sudah dipakai di pilihan ini."),
            ({"use_PMI_1_1": "hujan"}, "PMI, pilihan 1, angka 1: angka itu belum dikenal, atau tidak menghitung orang"),
            ({"use_PHK_2_1": "desa"}, "PHK, pilihan 2, angka 1: angka itu belum dikenal, atau tidak menghitung orang"),
            ({"by_area_PMI": "kota"}, "PMI, berlaku di"),
            ({"materiality": "1001"}, "Usulan otomatis mulai (per seribu tempat): paling banyak 1.000"),
            ({"materiality": ""}, "Usulan otomatis: isi angka, atau 0"),
            ({"weight_PHK_1_1": "banyak"}, "PHK, pilihan 1, bobot 1: isi angka dari 0"),
            ({"band": "101"}, "Perubahan paling banyak (persen): paling banyak 100"),
            ({"share_PMI": "40"}, "Bagian PHK: isi juga"),
            ({"name": " "}, "Nama versi: isi"),
            ({"reason": ""}, "Alasan perubahan: isi"),
        ],
    )
    def test_errors_name_field_and_rule_and_keep_what_was_typed(
        self, as_role: Callable[..., Client], changed: dict[str, str], message: str
    ) -> None:
        catalogue()
        planner = as_role("planner")
        answer = planner.post(EDIT, whole_form(planner) | SAVE | {"ceiling": "77"} | changed, headers=INDONESIAN)
        assert answer.status_code == 422
        assert message in words(answer)
        assert fields(answer.content.decode(), EDIT)["ceiling"] == "77"
        assert not QuotaPolicy.objects.exists()

    def test_another_version_in_between_is_told_and_what_was_typed_stays(self, as_role: Callable[..., Client]) -> None:
        planner = as_role("planner")
        typed = whole_form(planner) | SAVE | {"floor": "8"}
        other = store(ceiling=90)
        answer = planner.post(EDIT, typed, headers=INDONESIAN)
        page, text = answer.content.decode(), words(answer)
        assert answer.status_code == 409
        assert "Versi 1 baru saja disimpan" in text
        assert f"{other.author.name} menyimpannya" in text
        assert "Batas atas tiap sel 90 tempat tidak ada" in text  # what saving now would undo
        assert fields(page, EDIT)["floor"] == "8"
        again = fields(page, EDIT) | selected(page) | SAVE | {"ceiling": "90"}
        assert planner.post(EDIT, again)["Location"] == RULES
        rules = read_rules(current_policy()[1])
        assert (rules.floor, rules.ceiling) == (8, 90)

    def test_sent_twice_it_is_stored_once_and_nobody_is_alarmed(self, as_role: Callable[..., Client]) -> None:
        planner = as_role("planner")
        typed = whole_form(planner) | SAVE | {"floor": "8"}
        for _sent in range(2):
            assert planner.post(EDIT, typed)["Location"] == RULES
        assert QuotaPolicy.objects.count() == 1

    def test_rules_a_wave_cannot_honour_are_told(self, as_role: Callable[..., Client]) -> None:
        deliver_seats(make_wave(total=300), SEATS)
        planner = as_role("planner")
        answer = planner.post(EDIT, whole_form(planner) | {"floor": "100"}, headers=INDONESIAN)
        assert "Gelombang 1 tidak dapat dipenuhi: kurang 100 tempat" in words(answer)

    @pytest.mark.parametrize("role", ["approver", "auditor"])
    def test_only_planners_change(self, as_role: Callable[..., Client], role: str) -> None:
        client = as_role(role)
        assert client.get(EDIT).status_code == 403
        assert client.post(EDIT, SAVE | {"floor": "8"}).status_code == 403

    def test_what_follows_is_shown_with_as_many_queries_as_ever(
        self, as_role: Callable[..., Client], wave: Wave, django_assert_num_queries: Any
    ) -> None:
        planner = as_role("planner")
        typed = whole_form(planner) | {"floor": "8", "langkah": "lihat"}
        planner.post(EDIT, typed)
        with django_assert_num_queries(10):
            planner.get(EDIT)
        with django_assert_num_queries(28):
            planner.post(EDIT, typed)


@pytest.mark.parametrize(
    "page", ["/provinsi/", "/provinsi/gelombang/gelombang-1/", "/provinsi/kuota/gelombang-1/studio/"]
)
def test_the_province_finds_the_rules(as_role: Callable[..., Client], wave: Wave, page: str) -> None:
    assert f'href="{RULES}"' in as_role("auditor").get(page).content.decode()
