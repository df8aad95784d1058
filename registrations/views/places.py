"""Options of dependent lists, for the script that fills them."""

from collections.abc import Callable

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from accounts.middleware import ScopedRequest
from registrations.selectors.places import districts_of, villages_of


@require_safe
def district_options(request: ScopedRequest) -> JsonResponse:
    return _options(request, districts_of)


@require_safe
def village_options(request: ScopedRequest) -> JsonResponse:
    return _options(request, villages_of)


def _options(request: HttpRequest, options_of: Callable[[int], list[tuple[int, str]]]) -> JsonResponse:
    try:
        parent = int(request.GET.get("parent", ""))
    except ValueError:
        return JsonResponse([], safe=False)
    return JsonResponse(options_of(parent), safe=False)
