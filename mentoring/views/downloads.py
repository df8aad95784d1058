"""Lists of people that an office takes away: what for is asked and written down, and the list shows what its page shows."""

from functools import partial

from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.middleware import ScopedRequest, staff
from accounts.services import enter_scope
from clusters.models import Cluster
from mentoring.forms.people import IDENTITY_CHOICES, ExportForm, PeopleForm, open_search
from mentoring.selectors import people_export
from mentoring.selectors.people import Wanted, registrations
from mentoring.views.office import OFFICE, desk_of, frame, people_url
from records.services.exports import XLSX_ROWS, download, log_export


@staff(*OFFICE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def people_download(request: ScopedRequest) -> HttpResponseBase:
    """Everybody whom the list shows with the same choices; the rows are read in the asker's scope while they are sent."""
    given = request.POST or request.GET
    desk, choices = desk_of(request), PeopleForm(given)
    if not choices.is_valid() or desk.wave is None:
        raise Http404
    chosen, scope = choices.cleaned_data, request.scope
    clusters = {cluster.index: cluster for cluster in Cluster.objects.all()}
    wanted = Wanted(
        wave=desk.wave,
        regency_id=desk.regency.pk if desk.regency else None,
        state=chosen["keadaan"],
        cluster=clusters.get(chosen["klaster"]),
        identity=chosen["kependudukan"],
        name=open_search(given.get("cari", ""), scope.actor_id) if given.get("cari") else "",
    )
    people = registrations(scope=scope, wanted=wanted).count()
    form = ExportForm(request.POST if request.method == "POST" else None, rows=people, most=XLSX_ROWS)
    if form.is_bound and form.is_valid():
        log_export(
            kind="people",
            rows=people,
            fields=people_export.FIELDS,
            purpose=form.reason(),
            actor_id=scope.actor_id,
            actor_role=scope.actor_role,
            regency_id=wanted.regency_id,
            now=timezone.now(),
        )
        enter = partial(enter_scope, scope, web_role=True)
        return download(
            form.cleaned_data["form"],
            name=f"peserta-{desk.wave.slug}",
            headers=people_export.headers(),
            rows=people_export.rows(scope=scope, wanted=wanted, enter=enter),
        )
    choices_of_list = ("gelombang", "kabupaten", "klaster", "keadaan", "kependudukan", "cari")
    kept = {key: given[key] for key in choices_of_list if given.get(key)}
    context = frame(request, desk, "people") | {
        "form": form,
        "people": people,
        "wanted": wanted,
        "identity": IDENTITY_CHOICES.get(wanted.identity, ""),
        "kept": kept,
        "headers": people_export.headers(),
        "list_url": people_url(**kept),
        "wave_choices": [],
    }
    return render(request, "mentoring/people_download.html", context, status=422 if form.errors else 200)
