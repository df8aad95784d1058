"""The auditor's page over both logs, and the heads of the chain for everybody."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import CharField, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import ScopedRequest, staff
from accounts.models import User
from accounts.scope import Scope
from accounts.services import enter_scope
from prakerja.audit import words
from prakerja.audit.forms import FindForm, TrailForm
from prakerja.audit.trail import READ, Wanted, events_of, page_of, person_by, reads_of, staff_named
from records.models import Event, Seal
from records.services.exports import FORMS, XLSX_ROWS, download, log_export, rows_out
from registrations.models import Registration

COLUMNS = (
    "at",
    "number",
    "actor",
    "role",
    "kind",
    "subject",
    "subject_id",
    "person_id",
    "regency_id",
    "fields",
    "reason",
)


@staff("auditor")
@never_cache
@require_safe
def trail(request: ScopedRequest) -> HttpResponse:
    """Both logs, newest first, filtered by the address."""
    place = _place(request.GET)
    return _trail_page(request, place, FindForm(initial=_initial(place)))


@staff("auditor")
@require_POST
def find(request: ScopedRequest) -> HttpResponse:
    """Put what was typed into an address that names nobody: people and staff stand in it as ids."""
    form = FindForm(request.POST)
    choices: list[tuple[UUID, str]] = []
    if form.is_valid():
        chosen = form.cleaned_data
        place = {key: chosen[key] for key in ("jenis", "dari", "sampai")}
        place |= {"orang": chosen["orang_tetap"], "pelaku": chosen["pelaku_tetap"]}
        if chosen["orang"]:
            place["orang"] = person_by(scope=request.scope, **chosen["orang"])
            if place["orang"] is None:
                form.add_error("orang", _("Tidak ada peserta dengan nomor itu."))
        if chosen["pelaku"]:
            choices = staff_named(chosen["pelaku"])
            if not choices:
                form.add_error("pelaku", _("Tidak ada petugas yang namanya diawali begitu."))
            place["pelaku"] = choices[0][0] if len(choices) == 1 else None
        if form.is_valid() and len(choices) <= 1:
            return redirect(_url("audit-trail", place))
        links = [(name, _url("audit-trail", place | {"pelaku": pk})) for pk, name in choices]
        return _trail_page(request, {}, form, choices=links, status=422)
    return _trail_page(request, {}, form, status=422)


@staff("auditor")
@require_POST
def export(request: ScopedRequest) -> HttpResponseBase:
    """The filtered lines as CSV or XLSX; that they were taken away is a line of the log itself."""
    form = request.POST.get("bentuk", "csv")
    if form not in FORMS:
        raise Http404
    place = _place(request.POST)
    wanted = _wanted(place)
    rows = events_of(wanted).count() + reads_of(wanted).count()
    if form == "xlsx" and rows > XLSX_ROWS:
        messages.error(request, _("Baris terlalu banyak untuk XLSX. Unduh sebagai CSV, atau persempit waktunya."))
        return redirect(_url("audit-trail", place))
    log_export(
        kind="audit_trail",
        rows=rows,
        fields=COLUMNS,
        purpose=_("Pemeriksaan jejak"),
        actor_id=request.scope.user_id,
        actor_role=request.scope.actor_role,
        now=timezone.now(),
    )
    enter = partial(enter_scope, request.scope, web_role=True)
    return download(form, name="jejak", headers=COLUMNS, rows=_with_words(rows_out(_union(wanted), enter=enter)))


def _union(wanted: Wanted) -> QuerySet[Any, Any]:
    shared = (Cast("actor__name", TextField()), "actor_role")
    rest = ("person_id", "regency_id")
    events = events_of(wanted).order_by().values_list(
        "at", "number", *shared, "kind", "subject_type", Cast("subject_id", TextField()), *rest,
        Cast("fields", TextField()), "reason",
    )  # fmt: skip
    reads = reads_of(wanted).order_by().values_list(
        "at", "number", *shared, Value(READ, CharField()), Value("", CharField()), Value("", TextField()), *rest,
        "field", "reason",
    )  # fmt: skip
    return events.union(reads, all=True).order_by("at", "number")


def _with_words(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """The kind in the reader's words; taken now, since the answer is read after the request."""
    known = {kind: str(word) for kind, word in words.KIND_WORDS.items()} | {READ: _("Melihat data lengkap")}
    return ([*row[:4], known.get(row[4], row[4]), *row[5:]] for row in rows)


