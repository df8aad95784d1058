import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.prakerja.processes import ended, processes_of


@contextlib.contextmanager
def _new_folder() -> Iterator[Path]:
    """Not tmp_path: run by root, the account of the servers could not enter it, and its name is long."""
    path = Path(tempfile.mkdtemp(prefix="prakerja-"))
    path.chmod(0o711)
    yield path
    for pid in processes_of(path):  # of a test that failed; the others leave none
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    ended(path)
    shutil.rmtree(path)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A state folder."""
    with _new_folder() as path:
        yield path


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A state folder that the tests of a module share, one after the other: its second start is a warm one."""
    with _new_folder() as path:
        yield path
