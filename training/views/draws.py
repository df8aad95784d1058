"""The public page of a draw, and its steps for the province."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.middleware import ScopedRequest, staff
from clusters.models import Wave
from records.models import Job
from records.tasks import start_on_commit
from training.forms.draws import ConfirmForm, DiceForm, ReasonForm
from training.models import Draw, DrawPack
from training.selectors.draws import live_draw
from training.selectors.protocol import cleared_dice, cutoff_table, draw_steps, placed_by_cluster
from training.services import draws as services
from training.services.outcome import VERIFIER

ACTORS = ("planner", "approver")


def _wave(request: ScopedRequest, slug: str) -> Wave:
    wave: Wave = get_object_or_404(Wave.objects.within(request.scope).select_related("decision"), slug=slug)
    return wave


def draw(request: ScopedRequest, wave: str) -> HttpResponse:
    """What everybody may know of the draw: rules, root, seed, cut-offs, packs, and how to check them."""
    found = _wave(request, wave)
    current = live_draw(found.pk)
    published = current is not None and current.published_at is not None
    return render(
        request,
        "training/draw.html",
        {
            "wave": found,
            "draw": current,
            "cleared": cleared_dice(current) if current else [],
            "void": Draw.objects.filter(wave=found, state=Draw.State.VOID).order_by("number"),
            "steps": draw_steps(found, current),
            "cutoffs": cutoff_table(current) if current and published else [],
            "packs": DrawPack.objects.filter(draw=current, audience="public").only("sha256") if published else [],
            "by_cluster": placed_by_cluster(current) if current and published else [],
            "current_wave": found,
        },
    )


def public_pack(request: ScopedRequest, wave: str) -> HttpResponse:
    """The public pack of the published draw as a ZIP."""
    current = live_draw(_wave(request, wave).pk)
    if current is None or current.published_at is None:
        raise Http404
    return _zip(DrawPack.objects.filter(draw=current, audience=DrawPack.Audience.PUBLIC), wave)


@staff("auditor")
def auditors_pack(request: ScopedRequest, wave: str, number: int) -> HttpResponse:
    """Everything of a draw, also of one that was set aside, for auditors; each download is an event."""
    found = get_object_or_404(Draw, wave=_wave(request, wave), number=number)
    services.record_pack_read(scope=request.scope, draw=found, now=timezone.now())
    return _zip(DrawPack.objects.filter(draw=found, audience=DrawPack.Audience.AUDITORS), f"{wave}-{number}")


def _zip(packs: QuerySet[DrawPack], name: str) -> HttpResponse:
    found = packs.first()
    if found is None:
        raise Http404
    answer = HttpResponse(bytes(found.content), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="undian-{name}-{found.audience}.zip"'
    return answer


def verifier(request: ScopedRequest) -> HttpResponse:
    """The stand-alone verifier, one file."""
    answer = HttpResponse(VERIFIER.read_bytes(), content_type="text/x-python")
    answer["Content-Disposition"] = 'attachment; filename="verify_draw.py"'
    return answer


@staff(*ACTORS, "auditor")
def province_draw(request: ScopedRequest, wave: str) -> HttpResponse:
    """The steps of the draw for those who take them."""
    return _province_page(request, wave, None)


def _province_page(request: ScopedRequest, wave: str, form: forms.Form | None) -> HttpResponse:
    """`form` is the rejected one; without it the page has the form that fits the draw's state."""
    found = _wave(request, wave)
    current = live_draw(found.pk)
    fresh = ConfirmForm() if current and current.state == Draw.State.ROLLED else DiceForm()
    jobs = Job.objects.filter(payload__draw_id=str(current.pk)) if current else Job.objects.none()
    return render(
        request,
        "training/province_draw.html",
        {
            "wave": found,
            "draw": current,
            "steps": draw_steps(found, current),
            "job": jobs.order_by("-created_at").first(),
            "form": form or fresh,
            "reason_form": ReasonForm(),
            "may_act": request.scope.is_province,
            "is_auditor": "auditor" in request.scope.roles,
            "own_dice": current is not None and current.rolled_by_id == request.scope.user_id,
            "own_void": current is not None and current.void_asked_by_id == request.scope.user_id,
            "current_wave": found,
        },
    )


