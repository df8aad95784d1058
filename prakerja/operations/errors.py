"""Error pages. They ask the database nothing, tell the number to quote, and give back what was typed.

What was typed goes back to its sender only: into a page that no cache keeps, with a button that sends it again to the same
address. Never passwords, codes or what a view calls sensitive, never files, and only to a form of our own pages: otherwise a
foreign page could have people press the button for it.
"""

import re
import sys
from collections.abc import Mapping
from datetime import datetime
from math import ceil
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template import loader
from django.utils import timezone

from prakerja.operations.maintenance import RETRY_AFTER, Maintenance

SECRET_FIELDS = re.compile(r"pass|code|kode|otp|pin|token|secret|recovery", re.IGNORECASE)
MOST_FIELDS, MOST_CHARACTERS = 200, 50_000
MINUTE = 60


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when it is the database that does not answer."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return unavailable(request)
    return error_page(request, "500.html", 500)


def unavailable(
    request: HttpRequest, *, retry_after: int = MINUTE, more: Mapping[str, str] = MappingProxyType({})
) -> HttpResponse:
    """`more`: fields that are sent again with what was typed."""
    return error_page(request, "503.html", 503, retry_after=retry_after, more_kept=more)


def early(request: HttpRequest, opens_at: datetime, now: datetime) -> HttpResponse:
    """The wave is announced and not open yet, by the server's clock."""
    left = max(ceil((opens_at - now).total_seconds()), 1)
    return error_page(request, "early.html", 409, retry_after=left, opens_at=opens_at)


def under_maintenance(request: HttpRequest, state: Maintenance, now: datetime) -> HttpResponse:
    left = ceil((state.until - now).total_seconds()) if state.until else RETRY_AFTER
    until = state.until if left > 0 else None
    return error_page(request, "maintenance.html", 503, retry_after=max(left, MINUTE), until=until)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 for a form that is too big."""
    if isinstance(exception, RequestDataTooBig | TooManyFilesSent):
        return error_page(request, "413.html", 413)
    return error_page(request, "400.html", 400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was open for too long, or its cookie is gone: one click sends the same form with a fresh token.

    A form that was too big to be read has no token either (prakerja.uploads).
    """
    if request.method == "POST" and not request.POST and _length_of(request) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:
        return error_page(request, "413.html", 413)
    return error_page(request, "csrf.html", 403)


def error_page(
    request: HttpRequest,
    template: str,
    status: int,
    *,
    retry_after: int | None = None,
    more_kept: Mapping[str, str] = MappingProxyType({}),
    **more: Any,
) -> HttpResponse:
    """Rendered without context processors: a page that shows nothing of the portal's state cannot fail over it."""
    kept = kept_fields(request)
    context = {
        "kept": kept and [*((name, value) for name, value in kept if name not in more_kept), *more_kept.items()],
        "files_lost": bool(kept is not None and request.FILES),
        "csrf_token": get_token(request) if kept is not None else "",
        "request_id": getattr(request, "id", ""),
        "sample_data": settings.SAMPLE_DATA,
        "now": timezone.now(),
        "retry_after": retry_after,
        **more,
    }
    response = HttpResponse(loader.get_template(template).render(context), status=status)
    response.headers["Cache-Control"] = "no-store, private"
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def kept_fields(request: HttpRequest) -> list[tuple[str, str]] | None:
    """What the person typed, to be sent again; None when there is nothing to send, or nobody to be trusted with it."""
    if request.method != "POST" or not _from_our_pages(request):
        return None
    try:
        given = [(name, value) for name, values in request.POST.lists() for value in values]
    except Exception:  # the form itself is what cannot be read
        return None
    sensitive = getattr(request, "sensitive_post_parameters", ())
    if sensitive == "__ALL__":
        return None
    kept = [
        (name, value)
        for name, value in given
        if name != "csrfmiddlewaretoken" and name not in sensitive and not SECRET_FIELDS.search(name)
    ]
    too_much = len(kept) > MOST_FIELDS or sum(len(name) + len(value) for name, value in kept) > MOST_CHARACTERS
    return None if too_much or not kept else kept


def _length_of(request: HttpRequest) -> int:
    given = str(request.META.get("CONTENT_LENGTH", ""))
    return int(given) if given.isascii() and given.isdigit() else 0


def _from_our_pages(request: HttpRequest) -> bool:
    """Browsers say where a form stood; what says nothing is not trusted."""
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    try:
        return bool(origin) and urlsplit(origin).netloc == request.get_host()
    except Exception:  # an address or a host that is none
        return False
