"""What watches the portal asks here. RequestMiddleware answers these addresses before anything else looks at them."""

import os
import shutil
from functools import lru_cache
from pathlib import Path
from tempfile import gettempdir

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis import Redis, RedisError

from accounts.middleware import View, outside_scope
from prakerja.operations import metrics as figures
from prakerja.operations.allowed import may_watch
from records.keyring import Keyring, KeyringError
from records.walls import ROLE
from registrations.models import RegistryGate

FREE_BYTES_NEEDED = 200 * 2**20


@outside_scope
def health(request: HttpRequest) -> HttpResponse:
    """200 when the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return JsonResponse({"status": "unavailable"}, status=503)
    return JsonResponse({"status": "ok"})


@outside_scope
def live(request: HttpRequest) -> HttpResponse:
    """200 when this process answers; it asks nobody. Not so: restart it."""
    return JsonResponse({"status": "ok"})


@outside_scope
def ready(request: HttpRequest) -> HttpResponse:
    """200 when this process can serve people, else 503: send them elsewhere. Which part fails, operators are told.

    Without the broker the portal serves on, and jobs start later; without the civil registry identity checks wait: then it is
    200 with the status "degraded".
    """
    parts = {"database": False, "migrations": False, "role": False, **_database(), "keys": _keys(), "disk": _disk()}
    others = {"broker": _broker(), "civil_registry": _civil_registry()}
    status = "unavailable" if not all(parts.values()) else "ok" if all(others.values()) else "degraded"
    body: dict[str, object] = {"status": status}
    if may_watch(request):
        body["parts"] = {name: "ok" if fine else "fails" for name, fine in (parts | others).items()}
    return JsonResponse(body, status=503 if status == "unavailable" else 200)


@outside_scope
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, for the networks of METRICS_ALLOWED or with METRICS_TOKEN; 404 for others."""
    if not may_watch(request):
        return HttpResponse(status=404)
    try:
        return figures.metrics(request)
    except Error:
        return HttpResponse("The database does not answer.\n", status=503, content_type="text/plain")


WATCHED: dict[str, View] = {
    "/health/": health,
    "/health/live": live,
    "/health/ready": ready,
    "/metrics": metrics,
}


def _database() -> dict[str, bool]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
            cursor.execute("SELECT set_config('role', %s, true)", [ROLE])
            cursor.execute("SELECT current_user")
            taken = cursor.fetchone() == (ROLE,)
            transaction.set_rollback(True)  # gives the role back, whatever stands around us
            return {"database": True, "migrations": _migrations() <= applied, "role": taken}
    except Error:
        return {}


@lru_cache
def _migrations() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).disk_migrations)


def _broker() -> bool:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5) as client:
            return bool(client.ping())
    except RedisError:
        return False


def _civil_registry() -> bool:
    """Whether it answered when it was asked last."""
    try:
        return not RegistryGate.objects.filter(retry_at__isnull=False).exists()
    except Error:
        return False


def _keys() -> bool:
    path = settings.KEYRING.path
    if path is None:
        return False
    try:
        keyring = Keyring.from_file(path)
    except KeyringError:
        return False
    return keyring.active in keyring.keys


def _disk() -> bool:
    folders = {gettempdir(), os.environ.get("PRAKERJA_STATE", gettempdir())}
    return all(shutil.disk_usage(folder).free >= FREE_BYTES_NEEDED for folder in folders if Path(folder).exists())
