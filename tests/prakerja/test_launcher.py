"""`make up`: it comes up, shares its servers, and leaves nothing behind, however it ends."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from prakerja.embedded.state import ROOT
from tests.prakerja.processes import ended, environment, free_port, processes_of

UP = [sys.executable, "-m", "prakerja.embedded", "up"]
SHOW = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])"


def _start(folder: Path, port: int) -> subprocess.Popen[str]:
    """A portal without the sample province, when it says that it is ready."""
    launcher = subprocess.Popen(
        [*UP, f"--port={port}"],
        cwd=ROOT,
        env=environment(folder, PRAKERJA_SAMPLE="0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert launcher.stdout
    said = []
    for line in launcher.stdout:
        said.append(line)
        if f"http://127.0.0.1:{port}/" in line:
            return launcher
    raise AssertionError("".join(said))


def _refusal(folder: Path, *arguments: str, **given: str) -> str:
    """The one line that a start which can't work ends with."""
    result = subprocess.run(
        [*UP, *arguments], cwd=ROOT, env=environment(folder, **given), capture_output=True, text=True
    )
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    return result.stderr


def _pids(folder: Path, words: str) -> list[int]:
    return [pid for pid, command in processes_of(folder).items() if words in command]


def test_it_serves_shares_its_servers_and_dies_without_leaving_anything(home: Path) -> None:
    port = free_port()
    launcher = _start(home, port)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/health/")
    assert connection.getresponse().status == 200
    assert len(_pids(home, "gunicorn")) == 3 and len(_pids(home, "prakerja.celery worker")) == 3

    shell = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", SHOW],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    urls = [(home / f"{name}.url").read_text() for name in ("postgres", "valkey")]
    assert shell.stdout.split() == urls
    assert "is running already" in _refusal(home, f"--port={free_port()}")
    assert launcher.poll() is None

    launcher.kill()
    launcher.communicate()
    assert ended(home)


def test_a_signal_stops_it_in_order(home: Path) -> None:
    launcher = _start(home, free_port())
    launcher.send_signal(signal.SIGTERM)
    said, _ = launcher.communicate()
    assert launcher.returncode == 0 and said.endswith("Stopped.\n")
    assert ended(home, seconds=3)


def test_it_names_the_part_that_died_and_stops(home: Path) -> None:
    launcher = _start(home, free_port())
    (beat,) = _pids(home, " beat ")
    os.kill(beat, signal.SIGKILL)
    said, _ = launcher.communicate()
    assert launcher.returncode == 1
    assert "beat ended with status -9" in said and "logs/beat.log" in said
    assert ended(home, seconds=3)


def test_a_taken_port_is_one_line_before_anything_starts(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} can't be used (Address already in use)" in _refusal(folder, PORT=str(port))
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("nonsense", "DATABASE_URL is no database URL"),
        ("mysql://somewhere/x", "Error loading MySQLdb module."),
        ("postgres://somebody:secret@127.0.0.1:1/x", "The database fails: "),
    ],
)
def test_a_wrong_database_is_one_line_without_the_password(folder: Path, url: str, line: str) -> None:
    given = {"DATABASE_URL": url, "REDIS_URL": os.environ["REDIS_URL"]}
    refusal = _refusal(folder, f"--port={free_port()}", **given)
    assert refusal.startswith(line) and "secret" not in refusal


def test_an_absent_broker_is_one_line(folder: Path) -> None:
    given = {"DATABASE_URL": os.environ["DATABASE_URL"], "REDIS_URL": "redis://127.0.0.1:1/0"}
    assert _refusal(folder, f"--port={free_port()}", **given).startswith("The broker of REDIS_URL fails: ")
