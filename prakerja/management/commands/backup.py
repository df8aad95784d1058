"""Back the database up: `make backup`, or `manage.py backup --to FOLDER [--keys-to FILE]`."""

from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from prakerja.operations.backup import BackupError, make_backup, read_backup


class Command(BaseCommand):
    help = "Back the database up into a new folder; the keys go elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, required=True, help="folder of the backups")
        parser.add_argument("--keys-to", type=Path, help="new file for a copy of the keys, not inside that folder")
        parser.add_argument("--every-value", action="store_true", help="open all personal values, not 1,000 of a table")

    def handle(self, *, to: Path, keys_to: Path | None, every_value: bool, **options: Any) -> None:
        began = monotonic()
        keyring, sample = settings.KEYRING, None if every_value else 1000
        try:
            folder = make_backup(to=to, keyring=keyring, keys_to=keys_to, sample=sample, now=timezone.now())
            manifest = read_backup(folder, keyring)
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows = sum(table["rows"] for table in manifest["tables"].values())
        self.stdout.write(
            f"{folder}: {len(manifest['tables'])} tables, {rows} rows, {manifest['dump']['bytes'] / 1e6:.1f} MB, "
            f"{sum(manifest['personal'].values())} personal values opened, {monotonic() - began:.1f} s"
        )
        if not keys_to:
            self.stdout.write(f"It holds no key: {keyring.path} must be kept elsewhere (--keys-to FILE copies it).")
