"""Production refuses to start with an unsafe setting, and says which and what to do."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection

from prakerja.checks import database_is_safe, settings_are_safe
from prakerja.embedded.state import ROOT, create_keys
from records.keyring import Keyring
from tests.factories.staff import make_user


@pytest.fixture
def production(settings: Any, tmp_path: Path) -> Any:
    """Settings as production should have them."""
    create_keys(tmp_path / "keys.json")
    for name, value in {
        "DEVELOPMENT": False,
        "SAMPLE_DATA": False,
        "ALLOWED_HOSTS": ["portal.example"],
        "CSRF_TRUSTED_ORIGINS": ["https://portal.example"],
        "KEYRING": (keyring := Keyring.from_file(tmp_path / "keys.json")),
        "SECRET_KEY": keyring.secret_key,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "TRUSTED_PROXIES": 1,
        "MESSAGE_GATEWAYS": "sms=http:https://sms.example/send; email=smtp",
        "MESSAGE_TOKENS": {"sms.example": "rahasia"},
        "DUKCAPIL_URL": "https://dukcapil.example/periksa",
        "DUKCAPIL_TOKEN": "rahasia",
    }.items():
        setattr(settings, name, value)
    return settings


def said() -> str:
    return "\n".join(f"{finding.msg} {finding.hint}" for finding in settings_are_safe())


def test_safe_settings_pass(production: Any) -> None:
    assert said() == ""


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DEBUG", True, "DEBUG is on"),
        ("ALLOWED_HOSTS", ["*"], "ALLOWED_HOSTS=portal.example"),
        ("ALLOWED_HOSTS", ["*.example"], "ALLOWED_HOSTS=portal.example"),
        ("ALLOWED_HOSTS", [""], "ALLOWED_HOSTS=portal.example"),
        ("ALLOWED_HOSTS", [], "ALLOWED_HOSTS=portal.example"),
        ("SAMPLE_DATA", True, "PRAKERJA_SAMPLE=0"),
        ("MESSAGE_TOKENS", {}, "no token for sms.example"),
        ("MESSAGE_GATEWAYS", "sms=merpati", "sms knows no 'merpati'"),
        ("SECRET_KEY", "k3", "secret_key in the key file"),
        ("SECRET_KEY", "a" * 64, "secret_key in the key file"),
        ("CSRF_TRUSTED_ORIGINS", ["http://portal.example"], "http://portal.example is not https"),
        ("CSRF_TRUSTED_ORIGINS", ["https://*.example"], "is a pattern"),
        ("SESSION_COOKIE_SECURE", False, "without TLS"),
        ("SECURE_SSL_REDIRECT", False, "without TLS"),
        ("TRUSTED_PROXIES", 0, "Set TRUSTED_PROXIES"),
        ("MESSAGE_GATEWAYS", "sms=simulator", "holds a simulator"),
        ("MESSAGE_GATEWAYS", "email=console", "holds a console"),
        ("MESSAGE_GATEWAYS", "sms=http:http://sms.example/send", "must be an https:// address"),
        ("DUKCAPIL_URL", "http://dukcapil.example/periksa", "must be an https:// address"),
        ("DUKCAPIL_TOKEN", "", "DUKCAPIL_TOKEN_FILE: it is needed"),
        ("METRICS_ALLOWED", ["0.0.0.0/0"], "Set METRICS_ALLOWED"),
        ("METRICS_ALLOWED", ["127.0.0.0/8", "::/0"], "Set METRICS_ALLOWED"),
        ("METRICS_ALLOWED", ["everybody"], "Set METRICS_ALLOWED"),
        ("METRICS_TOKEN", "letmein", "METRICS_TOKEN can be guessed"),
        ("MAINTENANCE_ALLOWED", ["0.0.0.0/1"], "Set MAINTENANCE_ALLOWED"),
    ],
)
def test_an_unsafe_setting_is_named_with_its_remedy(production: Any, name: str, value: Any, words: str) -> None:
    setattr(production, name, value)
    assert words in said() and len(settings_are_safe()) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666])
def test_a_key_file_that_others_can_read_is_named(production: Any, mode: int) -> None:
    production.KEYRING.path.chmod(mode)
    assert f"chmod 600 {production.KEYRING.path}" in said()
    production.KEYRING.path.chmod(0o400)
    assert said() == ""


def test_development_is_left_alone(settings: Any) -> None:
    settings.SAMPLE_DATA, settings.DEBUG = True, True
    assert settings_are_safe() == database_is_safe(databases=["default"]) == []


def test_the_checks_are_registered(production: Any) -> None:
    production.DEBUG = True
    assert "prakerja.S001" in {found.id for found in run_checks(tags=["security"])}


@pytest.mark.django_db
class TestDatabase:
    def said(self) -> str:
        return "\n".join(f"{finding.msg} {finding.hint}" for finding in database_is_safe(databases=["default"]))

    def test_commits_that_a_crash_loses_are_named(self, production: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
        assert "SET synchronous_commit = on" in self.said()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = on")
        assert self.said() == ""

    def test_a_role_past_the_walls_is_named(self, production: Any) -> None:
        assert "NOBYPASSRLS" not in self.said()
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = session_user")
            assert cursor.fetchone() == (False,)
            # No superuser is at hand to make one, so the catalogue this session reads first has such a row.
            cursor.execute(
                "CREATE TEMP TABLE pg_roles AS SELECT session_user::name AS rolname, false AS rolsuper, true AS rolbypassrls"
            )
            cursor.execute("SET LOCAL search_path = pg_temp, pg_catalog, public")
        assert "NOBYPASSRLS" in self.said()

    def test_accounts_of_the_sample_province_are_named(self, production: Any) -> None:
        assert "sample province" not in self.said()
        make_user(email="perencana@contoh.example")
        assert "holds 1 accounts of the sample province" in self.said()


@pytest.mark.parametrize(
    "command",
    [
        ["-c", "import prakerja.wsgi"],
        ["-m", "gunicorn", "prakerja.wsgi:application", "--preload", "--bind=127.0.0.1:0", "--no-control-socket"],
        ["-m", "celery", "-A", "prakerja.celery", "worker", "--pool=solo", "--without-mingle"],
        ["-m", "celery", "-A", "prakerja.celery", "beat", "--schedule={folder}/beat"],
        ["manage.py", "check"],
    ],
)
def test_nothing_of_production_starts_with_an_unsafe_setting(command: list[str], tmp_path: Path) -> None:
    create_keys(tmp_path / "keys.json")
    given = {
        "PRAKERJA_ENV": "production",
        "PRAKERJA_SAMPLE": "1",
        "ALLOWED_HOSTS": "*",
        "TRUSTED_PROXIES": "1",
        "PRAKERJA_KEYS": str(tmp_path / "keys.json"),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
    }
    told = subprocess.run(
        [sys.executable, *(part.format(folder=tmp_path) for part in command)],
        cwd=ROOT,
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode != 0
    assert "PRAKERJA_SAMPLE=0" in told.stdout + told.stderr and "Name the public hosts" in told.stdout + told.stderr
