"""A new password by link: for who was invited, and for who forgot the old one."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.forms import ForgotForm, NewPasswordForm
from accounts.middleware import client_address, outside_scope
from accounts.services.notices import tell_owner
from accounts.services.one_time import BudgetSpent, SecretSpent, is_good_link, request_reset, use_link
from accounts.views.sign_in import begin


@outside_scope
@never_cache
@require_http_methods(["GET", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """Send a link to whoever the login belongs to; the answer is the same when it is nobody's."""
    form, status, sent = ForgotForm(request.POST or None), 200, False
    if form.is_valid():
        try:
            request_reset(
                **form.cleaned_data,
                address=client_address(request),
                language=get_language() or settings.LANGUAGE_CODE,
                now=timezone.now(),
            )
            sent = True
        except BudgetSpent:
            status = 429
            form.add_error(None, _("Terlalu banyak tautan diminta. Tunggu satu jam, lalu coba lagi."))
    return render(request, "accounts/forgot.html", {"form": form, "sent": sent}, status=status)


@outside_scope
@never_cache
@sensitive_variables("token")
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def choose_password(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    form = NewPasswordForm(request.POST or None)
    if not is_good_link(token=token, now=now):
        return render(request, "accounts/link_spent.html", status=404)
    if form.is_valid():
        try:
            user = use_link(token=token, password=form.cleaned_data["password"], now=now)
        except SecretSpent:  # the same link a moment earlier
            return render(request, "accounts/link_spent.html", status=404)
        except ValidationError as refused:
            form.add_error("password", refused)
        else:
            if user.last_login:
                tell_owner(user=user, template="sign_in_changed", now=now)
            return begin(request, user, "link", "")
    return render(request, "accounts/choose_password.html", {"form": form}, status=422 if form.errors else 200)
