"""Rows whose JSON PostgreSQL writes: a page, a record and a bulk answer carry the same text for the same row."""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Expression, F, Func, Q, QuerySet, Subquery, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from accounts.scope import Scope
from accounts.services import enter_scope
from records.services.copying import copy_out

# Fields stand as they are: JSON has none of these three characters, so nothing is quoted and nothing escaped.
FORM = r"FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01', ESCAPE E'\x01', ENCODING 'UTF8'"
DELIMITER = b"\x02"
LONGEST_COPY = "600s"


# Where a field comes from: the path of a column, or an expression.
Column = str | Combinable | Expression | Subquery


class JsonObject(Func):
    """json_build_object: its keys keep their order."""

    function = "json_build_object"
    output_field = TextField()

    def __init__(self, **members: Column) -> None:
        pairs = [(Value(key), F(value) if isinstance(value, str) else value) for key, value in members.items()]
        super().__init__(*[part for pair in pairs for part in pair])


def as_text(members: Mapping[str, Column]) -> Expression:
    return Cast(JsonObject(**members), TextField())


def behind(rows: QuerySet[Any], key: Sequence[Any]) -> QuerySet[Any]:
    """The rows after a key of (id) or (updated_at, id); the first condition is what the index starts from."""
    if len(key) == 1:
        return rows.filter(pk__gt=key[0])
    moment, pk = key
    return rows.filter(Q(updated_at__gte=moment), Q(updated_at__gt=moment) | Q(pk__gt=pk))


def read_only() -> None:
    """From here on the database refuses every write of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")


def stream(rows: QuerySet[Any], *, scope: Scope, complete: Callable[..., bytes] | None = None) -> Generator[bytes]:
    """The rows of a `values_list` as lines, in constant memory, in a transaction of their own with the asker's scope.

    The first column is the row's JSON; `complete` gets it and the others, as bytes of COPY, and gives the line. Without it
    there is one column, and the pieces of COPY pass through untouched.
    """

    def enter() -> None:
        read_only()
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [LONGEST_COPY])
        enter_scope(scope, web_role=True)

    query, parameters = rows.query.sql_with_params()
    pieces = copy_out(query, parameters, enter=enter, form=FORM)
    if complete is None:
        yield from pieces
    else:
        for piece in pieces:
            yield b"".join([complete(*line.split(DELIMITER)) + b"\n" for line in piece.split(b"\n") if line])
