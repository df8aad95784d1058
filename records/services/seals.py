"""Sealing both logs into one hash chain, and following it again.

One sealer at a time gives every row that can be seen its line, in order of `number`, so many to a seal. Rows may become
visible out of order. A number is given after its transaction has its id (records.models.log.NextNumber); so once every
transaction up to the one that made a seal has ended, no row up to that seal's `high` can still appear: it is *settled*, and
the next search starts there. In a database restored elsewhere transaction ids start again; a seal from the future is
of the old server, whose transactions have all ended. Where that is in doubt the search only starts earlier.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from records import chain
from records.fields import keyring
from records.models import LogLine, Seal
from records.services.copying import copy_rows

BATCH = 10_000
PEPPER = "seal"

# The text of a row: all its columns, whichever there are. Without nulls, so that a column added later changes no old text.
_TEXT = "jsonb_strip_nulls(to_jsonb({row}))::text"
_IN_UTC = "SET LOCAL timezone TO 'UTC'"  # jsonb writes moments in the zone of the session

_SETTLED = """
SELECT coalesce((SELECT high FROM records_seal
  WHERE xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
     OR xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
  ORDER BY n DESC LIMIT 1), 0)
"""
_UNSEALED_OF = f"""
(SELECT number, '{{log}}' AS log, id::text, {_TEXT.format(row="o")} FROM records_{{log}} o WHERE number > %(after)s
   AND NOT EXISTS (SELECT FROM records_logline l WHERE l.number = o.number AND l.number > %(after)s)
 ORDER BY number LIMIT %(limit)s)
"""  # noqa: S608
_UNSEALED = (
    " UNION ALL ".join(_UNSEALED_OF.format(log=log) for log in ("event", "read")) + " ORDER BY number LIMIT %(limit)s"
)
_SEALS = "SELECT n, last, count, high, xid, sealed_at, head, signature FROM records_seal WHERE n > %s ORDER BY n"
_ENTRIES = f"""
SELECT position, log, row_id::text, l.number, digest, chain,
       CASE log WHEN 'event' THEN {_TEXT.format(row="e")} ELSE {_TEXT.format(row="r")} END
FROM records_logline l
LEFT JOIN records_event e ON log = 'event' AND e.id = row_id
LEFT JOIN records_read r ON log = 'read' AND r.id = row_id
WHERE position > %s ORDER BY position
"""  # noqa: S608
_STRAYS_OF = """
SELECT number, '{log}' AS log, id::text, '' FROM records_{log} o WHERE number <= %(settled)s
  AND NOT EXISTS (SELECT FROM records_logline l WHERE l.log = '{log}' AND l.row_id = o.id)
"""
_STRAYS = " UNION ALL ".join(_STRAYS_OF.format(log=log) for log in ("event", "read")) + " ORDER BY number"


def sign(message: str) -> bytes:
    return keyring().index(PEPPER, message)


def seal_logs(*, now: datetime) -> int:
    """Seal every row that can be seen, up to BATCH to a seal and a transaction; how many rows.

    0 as well while another sealer is at work.
    """
    sealed = after = 0
    while True:
        with transaction.atomic(durable=True):
            rows = _unsealed(after)
            if rows:
                _seal(rows, now)
        sealed += len(rows)
        if len(rows) < BATCH:
            return sealed
        after = rows[-1].number  # whoever turns up below it is for the next call


def _unsealed(after: int) -> list[chain.Row]:
    """The next rows without a line, and the lock of the only sealer; none when another one has it."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_UTC)
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('seal the logs', 0))")
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(_SETTLED)
        cursor.execute(_UNSEALED, {"after": max(after, cursor.fetchone()[0]), "limit": BATCH})
        return [chain.Row._make(row) for row in cursor.fetchall()]


def _seal(rows: list[chain.Row], now: datetime) -> None:
    """After the rows were read: the id that the transaction gets now is younger than that of any they came from."""
    before = newest_seal() or chain.BEFORE_THE_FIRST
    lines = list(chain.lines_of(rows, position=before.last, head=before.head))
    with connection.cursor() as cursor:
        copy_rows(cursor, LogLine, [line._asdict() for line in lines])
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        seal = chain.Seal(
            n=before.n + 1,
            last=lines[-1].position,
            count=len(lines),
            high=max(before.high, rows[-1].number),
            xid=cursor.fetchone()[0],
            sealed_at=now,
            head=lines[-1].chain,
            signature=b"",
        )
    Seal.objects.create(**seal._replace(signature=sign(seal.message()))._asdict())


def newest_seal() -> chain.Seal | None:
    row = Seal.objects.order_by("-n").values_list(*chain.Seal._fields).first()
    return _as_seal(row) if row else None


def verify_logs(*, published: Collection[bytes] = (), from_seal: int = 1) -> chain.Verdict:
    """Follow the chain from this seal on, all of it in one snapshot and in constant memory (records.chain.verify).

    Heads that were published must be in it, also before `from_seal`. Raises Seal.DoesNotExist when the seal before
    `from_seal` is not there.
    """
    after = chain.BEFORE_THE_FIRST
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(_IN_UTC)
            cursor.execute(_SETTLED)
            settled = cursor.fetchone()[0]
        if from_seal > 1:
            after = _as_seal(Seal.objects.values_list(*chain.Seal._fields).get(n=from_seal - 1))
            older = Seal.objects.filter(n__lt=from_seal, head__in=published).values_list("head", flat=True)
            published = set(published) - {bytes(head) for head in older}
        return chain.verify(
            seals=map(_as_seal, _stream("seals", _SEALS, [after.n])),
            entries=map(_as_entry, _stream("entries", _ENTRIES, [after.last])),
            strays=map(chain.Row._make, _stream("strays", _STRAYS, {"settled": settled})),
            sign=sign,
            published=published,
            after=after,
        )


def _stream(name: str, query: str, parameters: Any) -> Iterator[tuple[Any, ...]]:
    """A query's rows through a cursor of the server, which keeps them until they are fetched."""
    with connection.connection.cursor(name) as cursor:
        cursor.itersize = 2000
        cursor.execute(query, parameters)
        yield from cursor


def _as_seal(row: tuple[Any, ...]) -> chain.Seal:
    *fields, head, signature = row
    return chain.Seal(*fields, bytes(head), bytes(signature))


def _as_entry(row: tuple[Any, ...]) -> tuple[chain.Line, str | None]:
    *fields, digest, chain_value, text = row
    return chain.Line(*fields, bytes(digest), bytes(chain_value)), text
