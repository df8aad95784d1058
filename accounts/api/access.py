"""Who may call: a client with a token, and with the scope that the view names."""

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.api.tokens import Asker


class TokenAuthentication(BaseAuthentication):
    """The token was looked up before the request took the rights of the web (accounts.api.tokens.scope_of)."""

    def authenticate(self, request: Request) -> tuple[Asker, None] | None:
        asker = getattr(request._request, "api_asker", None)
        if asker is None and "Authorization" in request.headers:
            raise AuthenticationFailed
        return (asker, None) if asker else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="prakerja"' + (', error="invalid_token"' if "Authorization" in request.headers else "")


class HasScope(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        asker: Asker | None = request.user
        self.message = f"The token does not have the scope {view.required_scope}."
        return asker is not None and view.required_scope in asker.scopes
