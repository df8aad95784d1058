"""The net under the whole suite (tests/canary_plugin.py): it catches, and it catches only what is there."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from prakerja.embedded.state import ROOT
from prakerja.operations.postgres import run
from tests.canaries import Scanner
from tests.canary_plugin import FOLDER
from tests.prakerja.processes import GIVEN
from tests.prakerja.world import make_world

NIK, PHONE = "3374990101951234", "+6281234567012"


@pytest.mark.parametrize(
    "text",
    [
        NIK, f"nik={NIK};", NIK[::-1], "3374 9901 0195 1234", "3374-9901-0195-1234", "3374%209901%200195%201234",
        "3374\u00a09901\u00a00195\u00a01234", f"x{NIK.encode().hex()}", f"\\x00{NIK.encode().hex().upper()}ff",
        PHONE, "081234567012", "6281234567012", "0812-3456-7012", f"0{NIK}9",
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert Scanner([NIK, PHONE]).found_in(text.encode())


@given(st.binary(max_size=40), st.binary(max_size=40), st.booleans())
def test_a_number_is_found_anywhere_in_base64(before: bytes, after: bytes, for_addresses: bool) -> None:
    encode = base64.urlsafe_b64encode if for_addresses else base64.b64encode
    text = encode(before + b"|" + NIK.encode() + b"|" + after)
    assert f"{NIK} as base64" in Scanner([NIK]).found_in(text)


@given(st.text(alphabet="0123456789abcdef -.", max_size=400))
def test_other_numbers_are_not(text: str) -> None:
    assert NIK in text or not Scanner([NIK]).found_in(text.encode())


def test_what_is_left_behind_in_a_run_fails_it_with_place_and_test() -> None:
    """Two processes, as the whole suite runs."""
    ours = {name: value for name, value in os.environ.items() if name not in (*GIVEN, FOLDER, "TMPDIR")}
    ours = {name: value for name, value in ours.items() if not name.startswith("PYTEST_")}
    state = Path(os.environ["PRAKERJA_STATE"])
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider", "tests/prakerja/planted.py"],
        cwd=ROOT,
        env=ours | ({"PRAKERJA_STATE": str(state.parent)} if state.name == "test" else {}),
        capture_output=True,
        text=True,
    )
    words = result.stdout
    assert result.returncode == 1, words + result.stderr
    for test in ("log", "output", "grouped", "redis", "redis_key", "mail"):
        assert f"ERROR tests/prakerja/planted.py::test_{test}" in words, words
    for place in (
        "in Captured log call",
        "in Captured stdout call",
        "in Redis",
        "in mail",
        f"{os.sep}tmp{os.sep}tmp",
        "postgres.log",
    ):
        assert place in words, words
    assert "test_nothing" not in words


@pytest.mark.django_db(transaction=True)
def test_a_dump_without_the_keys_holds_no_number(tmp_path: Path) -> None:
    world = make_world()
    scanner = Scanner([*world.own.secrets, *world.other.secrets])
    dump = tmp_path / "dump.sql"

    def dumped() -> bytes:
        run(
            "pg_dump",
            ["--format=plain", f"--file={dump}"],
            database=connection.settings_dict["NAME"],
            server_version=connection.pg_version // 10_000,
        )
        return dump.read_bytes()

    data = dumped()
    assert world.own.name.encode() in data, "the database is filled"
    assert scanner.found_in(data) == set()
    nik = max(world.own.secrets)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE leak AS SELECT %s::bytea AS raw", [nik.encode()])
        found = scanner.found_in(dumped())
        cursor.execute("DROP TABLE leak")
    assert found == {f"{nik} as hex"}
