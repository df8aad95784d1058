"""The catalogue, for operators."""

from records.admin import PortalAdmin


class ProgrammeAdmin(PortalAdmin):
    readers = frozenset({"planner"})
    list_display = ("code", "name_id", "name_en", "hours")
    search_fields = ("code", "name_id", "name_en")

    def get_readonly_fields(self, request: object, obj: object = None) -> tuple[str, ...]:
        return ("code",) if obj else ()


class ProviderAdmin(PortalAdmin):
    readers = frozenset({"planner"})
    list_display = ("name", "kind", "regency", "is_sample")
    list_select_related = ("regency",)
    list_filter = ("kind", "regency")
    search_fields = ("name",)
    autocomplete_fields = ("regency",)
