"""The files that describe production say what the settings need."""

import re
from typing import Any

import pytest
import yaml
from django.conf import settings

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


def test_the_worker_takes_every_queue(compose: dict[str, Any]) -> None:
    (option,) = [word for word in compose["services"]["worker"]["command"] if word.startswith("--queues=")]
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert set(option.removeprefix("--queues=").split(",")) == {settings.CELERY_TASK_DEFAULT_QUEUE, *routed}


def test_every_service_that_stays_is_watched_and_every_secret_is_a_file(compose: dict[str, Any]) -> None:
    lasting = {name: service for name, service in compose["services"].items() if name != "migrate"}
    assert all("healthcheck" in service for service in lasting.values())
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    used = {secret for service in compose["services"].values() for secret in service.get("secrets", [])}
    assert used == set(compose["secrets"])


def test_postgres_logs_no_rows_either(compose: dict[str, Any]) -> None:
    command = compose["services"]["postgres"]["command"]
    assert {f"{name}={value}" for name, value in SILENT_ABOUT_ROWS.items()} <= set(command)
