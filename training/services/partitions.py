"""Filling the per-draw partitions of the list and of the results: COPY first, then the key, then attach.

System work: runs in jobs and commands, as the owner of the tables.
"""

from collections.abc import Iterable
from io import StringIO
from uuid import UUID

from django.db import connection

ROWS_PER_COPY = 50_000


def fill_partition(parent: str, draw_id: UUID, columns: str, rows: Iterable[str]) -> None:
    """Create the partition of `parent` for this draw and load `rows` (tab-separated text, without the draw's id).

    Raises django.db.ProgrammingError when the partition exists: a draw's rows are written once.
    """
    name = f"{parent}_{draw_id.hex}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        copy = f"COPY {name} (draw_id, {columns}) FROM STDIN"
        for chunk in _chunks(rows, f"{draw_id}\t"):
            cursor.cursor.copy_expert(copy, chunk)
        cursor.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (draw_id, registration_id)")
        cursor.execute(f"ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES IN (%s)", [draw_id])
        cursor.execute(
            f"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {name} EXECUTE FUNCTION refuse_change()"
        )


def _chunks(rows: Iterable[str], prefix: str) -> Iterable[StringIO]:
    lines: list[str] = []
    for row in rows:
        lines.append(f"{prefix}{row}\n")
        if len(lines) == ROWS_PER_COPY:
            yield StringIO("".join(lines))
            lines = []
    yield StringIO("".join(lines))
