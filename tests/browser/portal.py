"""The portal of `make up` with its sample province, for as long as the browser tests run."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prakerja.embedded.processes import dies_with_parent
from prakerja.embedded.state import ROOT
from tests.prakerja.processes import environment, free_port

PERSON = re.compile(r"^ +(\d{12})  (\S+)  (\d\d)-(\d\d)-(\d{4})  (with a place|without)$", re.MULTILINE)


@dataclass(frozen=True)
class Person:
    """Somebody of the sample province, with what their receipt says."""

    number: str
    code: str
    born: tuple[str, str, str]


@dataclass(frozen=True)
class Portal:
    address: str
    people: dict[str, Person]  # "with a place", "without"


@contextmanager
def running(folder: Path) -> Iterator[Portal]:
    """Started from nothing; AssertionError with its last words when it does not come up."""
    port = free_port()
    launcher = subprocess.Popen(
        [sys.executable, "-m", "prakerja.embedded", "up", f"--port={port}"],
        cwd=ROOT,
        # on a busy machine nobody is asked to come again, nor slowed by asking the registry about everybody
        env=environment(folder) | {"DUKCAPIL_PER_MINUTE": "60", "SHED_SECONDS": "60"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=dies_with_parent(signal.SIGTERM),
    )
    assert launcher.stdout
    said = ""
    for line in launcher.stdout:
        said += line
        if f"The portal runs at http://127.0.0.1:{port}/" in line:
            break
    else:
        raise AssertionError(said)
    try:
        people = {label: Person(number, code, (d, m, y)) for number, code, d, m, y, label in PERSON.findall(said)}
        yield Portal(f"http://localhost:{port}", people)  # passkeys know names, not numbers
    finally:
        launcher.terminate()
        launcher.communicate(timeout=60)
