"""What every page knows: whether data are samples, where the links lead, who is signed in to which office, what is left to do."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.scope import NOBODY, Scope
from clusters.models import LabourOffice, Wave
from registrations.selectors.own import to_join


def portal(request: HttpRequest) -> dict[str, Any]:
    """Values are lazy: a page that does not show them does not ask the database."""
    scope: Scope = getattr(request, "scope", NOBODY)
    return {
        "sample_data": settings.SAMPLE_DATA,
        "scope": scope,
        "current_wave": SimpleLazyObject(lambda: _current_wave(scope)),
        "to_join": SimpleLazyObject(lambda: to_join(scope, timezone.now())),
        "rail": _rail(scope, request),
        "office_name": SimpleLazyObject(lambda: _office_name(scope)),
    }


def _current_wave(scope: Scope) -> Wave | None:
    """The wave that the links to quota and draw lead to: the newest one that is not cancelled."""
    return Wave.objects.within(scope).exclude(state__in=["draft", "cancelled"]).newest_first().first()


def _rail(scope: Scope, request: HttpRequest) -> list[tuple[str, str, bool]]:
    """Links with their labels and which of them one is on; the wave that an office has chosen stays chosen."""
    entries: list[tuple[str, str]] = []
    if scope.sees_all:
        entries += [(pgettext("semua", "Gelombang"), reverse("province")), (_("Data kuota"), reverse("data-room"))]
    if scope.sees_all or scope.is_office:
        entries += [
            (_("Hari ini"), reverse("office")),
            (_("Peserta"), reverse("people")),
            *([(_("Dampingi"), reverse("assist"))] if scope.is_office else []),
            (_("Sanggahan"), reverse("grievances")),
            (_("Data ganda"), reverse("duplicates")),
            (_("Hapus data"), reverse("erasures")),
            (_("Impor"), reverse("imports")),
        ]
    here = request.path
    if scope.sees_all or scope.head_ids or scope.is_operator:
        entries.append(
            (_("Petugas"), staff := reverse("province-staff" if scope.sees_all or not scope.head_ids else "staff"))
        )
        here = here.replace(reverse("staff"), staff)  # pages about one person are the same for both
    if "auditor" in scope.roles:
        entries.append((_("Jejak"), reverse("audit-trail")))
    if scope.is_operator:
        entries.append((_("Pengelolaan"), reverse("admin:index")))
    inmost = max((url for _label, url in entries if here.startswith(url)), key=len, default="")
    wave = request.GET.get("gelombang")
    query = f"?{urlencode({'gelombang': wave})}" if wave else ""
    return [(label, url + query, url == inmost) for label, url in entries]


def _office_name(scope: Scope) -> str:
    if scope.sees_all:
        return _("Provinsi Jawa Tengah")
    office = LabourOffice.objects.filter(regency_id__in=scope.regency_ids).select_related("regency").first()
    if office is None:
        return ""
    name = office.short_name or office.long_name or _("Dinas tenaga kerja")
    return f"{name} {office.regency.name}"
