"""Lists go on where they stopped, whatever happens to the rows meanwhile."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import ConnectionHandler
from django.utils import timezone

from clusters.models import Observation
from tests.clusters.quota_data import deliver, figure, make_province
from tests.factories.clients import ApiCaller

pytestmark = pytest.mark.django_db(transaction=True)

OLD, PAGE, CHANGES = 600, 25, 1_000

INSERT = """
INSERT INTO clusters_observation (id, dataset_id, indicator, regency_id, period, value, unit, source, confidence, note,
                                  created_at, updated_at, as_of)
SELECT gen_random_uuid(), dataset_id, indicator, regency_id, period, value, unit, source, confidence, gen_random_uuid()::text,
       now(), clock_timestamp(), as_of
FROM clusters_observation LIMIT %s"""
UPDATE = """
UPDATE clusters_observation SET superseded_by_id = NULL
WHERE id IN (SELECT id FROM clusters_observation ORDER BY random() LIMIT %s)"""


@contextmanager
def second_connection() -> Iterator[Any]:
    wrapper = ConnectionHandler(settings.DATABASES)["default"]
    wrapper.settings_dict = connection.settings_dict
    try:
        with wrapper.cursor() as cursor:
            yield cursor
    finally:
        wrapper.close()


@pytest.fixture
def caller() -> ApiCaller:
    make_province()
    deliver(*(figure("population", 3301, number, note=str(number)) for number in range(OLD)))
    return ApiCaller()


def pages(caller: ApiCaller, **parameters: Any) -> Iterator[list[dict[str, Any]]]:
    response = caller.get("observations/", {"limit": PAGE, **parameters})
    while True:
        body = response.json()
        assert response.status_code == 200, body
        yield body["items"]
        if body["next"] is None:
            return
        assert response["Link"] == f'<{body["next"]}>; rel="next"'
        response = caller.get(body["next"].removeprefix("http://testserver"))


def seen_while_changing(caller: ApiCaller, **parameters: Any) -> Counter[str]:
    """How often each row was seen, while 500 rows are inserted and 500 updated between the pages."""
    seen: Counter[str] = Counter()
    step = CHANGES // 2 // (OLD // PAGE) + 1
    left = CHANGES // 2
    with second_connection() as cursor:
        for items in pages(caller, **parameters):
            seen.update(row["id"] for row in items)
            if left > 0:
                cursor.execute(INSERT, [min(step, left)])
                cursor.execute(UPDATE, [min(step, left)])
                left -= step
    assert left <= 0
    return seen


def test_every_old_row_comes_exactly_once_while_1000_rows_are_inserted_and_updated(caller: ApiCaller) -> None:
    old = {str(pk) for pk in Observation.objects.values_list("pk", flat=True)}
    seen = seen_while_changing(caller)
    assert len(old) == OLD
    assert {pk: seen[pk] for pk in old} == dict.fromkeys(old, 1)
    assert max(seen.values()) == 1, "new rows come once or not at all"


def test_a_list_of_changes_misses_none(caller: ApiCaller) -> None:
    old = {str(pk) for pk in Observation.objects.values_list("pk", flat=True)}
    seen = seen_while_changing(caller, updated_since="2020-01-01T00:00:00Z")
    assert old <= set(seen)
    assert set(seen) == {str(pk) for pk in Observation.objects.values_list("pk", flat=True)}
    untouched = {
        str(pk) for pk in Observation.objects.filter(updated_at__lt=first_change()).values_list("pk", flat=True)
    }
    assert {seen[pk] for pk in untouched & old} == {1}


def first_change() -> datetime:
    """Rows of one delivery share its moment to the second; what changed later is later."""
    moment: datetime = Observation.objects.order_by("created_at").values_list("created_at", flat=True)[OLD - 1]
    return moment


def test_changes_since_a_moment_are_those_and_no_others(caller: ApiCaller) -> None:
    moment = timezone.now()
    with second_connection() as cursor:
        cursor.execute(UPDATE, [30])
    changed = {str(pk) for pk in Observation.objects.filter(updated_at__gte=moment).values_list("pk", flat=True)}
    assert len(changed) == 30
    got = [row["id"] for items in pages(caller, updated_since=moment.isoformat()) for row in items]
    assert sorted(got) == sorted(changed)


def test_rows_that_changed_in_the_same_moment_are_not_lost_between_pages(caller: ApiCaller) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE clusters_observation DISABLE TRIGGER touch")
        cursor.execute("UPDATE clusters_observation SET updated_at = '2026-11-24 08:00+00'")
        cursor.execute("ALTER TABLE clusters_observation ENABLE TRIGGER touch")
    got = [row["id"] for items in pages(caller, updated_since="2026-11-24T08:00:00Z") for row in items]
    assert len(got) == len(set(got)) == OLD


def test_a_page_deep_in_a_list_reads_no_more_rows_than_the_first(caller: ApiCaller) -> None:
    with second_connection() as cursor:
        for _ in range(5):
            cursor.execute(INSERT, [10_000])
        cursor.execute("ANALYZE clusters_observation")
    assert Observation.objects.count() > 10_000
    ids = list(Observation.objects.order_by("pk").values_list("pk", flat=True))
    buffers = []
    with connection.cursor() as cursor:
        for start in (ids[0], ids[len(ids) // 2], ids[-200]):
            cursor.execute(
                "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM clusters_observation WHERE id > %s ORDER BY id LIMIT 101",
                [start],
            )
            plan = cursor.fetchone()[0][0]["Plan"]
            buffers.append(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
            assert plan["Plans"][0]["Node Type"] == "Index Scan"
    assert max(buffers) <= 101 + 20, buffers
