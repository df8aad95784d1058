from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse


class EndOfTransaction:
    """Just outside ScopeMiddleware. Role and scope are local to its transaction; in a test that one is only a savepoint
    of the test's own, which goes on: so they are given back here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('role', 'none', true), set_config('app.scope', '', true)")
        return response
