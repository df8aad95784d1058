"""Reference data, the calendar and who holds which role, for operators."""

from functools import cache
from typing import Any

import tablib
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV, XLSX
from import_export.results import Result
from import_export.tmp_storages import CacheStorage
from unfold.contrib.import_export.forms import ExportForm, ImportForm
from unfold.decorators import display

from clusters import resources
from clusters.models import Membership
from records.admin import PortalAdmin, ReadOnlyAdmin
from records.resources import CellRefused

ROWS = 2_000  # longer tables go through the import engine or the commands


class WaitingFile(CacheStorage):
    """The uploaded table between preview and decision."""

    CACHE_LIFETIME = 15 * 60

    def read(self) -> Any:
        data = super().read()
        if data is None:
            raise Http404("the file waited too long for a decision")
        return data


class ShortCsv(CSV):
    """Workbooks that strangers made are the import engine's, which reads them in a confined process."""

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> tablib.Dataset:
        dataset = super().create_dataset(in_stream, **kwargs)
        if len(dataset) > ROWS:
            raise TooLong(len(dataset))
        return dataset


class TooLong(Exception):
    """More rows than a preview in the browser is for."""


class ReferenceAdmin(ImportExportModelAdmin, PortalAdmin):
    """A table that is edited by hand or by its file, with the declarations the shipped files use."""

    import_form_class = ImportForm
    export_form_class = ExportForm
    import_formats = (ShortCsv,)
    export_formats = (CSV, XLSX)
    tmp_storage_class = WaitingFile
    import_error_display = ("message",)

    def has_import_permission(self, request: Any) -> bool:
        return self.has_change_permission(request)

    def has_export_permission(self, request: Any) -> bool:
        return self.has_view_permission(request)

    def get_resource_kwargs(self, request: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {}

    def get_import_resource_classes(self, request: Any) -> list[type[resources.ReferenceResource]]:
        return [_with_differences(resource) for resource in self.resource_classes]

    def import_action(self, request: Any, **kwargs: Any) -> Any:
        """The preview; what is wrong with a file stands in `complaints`, as line and sentence."""
        response = super().import_action(request, **kwargs)
        context = getattr(response, "context_data", None) or {}
        if result := context.get("result"):
            resource = self.resource_classes[0]()
            context["complaints"] = [(line, _sentence(error, resource)) for line, error in resources.complaints(result)]
        return response

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        if isinstance(e, TooLong):
            words = _("Berkas ini berisi %(rows)s baris. Di sini paling banyak %(limit)s; bagi berkasnya.")
            form.add_error("import_file", words % {"rows": e.args[0], "limit": ROWS})
        else:
            form.add_error("import_file", _("Berkas ini tidak terbaca. Simpan sebagai CSV UTF-8, lalu unggah lagi."))

    def generate_log_entries(self, result: Result, request: Any) -> None:
        """One event for every row that was added or changed."""
        kinds = {"new": "admin.added", "update": "admin.changed"}
        for row in result.rows:
            if row.import_type in kinds:
                self.record(request, kinds[row.import_type], row.instance, ["import"])


def _sentence(error: Exception, resource: resources.ReferenceResource) -> str:
    """What is wrong, in the reader's language."""
    match error:
        case CellRefused():
            return resource.sentence(error.code, error.values)
        case ValidationError():
            return " ".join(error.messages)
    return str(error)


@cache
def _with_differences(resource: type[resources.ReferenceResource]) -> type[resources.ReferenceResource]:
    """The same declarations; each row also says what it changes, which a preview shows."""
    meta = type("Meta", (), {"skip_html_diff": False, "report_skipped": True})
    once = {"get_user_visible_fields": lambda self: self.get_export_fields()}  # a key and its code are one column
    kind: Any = type(resource)
    return kind(resource.__name__, (resource,), {"Meta": meta, **once})


class RegencyAdmin(ReferenceAdmin):
    resource_classes = (resources.RegencyResource,)
    list_display = ("code", "name", "kind", "seat")
    search_fields = ("name", "code")
    list_filter = ("kind",)


class DistrictAdmin(ReferenceAdmin):
    resource_classes = (resources.DistrictResource,)
    list_display = ("code", "name", "regency")
    list_select_related = ("regency",)
    search_fields = ("name", "code")
    list_filter = ("regency",)
    autocomplete_fields = ("regency",)


class VillageAdmin(ReferenceAdmin):
    resource_classes = (resources.VillageResource,)
    list_display = ("code", "name", "kind", "district")
    list_select_related = ("district",)
    search_fields = ("name", "code")
    list_filter = ("kind", "district__regency")
    autocomplete_fields = ("district",)


class LabourOfficeAdmin(ReferenceAdmin):
    resource_classes = (resources.LabourOfficeResource,)
    list_display = ("regency", "short_name", "phone", "hours")
    list_select_related = ("regency",)
    search_fields = ("regency__name", "short_name", "long_name")
    autocomplete_fields = ("regency",)


class BlankSpotVillageAdmin(ReferenceAdmin):
    readers = frozenset({"planner"})
    resource_classes = (resources.BlankSpotResource,)
    list_display = ("village", "printed_name", "period")
    list_select_related = ("village",)
    search_fields = ("printed_name", "village__name")
    autocomplete_fields = ("village",)


class ClusterAdmin(ReferenceAdmin):
    readers = frozenset({"planner"})
    resource_classes = (resources.ClusterResource,)
    list_display = ("code", "name_id", "name_en")

    def has_add_permission(self, request: Any) -> bool:
        return False  # the four clusters are what the draw and its packs are built on

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        return ("index", "code")


class ClusterAreaAdmin(ReferenceAdmin):
    readers = frozenset({"planner"})
    resource_classes = (resources.BorobudurAreaResource,)
    list_display = ("cluster", "regency", "village", "ring", "active", "valid_from", "valid_to")
    list_select_related = ("cluster", "regency", "village")
    list_filter = ("cluster", "ring", "active")
    autocomplete_fields = ("regency", "village")


class HolidayAdmin(PortalAdmin):
    readers = frozenset({"planner"})
    list_display = ("day", "name", "is_off")
    date_hierarchy = "day"

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        return ("day",) if obj else ()


class RuleSetAdmin(ReadOnlyAdmin):
    readers = frozenset({"planner"})
    list_display = ("code", "name", "valid_from", "valid_to")


class MembershipAdmin(ReadOnlyAdmin):
    """Who holds which role; given and taken on the pages for two persons."""

    list_display = ("person", "shown_role", "office", "valid_from", "valid_to", "ended_at", "page")
    list_filter = ("role", "office__regency")
    list_select_related = ("office",)
    fields = ("person", "shown_role", "office", "valid_from", "valid_to", "ended_at", "end_reason", "page")
    list_display_links = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        found: QuerySet[Membership] = super().get_queryset(request)
        return found.annotate(person_name=F("user__name")).order_by("office_id", "role", "pk")

    @display(description=gettext_lazy("Nama"))
    def person(self, membership: Any) -> str:
        return str(membership.person_name)

    @display(description=gettext_lazy("Peran"))
    def shown_role(self, membership: Membership) -> str:
        return membership.get_role_display()

    @display(description=gettext_lazy("Halaman"))
    def page(self, membership: Membership) -> str:
        return format_html('<a href="{}">{}</a>', reverse("membership", args=[membership.pk]), _("Buka"))
