"""The public page, its CSV, and the province's page."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from clusters.models import (
    QuotaCell,
    QuotaSplit,
    Wave,
)
from clusters.services.quota import propose_split
from clusters.tasks import propose_split_job
from clusters.views.reasons import period_in_words
from records.models import Job
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
)
from tests.clusters.quota_data import publish as put_in_force

pytestmark = pytest.mark.django_db
PUBLIC = "/kuota/gelombang-1/"
PROVINCE = "/provinsi/kuota/gelombang-1/"

# PMI: 3301 follows demand, 3308 has few seats, 3309 has no figure, 3374 lives on its floor.
SEATS = {
    (PMI, 3301): 640, (PMI, 3308): 20, (PMI, 3309): 32, (PMI, 3374): 320,
    (BOROBUDUR, 3308): 320,
    (PHK, 3301): 16, (PHK, 3309): 640, (PHK, 3374): 400,
    (AFIRMASI, 3301): 48,
}  # fmt: skip


@pytest.fixture
def wave() -> Wave:
    wave = make_wave(total=1_200)
    deliver_indicators()
    deliver_seats(wave, SEATS)
    return wave


def publish(wave: Wave, *, minutes: int = 0) -> QuotaSplit:
    now = NOW + timedelta(minutes=minutes)
    return put_in_force(propose_split(wave_id=wave.pk, requested_by=None, reason="Pembagian pertama", now=now), now=now)


def text_of(client: Client, address: str) -> str:
    """What a reader reads: no tags, single spaces."""
    answer = client.get(address, headers={"accept-language": "id"})
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def why(client: Client, key: str) -> str:
    text = text_of(client, f"{PUBLIC}?sel={key}")
    return text[text.index("Mengapa angka ini?") : text.index("Tutup perhitungan")]


class TestPublicPage:
    def test_page_csv_and_cells_state_the_same_numbers(self, client: Client, wave: Wave) -> None:
        split = publish(wave)
        cells = {
            f"{regency}-{code}": seats
            for regency, code, seats in split.cells.values_list("regency_id", "cluster__code", "seats")
        }
        page = client.get(PUBLIC).content.decode()
        on_page = {
            key: int(seats.replace(".", "").replace(",", ""))
            for key, seats in re.findall(r'href="\?sel=(\d{4}-[A-Z]+)#alasan"[^>]*>([\d.,]+)<', page)
        }
        lines = list(csv.DictReader(io.StringIO(client.get(f"{PUBLIC}kuota.csv").content.decode("utf-8-sig"))))
        in_csv = {f"{line['kode'].replace('.', '')}-{line['klaster']}": int(line["tempat"]) for line in lines}
        assert len(cells) == 16
        assert on_page == in_csv == cells

    def test_totals_and_unassigned_add_up_to_the_decree(self, client: Client) -> None:
        wave = make_wave(total=3_000)
        deliver_indicators()
        deliver_seats(wave, SEATS)
        split = publish(wave)
        assigned = sum(split.cells.values_list("seats", flat=True))
        assert assigned + split.unassigned == 3_000
        assert 0 < split.unassigned < assigned
        text = text_of(client, PUBLIC)
        assert "Keputusan nomor CONTOH/gelombang-1 tanggal 2 Januari 2026" in text
        numbers = {
            "menurut keputusan": 3_000,
            "dibagi ke kabupaten dan kota": assigned,
            "belum dibagi": split.unassigned,
        }
        for label, number in numbers.items():
            assert f"tempat {label} {number:,}".replace(",", ".") in text

    def test_map_shows_the_chosen_cluster(self, client: Client, wave: Wave) -> None:
        publish(wave)
        page = client.get(f"{PUBLIC}?klaster=PMI", headers={"accept-language": "id"}).content.decode()
        assert 'aria-label="Kabupaten Magelang: 20 tempat"' in page

    def test_queries_are_constant(self, client: Client, wave: Wave, django_assert_num_queries: Any) -> None:
        publish(wave)
        client.get(PUBLIC)
        with django_assert_num_queries(8):
            client.get(PUBLIC)
        with django_assert_num_queries(9):
            client.get(f"{PUBLIC}?sel=3301-PMI&klaster=PMI")

    @pytest.mark.parametrize("sel", ["", "3301", "9999-PMI", "3301-XYZ", "x-PMI", "²-PMI", "99999999999999-PMI"])
    def test_an_unknown_cell_is_no_error(self, client: Client, wave: Wave, sel: str) -> None:
        publish(wave)
        assert "Mengapa angka ini?" not in text_of(client, f"{PUBLIC}?sel={sel}")

    def test_former_version_stays_readable_and_says_so(self, client: Client, wave: Wave) -> None:
        publish(wave)
        deliver_seats(wave, {(PMI, 3308): 48}, now=NOW + timedelta(minutes=1))
        publish(wave, minutes=2)
        assert "Yang berlaku sekarang adalah versi 2" in text_of(client, f"{PUBLIC}?versi=1")
        assert "Ini versi lama" not in text_of(client, PUBLIC)
        assert client.get(f"{PUBLIC}?versi=3").status_code == 404
        assert "v1.csv" in client.get(f"{PUBLIC}kuota.csv?versi=1")["Content-Disposition"]

    def test_nothing_published_yet_has_a_page_of_its_own(self, client: Client, wave: Wave) -> None:
        propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW)
        assert "Pembagian tempat belum disahkan" in text_of(client, PUBLIC)
        assert client.get(f"{PUBLIC}kuota.csv").status_code == 404

    def test_proposals_stay_invisible_for_the_province_on_the_public_page_too(
        self, as_role: Callable[..., Client], wave: Wave
    ) -> None:
        propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW)
        assert "Pembagian tempat belum disahkan" in text_of(as_role("planner"), PUBLIC)

    def test_a_draft_is_nobody_elses_business(self, client: Client) -> None:
        make_wave(slug="rancangan", state="draft")
        assert client.get("/kuota/rancangan/").status_code == 404
        assert client.get("/kuota/tidak-ada/").status_code == 404

    def test_only_reading(self, client: Client, wave: Wave) -> None:
        assert client.post(PUBLIC).status_code == 405

    def test_english(self, client: Client, wave: Wave) -> None:
        publish(wave)
        assert client.get(f"{PUBLIC}?sel=3301-PMI", headers={"accept-language": "en"}).status_code == 200


class TestWhy:
    def test_free_cell_names_demand_divisor_and_source(self, client: Client, wave: Wave) -> None:
        split = publish(wave)
        cell = QuotaCell.objects.get(split=split, cluster=PMI, regency=3301)
        assert cell.binds == ""
        text = why(client, "3301-PMI")
        assert f"Kabupaten Cilacap, Klaster PMI: {cell.seats} tempat" in text
        assert "1.100 pekerja migran yang ditempatkan, Januari–Februari 2025. Sumber: contoh.example" in text
        assert "dicatat 24 November 2026" in text
        assert re.search(r"Satu tempat per [\d.,]+ orang, sama untuk semua", text)
        assert "1.100 ÷ " in text
        assert "Permintaan yang menentukan" in text
        assert "Tempat berikutnya datang ke sini bila ukuran klaster turun menjadi" in text
        assert "Ada 1 angka lain yang tidak dipakai" in text
        assert "3.433 pekerja migran yang ditempatkan, 2021" in text

    def test_capped_cell(self, client: Client, wave: Wave) -> None:
        assert QuotaCell.objects.filter(split=publish(wave), cluster=PMI, regency=3308, binds="cap").exists()
        text = why(client, "3308-PMI")
        assert "tetapi batas atasnya 20. Batas atas yang menentukan." in text
        assert "20 kursi kelas yang dibuka" in text

    def test_estimated_cell_shows_the_estimate(self, client: Client, wave: Wave) -> None:
        publish(wave)
        text = why(client, "3308-PMI")
        assert "1.300.000 × 5.000 ÷ 10.000.000 = 650" in text
        assert "650 orang perkiraan" in text

    def test_missing_figure_is_said_and_the_cell_lives_on_its_floor(self, client: Client, wave: Wave) -> None:
        publish(wave)
        text = why(client, "3309-PMI")
        assert "Permintaannya tidak diketahui, bukan nol." in text
        assert "belum ada data" in text
        assert "Batas bawah yang menentukan." in text
        assert "Kabupaten Boyolali, Klaster PMI: 16 tempat" in text

    def test_floor_cell(self, client: Client, wave: Wave) -> None:
        deliver(figure("phk_workers", 3301, 1, period="2025"))
        split = publish(wave)
        assert QuotaCell.objects.filter(split=split, cluster=PHK, regency=3301, binds="floor", seats=16).exists()
        text = why(client, "3301-PHK")
        assert "Menurut permintaan 0 tempat, tetapi batas bawahnya 16. Batas bawah yang menentukan." in text
        assert "Satu kelas berisi 16 orang" in text

    def test_cell_without_classes(self, client: Client, wave: Wave) -> None:
        publish(wave)
        text = why(client, "3374-AFIRMASI")
        assert "Belum ada kursi kelas yang dilaporkan" in text
        assert "0 tempat belum ada kelas" in text

    def test_cell_outside_the_area(self, client: Client, wave: Wave) -> None:
        publish(wave)
        assert "Kabupaten Cilacap tidak termasuk" in why(client, "3301-BOROBUDUR")

    def test_registrants(self, client: Client) -> None:
        wave = make_wave(total=100, state="closed")
        deliver(
            figure("registrants", 3301, 330, cluster_id=PMI, wave_id=wave.pk, unit="persons/12"),
            figure("registrants", 3308, 1_200, cluster_id=PMI, wave_id=wave.pk, unit="persons/12"),
        )
        deliver_seats(wave, {(PMI, 3301): 80, (PMI, 3308): 80})
        publish(wave)
        text = why(client, "3301-PMI")
        assert "27,5 pendaftar yang terverifikasi" in text
        assert re.search(r"Satu tempat per [\d.,]+ pendaftar", text)


class TestProvincePage:
    def test_roles(self, client: Client, as_role: Callable[..., Client], wave: Wave) -> None:
        assert client.get(PROVINCE).status_code == 302
        for role, status in [("planner", 200), ("approver", 200), ("auditor", 200), ("mentor", 403), ("operator", 403)]:
            assert as_role(role).get(PROVINCE).status_code == status, role
        for role in ("auditor", "mentor", "approver"):
            assert as_role(role).post(f"{PROVINCE}hitung/", {"reason": "x"}).status_code == 403
        assert not Job.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_from_request_to_publication(self, as_role: Callable[..., Client], wave: Wave) -> None:
        planner, approver = as_role("planner"), as_role("approver")
        answer = planner.post(f"{PROVINCE}hitung/", {"reason": "Tiga kelas baru"})
        assert answer.status_code == 302
        assert "Usulan sedang dihitung" in text_of(planner, PROVINCE)
        assert 'http-equiv="refresh"' in planner.get(PROVINCE).content.decode()
        propose_split_job(str(Job.objects.get().pk))
        own = text_of(planner, PROVINCE)
        assert "Versi 1 adalah usulan Anda sendiri" in own
        assert 'http-equiv="refresh"' not in planner.get(PROVINCE).content.decode()
        split = QuotaSplit.objects.get()
        address = f"{PROVINCE}sahkan/{split.pk}/"
        assert address not in planner.get(PROVINCE).content.decode()
        assert planner.post(address).status_code == 403
        assert "menunggu pengesahan oleh penyetuju" in text_of(as_role("planner"), PROVINCE)
        assert address in approver.get(PROVINCE).content.decode()
        assert f"{PROVINCE}hitung/" not in approver.get(PROVINCE).content.decode()
        stale = approver.post(address, {"shown": "0" * 64}, follow=True, headers={"accept-language": "id"})
        assert "Ada yang berubah sejak Anda membuka halaman ini." in stale.content.decode()
        [shown] = re.findall(r'name="shown" value="([0-9a-f]{64})"', approver.get(PROVINCE).content.decode())
        assert approver.post(address, {"shown": shown}).status_code == 302
        assert "Versi 1 sudah disahkan dan diumumkan" in text_of(approver, PROVINCE)
        split.refresh_from_db()
        assert split.published_at is not None
        assert split.shown_digest == shown

    @pytest.mark.django_db(transaction=True)
    def test_a_former_version_is_proposed_again_and_published_by_another(
        self, as_role: Callable[..., Client], wave: Wave
    ) -> None:
        planner = as_role("planner")
        first = publish(wave)
        assert "Kembali ke versi sebelumnya" not in text_of(planner, PROVINCE)
        deliver_seats(wave, {(PMI, 3308): 48}, now=NOW + timedelta(minutes=1))
        publish(wave, minutes=2)
        assert "Kembali ke versi sebelumnya" in text_of(planner, PROVINCE)
        assert "Kembali ke versi sebelumnya" not in text_of(as_role("approver"), PROVINCE)
        asked = {"kembali-version": str(first.pk), "kembali-reason": " "}
        assert planner.post(f"{PROVINCE}kembali/", asked).status_code == 200
        assert not Job.objects.exists()
        assert planner.post(f"{PROVINCE}kembali/", asked | {"kembali-reason": "Salah catat"}).status_code == 302
        propose_split_job(str(Job.objects.get().pk))
        assert "Salah catat (isi versi 1)" in text_of(planner, PROVINCE)
        restored = put_in_force(QuotaSplit.objects.get(version=3))
        assert restored.restores_id == first.pk
        assert "Salah catat (isi versi 1)" in text_of(Client(), PUBLIC)

    @pytest.mark.django_db(transaction=True)
    def test_what_forbids_a_former_version_is_told_in_names(self, as_role: Callable[..., Client], wave: Wave) -> None:
        first = publish(wave)
        deliver_seats(wave, {(PMI, 3308): 8}, now=NOW + timedelta(minutes=1))
        publish(wave, minutes=2)
        planner = as_role("planner")
        planner.post(f"{PROVINCE}kembali/", {"kembali-version": str(first.pk), "kembali-reason": "Uji"})
        propose_split_job(str(Job.objects.get().pk))
        text = text_of(planner, PROVINCE)
        assert "Versi lama tidak dapat diusulkan lagi" in text
        assert "12 tempat tidak cocok dengan keadaan sekarang" in text
        assert "Kabupaten Magelang (PMI)" in text

    def test_differences_to_the_version_in_force(self, as_role: Callable[..., Client], wave: Wave) -> None:
        publish(wave)
        deliver_seats(wave, {(PMI, 3308): 32}, now=NOW + timedelta(minutes=1))
        propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW)
        text = text_of(as_role("approver"), PROVINCE)
        assert "Usulan versi 2 dibandingkan dengan versi 1" in text
        assert "+12 32" in text

    def test_an_empty_reason_is_asked_for_again(self, as_role: Callable[..., Client], wave: Wave) -> None:
        answer = as_role("planner").post(f"{PROVINCE}hitung/", {"reason": " "})
        assert answer.status_code == 200
        assert not Job.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_impossible_floors_are_told_in_names(self, as_role: Callable[..., Client], wave: Wave) -> None:
        deliver(figure("granted_places", 3308, 30, cluster_id=PMI, wave_id=wave.pk))
        planner = as_role("planner")
        planner.post(f"{PROVINCE}hitung/", {"reason": "Uji"})
        propose_split_job(str(Job.objects.get().pk))
        text = text_of(planner, PROVINCE)
        assert "kekurangan 10 tempat" in text
        assert "Kabupaten Magelang (PMI)" in text

    def test_frozen_wave_offers_nothing(self, as_role: Callable[..., Client]) -> None:
        make_wave(state="frozen")
        planner = as_role("planner")
        assert "Hitung usulan baru" not in text_of(planner, PROVINCE)
        assert (
            "sudah dibekukan"
            in planner.post(
                f"{PROVINCE}hitung/", {"reason": "Uji"}, follow=True, headers={"accept-language": "id"}
            ).content.decode()
        )

    def test_queries_are_constant(
        self, as_role: Callable[..., Client], wave: Wave, django_assert_num_queries: Any
    ) -> None:
        publish(wave)
        deliver_seats(wave, {(PMI, 3308): 32}, now=NOW + timedelta(minutes=1))
        propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW)
        client = as_role("approver")
        client.get(PROVINCE)
        with django_assert_num_queries(27):
            client.get(PROVINCE)


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("2021", "2021"),
        ("2021-08", "Agustus 2021"),
        ("2020-04-29", "29 April 2020"),
        ("2025-01..02", "Januari–Februari 2025"),
        ("semester 1", "semester 1"),
        ("2021-13", "2021-13"),
    ],
)
def test_periods_in_words(period: str, words: str) -> None:
    assert period_in_words(period) == words
