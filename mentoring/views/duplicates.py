"""Pairs that may be one person: the queue, one beside the other, and the decision."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.middleware import ScopedRequest, staff
from mentoring.forms.duplicates import PairForm, PairQueueForm
from mentoring.selectors.desk import choose_desk
from mentoring.selectors.duplicates import compare, queue_of
from mentoring.views.office import READERS, frame
from registrations.models import DuplicatePair
from registrations.models.duplicates import KIND_WORDS
from registrations.services.duplicates import DecidedMeanwhile, ListFrozen, decide_pair, may_decide


@staff(*READERS)
@never_cache
@require_safe
def duplicates(request: ScopedRequest) -> HttpResponse:
    form = PairQueueForm(request.GET)
    if not form.is_valid():
        raise Http404
    try:
        queue = queue_of(scope=request.scope, after=form.cleaned_data["sesudah"])
    except DuplicatePair.DoesNotExist as error:
        raise Http404 from error
    context = frame(request, choose_desk(scope=request.scope), "duplicates") | {
        "wave_choices": [],
        "queue": [(pair, _why(pair)) for pair in queue.rows],
        "next_url": reverse("duplicates", query={"sesudah": queue.after}) if queue.after else "",
    }
    return render(request, "mentoring/duplicates/queue.html", context)


@staff(*READERS)
@never_cache
def duplicate(request: ScopedRequest, pair: UUID) -> HttpResponse:
    """Both side by side, masked; sent, the decision of whoever may take it."""
    now = timezone.now()
    try:
        found = compare(scope=request.scope, pair_id=pair, today=timezone.localdate(now))
    except DuplicatePair.DoesNotExist as error:
        raise Http404 from error
    sent = request.method == "POST"
    form = PairForm(found.pair, request.POST if sent else None)
    stale = sent and request.POST.get("shown", "") != found.pair.verdict
    if stale or (sent and form.is_valid()):
        try:
            if stale:
                raise DecidedMeanwhile
            decide_pair(scope=request.scope, pair_id=pair, now=now, **form.cleaned_data)
        except DecidedMeanwhile:
            messages.error(request, _("Rekan Anda baru saja memutus pasangan ini. Putusan Anda tidak disimpan."))
        except ListFrozen:
            messages.error(request, _("Daftar gelombang ini sudah dibekukan; siapa yang ikut tidak berubah lagi."))
        else:
            messages.success(request, _("Putusan tersimpan dan dapat dibatalkan selama daftar belum dibekukan."))
        return redirect("duplicate", pair)
    context = frame(request, choose_desk(scope=request.scope), "duplicates") | {
        "wave_choices": [],
        "found": found,
        "why": _why(found.pair),
        "form": form,
        "may_decide": may_decide(found.pair, request.scope),
        "across": found.pair.regency_id != found.pair.other_regency_id,
    }
    return render(request, "mentoring/duplicates/pair.html", context, status=422 if sent else 200)


def _why(pair: DuplicatePair) -> list[str]:
    return [str(KIND_WORDS[kind]) for kind in pair.kinds]
