"""Rows out by COPY, within a scope of their own."""

import psycopg2
import pytest
from django.db import connection

from records.services.copying import copy_out

pytestmark = pytest.mark.django_db(transaction=True)


def enter_nothing() -> None:
    pass


def test_rows_come_as_csv_with_a_header() -> None:
    rows = b"".join(
        copy_out("SELECT n AS number, %s AS word FROM generate_series(1, 2) n", ["a,b"], enter=enter_nothing)
    )
    assert rows == b'number,word\n1,"a,b"\n2,"a,b"\n'


def test_enter_runs_in_the_transaction_that_reads() -> None:
    def enter() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.scope', 'seen', true)")

    query = "SELECT current_setting('app.scope', true)"
    assert b"".join(copy_out(query, [], enter=enter, form="FORMAT text")) == b"seen\n"
    with connection.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetchone()[0] in (None, "")


def test_a_reader_that_leaves_ends_the_statement() -> None:
    rows = copy_out("SELECT n FROM generate_series(1, 10000000) n", [], enter=enter_nothing, form="FORMAT text")
    assert next(rows).startswith(b"1\n2\n")
    rows.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_an_error_of_the_database_reaches_the_reader() -> None:
    with pytest.raises(psycopg2.errors.DivisionByZero):
        list(copy_out("SELECT 1 / (3 - n) FROM generate_series(1, 5) n", [], enter=enter_nothing))
