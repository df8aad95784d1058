"""Appeals and complaints in the office and at the province: the queue, one of them, the answer."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import ScopedRequest, staff
from clusters.models import Cluster
from mentoring.forms.grievances import AnswerForm, ForwardForm, QueueForm
from mentoring.selectors.desk import choose_desk
from mentoring.selectors.grievances import counts, of_regency, own_group, queue_of
from mentoring.views.office import OFFICE, READERS, desk_of, frame
from training.models import Grievance
from training.models.grievances import KIND_WORDS
from training.selectors.effects import CLAIMS, effect_of, effect_words
from training.selectors.grievances import history, may_answer
from training.services import grievances as services

ANSWERERS = (*OFFICE, "planner", "approver")


@staff(*READERS)
@never_cache
@require_safe
def grievances(request: ScopedRequest) -> HttpResponse:
    desk = desk_of(request)
    form = QueueForm(request.GET)
    if not form.is_valid():
        raise Http404
    group, kind = form.cleaned_data["kelompok"] or own_group(request.scope), form.cleaned_data["jenis"]
    place: dict[str, Any] = {"jenis": kind} | (
        {"kabupaten": desk.regency.pk} if desk.regency and len(desk.regencies) > 1 else {}
    )
    today = timezone.localdate()
    found = of_regency(request.scope, desk.regency.pk if desk.regency else None, kind)
    try:
        queue = queue_of(found, group=group, after=form.cleaned_data["sesudah"])
    except Grievance.DoesNotExist as error:
        raise Http404 from error
    numbers = counts(found, today)
    context = frame(request, desk, "grievances") | {
        "wave_choices": [],
        "queue": queue,
        "group": group,
        "kind": kind,
        "kinds": KIND_WORDS.items(),
        "overdue": numbers[group].overdue,
        "today": today,
        "tabs": [
            {
                "label": _group_words(code),
                "url": _url(**place, kelompok=code),
                "active": code == group,
                "count": due.waiting,
            }
            for code, due in numbers.items()
        ],
        "next_url": _url(**place, kelompok=group, sesudah=queue.after) if queue.after else "",
    }
    return render(request, "mentoring/grievances/queue.html", context)


@staff(*READERS)
@never_cache
@require_safe
def grievance(request: ScopedRequest, grievance: UUID) -> HttpResponse:
    """Everything but what was written: that takes a click, which the read log keeps."""
    return _page(request, _find(request, grievance))


@staff(*READERS)
@never_cache
@require_POST
@sensitive_variables("text")
def grievance_open(request: ScopedRequest, grievance: UUID) -> HttpResponse:
    """With what was written, and the forms of whoever may answer it."""
    return _opened(request, grievance)


@staff(*ANSWERERS)
@never_cache
@require_POST
def grievance_answer(request: ScopedRequest, grievance: UUID) -> HttpResponse:
    found, form = _find(request, grievance), AnswerForm(request.POST)
    if not form.is_valid():
        return _opened(request, found.pk, answer_form=form, status=422)
    given: dict[str, Any] = {"scope": request.scope, "now": timezone.now(), **form.cleaned_data}
    try:
        services.answer(grievance_id=found.pk, **given)
    except services.StepClosed:
        messages.error(request, _("Sudah dijawab atau ditarik. Jawaban Anda tidak disimpan."))
    else:
        messages.success(request, _("Jawaban dikirim. Pengadu mendapat pesan."))
    return redirect("grievance", found.pk)


@staff(*OFFICE)
@never_cache
@require_POST
def grievance_forward(request: ScopedRequest, grievance: UUID) -> HttpResponse:
    """To the province, with the reason."""
    found, form = _find(request, grievance), ForwardForm(request.POST, auto_id="forward_%s")
    if not form.is_valid():
        return _opened(request, found.pk, forward_form=form, status=422)
    try:
        services.escalate(scope=request.scope, grievance=found, now=timezone.now(), note=form.cleaned_data["note"])
    except services.StepClosed:
        messages.error(request, _("Sudah dijawab, diteruskan, atau ditarik."))
    else:
        messages.success(request, _("Diteruskan ke provinsi."))
    return redirect("grievance", found.pk)


def _find(request: ScopedRequest, pk: UUID) -> Grievance:
    found: Grievance | None = Grievance.objects.within(request.scope).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _opened(request: ScopedRequest, pk: UUID, *, status: int = 200, **forms: Form) -> HttpResponse:
    try:
        found, text = services.open_text(scope=request.scope, grievance_id=pk, now=timezone.now())
    except Grievance.DoesNotExist as error:
        raise Http404 from error
    more: dict[str, Any] = {"text": text}
    if may_answer(found, request.scope):
        more["answer_form"] = forms.get("answer_form", AnswerForm())
        if found.state in Grievance.AT_OFFICE:
            more["forward_form"] = forms.get("forward_form", ForwardForm(auto_id="forward_%s"))
    more["form"] = next(iter(forms.values()), None)
    return _page(request, found, status=status, **more)


def _page(request: ScopedRequest, found: Grievance, *, status: int = 200, **more: Any) -> HttpResponse:
    registration, effect = found.registration, None
    if registration and found.kind == Grievance.Kind.APPEAL:
        effect = effect_of(registration, claim=found.claim, scope=request.scope)
    context = frame(request, choose_desk(scope=request.scope), "grievances") | {
        "wave_choices": [],
        "grievance": found,
        "steps": history(found, names=True),
        "claim": CLAIMS[found.claim][0] if found.claim else "",
        "effect": effect_words(effect, Cluster.objects.all()) if effect else [],
        "may_answer": may_answer(found, request.scope),
        "second_needed": found.state == Grievance.State.ESCALATED and found.answered_by_id == request.scope.user_id,
        "waiting": found.state in {*Grievance.AT_OFFICE, Grievance.State.ESCALATED},
        "today": timezone.localdate(),
    }
    return render(request, "mentoring/grievances/grievance.html", context | more, status=status)


def _group_words(group: str) -> str:
    return {"kantor": _("Menunggu kantor"), "provinsi": _("Menunggu provinsi"), "selesai": _("Sudah dijawab")}[group]


def _url(**query: object) -> str:
    return reverse("grievances", query={key: value for key, value in query.items() if value != ""})
