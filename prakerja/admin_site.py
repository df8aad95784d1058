"""The admin: reference data, catalogue, calendar, messages, roles, jobs and clients of the API. No person's row.

Behind the ordinary sign-in; asked by operators, and in part by planners; under the web role and its policies like every page.
"""

from collections.abc import Callable
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.apps import apps
from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from accounts import admin as accounts
from accounts.middleware import staff
from accounts.models import ApiClient, Institution
from clusters import admin as clusters
from clusters import models as places
from prakerja.admin_words import FIELDS
from records import admin as records
from records import models as kept
from training import admin as training
from training.models import Programme, Provider

ROLES = ("operator", "planner")
# Unfold is built on Alpine.js, which evaluates attributes, and on styles in the page.
CSP = {"script-src": [UNSAFE_INLINE, UNSAFE_EVAL], "style-src": [UNSAFE_INLINE], "font-src": [SELF]}
LEFT_OUT = {"login", "logout", "password_change", "password_change_done", "view_on_site", "search"}

# Model, its page, what one and several are called, its icon; the groups are those of the rail.
Entry = tuple[type[Model], type[ModelAdmin], "str | Promise", "str | Promise", str]
GROUPS: list[tuple["str | Promise", list[Entry]]] = [
    (
        _("Wilayah dan kantor"),
        [
            (places.Regency, clusters.RegencyAdmin, _("kabupaten/kota"), _("Kabupaten dan kota"), "map"),
            (places.District, clusters.DistrictAdmin, _("kecamatan"), _("Kecamatan"), "grid_view"),
            (places.Village, clusters.VillageAdmin, _("desa/kelurahan"), _("Desa dan kelurahan"), "home_pin"),
            (places.LabourOffice, clusters.LabourOfficeAdmin, _("kantor"), _("Kantor"), "apartment"),
            (places.BlankSpotVillage, clusters.BlankSpotVillageAdmin, _("desa tanpa sinyal"), _("Desa tanpa sinyal"),
             "signal_disconnected"),
        ],
    ),
    (
        _("Klaster dan aturan"),
        [
            (places.Cluster, clusters.ClusterAdmin, _("klaster"), _("Klaster"), "category"),
            (places.ClusterArea, clusters.ClusterAreaAdmin, _("wilayah klaster"), _("Wilayah klaster"), "share_location"),
            (places.RuleSet, clusters.RuleSetAdmin, _("aturan kelayakan"), _("Aturan kelayakan"), "rule"),
            (places.Holiday, clusters.HolidayAdmin, _("koreksi hari libur"), _("Koreksi hari libur"), "event_busy"),
        ],
    ),
    (
        _("Katalog"),
        [
            (Programme, training.ProgrammeAdmin, _("program"), _("Program"), "school"),
            (Provider, training.ProviderAdmin, _("lembaga pelatihan"), _("Lembaga pelatihan"), "domain"),
        ],
    ),
    (
        _("Sistem"),
        [
            (kept.MessageTemplate, records.MessageTemplateAdmin, _("teks pesan"), _("Teks pesan"), "sms"),
            (kept.Job, records.JobAdmin, _("pekerjaan"), _("Pekerjaan"), "pending_actions"),
            (Institution, accounts.InstitutionAdmin, _("lembaga pembaca"), _("Lembaga pembaca API"), "account_balance"),
            (ApiClient, accounts.ApiClientAdmin, _("klien API"), _("Klien API"), "key"),
            (places.Membership, clusters.MembershipAdmin, _("peran petugas"), _("Peran petugas"), "badge"),
        ],
    ),
]  # fmt: skip


class PortalAdminSite(UnfoldAdminSite):
    index_title = _("Pengelolaan")

    def has_permission(self, request: Any) -> bool:
        return bool(request.scope.roles & set(ROLES))

    def admin_view(self, view: Callable[..., HttpResponseBase], cacheable: bool = False) -> Any:
        """Who is not signed in is asked to, other staff refused; the answer gets the looser policy of these pages."""
        return staff(*ROLES)(csp_update(CSP)(super().admin_view(view, cacheable)))

    def get_urls(self) -> list[Any]:
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) not in LEFT_OUT]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        name = request.user.name  # type: ignore[union-attr]
        return {**super().each_context(request), "user": {"get_full_name": name, "get_username": name}, "site_url": "/"}

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The groups with what this asker may see."""
        listed = {model["model"]: model for app in self.get_app_list(request) for model in app["models"]}
        groups = []
        for title, entries in GROUPS:
            items = [
                {
                    "title": names,
                    "icon": icon,
                    "link": listed[model]["admin_url"],
                    "active": request.path.startswith(listed[model]["admin_url"]),
                    "has_permission": True,
                }
                for model, _page, _name, names, icon in entries
                if model in listed
            ]
            if items:
                groups.append({"title": title, "items": items})
        return groups


def _name(model: type[Model], name: "str | Promise", names: "str | Promise") -> None:
    """Words for people, in both languages. Set here and not in the models: they are no part of a migration."""
    options: Any = model._meta
    options.verbose_name, options.verbose_name_plural = name, names
    for field in model._meta.fields:
        field.verbose_name = FIELDS.get(field.name, field.verbose_name)


ROOMS = {"accounts": _("Pembaca API"), "clusters": _("Data acuan"), "records": _("Sistem"), "training": _("Katalog")}
for _label, _words in ROOMS.items():
    apps.get_app_config(_label).verbose_name = _words

site = PortalAdminSite()
for _title, _entries in GROUPS:
    for _model, _page, _one, _many, _icon in _entries:
        site.register(_model, _page)
        _name(_model, _one, _many)
