"""What each staged row would do to the target, decided by the database for all rows at once."""

# ruff: noqa: S608 - names are those of our models, values are parameters

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

from records.models import Import, ImportRow, Stamped
from records.resources import ImportResource

STAGED = "records_importrow"


class Target:
    """The SQL names of a resource's target, of its key and of what a file may change in it."""

    def __init__(self, record: Import, resource: ImportResource) -> None:
        self.record, self.resource = record, resource
        meta: Any = resource.model._meta
        self.table, self.pk = quoted(meta.db_table), meta.pk
        self.key = [meta.get_field(attribute) for attribute in resource.key]
        self.changing = [meta.get_field(attribute) for attribute in resource.changing(record.mapping)]
        self.stamped = [meta.get_field("as_of")] if issubclass(resource.model, Stamped) else []
        self.kept = [*self.changing, *self.stamped]

    def stored(self) -> tuple[str, Sequence[Any]]:
        """The rows of the target that the file is compared with, as a sub-select."""
        query, parameters = self.resource.targets(self.record.constants).order_by().query.sql_with_params()
        return f"({query})", parameters

    def matched(self) -> tuple[str, Sequence[Any]]:
        """FROM: staged rows `s` that are not refused, with their stored row `t` and their typed values `v`."""
        stored, parameters = self.stored()
        joined = " AND ".join(
            f"({staged(field)} = t.{quoted(field.column)}"
            + (f" OR {staged(field)} IS NULL AND t.{quoted(field.column)} IS NULL)" if field.null else ")")
            for field in self.key
        )
        return (
            f"{STAGED} s JOIN {stored} t ON {joined}"
            f" CROSS JOIN LATERAL jsonb_populate_record(NULL::{self.table}, s.values) v"
            " WHERE s.import_id = %s AND s.verdict <> 'refused' AND s.reasons IS NULL",
            [*parameters, self.record.pk],
        )


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def staged(field: models.Field[Any, Any]) -> str:
    """A staged value as the target's type. Text stays text: a cast to varchar(n) would cut it silently."""
    return f"(s.values ->> '{field.column}')::{sql_type(field)}"


def sql_type(field: models.Field[Any, Any]) -> str:
    kind = field.rel_db_type(connection) if isinstance(field, models.AutoField) else field.db_type(connection)
    return "text" if kind is None or kind.startswith("varchar") else kind


def check(record: Import, resource: ImportResource) -> None:
    """Give every staged row its verdict, once the whole file is read: keys that stand twice, references, the target."""
    name = f"{STAGED}_{record.pk.hex}"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        _refuse_twice(cursor, record, resource)
        for field in resource.model._meta.concrete_fields:
            if field.is_relation and field.attname in resource.written:
                _refuse_unknown(cursor, record, resource, field)
        cursor.execute(f"CREATE INDEX ON {name} (verdict, line)")
        cursor.execute(f"ANALYZE {name} (line, verdict, reasons)")  # what the planner asks about; the rest is long
    compare(record, resource)


def compare(record: Import, resource: ImportResource) -> int:
    """Compare the rows with the target as it is now, and say how many verdicts (or shown former values) changed by it."""
    target = Target(record, resource)
    matched, parameters = target.matched()
    old, new = ([f"{row}.{quoted(field.column)}" for field in target.changing] for row in "tv")
    same = f"ROW({', '.join(old)}) IS NOT DISTINCT FROM ROW({', '.join(new)})" if old else "true"
    before = ", ".join(f"'{field.column}', t.{quoted(field.column)}" for field in target.kept)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {STAGED} r SET verdict = m.verdict, before = m.before FROM (SELECT s.line,"
            f" CASE WHEN {same} THEN 'duplicate' ELSE 'changed' END AS verdict,"
            f" CASE WHEN {same} THEN NULL ELSE jsonb_build_object({before}) END AS before FROM {matched}) m"
            " WHERE r.import_id = %s AND r.line = m.line"
            " AND (r.verdict, r.before) IS DISTINCT FROM (m.verdict, m.before)",
            [*parameters, record.pk],
        )
        moved: int = cursor.rowcount
        cursor.execute(
            f"UPDATE {STAGED} r SET verdict = 'new', before = NULL WHERE r.import_id = %s"
            " AND r.verdict IN ('changed', 'duplicate') AND r.reasons IS NULL"
            f" AND NOT EXISTS (SELECT FROM {matched} AND s.line = r.line)",
            [record.pk, *parameters],
        )
        moved += cursor.rowcount
    return moved


def count(record: Import) -> dict[str, int]:
    """Rows by verdict."""
    found = (
        ImportRow.objects.filter(import_id=record.pk).values_list("verdict").annotate(models.Count("line")).order_by()
    )
    return dict.fromkeys(ImportRow.Verdict.values, 0) | {str(verdict): rows for verdict, rows in found}


def _refuse_twice(cursor: Any, record: Import, resource: ImportResource) -> None:
    """Of rows with one key and one content the first counts. Where the contents differ nobody can say which is right."""
    sealed = [field.attribute for field in resource.sealed]
    pk: Any = resource.model._meta.pk
    ignored = [*sealed, *([pk.attname] if resource.makes_ids else [])]
    cursor.execute(
        f"""
        WITH several AS (
          SELECT key FROM {STAGED} WHERE import_id = %(id)s AND verdict = 'new' GROUP BY key HAVING count(*) > 1),
        contents AS (
          SELECT key, min(line) AS first, count(DISTINCT values - %(ignored)s::text[]) AS different, min(second) AS second
          FROM (SELECT key, line, values, CASE WHEN row_number() OVER (PARTITION BY key ORDER BY line) = 2 THEN line END
                AS second FROM {STAGED} JOIN several USING (key) WHERE import_id = %(id)s AND verdict = 'new') numbered
          GROUP BY key)
        UPDATE {STAGED} r SET
          verdict = CASE WHEN different > 1 THEN 'refused' ELSE 'duplicate' END,
          reasons = jsonb_build_array(jsonb_build_array(%(column)s::text, 'twice',
            jsonb_build_object('line', CASE WHEN r.line = first THEN second ELSE first END)))
        FROM contents c
        WHERE r.import_id = %(id)s AND r.verdict = 'new' AND r.key = c.key AND (different > 1 OR r.line <> first)
        """,
        {
            "id": record.pk,
            "ignored": ignored,
            "column": resource.fields[resource.get_import_id_fields()[0]].column_name,
        },
    )


def _refuse_unknown(cursor: Any, record: Import, resource: ImportResource, field: Any) -> None:
    remote = field.remote_field.model._meta
    column = next((f.column_name for f in resource.fields.values() if f.attribute == field.attname), "")
    cursor.execute(
        f"""
        UPDATE {STAGED} s SET verdict = 'refused', reasons = jsonb_build_array(
          jsonb_build_array(%s::text, 'unknown', jsonb_build_object('value', s.values ->> '{field.column}')))
        WHERE import_id = %s AND verdict = 'new' AND s.values ->> '{field.column}' IS NOT NULL AND NOT EXISTS (
          SELECT FROM {quoted(remote.db_table)} o WHERE o.{quoted(remote.pk.column)} = {staged(field)})
        """,
        [column, record.pk],
    )
