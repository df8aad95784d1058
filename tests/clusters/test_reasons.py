"""The reason of a number under a policy, a planner's choice and decreed totals, in words."""

import re
from collections import Counter
from typing import Any

import pytest
from django.test import Client

from clusters.models import FigureChoice, Indicator, Observation, QuotaDecision, QuotaPolicy, Wave
from clusters.policy import SHIPPED
from clusters.services.quota import propose_split
from tests.clusters.quota_data import NOW, deliver_indicators, deliver_seats, make_wave
from tests.clusters.test_quota_pages import PUBLIC, publish, text_of, wave, why
from tests.factories.staff import make_staff

__all__ = ["wave"]
pytestmark = pytest.mark.django_db


def choose(indicator: str, regency: int, reason: str, **fields: Any) -> None:
    planner = make_staff("planner")
    FigureChoice.objects.create(
        indicator_id=indicator, regency_id=regency, reason=reason, chosen_by=planner, chosen_at=NOW, **fields
    )


def rules(**formulas: Any) -> None:
    QuotaPolicy.objects.create(
        version=1,
        name="Uji",
        reason="Uji",
        author=make_staff("planner"),
        created_at=NOW,
        rules=SHIPPED | {"formulas": SHIPPED["formulas"] | formulas},
    )


class TestWhyByPolicyAndChoice:
    @pytest.fixture(autouse=True)
    def _indicators(self) -> None:
        for code in ("pmi_placed", "phk_workers", "population"):
            Indicator.objects.get_or_create(pk=code, defaults={"name_id": code, "name_en": code, "unit": "persons"})

    def test_entry_of_a_planner_stands_with_its_reason(self, client: Client, wave: Wave) -> None:
        choose("pmi_placed", 3309, "Laporan BP3MI belum terbit", value=250)
        publish(wave)
        text = why(client, "3309-PMI")
        assert "250 pekerja migran yang ditempatkan. Diisi perencana provinsi 24 November 2026" in text
        assert "“Laporan BP3MI belum terbit”" in text
        assert "250 orang diisi perencana" in text

    def test_choice_among_figures_stands_with_its_reason(self, client: Client, wave: Wave) -> None:
        former = Observation.objects.get(indicator="pmi_placed", regency=3301, period="2021")
        choose("pmi_placed", 3301, "Tahun penuh", observation=former)
        publish(wave)
        text = why(client, "3301-PMI")
        assert "3.433 pekerja migran yang ditempatkan, 2021." in text
        assert "Angka ini dipilih perencana provinsi 24 November 2026: “Tahun penuh”" in text
        assert "paling dapat diandalkan" not in text

    def test_sum_of_indicators_shows_each_with_its_factor(self, client: Client, wave: Wave) -> None:
        rules(PHK={"use": [{"phk_workers": "1", "pmi_placed": "0.5"}]})
        choose("pmi_placed", 3374, "Laporan belum terbit", value=30)
        publish(wave)
        text = why(client, "3374-PHK")
        assert "1 × pekerja yang terkena PHK" in text
        assert "0,5 × pekerja migran yang ditempatkan" in text
        assert "30 pekerja migran yang ditempatkan. Diisi perencana provinsi" in text
        assert "1.150 orang diisi perencana" in text

    def test_demand_per_head_shows_the_inhabitants(self, client: Client, wave: Wave) -> None:
        rules(PHK={"use": [{"phk_workers": "1"}], "per": "head"})
        publish(wave)
        text = why(client, "3374-PHK")
        assert "Lalu dibagi jumlah penduduk" in text
        assert "1.700.000 penduduk" in text
        assert "66,75 per 100.000 penduduk" in text

    def test_policy_cap_and_band_are_said(self, client: Client, wave: Wave) -> None:
        publish(wave)
        QuotaPolicy.objects.create(
            version=1, name="Uji", reason="Uji", author=make_staff("planner"), created_at=NOW,
            rules=SHIPPED | {"caps": {"3301-PMI": 200}, "band": 5},
        )  # fmt: skip
        split = publish(wave, minutes=1)
        assert split.version == 2
        text = why(client, "3301-PMI")
        assert "Kebijakan provinsi membatasi angka ini sampai 200 tempat." in text
        assert re.search(r"Versi sebelumnya [\d.]+ tempat. Menurut kebijakan provinsi angka baru tetap di antara", text)

    @pytest.mark.parametrize("two_way", [False, True])
    def test_decreed_totals_give_the_divisor_other_words(self, client: Client, two_way: bool) -> None:
        wave = make_wave(total=500)
        deliver_indicators()
        deliver_seats(wave, {(c, r): 64 + 16 * c for c in range(4) for r in (3301, 3308, 3309, 3374)})
        cells = propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW).cells.all()
        totals: Counter[tuple[int | None, int | None]] = Counter()
        for cell in cells:
            totals[None, cell.regency_id] += cell.seats
            totals[cell.cluster_id, None] += cell.seats if two_way else 0
        for (cluster, regency), places in totals.items():
            if regency or two_way:
                QuotaDecision.objects.create(
                    level="regency" if regency else "cluster", parent=wave.decision, cluster_id=cluster, total=places,
                    regency_id=regency, decree_number="CONTOH/1", decree_date=NOW.date(), author="Uji", as_of=NOW,
                )  # fmt: skip
        split = publish(wave)
        assert split.method == ("two_way" if two_way else "by_regency")
        text = why(client, "3301-AFIRMASI")
        if two_way:
            assert re.search(r"hasil kali dua angka: [\d.,]+ untuk klaster ini", text)
            assert re.search(r"[\d.,]+ × [\d.,]+ = [\d.,]+", text)
        else:
            assert re.search(r"Di Kabupaten Cilacap, satu tempat per [\d.,]+ orang, sama untuk semua klaster.", text)
        page = text_of(client, PUBLIC)
        assert ("Ukuran tiap klaster" in page, "Ukuran tiap daerah" in page) == (two_way, True)
