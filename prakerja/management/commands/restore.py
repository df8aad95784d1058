"""Bring a backup back and verify it: `make restore FROM=folder`, or `manage.py restore --from FOLDER [--keys FILE]`."""

from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from prakerja.operations.backup import BackupError
from prakerja.operations.restore import is_empty, restore
from records.keyring import Keyring, KeyringError


class Command(BaseCommand):
    help = "Restore a backup into an empty database, or in place of the present one, and verify every row of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", type=Path, required=True, dest="folder", help="the folder that backup wrote")
        parser.add_argument("--keys", type=Path, default=settings.KEYRING.path, help="its keys, if not PRAKERJA_KEYS")
        parser.add_argument("--replace", action="store_true", help="set a database that is not empty aside")
        parser.add_argument("--every-value", action="store_true", help="open all personal values, not 1,000 of a table")

    def handle(self, *, folder: Path, keys: Path, replace: bool, every_value: bool, **options: Any) -> None:
        began, name, sample = monotonic(), connection.settings_dict["NAME"], None if every_value else 1000
        try:
            if replace and not is_empty():
                self._confirm(name)
            manifest = restore(
                folder=folder, keyring=Keyring.from_file(keys), replace=replace, sample=sample, now=timezone.now()
            )
        except (BackupError, KeyringError) as error:
            raise CommandError(str(error)) from error
        rows = sum(table["rows"] for table in manifest["tables"].values())
        self.stdout.write(
            f"{name}: {len(manifest['tables'])} tables and {rows} rows equal the backup of {manifest['made_at']}, "
            f"{sum(manifest['personal'].values())} personal values opened, {monotonic() - began:.1f} s"
        )
        self.stdout.write(
            "Then: manage.py migrate (if the portal is newer than the backup), and restart its processes."
        )

    def _confirm(self, name: str) -> None:
        self.stdout.write(f"Everybody is cut off and {name} is set aside under another name.")
        try:
            typed = input("Type its name to go on: ")
        except EOFError:
            typed = ""
        if typed.strip() != name:
            raise CommandError("Nothing was changed: that is not the name of the database.")
