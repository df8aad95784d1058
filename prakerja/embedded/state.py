"""The state folder: where servers keep data, logs and the development keys while nobody looks."""

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
FREE_BYTES_NEEDED = 500 * 2**20
PEPPERS = ("nik", "kk", "phone", "code", "seal")
SERVER_ACCOUNT = "nobody"

Flavour = Literal["dev", "test"]


class EmbeddedError(Exception):
    """A failure that the person at the keyboard is told in one line."""


@dataclass(frozen=True)
class State:
    """One state folder; `durable` is whether its databases survive a power cut."""

    folder: Path
    durable: bool = True

    @property
    def account(self) -> pwd.struct_passwd | None:
        """The account for the servers, or None for our own: PostgreSQL refuses to run as root."""
        return pwd.getpwnam(SERVER_ACCOUNT) if os.geteuid() == 0 else None

    @property
    def keys(self) -> Path:
        return self.folder / "keys.json"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def prepare(self) -> None:
        """Create the folder; raise EmbeddedError where it can't serve."""
        missing = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            folder.chmod(0o711 if self.account else 0o700)  # whatever the umask
        (self.folder / "logs").mkdir(mode=0o700, exist_ok=True)
        if self.account and not world_reachable(self.folder):
            raise EmbeddedError(
                f"The account {SERVER_ACCOUNT} can't enter {self.folder}: set PRAKERJA_STATE to an open one."
            )
        if (free := shutil.disk_usage(self.folder).free) < FREE_BYTES_NEEDED:
            raise EmbeddedError(f"The disk of {self.folder} is full: {free // 2**20} MB left, 500 MB needed.")

    def private_folder(self, name: str) -> Path:
        """A folder that only the account of the servers may enter."""
        folder = self.folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.account:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        return folder

    def ensure_keys(self) -> None:
        """Create the key file once; no key in it is ever changed, since what it encrypted would be lost."""
        if self.keys.exists():
            add_missing_peppers(self.keys)
            return
        if (self.folder / "postgres").exists():
            raise EmbeddedError(
                f"The key file {self.keys} is gone but its database is not: put the file back, "
                f"or remove {self.folder} to start with nothing."
            )
        with contextlib.suppress(FileExistsError):  # another start was quicker
            create_keys(self.keys)


def state_of(flavour: Flavour) -> State:
    """The state of this checkout: PRAKERJA_STATE, else a folder named after the checkout's path."""
    if given := os.environ.get("PRAKERJA_STATE"):
        folder = Path(given).resolve()
    else:
        name = f"prakerja-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
        home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
        folder = Path("/var/lib" if os.geteuid() == 0 else home) / name
    return State(folder) if flavour == "dev" else State(folder / "test", durable=False)


def world_reachable(path: Path) -> bool:
    """Whether any account may enter (or execute) `path`."""
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def take_lock(path: Path, operation: int) -> int:
    """A descriptor that holds a flock on `path` until it is closed or its process dies.

    BlockingIOError when a lock that must not wait (LOCK_NB) is refused.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, operation)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def lock_keys(path: Path) -> int:
    """As take_lock, for whoever changes the key file at `path`; waits for who does so now."""
    return take_lock(path.with_name(f"{path.name}.lock"), fcntl.LOCK_EX)


def write_private(path: Path, text: str) -> None:
    """Write a file that others can't read, whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    Path(name).rename(path)


def sync_folder(folder: Path) -> None:
    """Have the names in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def create_keys(path: Path) -> None:
    """Write fresh random keys to `path` (mode 0600). FileExistsError when there is such a file."""
    content = {
        "active": "1",
        "keys": {"1": _random_key()},
        "peppers": {name: _random_key() for name in PEPPERS},
        "secret_key": secrets.token_urlsafe(64),
    }
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    write_private(draft, json.dumps(content, indent=1) + "\n")
    try:
        path.hardlink_to(draft)  # unlike a rename, refuses to replace
    finally:
        draft.unlink()
    sync_folder(path.parent)


def add_missing_peppers(path: Path) -> None:
    """Give a key file that was made before the portal needed one of the PEPPERS that one too; all else in it stays."""
    if all(name in _peppers(path) for name in PEPPERS):
        return
    lock = lock_keys(path)  # another start may be adding it
    try:
        content = json.loads(path.read_text())
        content["peppers"] = {name: _random_key() for name in PEPPERS} | content["peppers"]
        write_private(path, json.dumps(content, indent=1) + "\n")
    finally:
        os.close(lock)


def _peppers(path: Path) -> dict[str, str]:
    """Those of a key file; of one that cannot be used, all: whoever opens the keyring says what is wrong with it."""
    try:
        return dict(json.loads(path.read_text())["peppers"])
    except (ValueError, KeyError, TypeError):
        return dict.fromkeys(PEPPERS, "")


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
