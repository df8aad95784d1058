"""The province's home, and its steps of a wave: decree, draft, opening, extension, closing, cancelling."""

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import ScopedRequest, staff
from clusters.forms.waves import ExtendForm, ReasonForm, WaveForm
from clusters.models import Wave
from clusters.models.waves import STATE_WORDS
from clusters.selectors.waves import open_seats, unused_decisions, wave_events, waves_with_splits
from clusters.services import waves as services
from clusters.services.states import WrongState

ACTORS = ("planner", "approver")
NEEDS = {
    "seats": gettext_lazy("Belum ada kursi kelas yang terhitung. Tambahkan kelas lebih dahulu."),
    "dates": gettext_lazy("Waktu penutupan sudah lewat. Ubah tanggalnya lebih dahulu."),
}
EVENTS = {f"wave.{state}": words for state, words in STATE_WORDS.items()} | {
    "wave.created": gettext_lazy("Rancangan dibuat"),
    "wave.changed": gettext_lazy("Diubah"),
    "wave.extended": gettext_lazy("Pendaftaran diperpanjang"),
}
# What comes next in each state: words, the date that says when, and the page it is done on.
NEXT = {
    Wave.State.DRAFT: (gettext_lazy("Siapkan dan buka pendaftaran"), "opens_at", "province-wave"),
    Wave.State.OPEN: (gettext_lazy("Pendaftaran ditutup"), "closes_at", "province-wave"),
    Wave.State.CLOSED: (gettext_lazy("Bekukan daftar, lalu undi"), "draws_at", "province-draw"),
    Wave.State.FROZEN: (gettext_lazy("Lempar dadu, lalu undi"), "draws_at", "province-draw"),
    Wave.State.DRAWN: (gettext_lazy("Umumkan hasil undian"), "draws_at", "province-draw"),
    Wave.State.PUBLISHED: (gettext_lazy("Pelatihan mulai"), "starts_on", "province-wave"),
    Wave.State.RUNNING: (gettext_lazy("Pelatihan selesai"), "ends_on", "province-wave"),
}
WAY = {
    Wave.State.OPEN: "opens_at",
    Wave.State.CLOSED: "closes_at",
    Wave.State.FROZEN: "",
    Wave.State.DRAWN: "draws_at",
    Wave.State.PUBLISHED: "",
    Wave.State.RUNNING: "starts_on",
    Wave.State.FINISHED: "ends_on",
}


@require_GET
@staff(*ACTORS, "auditor")
def province(request: ScopedRequest) -> HttpResponse:
    """Every wave with its state, what is due next, and where the work on it is."""
    waves = list(waves_with_splits(request.scope))
    now = timezone.now()
    context = {
        "waves": waves,
        "due": sorted(filter(None, (_next(wave, now) for wave in waves)), key=_day_of),
        "decisions": unused_decisions(),
        "may_act": request.scope.is_province,
    }
    return render(request, "clusters/waves/province.html", context)


@require_GET
@staff(*ACTORS, "auditor")
def wave_page(request: ScopedRequest, wave: str) -> HttpResponse:
    return _page(request, _wave(request, wave))


@staff(*ACTORS)
def wave_new(request: ScopedRequest) -> HttpResponse:
    return _edit(request, None)


@staff(*ACTORS)
def wave_edit(request: ScopedRequest, wave: str) -> HttpResponse:
    return _edit(request, _wave(request, wave))


@staff(*ACTORS)
def wave_extend(request: ScopedRequest, wave: str) -> HttpResponse:
    found = _wave(request, wave)
    form = ExtendForm(request.POST or None, initial={"closes_at": found.closes_at, "draws_at": found.draws_at})
    if request.method == "POST" and form.is_valid():
        try:
            services.extend_wave(scope=request.scope, wave_id=found.pk, now=timezone.now(), **form.cleaned_data)
        except services.NotLater:
            form.add_error("closes_at", _("Pilih waktu sesudah penutupan yang sudah diumumkan dan sesudah saat ini."))
        except services.AfterTraining:
            day = {"day": date_format(found.starts_on, "j F Y")}
            form.add_error("draws_at", _("Undian harus sebelum pelatihan mulai, %(day)s.") % day)
        except services.NotReady as error:
            form.add_error(None, " ".join(str(NEEDS[need]) for need in error.needs))
        except WrongState:
            messages.error(request, _("Gelombang ini tidak dapat diperpanjang lagi."))
            return redirect("province-wave", found.slug)
        else:
            messages.success(request, _("Pendaftaran diperpanjang. Tanggal baru tampil di beranda."))
            return redirect("province-wave", found.slug)
    context = {"form": form, "wave": found}
    return render(request, "clusters/waves/extend.html", context, status=422 if form.errors else 200)


