from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import SignInForm
from accounts.middleware import client_address, outside_scope
from accounts.services.passwords import TooManyFailures, verify_login


@outside_scope
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    next_url = request.POST.get("next") or request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(next_url, {request.get_host()}, require_https=request.is_secure()):
        next_url = ""
    if request.user.is_authenticated:
        return redirect(next_url or settings.LOGIN_REDIRECT_URL)
    form, status = SignInForm(request.POST or None), 200
    if form.is_valid():
        try:
            user = verify_login(**form.cleaned_data, address=client_address(request), now=timezone.now())
        except TooManyFailures:
            status = 429
            form.add_error(None, _("Terlalu banyak percobaan. Tunggu 15 menit, lalu coba lagi."))
        else:
            if user:
                request.session.flush()  # nothing of whoever used this browser before stays, the key least of all
                login(request, user)
                return redirect(next_url or settings.LOGIN_REDIRECT_URL)
            form.add_error(None, _("E-mail, nomor HP, atau kata sandi tidak cocok. Periksa, lalu coba lagi."))
    return render(request, "accounts/sign_in.html", {"form": form, "next_url": next_url}, status=status)


@outside_scope
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    messages.success(request, _("Anda sudah keluar. Tutup peramban ini bila komputer dipakai bersama."))
    return redirect("sign-in")


@require_http_methods(["GET"])
def factors(request: HttpRequest) -> HttpResponse:
    """Where who has no second factor yet gets one."""
    return HttpResponse(status=204)
