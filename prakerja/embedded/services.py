"""`ensure`: a database and a broker for as long as somebody needs them.

A *keeper* process runs each server. Everyone who needs it holds a shared lock on `<server>.users`; the keeper
waits for the exclusive lock, which it gets when the last user has ended, no matter how, and then stops the
server. So two starts share one server, and a killed start leaves nothing behind.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from prakerja.embedded.processes import last_lines, private_log
from prakerja.embedded.servers import SECONDS_TO_ANSWER
from prakerja.embedded.state import ROOT, EmbeddedError, Flavour, State, state_of, take_lock
from records.keyring import Keyring, KeyringError

VARIABLES = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}


class Services:
    """The servers we hold; `close` (or the end of our process) lets go of them."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.joined: dict[str, int] = {}
        self._keepers: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def join(self, name: str) -> str:
        """The URL of a running server, started if need be. EmbeddedError when it does not start."""
        folder = self.state.folder
        self.joined[name] = take_lock(folder / f"{name}.users", fcntl.LOCK_SH)  # waits for a stopping keeper
        url = folder / f"{name}.url"
        started = False
        deadline = time.monotonic() + 2 * SECONDS_TO_ANSWER
        while time.monotonic() < deadline:
            try:
                lock = take_lock(folder / f"{name}.keeper", fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # it has a keeper
                with contextlib.suppress(FileNotFoundError):
                    return url.read_text()
                time.sleep(0.02)
                continue
            if started:
                os.close(lock)
                raise EmbeddedError(_reason(name, self.state))
            url.unlink(missing_ok=True)  # of a keeper that was killed
            self._start_keeper(name, lock)
            started = True
        raise EmbeddedError(f"{name} gave no answer in {2 * SECONDS_TO_ANSWER} s.")

    def lost(self) -> str | None:
        """The name of a server that ended although we still hold it."""
        for name in self.joined:
            with contextlib.suppress(BlockingIOError):
                os.close(take_lock(self.state.folder / f"{name}.keeper", fcntl.LOCK_SH | fcntl.LOCK_NB))
                return name
        return None

    def close(self) -> None:
        """Let go of the servers, the broker first, and wait for those that nobody else holds."""
        for name in reversed(list(self.joined)):
            os.close(self.joined.pop(name))
        for name, keeper in self._keepers.items():
            try:
                keeper.wait(0.5)
            except subprocess.TimeoutExpired:
                if not (self.state.folder / f"{name}.url").exists():  # else somebody joined us
                    keeper.wait()

    def _start_keeper(self, name: str, lock: int) -> None:
        command = [sys.executable, "-m", "prakerja.embedded.keeper", name, str(self.state.folder)]
        if not self.state.durable:
            command.append("--throw-away")
        with private_log(self.state.log(name)) as log:
            self._keepers[name] = subprocess.Popen(
                [*command, f"--lock={lock}"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock],  # the keeper inherits its lock: no moment without one
                start_new_session=True,  # Ctrl-C is for the launcher, which stops things in order
            )
        os.close(lock)


def ensure(flavour: Flavour) -> Services:
    """Set DATABASE_URL, REDIS_URL, PRAKERJA_STATE and PRAKERJA_KEYS where not set, and hold what they name.

    A URL that is given is used and nothing is started for it; in production nothing is done at all. Raises
    EmbeddedError with one line for the user.
    """
    services = Services(state_of(flavour))
    if os.environ.get("PRAKERJA_ENV") == "production":
        return services
    try:
        services.state.prepare()
        if "PRAKERJA_KEYS" not in os.environ:
            services.state.ensure_keys()
            os.environ["PRAKERJA_KEYS"] = str(services.state.keys)
        Keyring.from_file(Path(os.environ["PRAKERJA_KEYS"]))
        for name, variable in VARIABLES.items():
            if not os.environ.get(variable):
                os.environ[variable] = services.join(name)
    except KeyringError as error:
        raise EmbeddedError(f"{error} Put a good copy back; it is never replaced for you.") from error
    except OSError as error:
        raise EmbeddedError(f"{error.filename or services.state.folder}: {error.strerror}") from error
    os.environ["PRAKERJA_STATE"] = str(services.state.folder)
    return services


def _reason(name: str, state: State) -> str:
    path = state.log(name)
    return f"{name} did not start: {' '.join(last_lines(path, 3)) or 'no word'} (all of it: {path})"
