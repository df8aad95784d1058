"""What views say about access: who may call them, and which few look before anybody is known."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from accounts.scope import Scope

View = Callable[..., HttpResponseBase]


class ScopedRequest(HttpRequest):
    """A request behind ScopeMiddleware."""

    scope: Scope


def staff(*roles: str) -> Callable[[View], View]:
    """Only for people with one of these roles: others are asked to sign in, or refused with 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: ScopedRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.scope.user_id is None:
                return redirect_to_login(request.get_full_path())
            if not request.scope.roles & set(roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def outside_scope(view: View) -> View:
    """Mark a view that must look before anybody is known: sign-in, status by code, health. Listed in a test."""
    view.outside_scope = True  # type: ignore[attr-defined]
    return view


def client_address(request: HttpRequest) -> str:
    """The asker's address: what the outermost of our own proxies saw, so that a forged header changes nothing."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if 0 < settings.TRUSTED_PROXIES <= len(hops):
        return hops[-settings.TRUSTED_PROXIES]
    return str(request.META["REMOTE_ADDR"])
