"""Figures for Prometheus: requests from memory shared by this machine's processes, queues from a few cheap queries.

No label names a person: routes are patterns, never addresses.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterable

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

# Must be known before prometheus_client is imported: web processes add up in files of this folder.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _FOLDER = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="prakerja-metrics-")
    _OWNER = os.getpid()

    @atexit.register
    def _forget() -> None:
        if os.getpid() == _OWNER:  # and not in a worker that was forked from it
            shutil.rmtree(_FOLDER, ignore_errors=True)


from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

REQUESTS = Counter("prakerja_requests", "Requests", ["method", "route", "status"])
SECONDS = Histogram(
    "prakerja_request_seconds", "Time to the answer", ["route"], buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

# (name, help, labels, query): each reads an index of live rows, or a view of the server's memory.
_QUERIES = [
    (
        "prakerja_jobs_live",
        "Jobs that wait or run",
        ["task", "state"],
        "SELECT task, state, count(*) FROM records_job WHERE state IN ('queued', 'running') GROUP BY 1, 2",
    ),
    (
        "prakerja_job_oldest_queued_seconds",
        "Age of the oldest waiting job",
        ["task"],
        "SELECT task, extract(epoch FROM now() - min(created_at)) FROM records_job WHERE state = 'queued' GROUP BY 1",
    ),
    (
        "prakerja_jobs_failed_today",
        "Jobs asked for within a day that failed",
        ["task"],
        "SELECT task, count(*) FROM records_job WHERE state = 'failed' AND id > %(yesterday)s GROUP BY 1",
    ),
    (
        "prakerja_lock_waits",
        "Statements that wait for a lock",
        [],
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    ),
    (
        "prakerja_connections",
        "Connections to the database",
        ["state"],
        "SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1",
    ),
    (
        "prakerja_messages_waiting",
        "Messages in the outbox that are not yet sent",
        ["channel", "state"],
        "SELECT channel, state, count(*) FROM records_message WHERE state IN ('queued', 'sending') GROUP BY 1, 2",
    ),
    (
        "prakerja_message_oldest_due_seconds",
        "How long the oldest due message has waited",
        ["channel"],
        "SELECT channel, extract(epoch FROM now() - min(due_at)) FROM records_message"
        " WHERE state IN ('queued', 'sending') AND due_at <= now() GROUP BY 1",
    ),
    (
        "prakerja_identity_checks_waiting",
        "Registrations that the civil registry has not yet answered about",
        ["state"],
        "SELECT state, count(*) FROM registrations_identitycheck WHERE state IN ('pending', 'failed') GROUP BY 1",
    ),
    (
        "prakerja_identity_oldest_due_seconds",
        "How long the oldest due identity check has waited",
        [],
        "SELECT extract(epoch FROM now() - min(next_try)) FROM registrations_identitycheck"
        " WHERE state IN ('pending', 'failed') AND next_try <= now() HAVING min(next_try) IS NOT NULL",
    ),
    (
        "prakerja_identity_registry",
        "1 for the state of the breaker before the civil registry",
        ["state"],
        "SELECT CASE WHEN retry_at IS NULL THEN 'closed' WHEN retry_at > now() THEN 'open' ELSE 'half_open' END, 1"
        " FROM registrations_registrygate",
    ),
    (
        "prakerja_identity_registry_failures",
        "Questions in a row that the civil registry did not answer",
        [],
        "SELECT failures FROM registrations_registrygate",
    ),
    (
        "prakerja_seal_age_seconds",
        "Time since the last seal of the log",
        [],
        "SELECT extract(epoch FROM now() - sealed_at) FROM records_seal ORDER BY n DESC LIMIT 1",
    ),
    (
        "prakerja_imports_open",
        "Imports that are not finished",
        ["state"],
        "SELECT state, count(*) FROM records_import WHERE state NOT IN ('done', 'undone', 'discarded', 'failed') GROUP BY 1",
    ),
]


def observe(*, method: str, route: str, status: int, seconds: float) -> None:
    REQUESTS.labels(method if method in _METHODS else "other", route, status).inc()
    SECONDS.labels(route).observe(seconds)


class _Database(Collector):
    def collect(self) -> Iterable[Metric]:
        yesterday = f"{int((timezone.now().timestamp() - 86_400) * 1000):012x}".ljust(32, "0")
        with connection.cursor() as cursor:
            for name, text, labels, query in _QUERIES:
                cursor.execute(query, {"yesterday": yesterday})
                family = GaugeMetricFamily(name, text, labels=labels)
                for *values, figure in cursor.fetchall():
                    family.add_metric([str(value) for value in values], float(figure))
                yield family


def metrics(_request: HttpRequest) -> HttpResponse:
    """All figures in Prometheus' text format."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(_Database())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
