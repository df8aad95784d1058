"""The civil registry's simulator as it ships: a process of its own, asked over HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

from prakerja.embedded.state import ROOT


@dataclass(frozen=True)
class Simulator:
    url: str

    def _state(self, change: dict[str, str]) -> Any:
        address = self.url.replace("/periksa", "/keadaan")
        request = Request(address, json.dumps(change).encode(), method="POST")  # noqa: S310 - our own
        with urlopen(request, timeout=5) as answer:  # noqa: S310 - our own
            return json.load(answer)

    def be(self, mode: str) -> None:
        self._state({"mode": mode})

    def seen(self) -> list[tuple[str, str]]:
        """(masked NIK, outcome) of what it was asked, oldest first."""
        return [(one["nik"], one["outcome"]) for one in reversed(self._state({})["seen"])]


@contextmanager
def simulator() -> Iterator[Simulator]:
    command = [sys.executable, "-m", "prakerja.dukcapil_simulator"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Simulator(process.stdout.readline().strip())
        finally:
            process.kill()
