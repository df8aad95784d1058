"""What watches the portal is told the truth, cheaply, and no more than it may know."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.utils import timezone

from prakerja import health
from prakerja.embedded.state import ROOT
from records.services.jobs import request_job
from registrations.models import RegistryGate
from tests.factories.people import make_wave
from tests.factories.registered import make_registration

pytestmark = pytest.mark.django_db

OUTSIDE = {"REMOTE_ADDR": "203.0.113.9"}


def test_live_asks_nobody(client: Client, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", lambda _self: pytest.fail("asked the database"))
    with django_assert_num_queries(0):
        assert client.get("/health/live").status_code == 200


def test_ready_knows_its_parts_in_few_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(7):
        answer = client.get("/health/ready")
    parts = answer.json()["parts"]
    assert answer.status_code == 200 and answer.json()["status"] == "ok"
    assert parts == dict.fromkeys(("database", "migrations", "role", "keys", "disk", "broker", "civil_registry"), "ok")


def test_outsiders_learn_the_status_only(client: Client) -> None:
    assert client.get("/health/ready", **OUTSIDE).json() == {"status": "ok"}
    assert client.get("/metrics", **OUTSIDE).status_code == 404


def test_a_migration_that_is_not_applied_makes_it_unready(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'records' AND name = '0002_walls'")
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["parts"]["migrations"]) == (503, "fails")
    assert client.get("/health/").status_code == 200


def test_without_broker_it_serves_on_and_says_so(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


def test_without_the_civil_registry_it_serves_on_and_tells_how_many_wait(client: Client) -> None:
    make_registration(make_wave())
    RegistryGate.objects.create(failures=7, retry_at=timezone.now() + timedelta(minutes=1))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["parts"]["civil_registry"] == "fails"
    page = client.get("/metrics").content.decode()
    for figure in (
        'prakerja_identity_checks_waiting{state="pending"} 1.0',
        'prakerja_identity_registry{state="open"} 1.0',
        "prakerja_identity_registry_failures 7.0",
    ):
        assert figure in page
    assert "prakerja_identity_oldest_due_seconds " in page


def test_unreadable_keys_and_a_full_disk_make_it_unready(
    client: Client, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FREE_BYTES_NEEDED", 1 << 62)
    assert client.get("/health/ready").json()["parts"]["disk"] == "fails"
    settings.KEYRING = replace(settings.KEYRING, path=tmp_path / "gone.json")
    assert client.get("/health/ready").json()["parts"]["keys"] == "fails"


def test_the_role_is_tried_not_supposed(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before; ALTER ROLE portal_web RENAME TO portal_gone")
    answer = client.get("/health/ready")
    with connection.cursor() as cursor:
        cursor.execute("ROLLBACK TO before")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


@pytest.mark.parametrize("path", ["/health/", "/health/ready", "/metrics"])
def test_a_lost_database_is_503_and_no_traceback(path: str) -> None:
    """In a process of its own: the database of this one must not go away."""
    ask = (
        "import django; django.setup(); from django.test import Client;"
        f"a = Client().get('{path}'); print(a.status_code, a.content.decode())"
    )
    away = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing?connect_timeout=2"}
    told = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, env=os.environ | away, capture_output=True, text=True)
    assert told.stdout.startswith("503 "), told.stderr
    assert "Traceback" not in told.stdout + told.stderr and "127.0.0.1" not in told.stdout


def test_figures_tell_requests_by_route_and_jobs_by_state(client: Client) -> None:
    request_job(task="uji.contoh", key="uji", payload={})
    client.get("/masuk/")
    client.get("/masuk/?q=Sri")
    client.get("/tidak-ada/3374990101017654/")
    page = client.get("/metrics").content.decode()
    assert 'prakerja_requests_total{method="GET",route="masuk/",status="200"}' in page
    assert 'prakerja_requests_total{method="GET",route="none",status="404"}' in page
    assert 'prakerja_request_seconds_bucket{le="0.05",route="masuk/"}' in page
    assert 'prakerja_jobs_live{state="queued",task="uji.contoh"} 1.0' in page
    assert 'prakerja_job_oldest_queued_seconds{task="uji.contoh"}' in page
    for name in ("prakerja_lock_waits", "prakerja_connections", "prakerja_messages_waiting", "prakerja_imports_open"):
        assert f"# TYPE {name} gauge" in page
    assert "3374990101017654" not in page and "Sri" not in page


def test_a_token_opens_the_figures_from_outside(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "t" * 40
    assert client.get("/metrics", headers={"authorization": f"Bearer {'t' * 40}"}, **OUTSIDE).status_code == 200
    for wrong in ("Bearer ", f"Bearer {'t' * 39}", "t"):
        assert client.get("/metrics", headers={"authorization": wrong}, **OUTSIDE).status_code == 404
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"authorization": "Bearer "}, **OUTSIDE).status_code == 404


def test_a_forged_address_does_not_open_the_figures(client: Client, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    forged = client.get("/metrics", headers={"x-forwarded-for": "127.0.0.1, 203.0.113.9"}, REMOTE_ADDR="127.0.0.1")
    assert forged.status_code == 404


def test_two_processes_add_up(tmp_path: Path) -> None:
    """As under gunicorn: the folder is there before the fork, both count, either tells the sum."""
    script = """
import os, django
django.setup()
from prakerja.operations.metrics import observe, REQUESTS
observe(method="GET", route="uji/", status=200, seconds=0.01)
for _ in range(2):
    if os.fork() == 0:
        observe(method="GET", route="uji/", status=200, seconds=0.01)
        os._exit(0)
    os.wait()
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
MultiProcessCollector(registry)
print(generate_latest(registry).decode())
"""
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 'prakerja_requests_total{method="GET",route="uji/",status="200"} 3.0' in told.stdout
