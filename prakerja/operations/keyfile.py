"""Changing the key file: whole or not at all, under a lock, never losing a key that is not retired on purpose."""

import base64
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from prakerja.embedded.state import lock_keys, sync_folder, write_private
from records.keyring import Keyring, KeyringError


def add_key(path: Path) -> int:
    """Put a fresh key beside the others, not yet active; its id. KeyringError when one waits already."""
    with _changing(path) as data:
        ids = [int(key_id) for key_id in data["keys"]]
        if max(ids) != int(data["active"]):
            raise KeyringError(f"Key {max(ids)} was added before and is not active yet: activate that one.")
        data["keys"][str(max(ids) + 1)] = base64.b64encode(secrets.token_bytes(32)).decode()
        return max(ids) + 1


def activate_newest(path: Path) -> int:
    """Have new values encrypted with the newest key; its id."""
    with _changing(path) as data:
        data["active"] = max(data["keys"], key=int)
        return int(data["active"])


def remove_key(path: Path, key_id: int) -> None:
    """Forget a key that nothing stands under. KeyringError for the active one."""
    with _changing(path) as data:
        if int(data["active"]) == key_id:
            raise KeyringError(f"Key {key_id} is the active one.")
        del data["keys"][str(key_id)]


def fingerprints(keyring: Keyring) -> dict[str, str]:
    """What a manifest may say of keys: enough to tell two of them apart, nothing to open a value with."""
    parts = {f"key {key_id}": key for key_id, key in keyring.keys.items()}
    parts |= {f"pepper {purpose}": pepper for purpose, pepper in keyring.peppers.items()}
    return {name: sha256(b"portal fingerprint|" + part).hexdigest()[:16] for name, part in sorted(parts.items())}


@contextmanager
def _changing(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lock = lock_keys(path)
        try:
            Keyring.from_file(path)
            data = json.loads(path.read_text())
            yield data
            _replace(path, json.dumps(data, indent=1) + "\n")
        finally:
            os.close(lock)
    except OSError as error:
        raise KeyringError(f"{path} cannot be changed here ({error.strerror}): do it where the file lies.") from error


def _replace(path: Path, text: str) -> None:
    owner = path.stat()
    draft = path.with_name(f"{path.name}.new")
    write_private(draft, text)
    if os.geteuid() == 0:
        os.chown(draft, owner.st_uid, owner.st_gid)
    draft.replace(path)
    sync_folder(path.parent)
