"""Appeals and complaints as their askers and the staff see them."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.scope import Scope
from registrations.models import Registration
from training.models import Draw, Grievance
from training.models.grievances import VERDICT_WORDS

OBJECTION = timedelta(hours=48)  # to what stands in the frozen list; afterwards the draw is made from it

State = Grievance.State
_STEP_WORDS = {
    State.WORKING: gettext_lazy("Mulai ditangani"),
    State.ANSWERED: gettext_lazy("Jawaban kantor"),
    State.ESCALATED: gettext_lazy("Diteruskan ke provinsi"),
    State.CLOSED: gettext_lazy("Jawaban provinsi"),
    State.WITHDRAWN: gettext_lazy("Ditarik"),
}


def own_grievances(registration: Registration, scope: Scope) -> QuerySet[Grievance]:
    """Those about this registration, newest first."""
    return Grievance.objects.within(scope).filter(registration=registration).order_by("-received_at", "-id")


def closed_to(registration: Registration, subject: str, now: datetime) -> str:
    """Why this subject cannot be raised about the registration now: "frozen", "no_result", or "" when it can."""
    draw = Draw.objects.filter(wave=registration.wave_id).exclude(state=Draw.State.VOID).first()
    if subject == Grievance.Subject.DRAW:
        return "" if draw and draw.published_at else "no_result"
    if subject not in Grievance.APPEALS:
        return ""
    return "frozen" if draw and draw.frozen_at and now > draw.frozen_at + OBJECTION else ""


def may_answer(grievance: Grievance, scope: Scope) -> bool:
    """The office answers its own; what went on to the province is answered there, by somebody else than the first time."""
    if grievance.state in Grievance.AT_OFFICE:
        return scope.is_office and grievance.regency_id in scope.regency_ids
    return grievance.state == State.ESCALATED and scope.is_province and scope.user_id != grievance.answered_by_id


def history(grievance: Grievance, *, names: bool = False) -> list[dict[str, Any]]:
    """Every step for the timeline, oldest first; `names` for staff, who see which colleague took it."""
    steps = [{"title": _("Diterima"), "state": "done", "at": grievance.received_at, "text": "", "who": ""}]
    columns = ["at", "state", "verdict", "actor_role", "note", "grievance_id", "actor__name"]
    for step in grievance.steps.select_related("actor").only(*columns).order_by("at", "id"):
        title = str(_STEP_WORDS[State(step.state)])
        if step.state == State.CLOSED and step.actor_id is None:
            title = _("Selesai: tidak diteruskan sampai batasnya")
        elif step.state == State.ESCALATED and step.actor_role == "system":
            title = _("Diteruskan ke provinsi karena kantor tidak menjawab sampai batasnya")
        if step.verdict:
            title = f"{title}: {VERDICT_WORDS[step.verdict]}"
        steps.append(
            {
                "title": title,
                "state": "done",
                "at": step.at,
                "text": step.note.open() if step.note else "",
                "who": step.actor.name if names and step.actor else "",
            }
        )
    return steps
