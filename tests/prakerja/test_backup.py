"""Backup, loss, restore: what comes back is what was there, to the row; and what is not a backup is refused with a reason."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace as with_other
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.scope import Scope
from prakerja.embedded.state import create_keys
from prakerja.operations.backup import DUMP, MANIFEST, BackupError, _seal, make_backup, read_backup
from prakerja.operations.contents import tables_of
from prakerja.operations.postgres import ProgramError, _path_of, connected
from prakerja.operations.restore import restore
from prakerja.rehearsal.database import own_database
from records.fields import keyring
from records.keyring import Keyring
from records.models import Seal
from records.services.jobs import request_job
from records.services.seals import seal_logs
from registrations.models import Applicant, Evidence, Registration
from registrations.services.evidence import add_evidence
from tests.factories.people import make_wave
from tests.factories.pictures import photo
from tests.factories.registered import make_registration

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup of a wave with three people, one of whom has sent a photograph."""
    wave = make_wave()
    for _ in range(3):
        make_registration(wave)
    mine = Registration.objects.last()
    assert mine
    whose: dict[str, Any] = {"scope": Scope().as_applicant(mine.applicant_id), "owner": mine, "claim": "pmi"}
    add_evidence(**whose, data=photo(), now=timezone.now())
    seal_logs(now=timezone.now())
    return make_backup(to=tmp_path / "backups", keyring=keyring(), keys_to=None, sample=None, now=timezone.now())


