"""How far the places carry, as planners see it before and everybody after a split is published."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clusters.models import QuotaPolicy, QuotaSplit, Wave
from clusters.policy import CLUSTERS, SHIPPED
from clusters.selectors.demand import SplitInputs, split_inputs
from clusters.selectors.sensitivity import band_of, errors_of
from clusters.services.quota import evaluate, propose_split
from tests.clusters.quota_data import NOW, PMI, deliver_indicators, deliver_seats, make_wave, publish
from tests.clusters.test_published_files import decree
from tests.clusters.test_quota_pages import why
from tests.clusters.test_studio_pages import INDONESIAN, STUDIO, fields, words
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db
REGENCIES = (3301, 3308, 3309, 3374)
EQUAL = dict.fromkeys(CLUSTERS, 1)


@pytest.fixture
def wave() -> Wave:
    wave = make_wave(total=500)
    deliver_indicators()
    deliver_seats(wave, {(c, r): 64 if c == PMI else 400 for c in range(4) for r in REGENCIES})
    return wave


def propose(wave: Wave) -> QuotaSplit:
    return propose_split(wave_id=wave.pk, requested_by=None, reason="Awal", now=NOW)


def inputs_of(wave: Wave, **rules: Any) -> SplitInputs:
    found = Wave.objects.select_related("decision").get(pk=wave.pk)
    return split_inputs(wave=found, today=timezone.localdate(), overrides=rules)


def shown(page: str) -> list[tuple[str, str]]:
    """Of each cell in the table of the band, regency by regency: places, and what stands below."""
    table = page[page.index('id="keyakinan"') :]
    table = table[table.index("<tbody>") : table.index("</tbody>")]
    return re.findall(r"<span[^>]*>([\d.]+)</span><small class=\"below\">(.*?)</small>", table)


class TestStudio:
    @pytest.mark.parametrize(
        ("method", "query", "rules"),
        [
            ("two_stages", "", {}),
            ("two_stages", "factor_PMI=400", {"factors": {"PMI": "400"}}),
            ("two_stages", "&".join(f"share_{code}=1" for code in CLUSTERS), {"shares": EQUAL}),
            ("by_regency", "", {}),
            ("two_way", "", {}),
        ],
    )
    def test_every_cell_says_least_and_most(
        self, as_role: Callable[..., Client], wave: Wave, method: str, query: str, rules: dict[str, Any]
    ) -> None:
        places = evaluate(inputs_of(wave, shares=EQUAL))[0].seats
        totals: dict[tuple[int | None, int | None], int] = {}
        if method != "two_stages":
            totals |= {(None, regency): int(n) for regency, n in zip(REGENCIES, places.sum(axis=0), strict=True)}
        if method == "two_way":
            totals |= {(cluster, None): int(n) for cluster, n in enumerate(places.sum(axis=1))}
        decree(wave, totals)
        answer = as_role("auditor").get(f"{STUDIO}?keyakinan=ya&{query}", headers=INDONESIAN)

        inputs = inputs_of(wave, **rules)
        division, _unit = evaluate(inputs)
        assert division.method == method
        band = band_of(inputs, division)
        expected = []
        for column in range(4):
            for row in range(4):
                status = inputs.basis[row][column]["weight"]["status"]
                seats, low, high = (int(table[row, column]) for table in (division.seats, band.low, band.high))
                if status == "outside":
                    words_below = "–"
                elif status == "missing":
                    words_below = "tidak diketahui"
                else:
                    words_below = "tetap" if low == high else f"{low}–{high}"
                expected.append((str(seats), words_below))
        assert shown(answer.content.decode()) == expected
        known = [below for _seats, below in expected if below not in ("–", "tidak diketahui")]
        assert 0 < known.count("tetap") < len(known) < 16
        assert f"{known.count('tetap')} dari {len(known)} sel tetap sama" in words(answer)
        least, most = max(
            (below.split("–") for below in known if below != "tetap"), key=lambda ends: int(ends[1]) - int(ends[0])
        )
        assert re.search(rf"Rentang terlebar: [\w ]+, [A-Z]+, {least} sampai {most} tempat", words(answer))

    def test_only_when_asked_and_without_more_queries(
        self, as_role: Callable[..., Client], wave: Wave, django_assert_num_queries: Any
    ) -> None:
        planner = as_role("planner")
        planner.get(STUDIO)
        with django_assert_num_queries(24):
            page = planner.get(f"{STUDIO}?factor_PMI=2", headers=INDONESIAN).content.decode()
        assert "Tempat, paling sedikit dan paling banyak" not in page
        [link] = re.findall(r'href="([^"]*)#keyakinan"', page)
        assert "factor_PMI=2" in link
        with django_assert_num_queries(24):
            page = planner.get(link.replace("&amp;", "&"), headers=INDONESIAN).content.decode()
        assert len(shown(page)) == 16
        assert "andaian menurut aturan provinsi, bukan hasil pengukuran" in page
        assert "perkiraan: 50 persen" in page

        typed = fields(page, 'id="aturan"') | {"factor_PMI": "3", "langkah": "hitung"}
        answer = planner.post(f"{STUDIO}simpan/", typed, follow=True, headers=INDONESIAN)
        assert len(shown(answer.content.decode())) == 16

    def test_rules_without_a_split_have_no_band(self, as_role: Callable[..., Client], wave: Wave) -> None:
        text = words(as_role("planner").get(f"{STUDIO}?keyakinan=ya&total=20&floor=16", headers=INDONESIAN))
        assert "Aturan ini tidak dapat dipenuhi" in text
        assert "Seberapa pasti angkanya" not in text


class TestPublished:
    def test_a_published_number_says_how_far_it_carries_for_good(self, client: Client, wave: Wave) -> None:
        split = publish(propose(wave))
        inputs = inputs_of(wave)
        band, errors = band_of(inputs, evaluate(inputs)[0]), errors_of(inputs)
        for cell in split.cells.all():
            at = cell.cluster_id, REGENCIES.index(cell.regency_id)
            least, most = int(band.low[at]), int(band.high[at])
            stored = {"error": str(errors[at[0]][at[1]]), "least": least, "most": most}
            assert cell.basis["sensitivity"] == stored
            assert least <= cell.seats <= most

        estimated = split.cells.get(cluster__code="AFIRMASI", regency=3374).basis["sensitivity"]
        said = (
            "meleset sampai 50 persen, dan permintaan di tempat lain sebesar andaiannya, "
            f"sel ini mendapat {estimated['least']} sampai {estimated['most']} tempat."
        )
        assert said in why(client, "3374-AFIRMASI")
        assert "andaian provinsi, bukan hasil pengukuran" in why(client, "3374-AFIRMASI")
        assert "sel ini tetap mendapat 16 tempat" in why(client, "3308-PMI")
        assert "meleset" not in why(client, "3309-PMI")  # its demand is missing, so nobody can say

        rules = {**SHIPPED, "errors": {"estimated": "0.1"}}
        QuotaPolicy.objects.create(
            version=1, name="-", rules=rules, reason="-", author=make_staff("planner"), created_at=NOW
        )
        assert said in why(client, "3374-AFIRMASI")
        later = propose(wave)
        assert "errors" not in later.policy
        assert later.cells.get(cluster__code="AFIRMASI", regency=3374).basis["sensitivity"]["error"] == "1/10"
