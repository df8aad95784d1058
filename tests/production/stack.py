"""The production shape without containers: PostgreSQL, PgBouncer, gunicorn and nginx, each by the file that ships.

What differs from docker-compose.yml is where things lie: host names become loopback ports, /run/secrets a folder.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection

from prakerja.embedded.processes import as_server, dies_with_parent, stop
from prakerja.embedded.state import ROOT, State, create_keys, state_of
from tests.prakerja.processes import free_port

HOST = "portal.example"
PASSWORD = "kata-sandi-uji"
SECONDS_TO_ANSWER = 30


@dataclass
class Stack:
    """`http` and `https` are ports of the proxy, `web` the one behind it."""

    folder: Path
    http: int
    https: int
    web: int
    gunicorn: subprocess.Popen[bytes]
    environment: dict[str, str]

    @property
    def certificate(self) -> Path:
        return self.folder / "secrets" / "tls_certificate"

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


@contextmanager
def production(folder: Path) -> Iterator[Stack]:
    """Everything up and answering; stopped again at the end."""
    state = state_of("test")
    secrets = folder / "secrets"
    secrets.mkdir()
    create_keys(secrets / "prakerja_keys")
    _make_certificate(secrets)
    (folder / "users.txt").write_text(f'"prakerja" "{PASSWORD}"\n')
    ports = {name: free_port() for name in ("pgbouncer", "web", "http", "https")}
    users = {"/tmp/users.txt": f"{folder}/users.txt"}  # noqa: S108 - the container's own
    _fill("pgbouncer.ini", folder, {**_database(), **users, "= 6432": f"= {ports['pgbouncer']}"})
    replaced = {
        "/tmp/": f"{folder}/",  # noqa: S108 - the container's own; first, since our folder may lie there
        "/run/secrets": str(secrets),
        "web:8000": f"127.0.0.1:{ports['web']}",
        "listen 8080": f"listen 127.0.0.1:{ports['http']}",
        "listen 8443": f"listen 127.0.0.1:{ports['https']}",
        "/srv/proxy": str(folder),
        "https://$host$": f"https://$host:{ports['https']}$",
    }
    _fill("nginx.conf", folder, replaced)
    shutil.copy(ROOT / "deploy" / "503.html", folder)
    _open_to_servers(folder, state)
    environment = _environment(folder, ports["pgbouncer"])
    with ExitStack() as running:

        def start(name: str, command: list[Any], *, cwd: Path = ROOT, **options: Any) -> subprocess.Popen[bytes]:
            log = running.enter_context((folder / f"{name}.log").open("wb"))
            process = subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=dies_with_parent(signal.SIGTERM),
                **options,
            )
            running.callback(stop, process, signal.SIGTERM, SECONDS_TO_ANSWER)
            return process

        start(
            "pgbouncer",
            ["pgbouncer", folder / "pgbouncer.ini"],
            **as_server(state) | {"cwd": folder, "env": os.environ},
        )
        _wait_for(ports["pgbouncer"])
        for command in (["migrate", "--noinput"], ["load_reference_data"], ["collectstatic", "--noinput"]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
        web = [
            "gunicorn",
            "prakerja.wsgi:application",
            "--worker-class=prakerja.operations.worker.Worker",
            "--workers=2",
            "--threads=8",
        ]
        web += [f"--bind=127.0.0.1:{ports['web']}", "--preload", "--no-control-socket"]
        gunicorn = start("web", [sys.executable, "-m", *web], env=environment)
        _wait_for(ports["web"])
        start("nginx", ["nginx", "-c", folder / "nginx.conf", "-g", "daemon off;"])
        _wait_for(ports["https"])
        yield Stack(folder, ports["http"], ports["https"], ports["web"], gunicorn, environment)


def _environment(folder: Path, pgbouncer: int) -> dict[str, str]:
    """As docker-compose.yml and deploy/with-secrets.sh make it."""
    given = {
        name: value for name, value in os.environ.items() if not name.startswith(("PRAKERJA_", "DJANGO_", "PYTEST_"))
    }
    return given | {
        "PRAKERJA_ENV": "production",
        "PRAKERJA_KEYS": str(folder / "secrets" / "prakerja_keys"),
        "DATABASE_URL": f"postgres://prakerja:{PASSWORD}@127.0.0.1:{pgbouncer}/prakerja",
        "ALLOWED_HOSTS": f"{HOST},127.0.0.1",
        "CSRF_TRUSTED_ORIGINS": f"https://{HOST}",
        "TRUSTED_PROXIES": "1",
        "STATIC_ROOT": str(folder / "static"),
    }


def _database() -> dict[str, str]:
    """An empty database on the server of the tests, and where the pooler finds it."""
    server = connection.settings_dict
    own = f"{server['NAME']}_production"
    login = {"host": server["HOST"], "port": server["PORT"] or 5432, "user": server["USER"]}
    if server["PASSWORD"]:
        login["password"] = server["PASSWORD"]
    with closing(psycopg2.connect(dbname="postgres", **login)) as maintenance:
        maintenance.autocommit = True
        with maintenance.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {own} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {own}")
            cursor.execute(f"ALTER DATABASE {own} SET synchronous_commit = on")  # prakerja.checks wants it
    target = " ".join(f"{name}={value}" for name, value in {"dbname": own, **login}.items())
    return {"host=postgres port=5432 dbname=prakerja": target}


def _fill(name: str, folder: Path, replaced: dict[str, str]) -> None:
    text = (ROOT / "deploy" / name).read_text()
    for old, new in replaced.items():
        assert old in text, f"{name} no longer says {old!r}"
        text = text.replace(old, new)
    (folder / name).write_text(text)


def _open_to_servers(folder: Path, state: State) -> None:
    """As root the pooler and the proxy's workers run under an account of their own."""
    if state.account:
        for path in (folder, *folder.iterdir()):
            os.chown(path, state.account.pw_uid, state.account.pw_gid)
        for parent in folder.parents:
            if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls_certificate").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "tls_key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
