"""Institutions and their programs that read by the API, for operators."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.validators import MinLengthValidator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget as Checkboxes,
)
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.middleware import outside_scope
from accounts.models import ApiClient, Institution
from accounts.scope import API_SCOPES, IDENTITY
from accounts.services.clients import ClientRefused, create_client, revoke_client
from records.admin import PortalAdmin, ReadOnlyAdmin

SHOWN = ("name", "institution", "scopes", "address_ranges", "expires_at", "revoked_at", "last_used_at")


class ClientForm(forms.Form):
    institution = forms.ModelChoiceField(
        label=gettext_lazy("Lembaga"), queryset=Institution.objects.order_by("name"), widget=UnfoldAdminSelectWidget
    )
    name = forms.CharField(label=gettext_lazy("Nama program"), max_length=100, widget=UnfoldAdminTextInputWidget)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Yang boleh dibaca"),
        help_text=gettext_lazy("NIK lengkap diberikan kemudian oleh dua orang provinsi."),
        choices=[(scope, scope) for scope in API_SCOPES if scope != IDENTITY],
        widget=Checkboxes,
    )
    expires_on = forms.DateField(label=gettext_lazy("Berlaku sampai"), widget=UnfoldAdminDateWidget)
    address_ranges = forms.CharField(
        label=gettext_lazy("Alamat jaringan"),
        help_text=gettext_lazy(
            "Satu rentang (CIDR) per baris, misalnya 203.0.113.0/24. Kosong berarti dari mana saja."
        ),
        required=False,
        widget=UnfoldAdminTextareaWidget,
    )


class RevokeForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Alasan"),
        max_length=300,
        validators=[MinLengthValidator(5)],
        widget=UnfoldAdminTextInputWidget,
    )


class InstitutionAdmin(PortalAdmin):
    list_display = ("name", "kind", "regency_ids")
    fields = ("name", "kind", "regency_ids")
    search_fields = ("name",)

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        """What its clients see was granted, the NIK by two persons: who shall see more is another institution."""
        return ("kind", "regency_ids") if obj else ()


class ApiClientAdmin(ReadOnlyAdmin):
    """Made with a secret that is shown once, and revoked. Both make or end accounts, which is the owner's work."""

    list_display = ("name", "institution", "shown_state", "expires_at", "last_used_at")
    list_select_related = ("institution",)
    fields = SHOWN
    change_form_template = "admin/api_client.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiClient]:
        """Without the secret's hash, which the web role may not read."""
        found: QuerySet[ApiClient] = super().get_queryset(request).select_related("institution")
        return found.only("id", *SHOWN[:1], "institution__name", *SHOWN[2:], "client_id")

    def has_add_permission(self, request: Any) -> bool:
        return "operator" in request.scope.roles

    def get_urls(self) -> list[Any]:
        own = [
            ("add/", self.make, "add"),
            ("<uuid:object_id>/cabut/", self.revoke, "revoke"),
        ]
        guarded = [
            path(address, outside_scope(self.admin_site.admin_view(view)), name=f"accounts_apiclient_{name}")
            for address, view, name in own
        ]
        return [*guarded, *(each for each in super().get_urls() if each.name != "accounts_apiclient_add")]

    @display(description=gettext_lazy("Keadaan"), label={"on": "success", "over": "warning", "revoked": "danger"})
    def shown_state(self, client: ApiClient) -> tuple[str, str]:
        if client.revoked_at:
            return "revoked", _("Dicabut")
        return ("on", _("Berlaku")) if client.expires_at > timezone.now() else ("over", _("Habis masa"))

    def make(self, request: Any) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ClientForm(request.POST or None)
        if form.is_valid():
            data = form.cleaned_data
            last_moment = timezone.make_aware(datetime.combine(data.pop("expires_on"), time.max))
            ranges = data.pop("address_ranges").split()
            try:
                client, secret = create_client(
                    scope=request.scope, now=timezone.now(), expires_at=last_moment, address_ranges=ranges, **data
                )
            except ClientRefused as error:
                form.add_error(None, str(error))
            else:
                return self._page(request, "admin/api_client_made.html", client=client, secret=secret)
        return self._page(request, "admin/api_client_form.html", form=form, verb=_("Buat"))

    def revoke(self, request: Any, object_id: Any) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = RevokeForm(request.POST or None)
        if form.is_valid():
            revoke_client(scope=request.scope, client_pk=object_id, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("Dicabut. Token yang masih beredar tidak berlaku lagi."))
            return redirect(reverse("admin:accounts_apiclient_change", args=[object_id]))
        return self._page(request, "admin/api_client_form.html", form=form, verb=_("Cabut"))

    def _page(self, request: Any, template: str, **more: Any) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": self.opts.verbose_name_plural}
        return TemplateResponse(request, template, frame | more)
