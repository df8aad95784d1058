"""Load the reference data that ships with the portal: `manage.py load_reference_data`."""

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db import transaction

import clusters
import registrations
from clusters.resources import (
    BadFile,
    BlankSpotResource,
    BorobudurAreaResource,
    ClusterResource,
    DistrictResource,
    IndicatorResource,
    LabourOfficeResource,
    ObservationResource,
    RegencyResource,
    VillageResource,
    load_table,
)
from clusters.services.reference import RulesWouldChange, store_rule_sets
from registrations.eligibility import RuleSet

DATA = Path(clusters.__path__[0]) / "data"
RULE_SETS = Path(registrations.__path__[0]) / "data" / "rule_sets.json"
TABLES = {
    "regencies.csv": RegencyResource,
    "districts.csv": DistrictResource,
    "villages.csv": VillageResource,
    "clusters.csv": ClusterResource,
    "borobudur_area.csv": BorobudurAreaResource,
    "blankspot_villages.csv": BlankSpotResource,
    "offices.csv": LabourOfficeResource,
    "indicator_catalogue.csv": IndicatorResource,
}


class Command(BaseCommand):
    help = "Load regions, clusters, offices, areas, indicator figures and rule sets. Safe to repeat; all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="check and count, store nothing")
        parser.add_argument("--data", type=Path, default=DATA, help="folder with the CSV files")
        parser.add_argument("--rule-sets", type=Path, default=RULE_SETS, help="JSON file with the rule sets")

    @no_translations
    def handle(self, *, dry_run: bool, data: Path, rule_sets: Path, **options: Any) -> None:
        started = time.perf_counter()
        try:
            with transaction.atomic(durable=True):
                self.stdout.write(f"{'table':24}{'added':>8}{'changed':>9}{'unchanged':>11}")
                for table, added, changed, unchanged in _load(data, rule_sets):
                    self.stdout.write(f"{table:24}{added:8}{changed:9}{unchanged:11}")
                transaction.set_rollback(dry_run)
        except (BadFile, RulesWouldChange) as error:
            raise CommandError(f"{error}. Nothing was stored.") from error
        seconds = time.perf_counter() - started
        self.stdout.write(f"{'Dry run: nothing stored' if dry_run else 'Stored'} in {seconds:.1f} s.")


def _load(data: Path, rule_sets: Path) -> Iterator[tuple[str, int, int, int]]:
    for name, resource in TABLES.items():
        counts = load_table(resource(), data / name)
        yield name, counts.added, counts.changed, counts.unchanged
    path = data / "indicators.csv"
    options = {"name": "Angka ketenagakerjaan terbitan", "publisher": "BPS, Dukcapil, Disnakertrans, BP2MI dan pers"}
    counts = load_table(ObservationResource(options=options), path)
    yield path.name, counts.added, counts.changed, counts.unchanged
    rules = store_rule_sets(rule_sets=_read_rule_sets(rule_sets))
    yield rule_sets.name, rules["added"], rules["changed"], rules["unchanged"]


def _read_rule_sets(path: Path) -> list[dict[str, Any]]:
    """The rule sets of a file. Raises BadFile when eligibility cannot be decided by one."""
    try:
        rule_sets: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["rule_sets"]
        for rule_set in rule_sets:
            RuleSet.from_dict(rule_set)
    except json.JSONDecodeError as error:
        raise BadFile(path, error.lineno, error.msg) from error
    except (KeyError, TypeError, ValueError) as error:
        raise BadFile(path, 1, str(error)) from error
    return rule_sets
