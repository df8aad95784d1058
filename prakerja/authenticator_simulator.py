"""/simulator/autentikator/: the phone that the sample accounts would have, for trying the portal on one machine."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from prakerja.rehearsal.authenticator import code_of
from prakerja.rehearsal.province import STAFF


@require_safe
@never_cache
def authenticator_simulator(request: HttpRequest) -> HttpResponse:
    """Codes of the sample accounts; with real data there is no such page."""
    if not (settings.SAMPLE_DATA and settings.DEVELOPMENT):
        raise Http404
    phones = [(name, email, code_of(email)) for name, email, _role, _regency in STAFF]
    return render(request, "simulator/authenticator.html", {"phones": phones})
