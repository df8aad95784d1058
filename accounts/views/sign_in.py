"""Signing in and out: a first factor, then the second one. Nothing here tells known logins from unknown ones."""

from uuid import UUID

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.mfa.base.internal.flows import post_authentication
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.adapter import SecondFactorStage, known_accounts
from accounts.forms import CodeForm, SignInForm
from accounts.middleware import client_address, outside_scope
from accounts.models import User
from accounts.services.one_time import BudgetSpent, SecretSpent, request_code, verify_code
from accounts.services.passwords import TooManyFailures, verify_login
from accounts.views.asking import ask_for_factor

CODE, NEXT = "sign_in_code", "sign_in_next"  # in the session: whose code it waits for, and the way on
BEGAN = "sign_in_began"  # and which password the account had at the first factor


def safe_next(request: HttpRequest) -> str:
    """The asked-for way on, when it stays in this portal; else ""."""
    url = request.POST.get("next") or request.GET.get("next", "")
    stays = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if stays else ""


def begin(request: HttpRequest, user: User, method: str, next_url: str) -> HttpResponse:
    """The first factor is shown: on to the second, or in. Nothing of whoever used this browser before stays."""
    request.session.flush()
    request.session[BEGAN] = user.get_session_auth_hash()
    record_authentication(request, user, method=method)
    login = Login(user=user, redirect_url=next_url or resolve_url(settings.LOGIN_REDIRECT_URL))
    response: HttpResponse = perform_login(request, login)
    return response


@outside_scope
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    next_url = safe_next(request)
    if request.user.is_authenticated:
        return redirect(next_url or settings.LOGIN_REDIRECT_URL)
    by_code = request.POST.get("way") == "code"
    form, status = SignInForm(request.POST or None, by_code=by_code), 200
    if form.is_valid():
        if by_code:
            return _send_code(request, form, next_url)
        try:
            user = verify_login(
                **form.cleaned_data,
                address=client_address(request),
                known=known_accounts(request),
                now=timezone.now(),
            )
        except TooManyFailures:
            status = 429
            form.add_error(None, _("Terlalu banyak percobaan. Masuk dengan kode, atau tunggu 15 menit lalu coba lagi."))
        else:
            if user:
                return begin(request, user, "password", next_url)
            form.add_error(None, _("E-mail, nomor HP, atau kata sandi tidak cocok. Periksa, lalu coba lagi."))
    return render(request, "accounts/sign_in.html", {"form": form, "next_url": next_url}, status=status)


def _send_code(request: HttpRequest, form: SignInForm, next_url: str) -> HttpResponse:
    try:
        secret_id = request_code(
            login=form.cleaned_data["login"],
            address=client_address(request),
            language=get_language() or settings.LANGUAGE_CODE,
            now=timezone.now(),
        )
    except BudgetSpent:
        form.add_error(None, _("Terlalu banyak kode diminta. Masuk dengan kata sandi, atau tunggu satu jam."))
        return render(request, "accounts/sign_in.html", {"form": form, "next_url": next_url}, status=429)
    request.session[CODE], request.session[NEXT] = str(secret_id), next_url
    return redirect("sign-in-code")


@outside_scope
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    waiting = request.session.get(CODE)
    if waiting is None or request.user.is_authenticated:
        return redirect("sign-in")
    form, status = CodeForm(request.POST or None), 200
    if form.is_valid():
        status = 422
        try:
            user = verify_code(secret_id=UUID(waiting), code=form.cleaned_data["code"], now=timezone.now())
        except SecretSpent:
            form.add_error(None, _("Kode ini tidak berlaku lagi. Minta kode baru."))
        else:
            if user:
                return begin(request, user, "code", request.session.get(NEXT, ""))
            form.add_error("code", _("Kode tidak cocok. Periksa 6 angka di pesan kami."))
    return render(request, "accounts/sign_in_code.html", {"form": form}, status=status)


@outside_scope
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    stage = LoginStageController.enter(request, SecondFactorStage.key)
    if stage is None or stage.login.user is None:
        return redirect("sign-in")
    if not constant_time_compare(request.session.get(BEGAN, ""), stage.login.user.get_session_auth_hash()):
        return redirect("sign-in")  # a new password ends what began with the old one
    shown = ask_for_factor(request, stage.login.user, "accounts/second_factor.html", {})
    if isinstance(shown, HttpResponse):
        return shown
    post_authentication(request, shown)
    response: HttpResponse = stage.exit()
    return response


@outside_scope
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    logout(request)
    messages.success(request, _("Anda sudah keluar. Tutup peramban ini bila komputer dipakai bersama."))
    return redirect("sign-in")
