"""The scope of a request and its one transaction."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation

from accounts.middleware import View
from accounts.scope import NOBODY, Scope
from accounts.selectors.factors import passed_second_factor
from accounts.services import enter_scope
from clusters.selectors.offices import scope_of
from prakerja.operations.errors import unavailable
from records.walls import ROLE

APPLICANT_KEY, DRAFT_KEY = "applicant", "draft"


class LanguageMiddleware:
    """Indonesian, unless the reader chose another language here.

    What the browser asks for is left aside: phones are often set to English by those who read Indonesian.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any("\0" in value for value in request.COOKIES.values()):
            raise BadRequest("NUL bytes")  # here already: the next ones look a session up by its cookie
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class ScopeMiddleware:
    """Innermost. Opens one transaction around the view and enters it as `portal_web` with the asker's scope.

    Rolled back when the answer is 500 or more. If the database does not take the role, nothing is served. What is
    not known to be for nobody in particular is kept by no cache, unless the view says otherwise.
    """

    _role_is_taken = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        if getattr(request, "scope", None) != NOBODY:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        if _has_nul(request):
            raise BadRequest("NUL bytes")
        # A view may name who asks in a way of its own (accounts.api: by the token of a client).
        request.scope = getattr(view, "scope_of", _scope)(request)  # type: ignore[attr-defined]
        if request.scope.user_id:  # type: ignore[attr-defined]
            structlog.contextvars.bind_contextvars(user_id=str(request.scope.user_id))  # type: ignore[attr-defined]
        if getattr(view, "outside_scope", False):
            return None
        enter_scope(request.scope, web_role=True)  # type: ignore[attr-defined]
        if not ScopeMiddleware._role_is_taken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_user")
                if cursor.fetchone() != (ROLE,):
                    return unavailable(request)
            ScopeMiddleware._role_is_taken = True
        return None


def _has_nul(request: HttpRequest) -> bool:
    """PostgreSQL keeps NUL bytes in no text, not even to search for them; no browser sends any."""
    forms = [*request.GET.lists(), *request.POST.lists()]
    return any("\0" in text for name, values in forms for text in [name, *values])


def _scope(request: HttpRequest) -> Scope:
    scope = NOBODY
    if request.user.is_authenticated:
        # Roles count from the second factor on.
        scope = scope_of(request.user) if passed_second_factor(request) else Scope(user_id=request.user.pk)
    if scope.user_id:  # a colleague's rights do not grow by a person who registered in the same browser
        return scope
    if applicant_id := request.session.get(APPLICANT_KEY):
        scope = scope.as_applicant(UUID(applicant_id))
    if draft_id := request.session.get(DRAFT_KEY):
        scope = scope.with_draft(UUID(draft_id))
    return scope
