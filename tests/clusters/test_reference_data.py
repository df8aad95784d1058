"""The shipped reference data and the command that loads it."""

import shutil
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from clusters.models import (
    BlankSpotVillage,
    Cluster,
    ClusterArea,
    Dataset,
    District,
    LabourOffice,
    Observation,
    Regency,
    RuleSet,
    Village,
)
from prakerja.management.commands.load_reference_data import DATA, RULE_SETS

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped files, with only the villages that other files name and the first hundred."""
    copy = Path(shutil.copytree(DATA, tmp_path / "data"))
    named = (copy / "borobudur_area.csv").read_text() + (copy / "blankspot_villages.csv").read_text()
    villages = (copy / "villages.csv").read_text().splitlines()
    kept = villages[:101] + [line for line in villages[101:] if line.partition(",")[0] in named]
    (copy / "villages.csv").write_text("\n".join(kept) + "\n")
    return copy


def load(folder: Path = DATA, **options: object) -> dict[str, tuple[int, ...]]:
    """Added, changed and unchanged by table."""
    out = StringIO()
    call_command("load_reference_data", data=folder, stdout=out, **options)
    lines = [line.split() for line in out.getvalue().splitlines()[1:-1]]
    return {name: tuple(map(int, counts)) for name, *counts in lines}


def change(path: Path, old: str, new: str) -> int:
    """Replace the one occurrence of `old`; the number of its line."""
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


def test_everything_is_there_and_a_second_load_changes_nothing() -> None:
    first = load()
    assert (Regency.objects.count(), District.objects.count(), Village.objects.count()) == (35, 576, 8563)
    assert Village.objects.filter(kind="kelurahan").count() == 753
    assert Observation.objects.current().count() == 240
    assert [cluster.code for cluster in Cluster.objects.all()] == ["PMI", "BOROBUDUR", "PHK", "AFIRMASI"]
    assert BlankSpotVillage.objects.count() == 60
    assert LabourOffice.objects.count() == 35
    assert LabourOffice.objects.exclude(short_name="", long_name="").count() == 14
    assert set(RuleSet.objects.values_list("code", flat=True)) == {"2020", "2023"}

    second = load()
    assert {name: (0, 0, sum(counts)) for name, counts in first.items()} == second
    assert Dataset.objects.count() == 1


def test_regions_are_tied_to_each_other_by_their_codes() -> None:
    load()
    for village in Village.objects.select_related("district__regency").iterator():
        assert village.code.startswith(village.district.code + ".")
        assert village.district.code.startswith(village.district.regency.code + ".")
        assert (village.code[9] == "1") == (village.kind == "kelurahan")


def test_only_core_and_regency_of_borobudur_are_on_and_the_switch_is_the_provinces(folder: Path) -> None:
    load(folder)
    assert set(ClusterArea.objects.filter(active=True).values_list("ring", flat=True)) == {"core_sp1", "ring_1"}
    assert ClusterArea.objects.filter(active=True).count() == 8
    ClusterArea.objects.filter(ring="ring_2").update(active=True)
    load(folder)
    assert ClusterArea.objects.filter(ring="ring_2", active=True).count() == 4


def test_an_office_keeps_what_the_province_entered_and_gets_only_what_is_missing(folder: Path) -> None:
    load(folder)
    LabourOffice.objects.filter(pk=3301).update(long_name="Dinas Baru", address="Jalan Contoh 1")
    change(folder / "offices.csv", "33.03,Kabupaten Purbalingga,,", "33.03,Kabupaten Purbalingga,Dinnaker,")
    assert load(folder)["offices.csv"] == (0, 1, 34)
    assert LabourOffice.objects.get(pk=3301).long_name == "Dinas Baru"
    assert LabourOffice.objects.get(pk=3301).address == "Jalan Contoh 1"
    assert LabourOffice.objects.get(pk=3303).short_name == "Dinnaker"


def test_a_changed_figure_supersedes_and_going_back_supersedes_again(folder: Path) -> None:
    load(folder)
    path, old, new = folder / "indicators.csv", "tpt,2025-08,7.4,percent", "tpt,2025-08,7.5,percent"
    change(path, old, new)
    assert load(folder)["indicators.csv"] == (0, 1, 239)
    change(path, new, old)
    assert load(folder)["indicators.csv"] == (0, 1, 239)

    cilacap = Observation.objects.filter(regency=3301, indicator="tpt", period="2025-08").order_by("created_at")
    assert [each.value for each in cilacap] == [Decimal("7.4"), Decimal("7.5"), Decimal("7.4")]
    assert [each.superseded_by_id for each in cilacap] == [cilacap[1].pk, cilacap[2].pk, None]
    assert len({each.dataset_id for each in cilacap}) == 3
    assert Observation.objects.current().count() == 240


def test_a_corrected_unit_is_one_change(folder: Path) -> None:
    load(folder)
    change(folder / "indicator_catalogue.csv", "blankspot_villages,villages,", "blankspot_villages,villages and wards,")
    path = folder / "indicators.csv"
    path.write_text(path.read_text().replace(",villages,", ",villages and wards,"))
    assert load(folder)["indicators.csv"] == (0, 4, 236)
    assert load(folder)["indicators.csv"] == (0, 0, 240)


def test_a_corrected_confidence_is_one_change(folder: Path) -> None:
    load(folder)
    path = folder / "indicators.csv"
    line = next(line for line in path.read_text().splitlines() if "tpt,2025-08,7.4," in line)
    change(path, line, line.replace(",high,", ",medium,"))
    assert load(folder)["indicators.csv"] == (0, 1, 239)
    assert load(folder)["indicators.csv"] == (0, 0, 240)


def test_competing_figures_stand_side_by_side(folder: Path) -> None:
    load(folder)
    placed = Observation.objects.current().filter(regency=None, indicator="pmi_placed", period="2023")
    assert {each.value for each in placed} == {64566, 59009}


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("districts.csv", "33.01.02,33.01,Kesugihan", "33.01.02,33.99,Kesugihan", "there is no regency 33.99"),
        ("districts.csv", "33.01.02,33.01,Kesugihan", "33.01.01,33.01,Kesugihan", "33.01.01 stands twice"),
        (
            "villages.csv",
            "33.01.01.2002,33.01.01,",
            "33.01.01.2,33.01.01,",
            "'33.01.01.2' is not the code of a village",
        ),
        ("villages.csv", "33.01.01.2002,33.01.01,Bumireja,desa", "33.01.01.2002,33.01.01,Bumireja,dusun", "kind: "),
        ("regencies.csv", "Kabupaten Banyumas", "", "name: This field cannot be blank."),
        ("regencies.csv", "33.01,3301,", "33.01,3301,,", "8 fields instead of 7"),
        ("blankspot_villages.csv", "33.24.20.2008", "33.24.20.2999", "there is no village 33.24.20.2999"),
        ("offices.csv", "33.03,Kabupaten Purbalingga", "33.98,Kabupaten Purbalingga", "there is no regency 33.98"),
        ("indicators.csv", "tpt,2025-08,7.4,", "tpt,2025-08,7-8,", "'7-8' is not a number"),
        ("indicators.csv", "tpt,2025-08,7.4,", "tpt,2025-08,,", "'' is not a number"),
        ("indicators.csv", "tpt,2025-08,7.4,", "tpt,2025-08,-1,", "'-1' is not a number from 0 up"),
        ("indicators.csv", "tpt,2025-08,7.4,", "tpt,Agustus,7.4,", "'Agustus' is not a period"),
        ("indicators.csv", "tpt,2025-08,7.4,percent", "tpt,2025-08,7.4,persons", "tpt is in percent, not in persons"),
        ("indicators.csv", "tpt,2025-08,7.4,", "tpd,2025-08,7.4,", "there is no indicator 'tpd' in the catalogue"),
        ("indicators.csv", "code,name,indicator,period", "code,name,indicator,when", "columns are missing: period"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_stored(folder: Path, file: str, old: str, new: str, reason: str) -> None:
    line = change(folder / file, old, new)
    with pytest.raises(CommandError) as refused:
        load(folder)
    message = str(refused.value)
    assert message.startswith(f"{file}, line {line}: ")
    assert reason in message
    assert "\n" not in message
    assert not Regency.objects.exists()
    assert not RuleSet.objects.exists()


def test_a_dry_run_counts_and_stores_nothing(folder: Path) -> None:
    assert load(folder, dry_run=True)["districts.csv"] == (576, 0, 0)
    assert not Regency.objects.exists()


def test_a_stored_rule_set_is_never_rewritten(folder: Path, tmp_path: Path) -> None:
    load(folder)
    path = Path(shutil.copy(RULE_SETS, tmp_path))
    path.write_text(path.read_text().replace('"offer_days": 15', '"offer_days": 20'))
    with pytest.raises(CommandError, match="rule set 2023 is stored with other content"):
        load(folder, rule_sets=path)


def test_a_rule_set_that_cannot_decide_is_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "rule_sets.json"
    path.write_text('{"rule_sets": [{"code": "2030", "rules": {"excluded_offices": []}}]}')
    with pytest.raises(CommandError, match=r"rule_sets\.json"):
        load(folder, rule_sets=path)
    assert not RuleSet.objects.exists()
