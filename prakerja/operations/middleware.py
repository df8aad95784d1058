"""Around every request: its id, its line in the log, its place in the figures; and the door during maintenance."""

import re
from collections.abc import Callable
from time import perf_counter
from uuid import uuid4

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone

from prakerja.health import WATCHED
from prakerja.operations import maintenance
from prakerja.operations.allowed import is_within
from prakerja.operations.errors import under_maintenance
from prakerja.operations.metrics import observe

REQUEST_ID = re.compile(r"(?=[\w.-]*[A-Za-z])[\w.-]{16,64}", re.ASCII)

logger = structlog.get_logger("portal")


class RequestMiddleware:
    """Outermost. `request.id` is the proxy's when it is well-formed, else a new one; the answer carries it too.

    Those who watch the portal are answered here: without a session, a check of the host or a transaction.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request.id = given if REQUEST_ID.fullmatch(given) else str(uuid4())  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.id)  # type: ignore[attr-defined]
        began = perf_counter()
        watched = WATCHED.get(request.path_info)
        response: HttpResponseBase = watched(request) if watched else self.get_response(request)
        if watched:
            response.headers["Cache-Control"] = "no-store, private"
        self._tell(request, response, perf_counter() - began)
        response.headers["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        return response

    def _tell(self, request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
        """Static files and what watches the portal are counted, but leave no line."""
        path, match, status = request.path_info, request.resolver_match, response.status_code
        is_static = path.startswith(settings.STATIC_URL)
        route = path if path in WATCHED else "static" if is_static else match.route if match else "none"
        observe(method=str(request.method), route=route, status=status, seconds=seconds)
        if path not in WATCHED and not is_static:
            logger.info("request", method=request.method, route=route, status=status, seconds=round(seconds, 4))


class MaintenanceMiddleware:
    """503 for everybody but the operators' networks while the flag is set. Inside CsrfViewMiddleware, whose token the form
    on the page carries, and outside whatever asks the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        state = maintenance.current()
        if state is None or is_within(request, settings.MAINTENANCE_ALLOWED):
            return self.get_response(request)
        return under_maintenance(request, state, timezone.now())
