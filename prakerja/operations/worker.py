"""gunicorn's threaded worker, which also tells the application how long a request stood in its queue."""

import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

HEADER = "X-QUEUED-SECONDS"


class Worker(ThreadWorker):  # type: ignore[misc]
    """Whatever a client says of this header itself is dropped. What waited for the worker to accept it is not counted."""

    def enqueue_req(self, conn: Any) -> None:
        conn.queued_at = time.monotonic()
        super().enqueue_req(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        waited = time.monotonic() - conn.queued_at
        req.headers = [header for header in req.headers if header[0] != HEADER] + [(HEADER, f"{waited:.3f}")]
        return super().handle_request(req, conn)
