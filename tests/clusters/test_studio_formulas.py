"""A formula of demand tried in the studio: chosen on a page of its own, carried by the address, kept with the scenario."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any, ClassVar

import pytest
from django.test import Client

from clusters.models import QuotaSplit, Scenario, Wave
from clusters.services.quota import propose_split
from clusters.tasks import propose_split_job
from records.models import Job
from tests.clusters.quota_data import NOW
from tests.clusters.test_scenarios import keep, pmi, put_in_force
from tests.clusters.test_studio_pages import INDONESIAN, STUDIO, fields, studio_wave, total_of_pmi, words
from tests.factories.staff import scope_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def wave() -> Wave:
    return studio_wave()


@pytest.fixture
def published(wave: Wave) -> QuotaSplit:
    return put_in_force(propose_split(wave_id=wave.pk, requested_by=None, reason="Awal", now=NOW))


def selected(page: str) -> dict[str, str]:
    """What a browser would send of the lists to choose from."""
    chosen = {}
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        found = re.search(r'<option value="([^"]*)" selected', options)
        chosen[name] = unescape(found[1]) if found else ""
    return chosen


class TestFormulas:
    """The form of the formulas stands on a page of its own; the address it leads back to holds them."""

    FORMULAS = f"{STUDIO}rumus/"
    BY_PEOPLE: ClassVar[dict[str, Any]] = {
        "use": [{"population": "0.5"}],
        "per": "count",
        "missing": "rate",
        "by_area": False,
    }

    def form(self, page: str) -> dict[str, str]:
        return fields(page, self.FORMULAS) | selected(page)

    @pytest.mark.django_db(transaction=True)
    def test_a_planner_lays_a_formula_over_the_policy_sees_saves_and_proposes(
        self, as_role: Callable[..., Client], published: QuotaSplit
    ) -> None:
        planner = as_role("planner")
        page = planner.get(STUDIO, headers=INDONESIAN).content.decode()
        typed = fields(page, 'id="aturan"') | {"floor": "8", "name": "Menurut penduduk", "langkah": "rumus"}
        opened = planner.post(f"{STUDIO}simpan/", typed, follow=True, headers=INDONESIAN)
        typed = self.form(opened.content.decode()) | {"use_PMI_1_1": "population", "weight_PMI_1_1": "0,5"}
        more = planner.post(self.FORMULAS, typed | {"langkah": "baris"}, headers=INDONESIAN)
        typed = self.form(more.content.decode()) | {"langkah": "hitung"}
        answer = planner.post(self.FORMULAS, typed, follow=True, headers=INDONESIAN)
        address, page = answer.redirect_chain[-1][0], answer.content.decode()
        assert "csrf" not in address
        assert fields(page, 'id="aturan"').items() >= {"floor": "8", "name": "Menurut penduduk"}.items()
        assert "Angka yang dipakai: 0,5 × penduduk." in words(answer)
        assert total_of_pmi(page) != pmi(published)
        assert "belum disimpan" in page
        assert total_of_pmi(as_role("auditor").get(address.partition("#")[0]).content.decode()) == total_of_pmi(page)

        typed = fields(page, 'id="aturan"') | {"langkah": "baru"}
        page = planner.post(f"{STUDIO}simpan/", typed, follow=True, headers=INDONESIAN).content.decode()
        scenario = Scenario.objects.get()
        assert scenario.overrides == {"floor": 8, "formulas": {"PMI": self.BY_PEOPLE}}
        assert "belum disimpan" not in page
        planner.post(f"{STUDIO}{scenario.pk}/usulkan/", {"reason": "Uji", "revision": "1"})
        propose_split_job(str(Job.objects.get().pk))
        split = QuotaSplit.objects.get(version=2)
        assert (split.scenario, pmi(split)) == (scenario, total_of_pmi(page))

    def test_the_policys_own_formula_is_no_change(self, as_role: Callable[..., Client], wave: Wave) -> None:
        scenario = keep(wave, scope_of("planner"), formulas={"PMI": self.BY_PEOPLE})
        auditor = as_role("auditor")
        page = auditor.get(f"{STUDIO}?skenario={scenario.pk}", headers=INDONESIAN).content.decode()
        asked = fields(page, 'id="aturan"')
        page = auditor.get(self.FORMULAS, asked, headers=INDONESIAN).content.decode()
        assert selected(page)["use_PMI_1_1"] == "population"
        typed = self.form(page) | {"use_PMI_1_1": "pmi_placed", "weight_PMI_1_1": "1,0", "langkah": "hitung"}
        answer = auditor.post(self.FORMULAS, typed, follow=True, headers=INDONESIAN)
        assert fields(answer.content.decode(), 'id="aturan"')["formula_PMI"] == ""
        assert "lain dari aturan" not in words(answer)
        assert "Ada perubahan terhadap skenario ini" in words(answer)

    def test_errors_name_the_row_and_keep_all_that_was_typed(self, as_role: Callable[..., Client], wave: Wave) -> None:
        planner = as_role("planner")
        page = planner.get(self.FORMULAS, {"floor": "8", "caps": "x"}, headers=INDONESIAN).content.decode()
        typed = self.form(page)
        assert typed["floor"] == "8"
        typed |= {"use_PHK_1_2": "open_seats", "weight_PMI_1_1": "2", "langkah": "hitung"}
        answer = planner.post(self.FORMULAS, typed, headers=INDONESIAN)
        assert answer.status_code == 422
        assert "PHK, pilihan 1, angka 2: angka itu belum dikenal, atau tidak menghitung orang" in words(answer)
        assert self.form(answer.content.decode()).items() >= {"floor": "8", "weight_PMI_1_1": "2"}.items()

    @pytest.mark.parametrize(
        ("formula", "message"),
        [
            ("pmi_placed", "Rumus PMI: tidak dapat dibaca."),
            ("[" * 500, "Rumus PMI: tidak dapat dibaca."),
            ('{"use":[]}', "Rumus PMI: tidak dapat dibaca."),
            ('{"use":[{"hujan":"1"}]}', "Rumus PMI: angka itu belum dikenal, atau tidak menghitung orang"),
            (f'{{"use":[{{"{"x" * 600}":"1"}}]}}', "Rumus PMI: terlalu panjang untuk sebuah skenario."),
        ],
    )
    def test_an_address_that_nobody_can_read_is_told(
        self, as_role: Callable[..., Client], wave: Wave, formula: str, message: str
    ) -> None:
        planner = as_role("planner")
        answer = planner.get(STUDIO, {"formula_PMI": formula, "floor": "8"}, headers=INDONESIAN)
        assert answer.status_code == 422
        assert message in words(answer)
        assert fields(answer.content.decode(), 'id="aturan"')["floor"] == "8"
        assert planner.get(self.FORMULAS, {"formula_PMI": formula}).status_code == 200
