"""A file comes in: kept as encrypted pieces, since the worker may be another machine and a file on disk would stay."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

from django.db import transaction

from records.fields import keyring
from records.models import Import, ImportChunk, ImportMapping, Job
from records.services.imports.state import locked, note, request_step, resource_class, resource_of, save
from records.sheets import SheetRefused, Source, largest, suffix_of

PIECE = 64 * 1024
AT_ONCE = 16  # pieces of one statement


class MappingIncomplete(Exception):
    """Columns that the file must have are mapped to none of its headers: `columns` are their titles."""

    def __init__(self, columns: list[str]) -> None:
        self.columns = columns
        super().__init__(", ".join(columns))


@transaction.atomic
def receive_file(
    *,
    actor_id: UUID,
    actor_role: str,
    kind: str,
    regency_id: int | None,
    name: str,
    content: Iterable[bytes],
    now: datetime,
    options: Mapping[str, Any] | None = None,
) -> tuple[Import, Job]:
    """Keep the file and ask for its reading. `options` (JSON) are what the resource wants to know of the whole file.

    `regency_id` is the office whose import it is, None the province's. Raises SheetRefused for a name or a size that is not
    read, UnknownKind.
    """
    resource_class(kind)
    limit, size, digest = largest(suffix_of(name)), 0, sha256()
    record = Import.objects.create(
        kind=kind,
        regency_id=regency_id,
        asked_by_id=actor_id,
        options=dict(options or {}),
        name=name[-200:],
        size=0,
        created_at=now,
    )
    waiting: list[ImportChunk] = []
    for number, piece in enumerate(_pieces(content)):
        size += len(piece)
        digest.update(piece)
        if size > limit:
            raise SheetRefused("file_size", limit=limit // 1024**2, or_csv="")
        data = keyring().encrypt_bytes(_aad(number), record.pk, piece)
        waiting.append(ImportChunk(of_import=record, number=number, data=data))
        if len(waiting) == AT_ONCE:
            ImportChunk.objects.bulk_create(waiting)
            waiting.clear()
    ImportChunk.objects.bulk_create(waiting)
    save(record, size=size, sha256=digest.hexdigest())
    note(record, "received", now=now, actor_id=actor_id, actor_role=actor_role)
    return record, request_step(record)


@transaction.atomic
def set_mapping(*, actor_id: UUID, actor_role: str, import_id: UUID, mapping: Mapping[str, str], now: datetime) -> Job:
    """Say which header of the file each column of the resource is, remember it for the office, and ask for the reading.

    Raises MappingIncomplete; WrongState unless the file's headers are known and its reading has not begun.
    """
    record = locked(import_id, Import.State.RECEIVED)
    resource = resource_of(record)
    chosen = {column: header for column, header in mapping.items() if column in resource.columns and header}
    if unknown := set(chosen.values()) - set(record.headers):
        raise MappingIncomplete(sorted(unknown))
    if missing := resource.missing(chosen):
        raise MappingIncomplete([column.title for column in missing])
    ImportMapping.objects.bulk_create(
        [ImportMapping(kind=record.kind, regency_id=record.regency_id, columns=chosen)],
        update_conflicts=True,
        unique_fields=["kind", "regency_id"],
        update_fields=["columns"],
    )
    save(record, mapping=chosen, state=Import.State.READING)
    note(record, "mapped", now=now, actor_id=actor_id, actor_role=actor_role)
    return request_step(record)


def remembered_mapping(record: Import) -> dict[str, str]:
    found = ImportMapping.objects.filter(kind=record.kind, regency_id=record.regency_id).values_list(
        "columns", flat=True
    )
    return dict(next(iter(found), {}))


def source_of(record: Import) -> Source:
    """The file's bytes from a position on, decrypted a piece at a time. Raises KeyringError for a changed piece."""
    return partial(_bytes_from, record.pk)


def _bytes_from(import_id: UUID, offset: int) -> Iterator[bytes]:
    pieces = ImportChunk.objects.filter(of_import_id=import_id)
    for number in count(offset // PIECE):
        data = pieces.filter(number=number).values_list("data", flat=True).first()
        if data is None:
            return
        piece = keyring().decrypt_bytes(_aad(number), import_id, bytes(data))
        yield piece[offset % PIECE :] if number == offset // PIECE else piece


def _pieces(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of PIECE."""
    buffer = bytearray()
    for part in content:
        buffer += part
        while len(buffer) >= PIECE:
            yield bytes(buffer[:PIECE])
            del buffer[:PIECE]
    if buffer:
        yield bytes(buffer)


def _aad(number: int) -> str:
    return f"records.importchunk.{number}"
