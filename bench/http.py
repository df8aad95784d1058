"""Web processes to measure, requests to ask them with, and what both cost."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import psutil

ROOT = Path(__file__).parent.parent
WORKERS, THREADS = 2, 4  # as `make up` starts them


@contextmanager
def web(application: str, *, worker_class: str, **environment: str) -> Iterator[tuple[int, psutil.Process]]:
    """gunicorn with this application on a free port; the port and its first process. Killed at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = [f"--worker-class={worker_class}", f"--workers={WORKERS}", f"--threads={THREADS}", "--preload"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", application, *arguments, f"--bind=127.0.0.1:{port}", "--no-control-socket"],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{application} does not come up") from None
                time.sleep(0.05)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def post(path: str, fields: dict[str, str], *, cookies: dict[str, str] | None = None) -> bytes:
    """A form as a browser sends it, on a connection that stays open."""
    body = urlencode(fields).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/x-www-form-urlencoded"]
    lines += [f"Content-Length: {len(body)}", "Origin: http://localhost"]
    if cookies:
        lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and header of the next answer; its body is read and left."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("closed")
        data += more
    header, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in header.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return int(header[9:12]), header


def ask_all(port: int, requests: Sequence[bytes], *, connections: int = 16) -> tuple[list[int], list[float], float]:
    """Each request once, as fast as so many connections get answers: statuses, seconds of each, seconds in all."""

    def ask(mine: Sequence[bytes]) -> list[tuple[int, float]]:
        found = []
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            for request in mine:
                began = time.perf_counter()
                connection.sendall(request)
                status, _header = answer(connection)
                found.append((status, time.perf_counter() - began))
        return found

    began = time.perf_counter()
    with ThreadPoolExecutor(connections) as threads:
        found = [
            one for part in threads.map(ask, [requests[i::connections] for i in range(connections)]) for one in part
        ]
    return [status for status, _ in found], [seconds for _, seconds in found], time.perf_counter() - began


def cpu_seconds(*roots: psutil.Process) -> float:
    """What these processes, their children, and those of them that ended have used."""
    total = 0.0
    for process in [each for root in roots for each in (root, *root.children(recursive=True))]:
        try:
            used = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += used.user + used.system + (used.children_user + used.children_system if process in roots else 0)
    return total


def postgres() -> psutil.Process:
    """The server of the configured database, on this machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = psutil.Process(cursor.fetchone()[0]).parent()
    assert server  # noqa: S101 - every backend has one
    return server
