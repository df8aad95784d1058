"""The simulated registry: the interface of registrations.dukcapil, answered by rules on the NIK. Standard library only.

It knows only numbers that nobody can have, those with the district code 99, and keeps the last ones masked.

    POST /periksa   a question, as registrations.dukcapil asks it
    POST /keadaan   {} or {"mode": one of MODES}; answers {"mode", "seen": [{"at", "nik", "outcome"}, ...]}, newest first
"""

import json
import socket
import time
from collections import Counter, deque
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from registrations.nik import mask_nik

MODES = ("rules", "matched", "not_matched", "slow", "broken", "garbage", "dead")
KEPT = 40
FIELDS = ("nik", "no_kk", "nama_lgkp", "tgl_lhr")
# By the last digits of the NIK; any other is matched. What is broken or garbage is so HICCUPS times, and then matched.
RULES = {
    "07": "no_kk",
    "17": "nama_lgkp",
    "27": "tgl_lhr",
    "37": "nik",
    "047": "late",
    "057": "broken",
    "067": "garbage",
}
HICCUPS = 2
LATE_SECONDS, DRIP_SECONDS, DRIPS = 3, 0.2, 300


class Registry:
    """How it is disposed, and what it was asked last."""

    def __init__(self) -> None:
        self.mode = "rules"
        self.seen: deque[dict[str, str]] = deque(maxlen=KEPT)
        self.hiccups: Counter[str] = Counter()

    def outcome(self, nik: str) -> str:
        """ "matched", one of FIELDS that differs, or how it fails to answer."""
        if self.mode == "not_matched":
            return "nama_lgkp"
        if self.mode != "rules":
            return self.mode
        if nik[4:6] != "99":
            return "nik"
        outcome = next((outcome for digits, outcome in RULES.items() if nik.endswith(digits)), "matched")
        if outcome in ("broken", "garbage"):
            self.hiccups[nik] += 1
        return "matched" if self.hiccups[nik] > HICCUPS else outcome

    def note(self, nik: str, outcome: str) -> None:
        self.seen.appendleft({"at": datetime.now(UTC).isoformat(), "nik": mask_nik(nik), "outcome": outcome})


class Handler(BaseHTTPRequestHandler):
    registry: Registry

    def do_POST(self) -> None:
        try:
            asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        except ValueError:
            asked = None
        if not isinstance(asked, dict) or self.path not in ("/periksa", "/keadaan"):
            self._say(400, {"error": "POST a JSON object to /periksa or /keadaan"})
        elif self.path == "/keadaan":
            self._state(asked)
        elif asked.keys() != set(FIELDS) or not all(isinstance(value, str) for value in asked.values()):
            self._say(422, {"error": f"exactly {', '.join(FIELDS)}, each a text"})
        else:
            self._check(asked["nik"])

    def _state(self, asked: dict[str, Any]) -> None:
        if asked and asked.get("mode") not in MODES:
            self._say(422, {"error": f"mode is one of {', '.join(MODES)}"})
            return
        self.registry.mode = asked.get("mode", self.registry.mode)
        self._say(200, {"mode": self.registry.mode, "seen": list(self.registry.seen)})

    def _check(self, nik: str) -> None:
        outcome = self.registry.outcome(nik)
        self.registry.note(nik, outcome)
        match outcome:
            case "dead":
                self.close_connection = True
            case "slow":
                self._drip()
            case "broken":
                self._say(503, {"error": "simulated"})
            case "garbage":
                self._say(200, {"content": [{"RESPON": "Data Ditemukan"}]})
            case _:
                if outcome == "late":
                    time.sleep(LATE_SECONDS)
                same = {field: field != outcome for field in FIELDS}
                self._say(200, {"request_id": f"SIM-{time.time_ns():x}"} | same)

    def _drip(self) -> None:
        """A byte now and then, so that each read succeeds and the answer never comes."""
        with suppress(OSError):
            for _ in range(DRIPS):
                self.wfile.write(b"H")
                time.sleep(DRIP_SECONDS)

    def _say(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, *_arguments: Any) -> None:
        """Nothing: the page shows what was asked, masked."""


def serve(listening: socket.socket) -> None:
    """Answer on a socket that listens already, each question in a thread of its own, until the process ends."""
    Handler.registry = Registry()
    server = ThreadingHTTPServer(listening.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket, server.daemon_threads = listening, True
    server.serve_forever()
