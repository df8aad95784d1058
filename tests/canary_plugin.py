"""Every number that the tests give to people is a canary: after each test it must stand in no output, in no queue or cache,
in no mail; after the run in no log of a server and no temporary file. A finding fails the test, or the run, and says where.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core import mail
from pytest import CallInfo, Config, Item, Session, StashKey, TestReport

from records.keyring import Keyring
from tests.canaries import Scanner, is_canary

FOLDER = "PRAKERJA_CANARIES"  # where the processes of a run leave the numbers they used
LOGS = StashKey[dict[Path, int]]()

numbers: set[str] = set()
scanner = Scanner()


def _meet(number: str) -> None:
    if number not in numbers and is_canary(number):
        numbers.add(number)
        scanner.add(number)


def pytest_configure(config: Config) -> None:
    """Learn each number where it is encrypted or indexed, and give the run a folder for temporary files of its own."""
    encrypt, index = Keyring.encrypt, Keyring.index

    def encrypt_and_meet(self: Keyring, field: str, row: Any, text: str) -> bytes:
        _meet(text)
        return encrypt(self, field, row, text)

    def index_and_meet(self: Keyring, purpose: str, text: str) -> bytes:
        _meet(text)
        return index(self, purpose, text)

    Keyring.encrypt, Keyring.index = encrypt_and_meet, index_and_meet  # type: ignore[method-assign]
    if not _is_worker(config):
        folder = Path(tempfile.mkdtemp(prefix="pk-"))
        folder.chmod(0o711)  # the account of the servers goes through it
        os.environ[FOLDER] = str(folder)
        temporary = folder / "tmp"
        temporary.mkdir(mode=0o1777)
        temporary.chmod(0o1777)
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())  # what tests write themselves
        os.environ["TMPDIR"] = str(temporary)
        config.stash[LOGS] = {log: log.stat().st_size for log in _server_logs()}
    tempfile.tempdir = os.environ["TMPDIR"]


def _is_worker(config: Config) -> bool:
    return hasattr(config, "workerinput")


def _server_logs() -> list[Path]:
    return sorted(Path(os.environ.get("PRAKERJA_STATE", "/nowhere"), "logs").glob("*.log"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Item, call: CallInfo[None]) -> Generator[None, Any, None]:
    outcome = yield
    report: TestReport = outcome.get_result()
    if report.when != "teardown":
        return
    places = {name: text.encode() for name, text in report.sections}
    places["Redis"] = _in_redis(os.environ["REDIS_URL"])
    places["mail"] = "".join(str(sent.message()) for sent in getattr(mail, "outbox", [])).encode()
    found = [f"{number} in {name}" for name, text in places.items() for number in sorted(scanner.found_in(text))]
    if found:
        report.outcome = "failed"
        report.longrepr = "Numbers of people were left behind: " + ", ".join(found)


def _in_redis(url: str) -> bytes:
    """Everything in this database: keys and values of any type, as DUMP has no way to hide what is short."""
    server = redis.Redis.from_url(url)
    try:
        if not server.dbsize():
            return b""
        return b"\n".join(_value(server, key) for key in server.scan_iter())
    finally:
        server.close()


def _value(server: Any, key: bytes) -> bytes:
    readers = {
        b"string": lambda: [server.get(key) or b""],
        b"list": lambda: server.lrange(key, 0, -1),
        b"set": lambda: server.smembers(key),
        b"zset": lambda: server.zrange(key, 0, -1),
        b"hash": lambda: [part for pair in server.hgetall(key).items() for part in pair],
        b"stream": lambda: [part for _, fields in server.xrange(key) for pair in fields.items() for part in pair],
    }
    reader = readers.get(server.type(key), list)  # none: it has ended meanwhile
    return b"\n".join([key, *reader()])


def pytest_sessionfinish(session: Session) -> None:
    folder = Path(os.environ[FOLDER])
    (folder / f"numbers-{os.getpid()}").write_text("\n".join(numbers))
    if _is_worker(session.config):
        return
    everybody = Scanner({number for file in folder.glob("numbers-*") for number in file.read_text().split()})
    places = {log: log.read_bytes()[session.config.stash[LOGS].get(log, 0) :] for log in _server_logs()}
    places |= {file: file.read_bytes() for file in (folder / "tmp").rglob("*") if file.is_file()}
    found = [f"{number} in {place}" for place, data in places.items() for number in sorted(everybody.found_in(data))]
    shutil.rmtree(folder, ignore_errors=True)
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        reporter.write_line("\nNumbers of people were left behind: " + ", ".join(found), red=True)
