"""Imports: which kinds there are, the upload, and one import from its reading to its undoing."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.middleware import ScopedRequest, staff
from accounts.services import enter_scope
from clusters.models import Regency
from mentoring.forms.imports import KINDS, OFFICE, PROVINCE, FileForm, MappingForm, PageForm, kinds_for, may_act
from mentoring.selectors import imports as selectors
from records.models import Import, Job
from records.services import imports as engine
from records.services.exports import download, log_export
from records.services.imports.clearing import REFUSED, UNDECIDED, UNDOABLE
from records.sheets import Reason, SheetRefused
from records.tasks import start_on_commit

READERS = (*OFFICE, "planner", "approver", "auditor")
WRITERS = (*OFFICE, *PROVINCE)
PREVIEW_SIZE = 50
STATES = {
    "received": (gettext_lazy("Dibuka"), "info"),
    "reading": (gettext_lazy("Dibaca"), "info"),
    "checked": (gettext_lazy("Perlu putusan"), "warning"),
    "applying": (gettext_lazy("Disimpan"), "info"),
    "done": (gettext_lazy("Selesai"), "positive"),
    "undoing": (gettext_lazy("Dibatalkan"), "info"),
    "undone": (gettext_lazy("Sudah dibatalkan"), "neutral"),
    "discarded": (gettext_lazy("Tidak diambil"), "neutral"),
    "failed": (gettext_lazy("Gagal"), "negative"),
}
VERDICTS = {
    "new": gettext_lazy("Baru"),
    "changed": gettext_lazy("Berubah"),
    "duplicate": gettext_lazy("Sama"),
    "refused": gettext_lazy("Ditolak"),
}
MOVED_ON = gettext_lazy("Impor ini sudah diputuskan atau sedang dikerjakan. Keadaannya sekarang ada di bawah.")


@staff(*READERS)
@never_cache
@require_safe
def imports(request: ScopedRequest) -> HttpResponse:
    """The kinds that this person may bring, and the past imports of the office."""
    try:
        after = UUID(text) if (text := request.GET.get("sesudah", "")) else None
    except ValueError as error:
        raise Http404 from error
    page = selectors.page_of(scope=request.scope, after=after)
    names = dict(Regency.objects.values_list("pk", "name")) if request.scope.sees_all else {}
    context = {
        "kinds": [(code, engine.resource_class(code).title, KINDS[code].about) for code in kinds_for(request.scope)],
        "rows": [(record, _title(record), *_state(record), names.get(record.regency_id or 0)) for record in page.rows],
        "next_url": page.after and reverse("imports", query={"sesudah": page.after}),
        "previous_url": after and reverse("imports"),
    }
    return render(request, "mentoring/imports/list.html", context)


@staff(*WRITERS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("form")
def import_new(request: ScopedRequest, kind: str) -> HttpResponse:
    """The file of one kind. It goes to the engine piece by piece."""
    _own_kind(request, kind)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form: FileForm = KINDS[kind].form(*given, scope=request.scope)
    if request.method == "POST" and form.is_valid():
        try:
            record, job = engine.receive_file(
                actor_id=request.scope.actor_id,
                actor_role=request.scope.actor_role,
                kind=kind,
                regency_id=form.regency_id(),
                name=form.cleaned_data["file"].name,
                content=form.cleaned_data["file"].chunks(),
                options=form.options(),
                now=timezone.now(),
            )
        except SheetRefused as refused:
            form.add_error("file", str(refused.reason))
        else:
            start_on_commit(job)
            return redirect("import", record.pk)
    resource = engine.resource_class(kind)
    context = {
        "form": form,
        "kind": kind,
        "title": resource.title,
        "rules": KINDS[kind].rules,
        "columns": resource().columns,
    }
    too_large = form.has_error("file", "too_large")
    return render(
        request, "mentoring/imports/new.html", context, status=413 if too_large else 422 if form.errors else 200
    )


@staff(*WRITERS)
@require_safe
def import_template(request: ScopedRequest, kind: str) -> HttpResponseBase:
    """A workbook to fill in: the headers, and rows that show what belongs below them (and are refused when left in)."""
    _own_kind(request, kind)
    resource = engine.resource_class(kind)()
    headers = [column.title for column in resource.columns.values()]
    return download("xlsx", name=f"templat-{kind}", headers=headers, rows=resource.template_rows)


@staff(*READERS)
@never_cache
@require_safe
def import_page(request: ScopedRequest, import_id: UUID) -> HttpResponse:
    return _page(request, _record(request, import_id))


@staff(*WRITERS)
@require_POST
def import_columns(request: ScopedRequest, import_id: UUID) -> HttpResponse:
    record = _own_record(request, import_id)
    if record.state != Import.State.RECEIVED:
        return _moved_on(request, record)
    form = _mapping_form(record, request.POST)
    if not form.is_valid():
        return _page(request, record, form)
    return _ask(request, record, engine.set_mapping, mapping=form.mapping())


@staff(*WRITERS)
@require_POST
def import_decide(request: ScopedRequest, import_id: UUID) -> HttpResponse:
    record = _own_record(request, import_id)
    take = request.POST.get("ambil", "")
    if take not in Import.Take.values:
        return redirect("import", record.pk)
    return _ask(request, record, engine.decide, take=take)


@staff(*WRITERS)
@require_POST
def import_undo(request: ScopedRequest, import_id: UUID) -> HttpResponse:
    return _ask(request, _own_record(request, import_id), engine.undo)


@staff(*WRITERS)
@require_POST
def import_refused(request: ScopedRequest, import_id: UUID) -> HttpResponseBase:
    """The refused rows as they stood in the file, with their reasons: to be corrected and brought again. On the record."""
    record = _own_record(request, import_id)
    if not record.refused or not _refused_kept(record):
        raise Http404
    log_export(
        kind="refused_rows",
        rows=record.refused,
        fields=record.headers,
        purpose=f"import {record.pk}",
        regency_id=record.regency_id,
        now=timezone.now(),
        **_actor(request),
    )
    headers, _rows = engine.refused_rows(import_id=record.pk)
    language = get_language()

    def rows() -> Iterator[list[str]]:
        """Read after the request has ended, and with it its transaction and its language."""
        with translation.override(language), transaction.atomic():
            enter_scope(request.scope, web_role=True)
            yield from engine.refused_rows(import_id=record.pk)[1]

    return download("xlsx", name=f"ditolak-{record.pk}", headers=headers, rows=rows())


def _record(request: ScopedRequest, import_id: UUID) -> Import:
    try:
        record: Import = selectors.imports(request.scope).get(pk=import_id)
        return record
    except Import.DoesNotExist as error:
        raise Http404 from error


def _own_record(request: ScopedRequest, import_id: UUID) -> Import:
    record = _record(request, import_id)
    if not may_act(request.scope, record):
        raise PermissionDenied
    return record


def _own_kind(request: ScopedRequest, kind: str) -> None:
    if kind not in KINDS:
        raise Http404
    if kind not in kinds_for(request.scope):
        raise PermissionDenied


def _actor(request: ScopedRequest) -> dict[str, Any]:
    return {"actor_id": request.scope.actor_id, "actor_role": request.scope.actor_role}


def _ask(request: ScopedRequest, record: Import, act: Callable[..., Job], **more: Any) -> HttpResponse:
    """Have the engine go on with this import, unless it has moved on since the page was read."""
    try:
        job = act(**_actor(request), import_id=record.pk, now=timezone.now(), **more)
    except (engine.WrongState, engine.NotAllGood, engine.NotUndoable):
        return _moved_on(request, record)
    start_on_commit(job)
    return redirect("import", record.pk)


def _moved_on(request: ScopedRequest, record: Import) -> HttpResponse:
    messages.info(request, MOVED_ON)
    return redirect("import", record.pk)


def _mapping_form(record: Import, given: Any = None) -> MappingForm:
    columns = engine.resource_of(record).columns
    guessed = {f"kolom-{name}": header for name, header in record.mapping.items()}
    return MappingForm(given, columns=columns, headers=record.headers, initial=guessed)


def _page(request: ScopedRequest, record: Import, form: MappingForm | None = None) -> HttpResponse:
    state, tone = _state(record)
    resource = engine.resource_of(record)
    titles = {name: column.title for name, column in resource.columns.items()}
    waits = record.state == Import.State.RECEIVED and bool(record.headers)
    working = record.state in {"received", "reading", "applying", "undoing"} and not waits
    context: dict[str, Any] = {
        "record": record,
        "title": resource.title,
        "state": state,
        "tone": tone,
        "may_act": may_act(request.scope, record),
        "problem": engine.problem_of(record),
        "waits": waits,
        "working": working,
        "stuck": working and engine.is_stuck(record),
        "percent": min(99, 100 * record.offset // record.size) if record.offset else None,
        "notes": [str(Reason(code, values)) for code, values in record.notes],
        "mapped": [(titles[name], header) for name, header in record.mapping.items() if name in titles],
        "decide_until": record.created_at + UNDECIDED,
        "same": selectors.same_file(scope=request.scope, record=record),
        "expired": record.state == Import.State.DISCARDED and record.decided_by_id is None,
    }
    if waits:
        context["form"] = form or _mapping_form(record)
    if record.state == Import.State.CHECKED:
        context |= _preview(request, record)
    if record.state == Import.State.DONE and record.finished_at:
        context |= {
            "refused_until": _refused_kept(record),
            "undo_until": record.finished_at + UNDOABLE if resource.set_based and record.row_xmin else None,
            "set_based": resource.set_based,
        }
    return render(request, "mentoring/imports/import.html", context, status=422 if form else 200)


def _preview(request: ScopedRequest, record: Import) -> dict[str, Any]:
    asked = PageForm(request.GET)
    if not asked.is_valid():
        raise Http404
    counts = {"new": record.new, "changed": record.changed, "duplicate": record.duplicate, "refused": record.refused}
    first = next((verdict for verdict, rows in counts.items() if rows), "new")
    verdict, after = asked.cleaned_data["hasil"] or first, asked.cleaned_data["sesudah"] or 0
    rows = engine.preview(import_id=record.pk, verdict=verdict, after=after, limit=PREVIEW_SIZE + 1)
    here = partial(reverse, "import", args=[record.pk])
    return {
        "tabs": [
            {"label": VERDICTS[each], "url": here(query={"hasil": each}), "active": each == verdict, "count": rows}
            for each, rows in counts.items()
        ],
        "verdict": verdict,
        "preview": rows[:PREVIEW_SIZE],
        "next_url": here(query={"hasil": verdict, "sesudah": rows[PREVIEW_SIZE - 1].line})
        if len(rows) > PREVIEW_SIZE
        else "",
        "previous_url": here(query={"hasil": verdict}) if after else "",
        "good": record.new + record.changed,
        "refused_until": _refused_kept(record),
    }


def _refused_kept(record: Import) -> datetime | None:
    """Until when the refused rows can be fetched; None when they are gone or not there yet."""
    if not record.refused or record.state not in {Import.State.CHECKED, Import.State.DONE}:
        return None
    until = record.finished_at + REFUSED if record.finished_at else record.created_at + UNDECIDED
    return until if until > timezone.now() else None


def _state(record: Import) -> tuple[str, str]:
    label, tone = STATES[record.state]
    if record.state == Import.State.RECEIVED and record.headers:
        return _("Perlu kolom"), "warning"
    return str(label), tone


def _title(record: Import) -> str:
    return str(engine.resource_class(record.kind).title)
