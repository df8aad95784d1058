"""The hash chain over what is remembered, as arithmetic on streams: no database, no clock, no key.

Every row of a log has a *line*: its place in one order without gaps, the digest of its text and the chain value, which
depends on every line before. A *seal* closes a batch of lines: its signature is made with a key that lies outside the
database. The heads of seals are published, so that a tail cut off later is missed.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest
from typing import NamedTuple

START = bytes(32)  # the chain value before the first line


class Row(NamedTuple):
    """A row of a log: `number` is where it stands in the order of recording, `text` its canonical JSON, all columns."""

    number: int
    log: str
    row_id: str
    text: str


class Line(NamedTuple):
    position: int
    log: str
    row_id: str
    number: int
    digest: bytes
    chain: bytes


class Seal(NamedTuple):
    """Closes the `count` lines up to `last`; `head` is the chain value there.

    `high`: the greatest number sealed so far; `settled`: no row up to this number is without its line. `xid`: the
    transaction that sealed (records.services.seals).
    """

    n: int
    last: int
    count: int  # type: ignore[assignment] # a tuple's method of this name is of no use here
    high: int
    settled: int
    xid: int
    sealed_at: datetime
    head: bytes
    signature: bytes

    def message(self) -> str:
        """What is signed: every field but the signature."""
        moment = self.sealed_at.astimezone(UTC).isoformat()
        numbers = (self.n, self.last, self.count, self.high, self.settled, self.xid)
        return "|".join([*map(str, numbers), moment, self.head.hex()])


BEFORE_THE_FIRST = Seal(0, 0, 0, 0, 0, 0, datetime(2000, 1, 1, tzinfo=UTC), START, b"")


def digest_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def link(before: bytes, position: int, log: str, row_id: str, number: int, digest: bytes) -> bytes:
    """The chain value of a line after the chain value `before`."""
    return hashlib.sha256(before + f"{position}|{log}|{row_id}|{number}|".encode() + digest).digest()


def lines_of(rows: Iterable[Row], *, position: int, head: bytes) -> Iterator[Line]:
    """The lines of `rows` behind `position`, where the chain value is `head`."""
    for position, row in enumerate(rows, position + 1):  # noqa: B020 - goes on counting
        digest = digest_of(row.text)
        head = link(head, position, row.log, row.row_id, row.number, digest)
        yield Line(position, row.log, row.row_id, row.number, digest, head)


@dataclass(frozen=True)
class Fault:
    """The first thing found wrong: what, in which table, at which position of the chain or under which number."""

    what: str
    table: str
    key: str
    position: int | None = None

    def __str__(self) -> str:
        place = f"position {self.position}: " if self.position is not None else ""
        return f"{place}{self.table} {self.key}: {self.what}"


@dataclass(frozen=True)
class Verdict:
    """`fault` is None when everything is as it was sealed; `lines` and `newest` say how far the chain was followed."""

    fault: Fault | None
    lines: int
    newest: Seal


ROW_CHANGED = "the row was changed after it was sealed"
ROW_DELETED = "the row was deleted"
ROW_INSERTED = "the row was put into the past that is sealed already"
LINE_MISSING = "the line is missing"
LINE_TWICE = "the line is there twice"
LINE_CHANGED = "the line was changed or moved"
SEAL_MISSING = "the seal is missing"
SEAL_CHANGED = "the seal does not carry our signature: it was changed or made without the key"
LINES_REWRITTEN = "the lines under this seal were written anew"
HEAD_MISSING = "this published head is not in the chain: its end was cut off, or it was written anew"


def verify(
    *,
    seals: Iterable[Seal],
    entries: Iterable[tuple[Line, str | None]],
    strays: Iterable[Row],
    sign: Callable[[str], bytes],
    published: Collection[bytes] = (),
    after: Seal = BEFORE_THE_FIRST,
) -> Verdict:
    """Follow the chain behind the seal `after` in constant memory and stop at the first fault.

    `seals` by n; `entries` are the lines by position, each with the present text of its row, None where there is none.
    `strays` are rows without a line that must have one, by number. `published` are heads that must be met.
    Positions come first, then seals, then published heads, then strays.
    """
    tables = {"event": "records_event", "read": "records_read"}
    stream, wanted = iter(entries), set(published)
    position, head, newest = after.last, after.head, after

    def stop(fault: Fault | None) -> Verdict:
        return Verdict(fault, position - after.last, newest)

    for seal in seals:
        if seal.n > newest.n + 1:
            return stop(Fault(SEAL_MISSING, "records_seal", str(newest.n + 1)))
        genuine = compare_digest(seal.signature, sign(seal.message()))
        while position < seal.last:
            line, text = next(stream, (None, None))
            if line is None or line.position > position + 1:
                if line is None and not genuine:
                    break  # the number of lines is as doubtful as the seal
                return stop(Fault(LINE_MISSING, "records_logline", str(position + 1), position + 1))
            if line.position <= position:
                return stop(Fault(LINE_TWICE, "records_logline", str(line.position), line.position))
            if line.chain != link(head, *line[:-1]):
                return stop(Fault(LINE_CHANGED, "records_logline", str(line.position), line.position))
            if text is None or digest_of(text) != line.digest:
                what = ROW_DELETED if text is None else ROW_CHANGED
                return stop(Fault(what, tables[line.log], line.row_id, line.position))
            position, head = line.position, line.chain
        if not genuine or position != seal.last or seal.count != seal.last - newest.last:
            return stop(Fault(SEAL_CHANGED, "records_seal", str(seal.n)))
        if seal.head != head:
            return stop(Fault(LINES_REWRITTEN, "records_seal", str(seal.n)))
        newest = seal
        wanted.discard(seal.head)
    line, _ = next(stream, (None, None))
    if line and line.position <= position:
        return stop(Fault(LINE_TWICE, "records_logline", str(line.position), line.position))
    if line:
        return stop(Fault(SEAL_MISSING, "records_seal", str(newest.n + 1)))
    if wanted:
        return stop(Fault(HEAD_MISSING, "head", min(wanted).hex()))
    for row in strays:
        return stop(Fault(ROW_INSERTED, tables[row.log], row.row_id))
    return stop(None)
