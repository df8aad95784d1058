"""What a database holds, in figures that a copy of it can be held against."""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from prakerja.operations.personal import EncryptedTable, encrypted_tables
from records.keyring import Keyring, KeyringError

TABLES = """
SELECT c.oid::regclass::text,
  (SELECT string_agg(format('%I', attname) || CASE WHEN attcollation <> 0 THEN ' COLLATE "C"' ELSE '' END, ', ' ORDER BY place)
   FROM pg_index i, unnest(i.indkey::smallint[]) WITH ORDINALITY AS keys (number, place), pg_attribute a
   WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = keys.number)
FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
ORDER BY c.relname
"""
# What guards the rows; a copy without it would be the same rows, open to everybody.
WALLS = """
SELECT format('%s %s %s %s %s %s', tablename, policyname, roles, cmd, qual, with_check) FROM pg_policies
 WHERE schemaname = 'public'
UNION ALL SELECT format('%s %s', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
 WHERE NOT tgisinternal AND c.relnamespace = 'public'::regnamespace
UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT format('%s %s %s %s', table_name, column_name, grantee, privilege_type)
 FROM information_schema.column_privileges WHERE table_schema = 'public' AND grantee IN ('portal_web', 'PUBLIC')
UNION ALL SELECT format('%s %s', oid::regprocedure, has_function_privilege('portal_web', oid, 'EXECUTE')) FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT format('%s %s %s', relname, relrowsecurity, relforcerowsecurity) FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""
# PostgreSQL prints `role IN ('a', 'b')` with other casts and parentheses once it has read its own print.
REWRITTEN = re.compile(r"::(text|character varying)(\[\])?|[()\s]")


class DoesNotOpen(Exception):
    """An encrypted value that these keys do not open, or that its blind index does not belong to."""


class _Digest:
    """The file that COPY writes to: rows, and the digest of all of them."""

    def __init__(self) -> None:
        self.rows, self.sum = 0, sha256()

    def write(self, data: bytes) -> int:
        self.rows += data.count(b"\n")
        self.sum.update(data)
        return len(data)


def tables_of(cursor: Any) -> dict[str, dict[str, Any]]:
    """Rows and SHA-256 of every table: of all its columns, in the order of its primary key."""
    cursor.execute("SET LOCAL row_security = off")  # an error rather than a part of the rows
    cursor.execute(TABLES)
    found = {}
    for table, key in cursor.fetchall():
        digest = _Digest()
        cursor.copy_expert(f"COPY (SELECT * FROM {table} ORDER BY {key or '1'}) TO STDOUT", digest)  # noqa: S608
        found[table] = {"rows": digest.rows, "sha256": digest.sum.hexdigest()}
    return found


def walls_of(cursor: Any) -> str:
    """SHA-256 of the policies, triggers, constraints and grants."""
    cursor.execute(WALLS)
    return sha256("\n".join(sorted(REWRITTEN.sub("", row[0]) for row in cursor.fetchall())).encode()).hexdigest()


def migrations_of(cursor: Any) -> list[str]:
    cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
    return [row[0] for row in cursor.fetchall()]


def chain_head_of(cursor: Any) -> dict[str, Any] | None:
    """The last seal of the logs (records.chain), to be compared with what was published; None before the first."""
    cursor.execute("SELECT n, last, encode(head, 'hex') FROM records_seal ORDER BY n DESC LIMIT 1")
    row = cursor.fetchone()
    return row and dict(zip(("seal", "last", "head"), row, strict=True))


def open_values(opened: Any, keyring: Keyring, *, sample: int | None) -> dict[str, int]:
    """Open `sample` rows of every encrypted table, or all of them, and compare each with its blind index; how many values.

    DoesNotOpen names the first that fails.
    """
    counts: dict[str, int] = {}
    for table in encrypted_tables():
        for pk, *values in _rows(opened, table, sample):
            _check(table, keyring, pk, values, counts)
    return counts


def _rows(opened: Any, table: EncryptedTable, sample: int | None) -> Iterator[tuple[Any, ...]]:
    names = [name for column in table.columns for name in (column.name, column.index) if name]
    chosen = "" if sample is None else f" ORDER BY md5({table.key}::text) LIMIT {sample}"
    with opened.cursor(name="values") as cursor:  # streamed
        cursor.itersize = table.most_rows
        cursor.execute(f"SELECT {table.key}, {', '.join(names)} FROM {table.name}{chosen}")  # noqa: S608
        yield from cursor


def _check(table: EncryptedTable, keyring: Keyring, pk: Any, values: list[Any], counts: dict[str, int]) -> None:
    rest = iter(values)
    for column in table.columns:
        value, index = next(rest), next(rest) if column.index else None
        if value is None:
            continue
        try:
            data = keyring.decrypt_bytes(column.aad, pk, bytes(value))
        except KeyringError as error:
            raise DoesNotOpen(f"{table.name}.{column.name} of {pk}: {error}") from error
        if (
            index is not None
            and column.name in keyring.peppers
            and keyring.index(column.name, data.decode()) != bytes(index)
        ):
            raise DoesNotOpen(f"{table.name}.{column.name} of {pk}: its blind index belongs to another value.")
        counts[f"{table.name}.{column.name}"] = counts.get(f"{table.name}.{column.name}", 0) + 1