def _trail_page(
    request: ScopedRequest, place: dict[str, Any], form: FindForm, *, status: int = 200, choices: Any = ()
) -> HttpResponse:
    try:
        page = page_of(scope=request.scope, wanted=_wanted(place), after=place.get("sesudah"))
    except Event.DoesNotExist as error:
        raise Http404 from error
    here = {key: value for key, value in place.items() if key != "sesudah" and value}
    context = {
        "form": form,
        "page": page,
        "choices": choices,
        "place": here,
        "filters": _filters(request.scope, here),
        "next_url": page.after and _url("audit-trail", here | {"sesudah": page.after}),
        "newest": Seal.objects.order_by("-n").first(),
    }
    return render(request, "audit/trail.html", context, status=status)


def _filters(scope: Scope, place: dict[str, Any]) -> list[tuple[str, str]]:
    """(what narrows the list, the address without it) for whom the form cannot show."""
    found = []
    if person := place.get("orang"):
        registration = Registration.objects.within(scope).filter(applicant_id=person).first()
        name = _("Peserta %(number)s") % {"number": registration.number if registration else person}
        found.append((name, _url("audit-trail", place | {"orang": ""})))
    if actor := place.get("pelaku"):
        name = User.objects.filter(pk=actor).values_list("name", flat=True).first() or str(actor)
        found.append((_("Petugas %(name)s") % {"name": name}, _url("audit-trail", place | {"pelaku": ""})))
    return found


def _place(given: Any) -> dict[str, Any]:
    form = TrailForm(given)
    if not form.is_valid():
        raise Http404
    return form.cleaned_data


def _wanted(place: dict[str, Any]) -> Wanted:
    since, until = place.get("dari"), place.get("sampai")
    return Wanted(
        person_id=place.get("orang"),
        actor_id=place.get("pelaku"),
        kind=place.get("jenis") or "",
        since=_midnight(since) if since else None,
        until=_midnight(until + timedelta(days=1)) if until else None,
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _initial(place: dict[str, Any]) -> dict[str, Any]:
    kept = {"orang_tetap": place["orang"], "pelaku_tetap": place["pelaku"]}
    return kept | {key: place[key] for key in ("jenis", "dari", "sampai")}


def _url(name: str, place: dict[str, Any]) -> str:
    return reverse(name, query={key: str(value) for key, value in place.items() if value})


@require_safe
def seals(request: HttpRequest) -> HttpResponse:
    """The newest head, and of one day the last one of each hour, for everybody to note or print."""
    newest = Seal.objects.order_by("-n").first()
    day = _day(request, newest)
    of_day = _seals_of(day)
    hourly = {timezone.localtime(seal.sealed_at).hour: seal for seal in of_day}
    context = {
        "newest": newest,
        "day": day,
        "day_iso": day.isoformat(),
        "hours": sorted(hourly.values(), key=lambda seal: seal.n, reverse=True),
        "count": len(of_day),
        "previous": _neighbour(Seal.objects.filter(sealed_at__lt=_midnight(day)).order_by("-sealed_at")),
        "next": _neighbour(
            Seal.objects.filter(sealed_at__gte=_midnight(day + timedelta(days=1))).order_by("sealed_at")
        ),
    }
    return render(request, "audit/seals.html", context)


@require_safe
def seals_text(request: HttpRequest) -> HttpResponse:
    """Every seal of a day, a line each: number, time, rows so far, head."""
    day = _day(request, Seal.objects.order_by("-n").first())
    lines = [
        f"{seal.n} {timezone.localtime(seal.sealed_at).isoformat()} {seal.last} {bytes(seal.head).hex()}\n"
        for seal in _seals_of(day)
    ]
    answer = HttpResponse("".join(lines), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="segel-{day}.txt"'
    return answer


def _day(request: HttpRequest, newest: Seal | None) -> date:
    if given := request.GET.get("hari"):
        try:
            day = date.fromisoformat(given)
            _midnight(day + timedelta(days=1))
        except (ValueError, OverflowError) as error:
            raise Http404 from error
        return day
    return timezone.localdate(newest.sealed_at if newest else None)


def _seals_of(day: date) -> list[Seal]:
    start = _midnight(day)
    return list(Seal.objects.filter(sealed_at__gte=start, sealed_at__lt=start + timedelta(days=1)).order_by("n"))


def _neighbour(found: QuerySet[Seal]) -> date | None:
    moment = found.values_list("sealed_at", flat=True).first()
    return timezone.localdate(moment) if moment else None
