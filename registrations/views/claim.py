"""Taking over a registration that an office made."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from accounts.middleware import client_address, outside_scope
from registrations.forms.opening import ClaimForm
from registrations.services.access import NoSuchStatus, TooManyAttempts
from registrations.services.assistance import claim as claim_registration
from registrations.views.sessions import remember_claimed


@outside_scope
@never_cache
def claim(request: HttpRequest) -> HttpResponse:
    """Number, birth date and claim code together; which of them was wrong is never said. Then the receipt."""
    form, status = ClaimForm(request.POST if request.method == "POST" else None), 200
    if form.is_valid():
        now = timezone.now()
        try:
            registration = claim_registration(**form.cleaned_data, address=client_address(request), now=now)
        except NoSuchStatus:
            status = 422
            words = gettext(
                "Nomor, kode klaim dan tanggal lahir tidak cocok, atau kodenya tidak berlaku lagi. Periksa lembar dari petugas."
            )
            form.add_error(None, words)
        except TooManyAttempts:
            status = 429
            words = gettext(
                "Terlalu banyak percobaan. Coba lagi satu jam lagi, atau datang ke dinas tenaga kerja Anda."
            )
            form.add_error(None, words)
        else:
            remember_claimed(request, registration, now=now)
            return redirect("receipt")
    elif form.is_bound:
        status = 422
    return render(request, "registrations/claim.html", {"form": form}, status=status)
