"""Whatever is altered in the logs, their lines or their seals is found, and the first bad thing is named."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from clusters.models import Wave
from records import chain
from records.models import Read
from records.services import seals
from records.services.log import record_event, record_read
from tests.factories.people import make_wave
from tests.factories.registered import make_registration
from tests.factories.staff import make_user
from tests.records.tampering import TABLES, seal, settle, triggers_off

ALTERATIONS = 10_000
BATCH = 7

Record = dict[str, Any]


def remember(wave: Wave) -> None:
    """Rows as the portal writes them, and some with every column filled."""
    clerk = make_user()
    for number in range(12):
        registration = make_registration(wave)
        subject = {
            "subject_type": "registration",
            "subject_id": registration.pk,
            "person_id": registration.applicant_id,
        }
        place = {"actor_id": clerk.pk, "actor_role": "mentor", "regency_id": 3374, "at": timezone.now()}
        record_event(
            kind="registration.verified",
            fields=["état", f"kolom {number}"],
            reason="Berkas “lengkap” ☂",
            **place,
            **subject,
        )
        record_read(person_id=registration.applicant_id, field="nik", reason=f"Pemeriksaan: loket {number}", **place)


@dataclass
class Copy:
    """The four tables in memory. `settled`: the number up to which no row may still appear."""

    events: dict[str, Record]
    reads: dict[str, Record]
    lines: list[Record]
    seals: list[Record]

    @property
    def settled(self) -> int:
        return max((seal["settled"] for seal in self.seals), default=0)

    def table(self, log: str) -> dict[str, Record]:
        return self.events if log == "event" else self.reads

    def entries(self) -> Iterator[tuple[chain.Line, str | None]]:
        for line in sorted(self.lines, key=lambda line: line["position"]):
            row = self.table(line["log"]).get(line["row_id"])
            yield chain.Line(**line), row and text_of(row)

    def strays(self) -> list[chain.Row]:
        known = {(line["log"], line["row_id"]) for line in self.lines}
        rows = [(log, row) for log in ("event", "read") for row in self.table(log).values()]
        found = [chain.Row(row["number"], log, row["id"], "") for log, row in rows if (log, row["id"]) not in known]
        return sorted(row for row in found if row.number <= self.settled)

    def verify(self, published: bytes) -> chain.Verdict:
        return chain.verify(
            seals=[chain.Seal(**seal) for seal in sorted(self.seals, key=lambda seal: seal["n"])],
            entries=self.entries(),
            strays=self.strays(),
            sign=seals.sign,
            published=[published],
        )

    def rechain(self, sign: Callable[[str], bytes] | None) -> None:
        """Compute all digests and chain values anew and, given a key, seals with heads and signatures too."""
        lines = {line["position"]: line for line in self.lines}
        rows = (
            chain.Row(line["number"], line["log"], line["row_id"], text_of(self.table(line["log"])[line["row_id"]]))
            for _, line in sorted(lines.items())
        )
        for line in chain.lines_of(rows, position=0, head=chain.START):
            lines[line.position] |= line._asdict()
        for closed in self.seals if sign else []:
            closed["head"] = lines[closed["last"]]["chain"]
            closed["signature"] = sign(chain.Seal(**closed).message())


def text_of(row: Record) -> str:
    """As PostgreSQL writes it."""
    return json.dumps(row, ensure_ascii=False)


Expected = tuple[str | tuple[str, ...], str, int | None]  # what, key, position


def different(chance: Random, value: Any) -> Any:
    """Another value of the same kind."""
    match value:
        case None:
            return "sesuatu"
        case int():
            return value + chance.choice([-1, 1, 1000])
        case bytes():
            place = chance.randrange(len(value))
            return value[:place] + bytes([value[place] ^ 1 << chance.randrange(8)]) + value[place + 1 :]
        case list():
            return [*value, "lain"] if chance.random() < 0.5 or not value else value[1:]
        case str():
            place = chance.randrange(len(value) + 1)
            return value[:place] + chance.choice("x0\N{ZERO WIDTH SPACE}") + value[place:]
        case _:
            return value + timedelta(microseconds=chance.choice([-1, 1]))


def change_row(chance: Random, copy: Copy) -> Expected:
    line = chance.choice(copy.lines)
    table = copy.table(line["log"])
    row = table[line["row_id"]]
    column = chance.choice(sorted(row))
    row[column] = different(chance, row[column])
    if column != "id":
        return chain.ROW_CHANGED, line["row_id"], line["position"]
    table[row["id"]] = table.pop(line["row_id"])
    return chain.ROW_DELETED, line["row_id"], line["position"]


def drop_column(chance: Random, copy: Copy) -> Expected:
    line = chance.choice(copy.lines)
    row = copy.table(line["log"])[line["row_id"]]
    del row[chance.choice(sorted(set(row) - {"id", "number"}))]
    return chain.ROW_CHANGED, line["row_id"], line["position"]


def delete_row(chance: Random, copy: Copy) -> Expected:
    line = chance.choice(copy.lines)
    del copy.table(line["log"])[line["row_id"]]
    return chain.ROW_DELETED, line["row_id"], line["position"]


def insert_row(chance: Random, copy: Copy) -> Expected:
    table = chance.choice([copy.events, copy.reads])
    row = deepcopy(chance.choice(list(table.values()))) | {"id": str(uuid4())}
    row["number"] = chance.randint(1, copy.settled)
    table[row["id"]] = row
    return chain.ROW_INSERTED, row["id"], None


def swap_rows(chance: Random, copy: Copy) -> Expected:
    table = chance.choice([copy.events, copy.reads])
    one, other = chance.sample(sorted(table), 2)
    table[one], table[other] = table[other] | {"id": one}, table[one] | {"id": other}
    first = min((line for line in copy.lines if line["row_id"] in (one, other)), key=lambda line: line["position"])
    return chain.ROW_CHANGED, first["row_id"], first["position"]


def change_line(chance: Random, copy: Copy) -> Expected:
    line = chance.choice(copy.lines)
    column, before = chance.choice(sorted(line)), line["position"]
    if column == "log":
        line["log"] = "read" if line["log"] == "event" else "event"
    elif column == "position":
        line["position"] = chance.choice([chance.randint(1, len(copy.lines)), len(copy.lines) + 5, -3])
        if line["position"] == before:
            line["position"] = len(copy.lines) + 1
        first = min(before, max(1, line["position"])) if line["position"] > 0 else line["position"]
        whats = (chain.LINE_MISSING, chain.LINE_TWICE, chain.LINE_CHANGED)
        return whats, str(first), first
    else:
        line[column] = different(chance, line[column])
    return chain.LINE_CHANGED, str(before), before


def delete_line(chance: Random, copy: Copy) -> Expected:
    line = copy.lines.pop(chance.randrange(len(copy.lines)))
    return chain.LINE_MISSING, str(line["position"]), line["position"]


def swap_lines(chance: Random, copy: Copy) -> Expected:
    one, other = chance.sample(copy.lines, 2)
    one["position"], other["position"] = other["position"], one["position"]
    first = min(one["position"], other["position"])
    return chain.LINE_CHANGED, str(first), first


def insert_line(chance: Random, copy: Copy) -> Expected:
    line = deepcopy(chance.choice(copy.lines))
    line["position"] += chance.choice([0, len(copy.lines)])
    copy.lines.append(line)
    if line["position"] > len(copy.lines) - 1:
        return chain.SEAL_MISSING, str(len(copy.seals) + 1), None
    return chain.LINE_TWICE, str(line["position"]), line["position"]


def change_seal(chance: Random, copy: Copy) -> Expected:
    seal = chance.choice(copy.seals)
    column, before = chance.choice(sorted(seal)), seal["n"]
    seal[column] = different(chance, seal[column])
    if column != "n":
        return chain.SEAL_CHANGED, str(before), None
    if seal["n"] > before:
        return chain.SEAL_MISSING, str(before), None
    return chain.SEAL_CHANGED, str(seal["n"]), None


def delete_seal(chance: Random, copy: Copy) -> Expected:
    seal = copy.seals.pop(chance.randrange(len(copy.seals)))
    return chain.SEAL_MISSING, str(seal["n"]), None


def insert_seal(chance: Random, copy: Copy) -> Expected:
    seal = deepcopy(copy.seals[-1])
    seal["n"] += 1
    seal["last"] += seal["count"]
    copy.seals.append(seal)
    return chain.SEAL_CHANGED, str(seal["n"]), None


def cut_the_tail(chance: Random, copy: Copy) -> Expected:
    """Seals, lines and, or not, rows after some point: only a head published before shows it."""
    keep = chance.randrange(len(copy.seals))
    last = copy.seals[keep - 1]["last"] if keep else 0
    head = copy.seals[-1]["head"]
    if chance.random() < 0.5:
        for line in copy.lines[last:]:
            del copy.table(line["log"])[line["row_id"]]
    del copy.seals[keep:], copy.lines[last:]
    return chain.HEAD_MISSING, head.hex(), None


def rewrite(chance: Random, copy: Copy) -> Expected:
    """A row changed and every digest and chain value after it computed anew; seals too, signed with another key or ours."""
    head = copy.seals[-1]["head"]
    _, _, position = change_row(chance, copy) if chance.random() < 0.5 else swap_rows(chance, copy)
    copy.lines[:] = [line for line in copy.lines if line["row_id"] in copy.table(line["log"])]
    if len(copy.lines) != copy.seals[-1]["last"]:  # an id was changed: no longer consistent
        return chain.LINE_MISSING, str(position), position
    sign = chance.choice([None, lambda message: chain.digest_of(message), seals.sign])
    copy.rechain(sign)
    n = next(seal["n"] for seal in copy.seals if seal["last"] >= (position or 0))
    if sign is seals.sign:
        return chain.HEAD_MISSING, head.hex(), None
    return chain.SEAL_CHANGED if sign else chain.LINES_REWRITTEN, str(n if not sign else 1), None


WAYS = [
    change_row, drop_column, delete_row, insert_row, swap_rows, change_line, delete_line, swap_lines, insert_line,
    change_seal, delete_seal, insert_seal, cut_the_tail, rewrite,
]  # fmt: skip


def take_copy() -> Copy:
    """The tables as they are, rows through the very query that is verified."""
    with connection.cursor() as cursor:
        rows = {}
        for log in ("event", "read"):
            cursor.execute(f"SELECT {seals._TEXT.format(row='o')} FROM records_{log} o")  # noqa: S608
            found = [json.loads(text) for (text,) in cursor.fetchall()]
            rows[log] = {row["id"]: row for row in found}
        cursor.execute(seals._ENTRIES, [0])
        lines = [seals._as_entry(row)[0]._asdict() for row in cursor.fetchall()]
        cursor.execute(seals._SEALS, [0])
        closed = [seals._as_seal(row)._asdict() for row in cursor.fetchall()]
    return Copy(rows["event"], rows["read"], lines, closed)


@pytest.fixture
def original(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Copy:
    monkeypatch.setattr(seals, "BATCH", BATCH)
    remember(make_wave())
    seal()
    settle(Read.objects.latest("number").number)
    return take_copy()


def test_ten_thousand_random_alterations_are_found_and_the_first_bad_thing_named(original: Copy) -> None:
    published = original.seals[-1]["head"]
    assert original.verify(published).fault is None
    for seed in range(ALTERATIONS):
        chance, copy = Random(seed), deepcopy(original)
        way = chance.choice(WAYS)
        what, key, position = way(chance, copy)
        fault = copy.verify(published).fault
        named = fault and (fault.what, fault.key, fault.position)
        whats = what if isinstance(what, tuple) else (what,)
        assert named in {(word, key, position) for word in whats}, f"seed {seed}, {way.__name__}: {fault}"


def test_of_two_alterations_the_first_is_named(original: Copy) -> None:
    published = original.seals[-1]["head"]
    for seed in range(500):
        chance, copy = Random(seed), deepcopy(original)
        alone = [min(way(chance, copy)[2] or 0 for way in (change_row, swap_rows))]
        fault = copy.verify(published).fault
        assert fault and fault.position == alone[0], f"seed {seed}: {fault}"


PICK = "(SELECT {key} FROM {table} ORDER BY {key} OFFSET {at} LIMIT 1)"
# What somebody with the rights of the owner could do. {event}, {read}, {line} and {seal} are keys of rows.
STATEMENTS = [
    ("UPDATE records_event SET kind = 'registration.rejected' WHERE id = {event}", chain.ROW_CHANGED),
    ("UPDATE records_event SET at = at - interval '1 microsecond' WHERE id = {event}", chain.ROW_CHANGED),
    ("UPDATE records_event SET actor_id = NULL, actor_role = '' WHERE id = {event}", chain.ROW_CHANGED),
    ("UPDATE records_event SET number = number + 100000 WHERE id = {event}", chain.ROW_CHANGED),
    ("UPDATE records_event SET fields = '[]', reason = 'x' WHERE id = {event}", chain.ROW_CHANGED),
    ("UPDATE records_event SET id = gen_random_uuid() WHERE id = {event}", chain.ROW_DELETED),
    ("UPDATE records_read SET reason = 'Lain' WHERE id = {read}", chain.ROW_CHANGED),
    ("UPDATE records_read SET person_id = gen_random_uuid() WHERE id = {read}", chain.ROW_CHANGED),
    ("DELETE FROM records_event WHERE id = {event}", chain.ROW_DELETED),
    ("DELETE FROM records_read WHERE id = {read}", chain.ROW_DELETED),
    (
        "INSERT INTO records_read (id, number, at, actor_id, actor_role, person_id, field, reason)"
        " SELECT gen_random_uuid(), e.number, r.at, r.actor_id, 'auditor', r.person_id, 'nik', 'x'"
        " FROM records_read r, records_event e WHERE r.id = {read} AND e.id = {event}",
        chain.ROW_INSERTED,
    ),
    ("UPDATE records_logline SET digest = sha256(digest) WHERE position = {line}", chain.LINE_CHANGED),
    ("UPDATE records_logline SET row_id = gen_random_uuid() WHERE position = {line}", chain.LINE_CHANGED),
    ("UPDATE records_logline SET position = -position WHERE position = {line}", chain.LINE_TWICE),
    ("DELETE FROM records_logline WHERE position = {line}", chain.LINE_MISSING),
    ("UPDATE records_seal SET sealed_at = sealed_at - interval '1 second' WHERE n = {seal}", chain.SEAL_CHANGED),
    ("UPDATE records_seal SET signature = sha256(signature) WHERE n = {seal}", chain.SEAL_CHANGED),
    ("DELETE FROM records_seal WHERE n = {seal}", chain.SEAL_MISSING),
    ("DELETE FROM records_seal WHERE n > 3; DELETE FROM records_logline WHERE position > 21", chain.HEAD_MISSING),
    ("TRUNCATE records_event, records_read, records_logline, records_seal", chain.HEAD_MISSING),
]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_is_found_in_the_database(original: Copy, seed: int) -> None:
    chance = Random(seed)
    published = original.seals[-1]["head"]
    with connection.cursor() as cursor, triggers_off():
        for table in TABLES:
            cursor.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")
        try:
            for statement, what in STATEMENTS:
                rows = {
                    name: PICK.format(key=key, table=table, at=chance.randrange(6))
                    for name, key, table in zip(
                        ("event", "read", "line", "seal"), ("id", "id", "position", "n"), TABLES, strict=True
                    )
                }
                cursor.execute(statement.format(**rows))
                fault = seals.verify_logs(published=[published]).fault
                assert fault and fault.what == what, f"{statement}: {fault}"
                cursor.execute(f"TRUNCATE {', '.join(TABLES)}")
                for table in TABLES:
                    cursor.execute(f"INSERT INTO {table} TABLE kept_{table}")
                assert seals.verify_logs(published=[published]).fault is None
        finally:
            for table in TABLES:
                cursor.execute(f"DROP TABLE kept_{table}")
