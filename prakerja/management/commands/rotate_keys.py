"""Change the key of personal data while the portal runs: `manage.py rotate_keys --add`, and what it says next."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from prakerja.operations import keyfile, rotation
from records.keyring import Keyring, KeyringError


class Command(BaseCommand):
    help = "Change the key of personal data in four steps; each may be repeated, and killed at any moment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        step = parser.add_mutually_exclusive_group(required=True)
        step.add_argument("--status", action="store_true", help="which values stand under which key")
        step.add_argument("--add", action="store_true", help="1. put a new key into the key file")
        step.add_argument("--activate", action="store_true", help="2. encrypt new values with it")
        step.add_argument("--reencrypt", action="store_true", help="3. bring all values to it")
        step.add_argument("--retire", type=int, metavar="KEY", help="4. fence off an old key and forget it")
        parser.add_argument("--batch", type=int, default=200, help="rows that are held at once (step 3)")
        parser.add_argument(
            "--keys", type=Path, default=settings.KEYRING.path, help="the key file, if not PRAKERJA_KEYS"
        )

    def handle(self, *, keys: Path, batch: int, retire: int | None, **steps: Any) -> None:
        try:
            keyring = Keyring.from_file(keys)
            if steps["add"]:
                self._add(keys)
            elif steps["activate"]:
                self._activate(keys)
            elif steps["reencrypt"]:
                self._reencrypt(keyring, max(batch, 1))
            elif retire is not None:
                self._retire(keys, keyring, retire)
            else:
                self._status(keyring)
        except (KeyringError, rotation.StillInUse) as error:
            raise CommandError(str(error)) from error

    def _add(self, keys: Path) -> None:
        self._say(f"Key {keyfile.add_key(keys)} is in {keys}, not yet used.")
        self._say("Back the file up, copy it to every machine, then: rotate_keys --activate")

    def _activate(self, keys: Path) -> None:
        self._say(f"Key {keyfile.activate_newest(keys)} is the active one in {keys}.")
        self._say("Copy the file to every machine, restart web, worker and beat, then: rotate_keys --reencrypt")

    def _reencrypt(self, keyring: Keyring, batch: int) -> None:
        left = rotation.reencrypt(keyring, batch=batch, say=self._say)
        for place, counts in rotation.values_by_key().items():
            left += [f"{place}: {count} under key {key}" for key, count in counts.items() if key != keyring.active]
        if left:
            raise CommandError(f"Not everything is under key {keyring.active}; repeat this step. " + "; ".join(left))
        self._say(f"Everything stands under key {keyring.active}. Then: rotate_keys --retire KEY")

    def _retire(self, keys: Path, keyring: Keyring, key_id: int) -> None:
        if key_id == keyring.active or key_id not in keyring.keys:
            raise CommandError(f"Key {key_id} is {'active' if key_id == keyring.active else 'not in the key file'}.")
        rotation.fence_off(key_id)
        keyfile.remove_key(keys, key_id)
        self._say(
            f"Key {key_id} is fenced off and forgotten. Earlier backups still need it: keep the key file saved with them."
        )

    def _status(self, keyring: Keyring) -> None:
        self._say(f"active key: {keyring.active}; in the file: {', '.join(map(str, sorted(keyring.keys)))}")
        for place, counts in rotation.values_by_key().items():
            self._say(f"{place}: " + (", ".join(f"{count} under key {key}" for key, count in counts.items()) or "none"))

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
