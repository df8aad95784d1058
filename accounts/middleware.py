"""What views say about access: who may call them, and which few look before anybody is known."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from accounts.scope import Scope
from accounts.selectors.factors import passed_second_factor, signed_in_at

View = Callable[..., HttpResponseBase]


class ScopedRequest(HttpRequest):
    """A request behind ScopeMiddleware."""

    scope: Scope


def staff(*roles: str) -> Callable[[View], View]:
    """Only for people with one of these roles: others are asked to sign in, or for their second factor, or refused with 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: ScopedRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.scope.user_id is None:
                return redirect_to_login(request.get_full_path())
            if not passed_second_factor(request):
                return redirect_to_login(request.get_full_path(), reverse("factors"))
            if not request.scope.roles & set(roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def outside_scope(view: View) -> View:
    """Mark a view that must look before anybody is known: sign-in, status by code, health. Listed in a test."""
    view.outside_scope = True  # type: ignore[attr-defined]
    return view


class SessionLimitsMiddleware:
    """Ends a session that nobody used for SESSION_IDLE_SECONDS, or that began SESSION_COOKIE_AGE ago however busy it is."""

    SEEN = "seen_at"
    EVERY = 60  # seconds between two notes of being seen, so that reading pages does not write

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            now = time.time()
            seen = request.session.get(self.SEEN, now)
            began = signed_in_at(request) or seen
            mine = UserSession.objects.filter(session_key=request.session.session_key)
            if now - seen > settings.SESSION_IDLE_SECONDS or now - began > settings.SESSION_COOKIE_AGE:
                mine.delete()
                logout(request)
            elif now - seen > self.EVERY or self.SEEN not in request.session:
                mine.update(last_seen_at=timezone.now())
                request.session[self.SEEN] = now
        return self.get_response(request)


def client_address(request: HttpRequest) -> str:
    """The asker's address: what the outermost of our own proxies saw, so that a forged header changes nothing."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if 0 < settings.TRUSTED_PROXIES <= len(hops):
        return hops[-settings.TRUSTED_PROXIES]
    return str(request.META["REMOTE_ADDR"])