@require_POST
@staff(*ACTORS)
def wave_step(request: ScopedRequest, wave: str) -> HttpResponse:
    """Open, close or cancel: `to` and, where the step needs one, `reason`."""
    found = _wave(request, wave)
    to, now = request.POST.get("to", ""), timezone.now()
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        services.transition(scope=request.scope, wave_id=found.pk, to=to, now=now, reason=reason)
    except services.ReasonMissing:
        return _page(request, found, asked=to, form=form)
    except services.NotReady as error:
        for need in error.needs:
            messages.error(request, NEEDS[need])
    except WrongState:
        messages.error(
            request, _("Langkah ini tidak berlaku untuk keadaan gelombang sekarang. Tidak ada yang berubah.")
        )
    else:
        messages.success(request, _("Keadaan gelombang sekarang: %(state)s.") % {"state": STATE_WORDS[to]})
    return redirect("province-wave", found.slug)


def _wave(request: ScopedRequest, slug: str) -> Wave:
    found: Wave = get_object_or_404(waves_with_splits(request.scope), slug=slug)
    return found


def _page(request: ScopedRequest, found: Wave, *, asked: str = "", form: ReasonForm | None = None) -> HttpResponse:
    """One wave: its facts, its way so far, its next steps; `form` is the reason asked for by the step `asked`."""
    now = timezone.now()
    context = {
        "wave": found,
        "seats": open_seats(found.pk),
        "way": _way(found),
        "next": _next(found, now),
        "events": [event | {"words": EVENTS.get(event["kind"], event["kind"])} for event in wave_events(found)],
        "missing": services.missing_for_opening(wave=found, now=now),
        "may_act": request.scope.is_province,
        "may_edit": Wave.State(found.state) in services.EDITABLE,
        "may_extend": found.state in {Wave.State.OPEN, Wave.State.CLOSED},
        "may_close": found.state == Wave.State.OPEN and found.opens_at < now,
        "may_cancel": found.state in {Wave.State.DRAFT, Wave.State.OPEN, Wave.State.CLOSED},
        "form": form,
        "close_form": form if asked == Wave.State.CLOSED else ReasonForm(auto_id="id_close_%s"),
        "cancel_form": form if asked == Wave.State.CANCELLED else ReasonForm(auto_id="id_cancel_%s"),
        "asked": asked,
    }
    return render(request, "clusters/waves/wave.html", context, status=422 if form else 200)


def _edit(request: ScopedRequest, found: Wave | None) -> HttpResponse:
    editable = services.EDITABLE.get(Wave.State(found.state), frozenset()) if found else services.DRAFT_FIELDS
    if not editable:
        messages.error(request, _("Gelombang ini tidak dapat diubah lagi."))
        return redirect("province-wave", found.slug)  # type: ignore[union-attr]
    form = WaveForm(request.POST or None, wave=found, editable=editable)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            if found:
                saved = services.edit_wave(scope=request.scope, wave_id=found.pk, values=form.values, now=now)
            else:
                saved = services.create_wave(scope=request.scope, values=form.values, now=now)
        except services.NameTaken:
            form.add_error("slug", _("Alamat ini sudah dipakai gelombang lain."))
        except services.DecisionUsed:
            form.add_error("decision", _("Keputusan ini sudah dipakai gelombang lain."))
        else:
            messages.success(request, _("Perubahan disimpan.") if found else _("Rancangan gelombang disimpan."))
            return redirect("province-wave", saved.slug)
    context = {"form": form, "wave": found, "decisions": unused_decisions(found)}
    return render(request, "clusters/waves/edit.html", context, status=422 if form.errors else 200)


def _next(wave: Wave, now: datetime) -> dict[str, Any] | None:
    """What comes next for a wave: text, the moment or day it is due, and its page; None once nothing does."""
    if wave.state not in NEXT:
        return None
    text, when, page = NEXT[Wave.State(wave.state)]
    if wave.state in {Wave.State.OPEN, Wave.State.CLOSED} and wave.published_version is None:  # type: ignore[attr-defined]
        text, page = gettext_lazy("Sahkan pembagian kuota"), "province-quota"
    elif wave.state == Wave.State.OPEN and now < wave.opens_at:
        text, when = gettext_lazy("Pendaftaran mulai menerima orang"), "opens_at"
    return {"wave": wave, "text": text, "url": reverse(page, args=[wave.slug]), **_when(wave, when)}


def _when(wave: Wave, name: str) -> dict[str, Any]:
    """The date of this name as `moment` or as `day`."""
    value = getattr(wave, name) if name else None
    return {"moment": value} if isinstance(value, datetime) else {"day": value}


def _day_of(step: dict[str, Any]) -> date:
    return step["day"] if "day" in step else timezone.localdate(step["moment"])


def _way(wave: Wave) -> list[dict[str, Any]]:
    """The states after the draft as a timeline. A cancelled wave went no further, and its history says how far."""
    if wave.state == Wave.State.CANCELLED:
        return []
    reached = [Wave.State.DRAFT, *WAY].index(Wave.State(wave.state))
    return [
        {
            "title": STATE_WORDS[state],
            "state": "done" if at < reached else "present" if at == reached else "next",
            **_when(wave, when),
        }
        for at, (state, when) in enumerate(WAY.items(), 1)
    ]
