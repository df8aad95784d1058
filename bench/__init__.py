"""Benchmarks, each run by its verb: `make bench-<name>`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from prakerja.embedded.services import ensure

if TYPE_CHECKING:
    from clusters.models import Wave


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


def open_wave(now: datetime) -> Wave:
    """An empty database's first wave, open since yesterday, with staff, classes and a published quota."""
    from django.core.management import call_command

    from prakerja.rehearsal import province

    call_command("migrate", verbosity=0)
    call_command("load_reference_data", stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123 - for the whole run
    staff = province.make_staff()
    wave = province.make_wave(
        staff=staff, slug="ukur", name="Ukur", total=5_000, opens_at=now - timedelta(days=1), now=now
    )
    province.make_classes(wave=wave, places_wanted=6_000, seed=1, now=now)
    province.publish_quota(staff=staff, wave=wave, now=now)
    return province.open_wave(staff=staff, wave=wave, now=now)
