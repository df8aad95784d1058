from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """`sample_data` labels every page of a sample province; `scope` says what to offer in the header."""
    return {"sample_data": settings.SAMPLE_DATA, "scope": getattr(request, "scope", None)}
