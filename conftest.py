"""Boots the test servers once per run, before Django's settings are read. Given URLs win.

The settings module is named here and not in pyproject.toml, where pytest-django would read it too early.
"""

import contextlib
import fcntl
import os
from itertools import count
from pathlib import Path
from typing import Any

import django
import hypothesis
import pytest
import redis
from django.db import connections

from prakerja.embedded.services import ensure
from prakerja.embedded.state import EmbeddedError, take_lock
from tests.migrated import TEMPLATE, migrated_database

pytest_plugins = ["tests.canary_plugin"]

REDIS_DATABASES_PER_RUN = 16

os.environ["DJANGO_SETTINGS_MODULE"] = "prakerja.settings"


def _slot(folder: Path) -> int:
    """The lowest number that no other run on this machine has; ours until our process ends."""
    for number in count():
        with contextlib.suppress(BlockingIOError):
            take_lock(folder / f"slot-{number}", fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
    return number


def _redis_url(number: int) -> str:
    """REDIS_URL, `number` databases further on."""
    server, _, database = os.environ["REDIS_URL"].rpartition("/")
    return f"{server}/{int(database) + number}"


def _boot() -> None:
    """Runs at the same time share the servers; each has databases of its own."""
    os.environ.setdefault("PRAKERJA_ENV", "test")
    given = set(os.environ)
    try:
        services = ensure("test")
    except EmbeddedError as error:
        pytest.exit(str(error), returncode=3)
    slot = _slot(services.state.folder)
    if "DATABASE_URL" not in given:
        os.environ[TEMPLATE] = migrated_database(os.environ["DATABASE_URL"], services.state.folder)
        os.environ["DATABASE_URL"] += f"_{slot}"
    if "REDIS_URL" not in given:
        os.environ["REDIS_URL"] = _redis_url(slot * REDIS_DATABASES_PER_RUN)
        for number in range(REDIS_DATABASES_PER_RUN):
            redis.Redis.from_url(_redis_url(number)).flushdb()


if "PYTEST_XDIST_WORKER" not in os.environ:
    _boot()
django.setup()
connections.settings["default"]["TEST"]["TEMPLATE"] = os.environ.get(TEMPLATE)
hypothesis.settings.register_profile("portal", deadline=None)  # a busy machine is no wrong result
hypothesis.settings.load_profile("portal")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """Each xdist worker has a Redis database of its own; pytest-django does the same for PostgreSQL."""
    for number, spec in enumerate(specs):
        spec.env["REDIS_URL"] = _redis_url(number)
