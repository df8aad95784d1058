"""A change of keys killed with -9 at random points, while others write: nothing unreadable, nothing lost, nobody twice."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from psycopg2 import IntegrityError

from prakerja.embedded.state import ROOT, create_keys
from prakerja.operations.rotation import values_by_key
from records.fields import BlindIndexField
from records.ids import uuid7
from records.keyring import Keyring
from records.services.copying import copy_rows
from registrations.models import Applicant
from registrations.services.rows import applicant_row
from tests.factories.people import make_person, make_region
from tests.faults.workers import database_url

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE, BATCH, KILLS, WRITERS = 400, 8, 4, 2


@pytest.fixture
def keys(tmp_path: Path, settings: Any) -> Path:
    path = tmp_path / "keys.json"
    create_keys(path)
    settings.KEYRING = Keyring.from_file(path)
    return path


def rotation(keys: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "rotate_keys", "--reencrypt", f"--batch={BATCH}"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url(), "PRAKERJA_KEYS": str(keys)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def batches_until(process: subprocess.Popen[str], wanted: int) -> bool:
    """Whether it did so many batches of people before it ended."""
    assert process.stdout
    for line in process.stdout:
        wanted -= line.startswith("registrations_applicant")
        if wanted <= 0:
            return True
    return False


def make_people(count: int) -> dict[UUID, dict[str, str]]:
    make_region()
    known = {}
    for person in (make_person() for _ in range(count)):
        row = applicant_row(person, applicant_id=uuid7(), now=timezone.now())
        with connection.cursor() as cursor:
            copy_rows(cursor, Applicant, [row])
        known[row["id"]] = {"nik": person.nik, "kk": person.kk, "phone": person.phone}
    return known


class Writer(Thread):
    """Changes the phones of its own share of people and registers its own new ones, with a keyring of its own."""

    def __init__(self, known: dict[UUID, dict[str, str]], keyring: Keyring, seed: int) -> None:
        super().__init__()
        self.known, self.keyring, self.draw = known, keyring, random.Random(seed)
        self.ended, self.changes, self.refused = Event(), 0, 0

    def run(self) -> None:
        try:
            while not self.ended.is_set():
                pk = self.draw.choice(list(self.known))
                phone = f"+62811{self.draw.randrange(10**8):08}"
                Applicant.objects.filter(pk=pk).update(
                    phone=self.keyring.encrypt("registrations.applicant.phone", pk, phone),
                    phone_index=self.keyring.index("phone", phone),
                )
                self.known[pk] = {**self.known[pk], "phone": phone}
                self.changes += 1
                self._register_twice(self.known[pk]["nik"])
        finally:
            connection.close()

    def _register_twice(self, nik: str) -> None:
        """A NIK that stands must be refused whatever key it stands under."""
        row = applicant_row(make_person(nik=nik), applicant_id=uuid7(), now=timezone.now())
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                copy_rows(cursor, Applicant, [row])
        except IntegrityError as error:
            self.refused += "registrations_applicant_nik" in str(error)


def stored(keyring: Keyring) -> Iterator[tuple[UUID, dict[str, str]]]:
    """What stands there, opened; KeyringError for what does not open."""
    fields = ("nik", "kk", "phone")
    for row in Applicant.objects.values("pk", *fields, *(f"{field}_index" for field in fields)):
        opened = {f: keyring.decrypt(f"registrations.applicant.{f}", row["pk"], bytes(row[f])) for f in fields}
        assert all(BlindIndexField.of(field, opened[field]) == bytes(row[f"{field}_index"]) for field in fields)
        yield row["pk"], opened


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_at_random_points_under_load(seed: int, keys: Path, settings: Any) -> None:
    draw = random.Random(seed)
    before = Keyring.from_file(keys)
    shares = [make_people(PEOPLE // WRITERS) for _ in range(WRITERS)]
    call_command("rotate_keys", "--add", f"--keys={keys}")
    call_command("rotate_keys", "--activate", f"--keys={keys}")
    after = settings.KEYRING = Keyring.from_file(keys)
    # One was not restarted yet: it writes under the old key and opens both.
    writers = [Writer(share, keyring, seed) for share, keyring in zip(shares, (before, after), strict=True)]
    for writer in writers:
        writer.start()
    killed_midway = 0
    try:
        for _ in range(KILLS):
            process = rotation(keys)
            killed_midway += batches_until(process, draw.randint(1, 8))
            process.kill()
            process.communicate()
            assert dict(stored(before)).keys() == dict(stored(after)).keys() == set().union(*shares)
    finally:
        for writer in writers:
            writer.ended.set()
            writer.join()
    _output, errors = (last := rotation(keys)).communicate()
    assert last.returncode == 0, errors
    assert killed_midway >= 2 and all(writer.changes > 10 for writer in writers)
    assert all(writer.refused == writer.changes for writer in writers)
    assert dict(stored(after)) == {pk: values for share in shares for pk, values in share.items()}
    assert {key for counts in values_by_key().values() for key in counts} == {2}
