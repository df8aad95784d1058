"""The opening minute: a prepared person's click costs one statement, and what would wait too long is asked to come again.

A wave's draw treats the first minute and the last day alike, so nobody loses by being asked to wait.
"""

import secrets
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.core import signing
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import ResolverMatch, resolve, reverse
from django.utils import timezone

from prakerja.operations.errors import early, unavailable
from prakerja.operations.worker import HEADER
from registrations.services.joining import Outcome, join_at_once

TICKET = "tiket"  # field of a form that was asked to wait
TICKET_SECONDS = 900
RETRY_AFTER = range(15, 46)  # seconds, by chance, so that those who wait do not come back at once


class OpeningMiddleware:
    """Inside MaintenanceMiddleware, outside whatever asks for a session or the database.

    A request that has stood in the worker's queue for more than SHED_SECONDS gets 503 with Retry-After, its form and a signed
    ticket; who brings the ticket back may have stood twice as long, so that newcomers are asked to wait first.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        waited = _waited(request)
        if waited > settings.SHED_SECONDS and waited > settings.SHED_SECONDS * (2 if _has_waited(request) else 1):
            return busy(request)
        by_slip = request.method == "POST" and request.path_info == reverse("join") and "slip" in request.POST
        joined = _join(request, request.POST["slip"]) if by_slip else None
        return joined or self.get_response(request)


def busy(request: HttpRequest) -> HttpResponse:
    ticket = signing.TimestampSigner(salt=TICKET).sign(secrets.token_urlsafe(8))
    return unavailable(request, retry_after=secrets.choice(RETRY_AFTER), more={TICKET: ticket})


def _waited(request: HttpRequest) -> float:
    """Seconds, as our worker says; another server passes on what a client made up."""
    try:
        return float(request.headers.get(HEADER, 0))
    except ValueError:
        return 0.0


def _has_waited(request: HttpRequest) -> bool:
    try:
        signing.TimestampSigner(salt=TICKET).unsign(request.POST.get(TICKET, ""), max_age=TICKET_SECONDS)
    except signing.BadSignature:
        return False
    return True


def _join(request: HttpRequest, slip: str) -> HttpResponse | None:
    """The answer, or None where the view of this address has more to say. The slip is signed for one registration, which
    no foreign page knows: it stands for session and CSRF token."""
    request.resolver_match = _route()
    now = timezone.now()
    try:
        outcome, opens_at = join_at_once(slip=slip, now=now)
    except (OperationalError, InterfaceError):
        return unavailable(request)
    if outcome is Outcome.JOINED:
        return HttpResponseRedirect(reverse("receipt"))
    if outcome is Outcome.EARLY and opens_at:
        return early(request, opens_at, now)
    return None


@cache
def _route() -> ResolverMatch:
    return resolve(reverse("join"))
