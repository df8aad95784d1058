"""Sealing both logs into one hash chain, and following it again.

One sealer at a time gives every row that can be seen its line, in order of `number`, so many to a seal. Rows may become
visible out of order, so each search starts where nothing can appear any more: at the number that the newest seal calls
*settled*. A row's number is given after its transaction has its id (records.models.log.NextNumber), and a seal's `xid` is
younger than those of all rows up to its `high`. Once every transaction older than that has ended, the next search sees
whatever was still to come, and its own seal calls that `high` settled. In a database restored on another server
transaction ids start again; a seal from the future is of the old server, whose transactions have all ended.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from records import chain
from records.fields import keyring
from records.models import LogLine, Seal
from records.services.copying import copy_rows
from records.services.messages import queue_message

BATCH = 10_000
PEPPER = "seal"

# The text of a row: all its columns, whichever there are. Without nulls, so that a column added later changes no old text.
_TEXT = "jsonb_strip_nulls(to_jsonb({row}))::text"
_IN_UTC = "SET LOCAL timezone TO 'UTC'"  # jsonb writes moments in the zone of the session

_ENDED = """
SELECT coalesce((SELECT high FROM records_seal
  WHERE xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
     OR xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
  ORDER BY n DESC LIMIT 1), 0)
"""
_UNSEALED_OF = f"""
(SELECT number, '{{log}}' AS log, id::text, {_TEXT.format(row="o")} FROM records_{{log}} o WHERE number > %(settled)s
   AND NOT EXISTS (SELECT FROM records_logline l WHERE l.number = o.number AND l.number > %(settled)s)
 ORDER BY number LIMIT %(limit)s)
"""  # noqa: S608
_UNSEALED = (
    " UNION ALL ".join(_UNSEALED_OF.format(log=log) for log in ("event", "read")) + " ORDER BY number LIMIT %(limit)s"
)
_SEALS = f"SELECT {', '.join(chain.Seal._fields)} FROM records_seal WHERE n > %s ORDER BY n"  # noqa: S608
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
    sealed = 0
    while True:
        count = _seal_batch(now)
        sealed += count
        if count < BATCH:
            return sealed


def _seal_batch(now: datetime) -> int:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_IN_UTC)
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('seal the logs', 0))")
        if cursor.fetchone() != (True,):
            return 0
        before = newest_seal() or chain.BEFORE_THE_FIRST
        cursor.execute(_ENDED)
        (ended,) = cursor.fetchone()
        cursor.execute(_UNSEALED, {"settled": before.settled, "limit": BATCH})
        rows = [chain.Row._make(row) for row in cursor.fetchall()]
        if not rows:
            return 0
        lines = list(chain.lines_of(rows, position=before.last, head=before.head))
        copy_rows(cursor, LogLine, [line._asdict() for line in lines])
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")  # given after the rows were read
        seal = chain.Seal(
            n=before.n + 1,
            last=lines[-1].position,
            count=len(lines),
            high=max(before.high, rows[-1].number),
            settled=max(before.settled, ended if len(rows) < BATCH else min(ended, rows[-1].number)),
            xid=cursor.fetchone()[0],
            sealed_at=now,
            head=lines[-1].chain,
            signature=b"",
        )
        Seal.objects.create(**seal._replace(signature=sign(seal.message()))._asdict())
        return len(rows)


def newest_seal() -> chain.Seal | None:
    row = Seal.objects.order_by("-n").values_list(*chain.Seal._fields).first()
    return _as_seal(row) if row else None


def mail_newest_head(*, now: datetime) -> int:
    """Promise the newest head to every address of settings.SEAL_ADDRESSES, once for each seal; to how many.

    So that a head lies where nobody who could write the chain anew reaches it.
    """
    seal = newest_seal()
    if seal is None:
        return 0
    values = {
        "n": str(seal.n),
        "time": timezone.localtime(seal.sealed_at).isoformat(timespec="seconds"),
        "count": str(seal.last),
        "head": seal.head.hex(),
    }
    with transaction.atomic():
        for place, address in enumerate(settings.SEAL_ADDRESSES):
            queue_message(
                template="seal_head",
                channel="email",
                language=settings.LANGUAGE_CODE,
                key=f"seal {seal.n} {place}",
                values=values,
                now=now,
                destination=address,
            )
    return len(settings.SEAL_ADDRESSES)


def verify_logs(*, published: Collection[bytes] = (), from_seal: int = 1) -> chain.Verdict:
    """Follow the chain from this seal on, all of it in one snapshot and in constant memory (records.chain.verify).

    Heads that were published must be in it, also before `from_seal`. Raises Seal.DoesNotExist when the seal before
    `from_seal` is not there.
    """
    after, first = chain.BEFORE_THE_FIRST, -(2**63)  # what stands before the first, somebody put there
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(_IN_UTC)
        if from_seal > 1:
            after = _as_seal(Seal.objects.values_list(*chain.Seal._fields).get(n=from_seal - 1))
            first = after.last
            older = Seal.objects.filter(n__lt=from_seal, head__in=published).values_list("head", flat=True)
            published = set(published) - {bytes(head) for head in older}
        newest = newest_seal() or chain.BEFORE_THE_FIRST
        return chain.verify(
            seals=map(_as_seal, _stream("seals", _SEALS, [after.n if after.n else first])),
            entries=map(_as_entry, _stream("entries", _ENTRIES, [first])),
            strays=map(chain.Row._make, _stream("strays", _STRAYS, {"settled": newest.settled})),
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
    return chain.Seal._make([*row[:-2], bytes(row[-2]), bytes(row[-1])])


def _as_entry(row: tuple[Any, ...]) -> tuple[chain.Line, str | None]:
    *line, digest, chain_value, text = row
    return chain.Line._make([*line, bytes(digest), bytes(chain_value)]), text
