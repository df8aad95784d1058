"""Keamanan akun: second factors, recovery codes, sessions and the password of who is signed in."""

import base64
import json
import secrets
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import segno
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn, begin_registration, complete_registration
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import CodeForm, NewPasswordForm, PasskeyForm
from accounts.middleware import ScopedRequest, outside_scope
from accounts.models import User
from accounts.selectors.factors import SECOND_FACTORS, has_factor, is_confirmed, passed_second_factor
from accounts.services.factors import LastFactor, add_totp, new_recovery_codes, remove_factor
from accounts.services.notices import tell_owner
from accounts.services.one_time import set_password
from accounts.services.sessions import end_other_sessions, renew_key
from accounts.views.asking import ask_for_factor
from accounts.views.sign_in import safe_next
from records.services.log import record_event

NEW_SECRET = "new_totp_secret"  # noqa: S105 - in the session, sealed, until a code of it is shown

View = Callable[..., HttpResponse]


class OwnRequest(ScopedRequest):
    """A request that `signed_in` or `confirmed` let through."""

    user: User


def signed_in(view: View) -> View:
    """For whoever is signed in with two factors; others sign in, or go on with it."""

    @wraps(view)
    def guarded(request: OwnRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not passed_second_factor(request):
            return redirect_to_login(request.get_full_path(), reverse("factors"))
        return view(request, *args, **kwargs)

    return never_cache(guarded)


def confirmed(view: View) -> View:
    """For whoever showed the strongest factor of the account a moment ago; others do so first."""

    @wraps(view)
    def guarded(request: OwnRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not is_confirmed(request):
            back = request.get_full_path() if request.method == "GET" else reverse("account")
            return redirect_to_login(back, reverse("confirm"))
        return view(request, *args, **kwargs)

    return never_cache(guarded)


@require_safe
@signed_in
def account(request: OwnRequest) -> HttpResponse:
    mine = list(Authenticator.objects.filter(user_id=request.user.pk).order_by("pk"))
    recovery = next((factor for factor in mine if factor.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "factors": [factor for factor in mine if factor.type in SECOND_FACTORS],
        "codes_left": len(recovery.wrap().get_unused_codes()) if recovery else 0,
        "sessions": UserSession.objects.filter(user_id=request.user.pk).order_by("-last_seen_at"),
        "session_key": request.session.session_key,
    }
    return render(request, "accounts/account.html", context)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@confirmed
def factors(request: OwnRequest) -> HttpResponse:
    """Add an authenticator app or a passkey. Who has neither yet comes here before anything else."""
    user = request.user
    has_app = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists()
    is_passkey = "credential" in request.POST
    form = CodeForm(None if is_passkey else request.POST or None)
    passkey = PasskeyForm(request.POST if is_passkey else None)
    first, added = not has_factor(user), None
    if is_passkey and passkey.is_valid():
        added = _add_passkey(user, passkey)
    elif form.is_valid() and not has_app and NEW_SECRET in request.session:
        secret = get_adapter().decrypt(request.session[NEW_SECRET])
        added = add_totp(user=user, secret=secret, code=form.cleaned_data["code"])
        if added is None:
            form.add_error("code", _("Kode tidak cocok. Periksa jam ponsel Anda, lalu isi kode yang sekarang tampil."))
    if added:
        request.session.pop(NEW_SECRET, None)
        record_authentication(request, user, method="mfa", id=added.pk, type=added.type)
        transaction.on_commit(partial(renew_key, request.session))
        _changed(request, "account.factor_added", tell=not first)
        if Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).exists():
            messages.success(request, _("Faktor kedua ditambahkan."))
            return redirect("account")
        return _show_codes(request)
    context = {"form": form, "passkey": passkey, "has_app": has_app, "first": first, "next_url": safe_next(request)}
    context["passkey_options"] = json.dumps(begin_registration(user, passwordless=False))
    if not has_app:
        context |= _new_app(request)
    return render(request, "accounts/factors.html", context, status=422 if form.errors or passkey.errors else 200)


def _new_app(request: OwnRequest) -> dict[str, Any]:
    """The secret to be scanned or typed; the same until a code of it is shown, so that a reload does no harm."""
    adapter = get_adapter()
    if NEW_SECRET not in request.session:
        request.session[NEW_SECRET] = adapter.encrypt(base64.b32encode(secrets.token_bytes(20)).decode())
    secret = adapter.decrypt(request.session[NEW_SECRET])
    return {"secret": secret, "qr": _qr(adapter.build_totp_url(request.user, secret))}


def _qr(url: str) -> SafeString:
    code = segno.make(url, error="m")
    return mark_safe(code.svg_inline(border=2, dark="#000", light="#fff", omitsize=True))  # noqa: S308 - made by segno


def _add_passkey(user: User, form: PasskeyForm) -> Authenticator | None:
    credential = form.cleaned_data["credential"]
    try:
        complete_registration(credential)
        return WebAuthn.add(user, form.cleaned_data["name"] or _("Kunci sandi"), credential).instance
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        form.add_error(None, _("Kunci sandi tidak dapat ditambahkan. Coba sekali lagi."))
        return None


def _changed(request: OwnRequest, kind: str, *, tell: bool = True) -> None:
    now = timezone.now()
    record_event(
        kind=kind,
        actor_id=request.user.pk,
        actor_role=request.scope.actor_role,
        subject_type="user",
        subject_id=request.user.pk,
        at=now,
    )
    if tell:
        tell_owner(user=request.user, template="sign_in_changed", now=now)


@require_POST
@confirmed
def factor_remove(request: OwnRequest, factor: int) -> HttpResponse:
    try:
        remove_factor(user=request.user, factor_id=factor)
    except Authenticator.DoesNotExist as error:
        raise Http404 from error
    except LastFactor:
        messages.error(request, _("Ini faktor kedua Anda satu-satunya. Tambahkan yang lain dahulu."))
    else:
        _changed(request, "account.factor_removed")
        messages.success(request, _("Faktor kedua dihapus."))
    return redirect("account")


@require_http_methods(["GET", "POST"])
@confirmed
def recovery_codes(request: OwnRequest) -> HttpResponse:
    if not passed_second_factor(request):
        return redirect("factors")
    if request.method == "POST":
        _changed(request, "account.recovery_codes_made")
        return _show_codes(request)
    return render(request, "accounts/recovery_codes.html", {"codes": None})


def _show_codes(request: OwnRequest) -> HttpResponse:
    context = {"codes": new_recovery_codes(user=request.user), "next_url": safe_next(request) or reverse("account")}
    return render(request, "accounts/recovery_codes.html", context)


@require_POST
@signed_in
def sessions_end(request: OwnRequest) -> HttpResponse:
    end_other_sessions(request.session.session_key or "")
    messages.success(request, _("Semua perangkat lain sudah dikeluarkan."))
    return redirect("account")


@outside_scope
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@confirmed
def change_password(request: OwnRequest) -> HttpResponse:
    if not passed_second_factor(request):
        return redirect("factors")
    form, now = NewPasswordForm(request.POST or None), timezone.now()
    if form.is_valid():
        try:
            set_password(user=request.user, password=form.cleaned_data["password"], now=now)
        except ValidationError as refused:
            form.add_error("password", refused)
        else:
            update_session_auth_hash(request, request.user)  # the one session that goes on, under a new key
            UserSession.objects.create_from_request(request)
            tell_owner(user=request.user, template="sign_in_changed", now=now)
            messages.success(request, _("Kata sandi diganti. Perangkat lain sudah dikeluarkan."))
            return redirect("account")
    return render(request, "accounts/change_password.html", {"form": form}, status=422 if form.errors else 200)


@outside_scope
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Show a second factor once more, before what it protects is changed; without one, sign in once more."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    next_url = safe_next(request)
    if not has_factor(request.user):
        return render(request, "accounts/confirm_again.html", {"next_url": next_url})
    shown = ask_for_factor(request, request.user, "accounts/confirm.html", {"next_url": next_url})
    if isinstance(shown, HttpResponse):
        return shown
    post_authentication(request, shown, reauthenticated=True)
    renew_key(request.session)
    return redirect(next_url or "account")
