"""The classes of a wave, for the province."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import ScopedRequest, staff
from accounts.services import enter_scope
from clusters.models import QuotaSplit, Regency, Wave
from records.services.exports import WRITERS, download, log_export, rows_out
from records.tasks import start_on_commit
from training.forms.classes import ClassForm
from training.models import TrainingClass
from training.resources import TrainingClassResource
from training.selectors.classes import PAGE, classes_of, classes_table, supply_table
from training.services import classes as services

READERS = ("planner", "approver", "auditor")
FIXED = gettext_lazy("Kelas gelombang ini tidak dapat diubah lagi.")


def _wave(request: ScopedRequest, slug: str) -> Wave:
    found: Wave = get_object_or_404(
        Wave.objects.within(request.scope).select_related("decision", "rule_set"), slug=slug
    )
    return found


@require_GET
@staff(*READERS)
def province_classes(request: ScopedRequest, wave: str) -> HttpResponse:
    """Seats by cell against the places of the newest split, and the list of classes.

    `kabupaten` narrows the list, `sesudah` is the code before its first line.
    """
    found = _wave(request, wave)
    chosen = request.GET.get("kabupaten", "")
    regency = get_object_or_404(Regency, pk=int(chosen)) if chosen.isdecimal() and len(chosen) == 4 else None
    after = request.GET.get("sesudah", "")
    newest = QuotaSplit.objects.within(request.scope).filter(wave=found).order_by("-version").first()
    listed = list(classes_of(found.pk, regency_id=regency.pk if regency else None, after=after)[: PAGE + 1])
    context = {
        "wave": found,
        "supply": supply_table(found.pk, split=newest),
        "regency": regency,
        "classes": listed[:PAGE],
        "last": listed[PAGE - 1].code if len(listed) > PAGE else "",
        "after": after,
        "may_add": "planner" in request.scope.roles and found.state in services.OPEN_FOR_CLASSES,
        "may_edit": "planner" in request.scope.roles and Wave.State(found.state) in services.EDITABLE,
    }
    return render(request, "training/classes/classes.html", context)


@staff(*READERS)
@require_POST
def classes_download(request: ScopedRequest, wave: str) -> HttpResponseBase:
    """All classes of the wave, with the headers by which they can be imported again."""
    found = _wave(request, wave)
    form = request.POST.get("bentuk")
    if form not in WRITERS:
        raise Http404
    headers = [column.title for column in TrainingClassResource().columns.values()]
    table = classes_table(found.pk)
    log_export(
        kind="classes",
        rows=table.count(),
        fields=list(TrainingClassResource().columns),
        purpose=found.slug,
        actor_id=request.scope.actor_id,
        actor_role=request.scope.actor_role,
        now=timezone.now(),
    )
    enter = partial(enter_scope, request.scope, web_role=True)
    return download(form, name=f"kelas-{found.slug}", headers=headers, rows=rows_out(table, enter=enter))


@staff("planner")
def class_new(request: ScopedRequest, wave: str) -> HttpResponse:
    found = _wave(request, wave)
    initial = {"starts_on": found.starts_on, "ends_on": found.ends_on, "seats": 16, "minimum": 8}
    if (chosen := request.GET.get("kabupaten", "")).isdecimal() and len(chosen) == 4:
        initial["regency"] = int(chosen)
    form = ClassForm(request.POST or None, editable=services.CELL_FIELDS | services.DETAIL_FIELDS, initial=initial)
    return _save(request, found, None, form)


@staff("planner")
def class_edit(request: ScopedRequest, wave: str, training_class: UUID) -> HttpResponse:
    found = _wave(request, wave)
    edited = classes_of(found.pk).filter(pk=training_class).first()
    if edited is None:
        raise Http404
    editable = services.EDITABLE.get(Wave.State(found.state))
    if not editable:
        messages.error(request, FIXED)
        return redirect("province-classes", found.slug)
    return _save(request, found, edited, ClassForm(request.POST or None, editable=editable, training_class=edited))


def _save(request: ScopedRequest, wave: Wave, edited: TrainingClass | None, form: ClassForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = {"scope": request.scope, "values": form.cleaned_data, "now": timezone.now()}
        try:
            if edited:
                saved, job = services.change_class(class_id=edited.pk, **values)
            else:
                saved, job = services.add_class(wave_id=wave.pk, **values)
        except services.TooFewHours as error:
            message = _("Program ini %(hours)d JP. Aturan gelombang meminta paling sedikit %(minimum)d JP.")
            form.add_error(
                "programme" if "programme" in form.fields else None,
                message % {"hours": error.hours, "minimum": error.minimum},
            )
        except services.OutsideTheWave:
            form.add_error(
                "starts_on", _("Kelas harus berada di antara tanggal mulai dan selesai pelatihan gelombang.")
            )
        except services.ClassesStand:
            messages.error(request, FIXED)
            return redirect("province-classes", wave.slug)
        else:
            if job:
                start_on_commit(job)
            messages.success(request, _("Kelas %(code)s disimpan.") % {"code": saved.code})
            return redirect("province-classes", wave.slug)
    context = {"form": form, "wave": wave, "training_class": edited}
    return render(request, "training/classes/edit.html", context, status=422 if form.errors else 200)
