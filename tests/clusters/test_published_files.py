"""Page, API and files of a published split state the same numbers, and anybody can recompute them."""

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from clusters import recompute_split
from clusters.models import Cluster, QuotaDecision, QuotaSplit, Regency, Wave
from clusters.services.annex import annex_data, annex_pdf
from clusters.services.quota import propose_split
from tests.clusters.quota_data import NOW, deliver, deliver_indicators, deliver_seats, figure, make_wave, publish
from tests.factories.clients import ApiCaller

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[2] / "clusters" / "data"
PUBLIC = "/kuota/gelombang-1/"
TOTAL = 20_000
Places = dict[tuple[str, str], int]


def deliver_shipped(wave: Wave) -> None:
    """The indicators that ship with the product, over all 35 regencies; seats are data contoh."""
    with (DATA / "regencies.csv").open() as file:
        names = ("code", "bps_code", "name", "kind", "seat", "tile_col", "tile_row")
        Regency.objects.bulk_create(
            [
                Regency(pk=int(row["bps_code"]), **{name: row[name] for name in names})
                for row in csv.DictReader(file)
                if not Regency.objects.filter(pk=int(row["bps_code"])).exists()
            ]
        )
    with (DATA / "indicators.csv").open() as file:
        deliver(
            *(
                figure(
                    row["indicator"],
                    int(row["code"].replace(".", "")) if row["code"] != "33" else None,
                    float(row["value"]),
                    **{name: row[name] for name in ("period", "unit", "source", "confidence", "note")},
                )
                for row in csv.DictReader(file)
                if row["code"].startswith("33")
            )
        )
    regencies = Regency.objects.order_by("pk").values_list("pk", flat=True)
    deliver_seats(wave, {(c, r): 16 * (1 + (7 * c + 5 * j) % 40) for c in range(4) for j, r in enumerate(regencies)})


def decree(wave: Wave, totals: dict[tuple[int | None, int | None], int]) -> None:
    """Totals by (cluster, regency), one of them None, below the wave's own."""
    for (cluster, regency), places in totals.items():
        QuotaDecision.objects.create(
            level="regency" if cluster is None else "cluster",
            parent=wave.decision,
            cluster_id=cluster,
            regency_id=regency,
            decree_number="CONTOH/rincian",
            decree_date=wave.decision.decree_date,
            author=wave.decision.author,
            total=places,
            as_of=NOW,
        )


def split_of(wave: Wave) -> QuotaSplit:
    return publish(propose_split(wave_id=wave.pk, requested_by=None, reason="Pembagian pertama", now=NOW))


@pytest.fixture
def split() -> QuotaSplit:
    wave = make_wave(total=TOTAL)
    deliver_shipped(wave)
    return split_of(wave)


def stored(split: QuotaSplit) -> Places:
    cells = split.cells.values_list("regency_id", "cluster__code", "seats")
    return {(str(regency), code): seats for regency, code, seats in cells}


def fetched(client: Client, form: str) -> bytes:
    answer = client.get(f"{PUBLIC}kuota.{form}")
    assert answer.status_code == 200
    assert f'filename="kuota-gelombang-1-v1.{form}"' in answer["Content-Disposition"]
    return answer.content


