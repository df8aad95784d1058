"""The public page of a draw, and its steps for the province."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.middleware import ScopedRequest, staff
from clusters.models import Wave
from records.models import Job
from records.tasks import start_on_commit
from training.forms.draws import SeedForm, VoidForm
from training.models import Draw, DrawPack
from training.selectors.draws import live_draw
from training.selectors.protocol import cutoff_table, draw_steps, placed_by_cluster
from training.services import draws as services

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
            "void": Draw.objects.filter(wave=found, state=Draw.State.VOID).order_by("number"),
            "steps": draw_steps(found, current),
            "cutoffs": cutoff_table(current) if current and published else [],
            "packs": DrawPack.objects.filter(draw=current, audience="public").only("sha256") if published else [],
            "by_cluster": placed_by_cluster(current) if current and published else [],
            "current_wave": found,
        },
    )


def pack(request: ScopedRequest, wave: str, audience: str) -> HttpResponse:
    """The pack as a ZIP: the public one for everybody once published, the auditors' one by right."""
    current = live_draw(_wave(request, wave).pk)
    if audience == DrawPack.Audience.AUDITORS and not request.scope.sees_all:
        raise Http404
    found = DrawPack.objects.filter(draw=current, audience=audience).first() if current else None
    if found is None or (current and current.published_at is None and not request.scope.sees_all):
        raise Http404
    answer = HttpResponse(bytes(found.content), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="undian-{wave}-{audience}.zip"'
    return answer


def verifier(request: ScopedRequest) -> HttpResponse:
    """The stand-alone verifier, one file."""
    answer = HttpResponse(services.VERIFIER.read_bytes(), content_type="text/x-python")
    answer["Content-Disposition"] = 'attachment; filename="verify_draw.py"'
    return answer


@staff(*ACTORS, "auditor")
def province_draw(request: ScopedRequest, wave: str) -> HttpResponse:
    """The steps of the draw for those who take them."""
    return _province_page(request, wave, SeedForm())


def _province_page(request: ScopedRequest, wave: str, seed_form: SeedForm) -> HttpResponse:
    found = _wave(request, wave)
    current = live_draw(found.pk)
    keys = [f"{step}:{current.pk}" for step in ("freeze", "draw", "release")] if current else []
    return render(
        request,
        "training/province_draw.html",
        {
            "wave": found,
            "draw": current,
            "steps": draw_steps(found, current),
            "job": Job.objects.filter(key__in=keys).order_by("-created_at").first(),
            "seed_form": seed_form,
            "void_form": VoidForm(),
            "may_act": request.scope.is_province,
            "own_seed": current is not None and current.seeded_by_id == request.scope.user_id,
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
def seed(request: ScopedRequest, wave: str) -> HttpResponse:
    form = SeedForm(request.POST)
    current = _live(request, wave)
    if form.is_valid():
        try:
            _draw, job = services.record_seed(
                scope=request.scope, draw_id=current.pk, **form.cleaned_data, now=timezone.now()
            )
        except services.DrawRefused as refused:
            form.add_error(None, str(refused))
        else:
            start_on_commit(job)
            return redirect("province-draw", wave=wave)
    return _province_page(request, wave, form)


@require_POST
@staff(*ACTORS)
def publish(request: ScopedRequest, wave: str) -> HttpResponse:
    current = _live(request, wave)
    return _step(request, wave, lambda _found: services.request_publication(scope=request.scope, draw_id=current.pk))


@require_POST
@staff(*ACTORS)
def void(request: ScopedRequest, wave: str) -> HttpResponse:
    current = _live(request, wave)

    def take(_found: Wave) -> None:
        reason = request.POST.get("reason", "")
        services.void_draw(scope=request.scope, draw_id=current.pk, reason=reason, now=timezone.now())
        messages.success(request, _("Undian ini dibatalkan. Semua datanya tetap tersimpan."))

    return _step(request, wave, take)


def _live(request: ScopedRequest, wave: str) -> Draw:
    current = live_draw(_wave(request, wave).pk)
    if current is None:
        raise Http404
    return current