def bring_back(folder: Path, **over: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"keyring": keyring(), "replace": False, "sample": None, "now": timezone.now()}
    return restore(folder=folder, **options | over)


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The default connection points at an empty database of its own."""
    with own_database("elsewhere") as name:
        yield name


def tables(name: str | None = None) -> dict[str, dict[str, Any]]:
    with connected(name) as opened, opened.cursor() as cursor:
        return tables_of(cursor)


def people() -> list[tuple[str, str, str, str]]:
    return [(p.name, p.nik.open(), p.kk.open(), p.phone.open()) for p in Applicant.objects.order_by("pk")]


def photographs() -> list[bytes]:
    return [kept.content.open_bytes() for kept in Evidence.objects.all()]


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_what_comes_back_is_what_was_there(backup: Path) -> None:
    before, known, photographed = tables(), people(), photographs()
    with own_database("elsewhere"):
        manifest = bring_back(backup)
        assert tables() == before == manifest["tables"]
        assert people() == known and len(known) == 3
        assert photographs() == photographed and len(photographed) == 1
        assert manifest["personal"]["registrations_applicant.nik"] == 3
        assert Registration.objects.count() == 3
        call_command("verify_chain")
        assert manifest["chain_head"]["head"] == Seal.objects.latest("n").head.hex()


def test_the_walls_come_back_too(backup: Path, elsewhere: str) -> None:
    bring_back(backup)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN; SET LOCAL ROLE portal_web")
        cursor.execute("SELECT count(*) FROM registrations_applicant")
        assert cursor.fetchone() == (0,)
        cursor.execute("ROLLBACK")


def test_neither_dump_nor_manifest_holds_a_number_or_a_key(backup: Path) -> None:
    plain = (
        subprocess.run(
            [_path_of("pg_restore", 0), "--file=-", backup / DUMP], capture_output=True, check=True
        ).stdout.decode()
        + (backup / MANIFEST).read_text()
    )
    secrets = [number for person in people() for number in person[1:]]
    assert people()[0][0] in plain, "the dump is read"
    for secret in [*secrets, *(number.encode().hex() for number in secrets)]:
        assert secret not in plain
    assert keyring().path
    stored = json.loads(keyring().path.read_text())
    for key in [*stored["keys"].values(), *stored["peppers"].values(), stored["secret_key"]]:
        assert key not in plain


def test_only_the_owner_may_read_a_backup(backup: Path) -> None:
    assert {path.stat().st_mode & 0o077 for path in (backup, *backup.iterdir())} == {0}


def test_a_backup_under_load_verifies(tmp_path: Path) -> None:
    """Rows come and change all the while; dump and figures still speak of one moment."""
    wave = make_wave()
    make_registration(wave)
    ended, started = Event(), Event()

    def write() -> None:
        number = 0
        while not ended.is_set():
            request_job(task="uji", key=f"uji {number}", payload={})
            with connection.cursor() as cursor:
                cursor.execute("UPDATE registrations_applicant SET address = %s", [f"Jalan Contoh {number}"])
            number += 1
            started.set()
        connection.close()

    writer = Thread(target=write)
    writer.start()
    try:
        started.wait()
        folder = make_backup(to=tmp_path, keyring=keyring(), keys_to=None, sample=None, now=timezone.now())
    finally:
        ended.set()
        writer.join()
    assert tables() != read_backup(folder, keyring())["tables"]
    with own_database("elsewhere"):
        bring_back(folder)


def test_a_database_with_rows_is_left_alone(backup: Path, elsewhere: str) -> None:
    bring_back(backup)
    with pytest.raises(BackupError, match="not empty"):
        bring_back(backup)


def test_replacing_sets_the_former_rows_aside(backup: Path, elsewhere: str) -> None:
    bring_back(backup)
    Applicant.objects.update(address="Diubah sesudahnya")
    now = timezone.now()
    bring_back(backup, replace=True, now=now)
    assert not Applicant.objects.filter(address="Diubah sesudahnya").exists()
    aside = f"{elsewhere}_before_{now:%Y%m%d%H%M%S}"
    with connected(aside) as opened, opened.cursor() as cursor:
        cursor.execute("SELECT DISTINCT address FROM registrations_applicant")
        assert cursor.fetchall() == [("Diubah sesudahnya",)]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {aside}")


def test_replacing_wants_the_name_typed(backup: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_back(backup)
    monkeypatch.setattr("builtins.input", lambda _prompt: "ya")
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("restore", "--from", str(backup), "--replace")
    assert Applicant.objects.count() == 3


def cut(folder: Path) -> None:
    with (folder / DUMP).open("r+b") as dump:
        dump.truncate((folder / DUMP).stat().st_size - 100)


def edit(folder: Path) -> None:
    with (folder / DUMP).open("r+b") as dump:
        dump.seek(-200, 2)
        byte = dump.read(1)[0]
        dump.seek(-200, 2)
        dump.write(bytes([byte ^ 1]))


def add_migration(manifest: dict[str, Any]) -> None:
    manifest["migrations"].append("records.0099_tomorrow")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (cut, "missing or cut short"),
        (edit, "SHA-256 differs"),
        (lambda folder: (folder / DUMP).unlink(), "missing or cut short"),
        (lambda folder: (folder / MANIFEST).unlink(), "is no backup"),
        (lambda folder: (folder / MANIFEST).write_text("{"), "is damaged"),
        (lambda folder: rewrite(folder, add_migration), "was changed after the backup"),
        (lambda folder: rewrite(folder, lambda m: m["tables"].popitem()), "was changed after the backup"),
        (lambda folder: rewrite(folder, lambda m: m.update(format=2)), "has format 2"),
    ],
)
def test_a_spoiled_backup_is_refused_and_nothing_is_touched(
    backup: Path, elsewhere: str, spoil: Callable[[Path], object], reason: str
) -> None:
    spoil(backup)
    with pytest.raises(BackupError, match=reason):
        bring_back(backup)
    assert tables() == {}


def test_other_keys_are_refused_by_name(backup: Path, elsewhere: str, tmp_path: Path) -> None:
    create_keys(tmp_path / "others.json")
    with pytest.raises(BackupError, match=r"not the keys of this backup: key 1, pepper code"):
        bring_back(backup, keyring=Keyring.from_file(tmp_path / "others.json"))
    peppers = keyring().peppers | {"nik": b"0" * 32}
    with pytest.raises(BackupError, match=r": pepper nik differ"):
        bring_back(backup, keyring=with_other(keyring(), peppers=peppers))
    assert tables() == {}


def test_a_backup_of_a_newer_portal_is_refused(tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('records', '0099_tomorrow', now())")
    try:
        folder = make_backup(to=tmp_path, keyring=keyring(), keys_to=None, sample=None, now=timezone.now())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE name = '0099_tomorrow'")
    with own_database("elsewhere"), pytest.raises(BackupError, match=r"newer portal: it has records\.0099_tomorrow"):
        bring_back(folder)


def test_a_value_that_does_not_open_is_found_at_the_backup(tmp_path: Path) -> None:
    sri, budi = (make_registration(wave).applicant for wave in [make_wave()] * 2)
    Applicant.objects.filter(pk=budi.pk).update(nik=sri.nik)
    with pytest.raises(BackupError, match=rf"registrations_applicant\.nik of {budi.pk}"):
        make_backup(to=tmp_path, keyring=keyring(), keys_to=None, sample=None, now=timezone.now())
    Applicant.objects.filter(pk=budi.pk).update(nik=budi.nik, kk_index=sri.nik_index)
    with pytest.raises(BackupError, match=r"applicant\.kk .* blind index belongs to another"):
        make_backup(to=tmp_path, keyring=keyring(), keys_to=None, sample=None, now=timezone.now())
    assert list(tmp_path.iterdir()) == [], "no half backup is left"


def test_keys_go_elsewhere_or_nowhere(tmp_path: Path, db: None) -> None:
    to, keys_to = tmp_path / "backups", tmp_path / "safe" / "keys.json"
    with pytest.raises(CommandError, match="must lie apart"):
        call_command("backup", "--to", str(to), "--keys-to", str(to / "keys.json"))
    call_command("backup", "--to", str(to), "--keys-to", str(keys_to))
    assert Keyring.from_file(keys_to) == keyring() and keys_to.stat().st_mode & 0o777 == 0o600
    (folder,) = to.iterdir()
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, DUMP]
    with pytest.raises(CommandError, match="never overwritten"):
        call_command("backup", "--to", str(to), "--keys-to", str(keys_to))


def test_a_restored_database_that_differs_is_named(backup: Path, elsewhere: str) -> None:
    """A manifest that a holder of the keys wrote for other rows: the restore finds out and takes nothing."""
    manifest = read_backup(backup, keyring())
    manifest["tables"]["registrations_applicant"]["rows"] += 1
    (backup / MANIFEST).write_text(json.dumps(manifest | {"seal": _seal(manifest, keyring())}))
    with pytest.raises(BackupError, match=re.escape("registrations_applicant (3 instead of 4)")):
        bring_back(backup)
    assert tables() == {}


def test_programs_older_than_the_server_are_not_used() -> None:
    with pytest.raises(ProgramError, match="apt install postgresql-client-99"):
        _path_of("pg_dump", 99)