def recompute(folder: Path, content: bytes) -> tuple[int, str]:
    """Download and run, as a reader would: the script alone in a folder of its own."""
    script, data = folder / "recompute_split.py", folder / "split.json"
    script.write_bytes(Client().get("/kuota/recompute_split.py").content)
    data.write_bytes(content)
    done = subprocess.run([sys.executable, "-I", script, data], capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout


def changed(content: bytes, *path: Any, value: str) -> bytes:
    data = json.loads(content)
    *way, last = path
    entry = data
    for step in way:
        entry = entry[step]
    entry[last] = value
    return json.dumps(data).encode()


def test_page_api_files_and_script_show_the_same_numbers(client: Client, split: QuotaSplit, tmp_path: Path) -> None:
    cells = stored(split)
    assert len(cells) == 4 * 35
    assert sum(cells.values()) + split.unassigned == TOTAL
    assert sum(cells.values()) > 10_000

    page = client.get(PUBLIC, headers={"accept-language": "id"}).content.decode()
    links = re.findall(r'href="\?sel=(\d{4})-([A-Z]+)#alasan"[^>]*>([\d.]+)<', page)
    assert {(regency, code): int(seats.replace(".", "")) for regency, code, seats in links} == cells

    item = ApiCaller(scopes=["quota:read"]).get(f"splits/{split.pk}/").json()["item"]
    assert {(str(cell["regency"]), cell["cluster"]): cell["seats"] for cell in item["cells"]} == cells

    content = fetched(client, "json")
    in_json = json.loads(content)
    assert {(cell["regency"], cell["cluster"]): int(cell["seats"]) for cell in in_json["cells"]} == cells

    lines = list(csv.DictReader(io.StringIO(fetched(client, "csv").decode("utf-8-sig"))))
    assert {(line["kode"].replace(".", ""), line["klaster"]): int(line["tempat"]) for line in lines} == cells

    _head, *rows = load_workbook(io.BytesIO(fetched(client, "xlsx"))).active.iter_rows(values_only=True)
    assert {(row[0].replace(".", ""), row[2]): int(row[3]) for row in rows} == cells

    annex = annex_data(in_json)
    by_code = {r.code: str(r.pk) for r in Regency.objects.all()}
    assert {
        (by_code[code], cluster): int(number.replace(".", ""))
        for code, _name, *numbers in annex["rows"]
        for cluster, number in zip(annex["clusters"], numbers[:-1], strict=True)
    } == cells
    assert annex["totals"][-1] == f"{sum(cells.values()):,}".replace(",", ".")
    pdf = fetched(client, "pdf")
    assert pdf.startswith(b"%PDF-")
    assert pdf == annex_pdf(in_json), "made from these data, and equal data give equal bytes"

    status, printed = recompute(tmp_path, content)
    assert status == 0, printed
    codes = printed.splitlines()[0].split()[:-1]
    matrix = {
        (by_code[line.split()[0]], code): int(number)
        for line in printed.splitlines()[1:36]
        for code, number in zip(codes, line.split()[-5:-1], strict=True)
    }
    assert matrix == cells
    assert printed.splitlines()[-1] == f"EQUAL: 140 cells, 20000 places, {split.unassigned} of them unassigned"


def test_each_figure_stands_with_its_source_and_dates(client: Client, split: QuotaSplit) -> None:
    data = json.loads(fetched(client, "json"))
    [cell] = [c for c in data["cells"] if (c["regency"], c["cluster"]) == ("3374", "PHK")]
    chosen = cell["figures"]["weight"]["chosen"]
    assert (chosen["value"], chosen["period"], cell["weight"]) == ("1135", "2024-01..08", str(1_135 * 12))
    assert chosen["source"].startswith("http")
    assert chosen["as_of"].startswith("2026-11-24")
    assert data["decree"]["number"] == "CONTOH/gelombang-1"
    assert (data["version"], data["total"], data["method"]) == ("1", "20000", "two_stages")
    numbers = re.findall(rb'": (-?\d+[\d.]*)', fetched(client, "json"))
    assert numbers == [], "every number is a text, so that none is rounded"


class TestScript:
    @pytest.fixture
    def content(self, client: Client, split: QuotaSplit) -> bytes:
        return fetched(client, "json")

    @pytest.mark.parametrize("key", ["seats", "weight", "floor", "cap"])
    def test_a_changed_number_of_a_cell_fails(self, content: bytes, tmp_path: Path, key: str) -> None:
        data = json.loads(content)
        at = next(i for i, c in enumerate(data["cells"]) if not c["binds"] and int(c["seats"]) > 40)
        old = int(data["cells"][at][key])
        new = {"seats": old + 1, "weight": 2 * old, "floor": int(data["cells"][at]["seats"]) + 1, "cap": 17}[key]
        status, printed = recompute(tmp_path, changed(content, "cells", at, key, value=str(new)))
        assert status == 1
        assert printed.splitlines()[-1].startswith("DIFFERS: ")

    def test_the_first_differing_cell_is_named(self, content: bytes, tmp_path: Path) -> None:
        data = json.loads(content)
        at = next(i for i, c in enumerate(data["cells"]) if int(c["seats"]) > 40)
        cell = data["cells"][at]
        status, printed = recompute(tmp_path, changed(content, "cells", at, "seats", value=str(int(cell["seats"]) - 1)))
        regency = Regency.objects.get(pk=int(cell["regency"]))
        assert status == 1
        assert printed.splitlines()[-1] == (
            f"DIFFERS: {regency.code} {regency.name}, {cell['cluster']}: "
            f"published {int(cell['seats']) - 1}, recomputed {cell['seats']}"
        )

    def test_any_changed_byte_in_the_cells_fails(
        self, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        start, file = content.index(b'"cells"'), tmp_path / "split.json"
        file.write_bytes(content)
        assert recompute_split.main([str(file)]) == 0
        spots = [at for at in range(start, content.rindex(b"]"), 997) if content[at] not in b" \n"]
        assert len(spots) > 100
        for at in spots:
            file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            assert recompute_split.main([str(file)]) == 1, content[at - 40 : at + 40]
        capsys.readouterr()

    def test_imports_nothing_but_the_standard_library(self) -> None:
        source = Path(recompute_split.__file__).read_text(encoding="utf-8")
        modules = set(re.findall(r"^(?:from|import) ([\w]+)", source, re.M))
        assert modules <= sys.stdlib_module_names


class TestDecreedTotals:
    @pytest.fixture
    def wave(self) -> Wave:
        wave = make_wave(total=500)
        deliver_indicators()
        regencies = (3301, 3308, 3309, 3374)
        deliver_seats(wave, {(c, r): 64 + 16 * c for c in range(4) for r in regencies})
        return wave

    def margins(self, wave: Wave) -> dict[tuple[int | None, int | None], int]:
        """Those that two stages give: they can hold together."""
        cells = propose_split(wave_id=wave.pk, requested_by=None, reason="Uji", now=NOW).cells.all()
        found: dict[tuple[int | None, int | None], int] = {}
        for cell in cells:
            for key in ((cell.cluster_id, None), (None, cell.regency_id)):
                found[key] = found.get(key, 0) + cell.seats
        return found

    @pytest.mark.parametrize("method", ["two_stages", "by_regency", "two_way"])
    def test_script_recomputes_every_method(self, client: Client, wave: Wave, tmp_path: Path, method: str) -> None:
        margins = self.margins(wave)
        assert sum(n for (cluster, _), n in margins.items() if cluster is not None) == 500
        sides = {"two_stages": [1], "by_regency": [0], "two_way": [0, 1]}[method]
        decree(wave, {key: places for key, places in margins.items() if any(key[side] is None for side in sides)})
        split = split_of(wave)
        assert split.method == method
        content = client.get(f"{PUBLIC}kuota.json").content
        status, printed = recompute(tmp_path, content)
        assert status == 0, printed
        data = json.loads(content)
        at = next(i for i, c in enumerate(data["cells"]) if not c["binds"] and int(c["seats"]) > 1)
        moved = changed(content, "cells", at, "seats", value=str(int(data["cells"][at]["seats"]) + 1))
        status, printed = recompute(tmp_path, moved)
        assert status == 1
        cluster = Cluster.objects.get(code=data["cells"][at]["cluster"])
        assert f", {cluster.code}: published" in printed.splitlines()[-1]
