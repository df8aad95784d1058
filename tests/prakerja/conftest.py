import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.prakerja.processes import ended, processes_of


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: run by root, the account of the servers could not enter it, and its name is long."""
    path = Path(tempfile.mkdtemp(prefix="prakerja-"))
    path.chmod(0o711)
    yield path
    for pid in processes_of(path):  # of a test that failed; the others leave none
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    ended(path)
    shutil.rmtree(path)
