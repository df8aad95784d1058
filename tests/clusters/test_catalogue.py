"""The catalogue of indicators: one unit each, and percentages of what they are really of."""

import csv
from pathlib import Path

import pytest
from django.core.management import CommandError

from clusters.models import Indicator, Observation
from clusters.policy import SHIPPED
from prakerja.management.commands.load_reference_data import DATA
from tests.clusters.test_reference_data import change, folder, load

__all__ = ["folder"]
CATALOGUE = "indicator_catalogue.csv"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_published_figure_and_every_formula_has_its_indicator() -> None:
    units = {row["code"]: row["unit"] for row in rows(CATALOGUE)}
    assert {row["indicator"]: row["unit"] for row in rows("indicators.csv")}.items() <= units.items()
    assert {name for formula in SHIPPED["formulas"].values() for use in formula["use"] for name in use} <= units.keys()


def test_every_indicator_is_named_and_explained_in_both_languages_or_in_none() -> None:
    for row in rows(CATALOGUE):
        assert row["name_id"] and row["name_en"]
        assert bool(row["about_id"]) == bool(row["about_en"]), row["code"]


@pytest.mark.django_db
def test_the_catalogue_is_loaded_before_the_figures_and_a_change_of_a_name_is_one_change(folder: Path) -> None:
    load(folder)
    assert Indicator.objects.get(pk="tpt").of == "labour_force"
    assert Indicator.objects.count() == len(rows(CATALOGUE))
    change(folder / CATALOGUE, ",Penganggur,", ",Orang yang menganggur,")
    assert load(folder)[CATALOGUE] == (0, 1, len(rows(CATALOGUE)) - 1)
    assert Indicator.objects.get(pk="unemployed").name == "Orang yang menganggur"


@pytest.mark.django_db
@pytest.mark.parametrize("of", ["tpt", "nothing", "blankspot_villages"])
def test_a_percentage_is_of_persons_that_the_catalogue_has(folder: Path, of: str) -> None:
    change(folder / CATALOGUE, "of BPS.,labour_force,22", f"of BPS.,{of},22")
    with pytest.raises(CommandError, match=f"tpt is no percentage of persons that the catalogue has: '{of}'"):
        load(folder)
    assert not Observation.objects.exists()


@pytest.mark.django_db
def test_a_count_is_of_nothing(folder: Path) -> None:
    change(folder / CATALOGUE, "Female population,,,,11", "Female population,,,population,11")
    with pytest.raises(CommandError, match="population_female is no percentage"):
        load(folder)
