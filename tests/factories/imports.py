"""Imports of lists of people, driven as the worker drives them."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from records.models import Import, Job
from records.services import imports
from records.tasks import work_on_import
from tests.factories.places import make_regency
from tests.factories.staff import make_user

LIST = {"kind": "laid_off", "source": "PT Contoh", "day": "2026-10-01"}


def nik(number: int) -> str:
    """The NIK of nobody: district 99. A different one for each number."""
    day, serial = divmod(number, 9_999)
    return f"337499{day % 28 + 1:02}{day // 28 % 12 + 1:02}95{serial + 1:04}"


def csv_of(rows: list[tuple[str, ...]], header: str = "NIK,Nomor surat,Sejak tanggal") -> bytes:
    return "\n".join([header, *(",".join(row) for row in rows)]).encode()


def receive(content: bytes, *, user: User | None = None, name: str = "daftar.csv", **over: Any) -> Import:
    """The import of this file, read and checked as far as it goes."""
    user = user or make_user()
    make_regency(3374)
    given = {"kind": "person_list", "regency_id": 3374, "options": LIST} | over
    record, _job = imports.receive_file(
        actor_id=user.pk, actor_role="mentor", name=name, content=[content], now=timezone.now(), **given
    )
    return done(record.pk)


def decide(record: Import, take: str) -> Import:
    imports.decide(actor_id=record.asked_by_id, actor_role="mentor", import_id=record.pk, take=take, now=timezone.now())
    return done(record.pk)


def undo(record: Import) -> Import:
    imports.undo(actor_id=record.asked_by_id, actor_role="mentor", import_id=record.pk, now=timezone.now())
    return done(record.pk)


def done(import_id: UUID) -> Import:
    """Work off the import's jobs, each as a worker does it; the import afterwards."""
    while job := Job.objects.filter(key__startswith=f"import:{import_id}", state="queued").first():
        work_on_import(str(job.pk)) if not transaction.get_connection().in_atomic_block else _inside(job)
    return Import.objects.get(pk=import_id)


def _inside(job: Job) -> None:
    """In a test that is one transaction itself."""
    imports.work(import_id=UUID(job.payload["import_id"]), now=timezone.now())
    Job.objects.filter(pk=job.pk).update(state="done")
