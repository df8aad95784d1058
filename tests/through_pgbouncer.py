"""Run the suite through PgBouncer in transaction mode: `python -m tests.through_pgbouncer [arguments of pytest]`.

What rests on a session (a setting, a lock or a prepared statement that outlives its transaction) breaks here, as it would
in production. Needs PgBouncer (Debian: `apt install pgbouncer`); PostgreSQL is that of DATABASE_URL, or embedded.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dj_database_url import parse

from prakerja.embedded.processes import as_server, dies_with_parent, stop
from prakerja.embedded.services import ensure
from prakerja.embedded.state import ROOT, State
from tests.migrated import TEMPLATE, migrated_database

SECONDS_TO_ANSWER = 10
# A backup holds a snapshot across sessions: it goes to PostgreSQL itself, in production too.
ALL = ["-n", "2", "-p", "tests.with_database", "--ignore=tests/prakerja/test_backup.py"]

# As docker-compose.yml has it, except for the door: whoever reaches this loopback port is the role of the tests.
CONFIG = """
[databases]
* = host={HOST} port={PORT} user={USER}{password}

[pgbouncer]
pool_mode = transaction
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
default_pool_size = 20
max_client_conn = 500
server_idle_timeout = 5
log_connections = 0
log_disconnections = 0
"""


@contextmanager
def pgbouncer(database: dict[str, Any], state: State) -> Iterator[int]:
    """PgBouncer before the server of `database`, on the port it yields."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "pgbouncer.ini"
        password = f" password={database['PASSWORD']}" if database["PASSWORD"] else ""
        filled = database | {"PORT": database["PORT"] or 5432, "password": password, "listen_port": port}
        config.write_text(CONFIG.format_map(filled))
        if state.account:  # like PostgreSQL, it refuses to run as root
            for path in (Path(folder), config):
                os.chown(path, state.account.pw_uid, state.account.pw_gid)
        process = subprocess.Popen(
            ["pgbouncer", "--quiet", config],
            stdin=subprocess.DEVNULL,
            preexec_fn=dies_with_parent(signal.SIGTERM),
            process_group=0,
            **as_server(state) | {"env": os.environ},
        )
        try:
            _wait_for(process, port)
            yield port
        finally:
            stop(process, signal.SIGTERM, SECONDS_TO_ANSWER)


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit("PgBouncer did not start.")
            time.sleep(0.02)


def main() -> int:
    """The exit status of pytest."""
    given = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    with ensure("test") as services:
        database = parse(os.environ["DATABASE_URL"])
        with pgbouncer(database, services.state) as port:
            pooled = {"DATABASE_URL": f"postgres://{database['USER']}@127.0.0.1:{port}/{database['NAME']}"}
            if "postgres" in services.joined:  # made past the pooler, whose connections would keep it from being copied
                pooled[TEMPLATE] = migrated_database(os.environ["DATABASE_URL"], services.state.folder)
            # Its connections outlive ours for a while, so the test databases are dropped by the next run.
            command = [sys.executable, "-m", "pytest", "--reuse-db", "--create-db", *(sys.argv[1:] or ALL)]
            return subprocess.run(command, cwd=ROOT, env=given | pooled, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