def _step(request: ScopedRequest, wave: str, take: Callable[[Wave], Job | None]) -> HttpResponse:
    found = _wave(request, wave)
    try:
        job = take(found)
    except services.DrawRefused as refused:
        messages.error(request, str(refused))
    else:
        if job:
            start_on_commit(job)
    return redirect("province-draw", wave=wave)


@require_POST
@staff(*ACTORS)
def freeze(request: ScopedRequest, wave: str) -> HttpResponse:
    return _step(
        request,
        wave,
        lambda found: services.request_freeze(scope=request.scope, wave_id=found.pk, now=timezone.now())[1],
    )


@require_POST
@staff(*ACTORS)
def dice(request: ScopedRequest, wave: str) -> HttpResponse:
    form, current = DiceForm(request.POST), _live(request, wave)

    def take() -> None:
        services.record_dice(scope=request.scope, draw_id=current.pk, **form.cleaned_data, now=timezone.now())

    return _dice_step(request, wave, form, take)


@require_POST
@staff(*ACTORS)
def confirm(request: ScopedRequest, wave: str) -> HttpResponse:
    form, current = ConfirmForm(request.POST), _live(request, wave)
    return _dice_step(
        request,
        wave,
        form,
        lambda: services.confirm_dice(scope=request.scope, draw_id=current.pk, **form.cleaned_data, now=timezone.now())[
            1
        ],
    )


def _dice_step(request: ScopedRequest, wave: str, form: forms.Form, take: Callable[[], Job | None]) -> HttpResponse:
    """Take the step; a refusal stands in the form with what was typed."""
    if form.is_valid():
        try:
            job = take()
        except services.DrawRefused as refused:
            form.add_error(None, str(refused))
        else:
            if job:
                start_on_commit(job)
            return redirect("province-draw", wave=wave)
    return _province_page(request, wave, form)


@require_POST
@staff(*ACTORS)
def clear(request: ScopedRequest, wave: str) -> HttpResponse:
    current, reason = _live(request, wave), _reason(request)

    def take(_found: Wave) -> None:
        services.clear_dice(scope=request.scope, draw_id=current.pk, reason=reason, now=timezone.now())

    return _step(request, wave, take)


@require_POST
@staff(*ACTORS)
def retry(request: ScopedRequest, wave: str) -> HttpResponse:
    current = _live(request, wave)
    return _step(request, wave, lambda _found: services.retry(scope=request.scope, draw_id=current.pk))


@require_POST
@staff(*ACTORS)
def publish(request: ScopedRequest, wave: str) -> HttpResponse:
    current = _live(request, wave)
    return _step(request, wave, lambda _found: services.request_publication(scope=request.scope, draw_id=current.pk))


@require_POST
@staff(*ACTORS)
def void(request: ScopedRequest, wave: str) -> HttpResponse:
    """Ask for setting the draw aside, or agree to what somebody else asked."""
    current, reason = _live(request, wave), _reason(request)

    def take(_found: Wave) -> None:
        after = services.void_draw(scope=request.scope, draw_id=current.pk, reason=reason, now=timezone.now())
        if after.state == Draw.State.VOID:
            messages.success(request, _("Undian ini dibatalkan. Semua datanya tetap tersimpan."))
        else:
            messages.info(request, _("Permintaan pembatalan tercatat. Orang kedua yang menyetujuinya."))

    return _step(request, wave, take)


@require_POST
@staff(*ACTORS)
def keep(request: ScopedRequest, wave: str) -> HttpResponse:
    """Turn a request to set the draw aside down, or take one's own back."""
    current = _live(request, wave)

    def take(_found: Wave) -> None:
        services.keep_draw(scope=request.scope, draw_id=current.pk, now=timezone.now())

    return _step(request, wave, take)


def _reason(request: ScopedRequest) -> str:
    form = ReasonForm(request.POST)
    return str(form.cleaned_data["reason"]) if form.is_valid() else ""


def _live(request: ScopedRequest, wave: str) -> Draw:
    current = live_draw(_wave(request, wave).pk)
    if current is None:
        raise Http404
    return current
