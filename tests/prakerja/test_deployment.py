"""The files that describe production say what the settings need."""

import re
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.contrib.auth.hashers import make_password

from prakerja.embedded.servers import SILENT_ABOUT_ROWS
from prakerja.embedded.state import ROOT

READ = re.compile(r"""environ(?:\.get)?[(\[]\s*["']([A-Z][A-Z_]+)["']""")


@pytest.fixture
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_env_example_names_every_variable_that_is_read() -> None:
    rooms = ("prakerja", "mentoring", "training", "registrations", "clusters", "accounts", "records")
    sources = [path.read_text() for room in rooms for path in (ROOT / room).rglob("*.py")]
    read = {name for source in sources for name in READ.findall(source)} - {"DJANGO_SETTINGS_MODULE"}
    named = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert {"DATABASE_URL", "PRAKERJA_KEYS", "ALLOWED_HOSTS"} <= read
    assert read - {"XDG_STATE_HOME"} <= named


def test_every_variable_of_compose_is_named_in_env_example(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) <= named
    assert set(compose["x-portal"]["environment"]) <= named


def test_every_queue_has_a_worker_of_its_own(compose: dict[str, Any]) -> None:
    words = [word for service in compose["services"].values() for word in service.get("command", [])]
    taken = [word.removeprefix("--queues=") for word in words if word.startswith("--queues=")]
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert sorted(taken) == sorted({settings.CELERY_TASK_DEFAULT_QUEUE, *routed})


def test_only_the_proxy_has_a_door_and_nothing_runs_without_a_limit(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert not any("front" in services[name]["networks"] for name in ("postgres", "pgbouncer", "redis"))
    assert all(service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"} for service in services.values())


def test_what_serves_goes_through_the_pooler(compose: dict[str, Any]) -> None:
    hosts = {name: service.get("environment", {}).get("DATABASE_HOST") for name, service in compose["services"].items()}
    assert {name for name, host in hosts.items() if host == "postgres:5432"} == {"migrate"}
    assert hosts["web"] == hosts["worker"] == hosts["beat"] == "pgbouncer:6432"
    pooler = (ROOT / "deploy" / "pgbouncer.ini").read_text()
    assert "pool_mode = transaction" in pooler


def test_every_service_that_stays_is_watched_and_every_secret_is_a_file(compose: dict[str, Any]) -> None:
    lasting = {name: service for name, service in compose["services"].items() if name != "migrate"}
    assert all("healthcheck" in service for service in lasting.values())
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    used = {secret for service in compose["services"].values() for secret in service.get("secrets", [])}
    assert used == set(compose["secrets"])


def test_postgres_logs_no_rows_either(compose: dict[str, Any]) -> None:
    command = compose["services"]["postgres"]["command"]
    assert {f"{name}={value}" for name, value in SILENT_ABOUT_ROWS.items()} <= set(command)


def test_passwords_tried_in_every_thread_at_once_leave_web_its_memory(compose: dict[str, Any]) -> None:
    words = dict(word.split("=", 1) for word in compose["services"]["web"]["command"] if "=" in word)
    at_once = int(words["--workers"]) * int(words["--threads"])
    limit = compose["services"]["web"]["deploy"]["resources"]["limits"]["memory"]
    memory = {"g": 2**30, "m": 2**20}[limit[-1]] * int(limit[:-1])
    _, algorithm, _version, costs, *_ = make_password("x").split("$")
    kibibytes = int(dict(cost.split("=") for cost in costs.split(","))["m"])
    assert algorithm == "argon2id" and at_once * kibibytes * 1024 < memory / 2
