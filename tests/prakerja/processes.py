"""What the processes of a state folder are, seen from outside."""

import contextlib
import os
import random
import select
import socket
import time
from pathlib import Path

GIVEN = ("DATABASE_URL", "REDIS_URL", "PRAKERJA_KEYS", "PRAKERJA_STATE", "PRAKERJA_ENV", "DJANGO_SETTINGS_MODULE")


def processes_of(folder: Path) -> dict[int, str]:
    """The processes whose command line, environment or working folder names `folder`, by pid."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            command = (process / "cmdline").read_bytes()
            traces = command + (process / "environ").read_bytes() + os.fsencode((process / "cwd").readlink())
            if os.fsencode(folder) in traces:
                found[int(process.name)] = command.replace(b"\0", b" ").decode()
    return found


def ended(folder: Path, seconds: float = 10) -> bool:
    """Wait until the present processes of `folder` have ended; whether they all did and left none."""
    deadline = time.monotonic() + seconds
    for pid in processes_of(folder):
        with contextlib.suppress(ProcessLookupError):
            descriptor = os.pidfd_open(pid)
            select.select([descriptor], [], [], max(0, deadline - time.monotonic()))
            os.close(descriptor)
    return not processes_of(folder)


def environment(folder: Path, **given: str) -> dict[str, str]:
    """Ours, without what a test run sets: as for somebody who starts the portal for the first time."""
    ours = {name: value for name, value in os.environ.items() if name not in GIVEN}
    return ours | {"PRAKERJA_STATE": str(folder)} | given


def free_port() -> int:
    """A loopback port that stays free until it is used: not one of those that the kernel gives to connections."""
    while True:
        port = random.randrange(20_000, 30_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
