"""Moving encrypted values to a new key while the portal runs.

Each batch locks its rows in order of their key, encrypts anew what stands there and commits; rows that somebody else holds
are left to the next round, so the rotation waits for nobody and overwrites nobody's change. Killed at any moment, it has
done whole batches and is simply run again. Readers open old and new alike.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from psycopg2.extras import execute_values

from prakerja.operations import factors
from prakerja.operations.personal import EncryptedTable, encrypted_tables
from records.keyring import Keyring, KeyringError

ROUNDS = 5
SMALLEST = UUID(int=0)

# Files of imports that nobody has decided yet: their pieces are not moved, they go with the decision.
PASSING = ("records_importchunk", "data")

Row = tuple[Any, ...]  # the key, then one ciphertext for each encrypted column


class StillInUse(Exception):
    """Values stand under the key that was to go; the text says where and how many."""


def values_by_key() -> dict[str, dict[int, int]]:
    """How many values of each encrypted column stand under which key."""
    found = {factors.PLACE: factors.factors_by_key()}
    with connection.cursor() as cursor:
        for table, column in _columns():
            cursor.execute(
                f"SELECT get_byte({column}, 1) * 256 + get_byte({column}, 2), count(*) FROM {table}"  # noqa: S608
                f" WHERE octet_length({column}) > 2 GROUP BY 1 ORDER BY 1"
            )
            found[f"{table}.{column}"] = dict(cursor.fetchall())
    return found


def reencrypt(keyring: Keyring, *, batch: int, say: Callable[[str], None]) -> list[str]:
    """Bring every value to the active key; what could not be brought, a line for each table."""
    left = []
    try:
        factors.reencrypt_factors(keyring)
    except KeyringError as error:
        left.append(f"{factors.PLACE}: {error}")
    for table in encrypted_tables():
        try:
            for _round in range(ROUNDS):
                if not _one_round(table, keyring, batch, say):
                    break
        except IntegrityError as error:
            left.append(f"{table.name} refuses changes: {str(error).splitlines()[0]}")
    return left


def _one_round(table: EncryptedTable, keyring: Keyring, batch: int, say: Callable[[str], None]) -> int:
    """Once through the table; how many rows were moved. A row that does not open is passed over, and stays in sight."""
    moved, last, batch = 0, SMALLEST, min(batch, table.most_rows)
    while True:
        with transaction.atomic(durable=True):
            rows = _stale_rows(table, keyring.active, batch, last)
            fresh = [again for row in rows if (again := _again(table, keyring, row))]
            _write(table, fresh)
        moved += len(fresh)
        if fresh:
            say(f"{table.name}: {moved} rows")
        if len(rows) < batch:
            return moved
        last = rows[-1][0]


def _stale_rows(table: EncryptedTable, active: int, batch: int, after: UUID) -> list[Row]:
    names = [column.name for column in table.columns]
    stale = " OR ".join(f"substring({name} FROM 2 FOR 2) <> %(active)s" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {table.key}, {', '.join(names)} FROM {table.name} WHERE {table.key} > %(after)s AND ({stale})"  # noqa: S608
            f" ORDER BY {table.key} LIMIT %(batch)s FOR NO KEY UPDATE SKIP LOCKED",
            {"after": after, "batch": batch, "active": _key_bytes(active)},
        )
        return list(cursor.fetchall())


def _again(table: EncryptedTable, keyring: Keyring, row: Row) -> Row | None:
    pk, *values = row
    try:
        return pk, *(
            None
            if value is None
            else keyring.encrypt_bytes(column.aad, pk, keyring.decrypt_bytes(column.aad, pk, bytes(value)))
            for column, value in zip(table.columns, values, strict=True)
        )
    except KeyringError:
        return None


def _write(table: EncryptedTable, rows: list[Row]) -> None:
    names = [column.name for column in table.columns]
    with connection.cursor() as cursor, connection.wrap_database_errors:
        execute_values(
            cursor.cursor,
            f"UPDATE {table.name} SET {', '.join(f'{name} = fresh.{name}' for name in names)}"  # noqa: S608
            f" FROM (VALUES %s) AS fresh ({table.key}, {', '.join(names)}) WHERE {table.name}.{table.key} = fresh.{table.key}",
            rows,
            template=f"(%s::uuid{', %s::bytea' * len(names)})",
            page_size=max(len(rows), 1),
        )


def fence_off(key_id: int) -> None:
    """From now on the database refuses values under this key, so that a process with an old key file can write none that
    nobody could read later.

    Raises StillInUse, and fences nothing, while any value stands under it.
    """
    standing = {place: counts[key_id] for place, counts in values_by_key().items() if key_id in counts}
    if standing:
        raise StillInUse(f"Key {key_id} is in use. " + "; ".join(f"{place}: {n}" for place, n in standing.items()))
    fences = _columns()
    try:
        for table, column in fences:
            rule = f"CHECK (substring({column} FROM 2 FOR 2) <> '\\x{key_id:04x}') NOT VALID"
            _alter(table, f"DROP CONSTRAINT IF EXISTS {_fence(table, column, key_id)}")
            _alter(table, f"ADD CONSTRAINT {_fence(table, column, key_id)} {rule}")
        for table, column in fences:  # finds what was written between the look above and the fence
            _alter(table, f"VALIDATE CONSTRAINT {_fence(table, column, key_id)}")
    except IntegrityError as error:
        for table, column in fences:
            _alter(table, f"DROP CONSTRAINT IF EXISTS {_fence(table, column, key_id)}")
        raise StillInUse(f"Key {key_id} was used meanwhile: a process runs with the former key file.") from error


def _columns() -> list[tuple[str, str]]:
    return [(table.name, column.name) for table in encrypted_tables() for column in table.columns] + [PASSING]


def _fence(table: str, column: str, key_id: int) -> str:
    return f"{table}_{column}_key_{key_id}"[:63]


def _alter(table: str, change: str) -> None:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        cursor.execute(f"ALTER TABLE {table} {change}")


def _key_bytes(key_id: int) -> bytes:
    return key_id.to_bytes(2, "big")
