"""Benchmarks, each run by its verb: `make bench-<name>`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from prakerja.embedded.services import ensure


@contextmanager
def own_portal(suffix: str = "bench") -> Iterator[str]:
    """Django on the embedded servers, its database a fresh one that is dropped afterwards; the name of it."""
    with ensure("dev"):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prakerja.settings")
        import django

        django.setup()
        from prakerja.rehearsal import database

        with database.own_database(suffix) as name:
            yield name
