"""The embedded servers: started once, shared, and gone with their last user, however it ends."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import dj_database_url
import psycopg2
import pytest

from prakerja.embedded.state import ROOT, EmbeddedError, State, create_keys
from tests.prakerja.processes import ended, environment, processes_of

GIVEN = (
    "DATABASE_URL",
    "REDIS_URL",
    "PRAKERJA_KEYS",
    "PRAKERJA_STATE",
    "PRAKERJA_ENV",
    "DJANGO_SETTINGS_MODULE",
)
HOLD = """
import os, sys
from prakerja.embedded.services import ensure
with ensure("test"):
    print(os.environ["DATABASE_URL"], os.environ["REDIS_URL"], flush=True)
    sys.stdin.read()
"""


def hold(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A process that holds the servers until its standard input ends, and the URLs it was given."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=ROOT,
        env=environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    return holder, holder.stdout.readline()


def let_go(holder: subprocess.Popen[str]) -> None:
    holder.communicate("")


def test_two_users_share_the_servers_and_the_last_one_stops_them(folder: Path) -> None:
    first, urls = hold(folder)
    second, same_urls = hold(folder)
    assert urls.startswith("postgres://prakerja@") and same_urls == urls
    assert len([name for name in processes_of(folder).values() if "embedded.keeper postgres" in name]) == 1

    let_go(first)
    assert _select_one(urls) == (1,)
    let_go(second)
    assert ended(folder)


def test_a_killed_user_leaves_nothing_behind(folder: Path) -> None:
    holder, urls = hold(folder)
    assert urls
    holder.kill()
    holder.communicate()
    assert ended(folder)


def test_servers_end_with_a_killed_keeper_and_the_next_start_gets_new_ones(folder: Path) -> None:
    holder, urls = hold(folder)
    keepers = [pid for pid, command in processes_of(folder).items() if "prakerja.embedded.keeper" in command]
    assert len(keepers) == 2
    for pid in keepers:
        os.kill(pid, signal.SIGKILL)
    let_go(holder)
    holder, urls = hold(folder)
    assert _select_one(urls) == (1,)
    let_go(holder)


def test_the_role_is_no_superuser_yet_may_make_the_web_role(folder: Path) -> None:
    holder, urls = hold(folder)
    with _connect(urls) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)
        cursor.execute("CREATE ROLE portal_web NOLOGIN; GRANT portal_web TO current_user; SET ROLE portal_web")
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("portal_web",)
        cursor.execute("RESET ROLE; CREATE EXTENSION btree_gist; CREATE EXTENSION pg_trgm")
    connection.close()
    let_go(holder)


def test_refused_rows_stay_out_of_the_log(folder: Path) -> None:
    """Neither the statement nor the row of its DETAIL, for a duplicate and for a CHECK."""
    holder, urls = hold(folder)
    with contextlib.closing(_connect(urls)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("CREATE TABLE people (nik text UNIQUE, name text, age int CHECK (age > 0))")
        cursor.execute("INSERT INTO people VALUES ('3374995003950001', 'Siti Contoh', 31)")
        for age in (31, 0):
            with pytest.raises(psycopg2.IntegrityError):
                cursor.execute("INSERT INTO people VALUES ('3374995003950001', 'Siti Contoh', %s)", [age])
    let_go(holder)
    written = (folder / "test/logs/postgres.log").read_text()
    assert "duplicate key value" in written and "check constraint" in written
    assert "Siti" not in written and "3374995003950001" not in written


def test_data_is_kept_private(folder: Path) -> None:
    holder, _ = hold(folder)
    state = folder / "test"
    for name in ("postgres", "run", "valkey", "logs"):
        assert stat.S_IMODE((state / name).stat().st_mode) == 0o700
    for path in (state / "keys.json", state / "valkey.url", *(state / "logs").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    password = _password(state)
    assert not [command for command in processes_of(folder).values() if password in command]
    let_go(holder)


def test_keys_survive_the_next_start(folder: Path) -> None:
    holder, _ = hold(folder)
    let_go(holder)
    keys = (folder / "test/keys.json").read_bytes()
    holder, _ = hold(folder)
    let_go(holder)
    assert (folder / "test/keys.json").read_bytes() == keys
    with pytest.raises(FileExistsError):
        create_keys(folder / "test/keys.json")
    assert (folder / "test/keys.json").read_bytes() == keys
    assert sorted(path.name for path in (folder / "test").glob("keys*")) == ["keys.json"]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"active": "1"'])
def test_a_damaged_key_file_is_one_line_and_stays_as_it_is(folder: Path, content: str) -> None:
    (folder / "keys.json").write_text(content)
    command = [sys.executable, "manage.py", "check"]
    result = subprocess.run(command, cwd=ROOT, env=environment(folder), capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1 and f"{folder}/keys.json" in result.stderr
    assert (folder / "keys.json").read_text() == content


def test_lost_keys_are_not_replaced_while_their_database_exists(folder: Path) -> None:
    (folder / "postgres").mkdir()
    with pytest.raises(EmbeddedError, match="is gone but its database is not"):
        State(folder).ensure_keys()
    assert not (folder / "keys.json").exists()


def test_a_full_disk_is_told_before_anything_starts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prakerja.embedded.state.FREE_BYTES_NEEDED", 2**62)
    with pytest.raises(EmbeddedError, match="is full"):
        State(folder).prepare()


def test_the_reason_is_told_when_a_server_does_not_start(folder: Path) -> None:
    create_keys(folder / "keys.json")
    (folder / "postgres/data").mkdir(parents=True)
    command = [sys.executable, "manage.py", "check"]
    result = subprocess.run(command, cwd=ROOT, env=environment(folder), capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith("postgres did not start: ") and result.stderr.count("\n") == 1
    assert "postgresql.conf" in result.stderr and f"{folder}/logs/postgres.log" in result.stderr


def _connect(urls: str) -> "psycopg2.extensions.connection":
    database = dj_database_url.parse(urls.split()[0])
    return psycopg2.connect(host=database["HOST"], user=database["USER"], dbname=database["NAME"])


def _select_one(urls: str) -> tuple[int]:
    with contextlib.closing(_connect(urls)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()


def _password(state: Path) -> str:
    return (state / "valkey.url").read_text().split("@")[0].rpartition(":")[2]
