"""Whom an office is helping to register."""

from dataclasses import dataclass
from datetime import datetime

from accounts.scope import Scope
from registrations.models import Assistance, Draft, Registration
from registrations.selectors.drafts import pages_of

SHOWN = 100


@dataclass(frozen=True)
class Helped:
    """`name`: as far as it is known here: not typed yet, or of somebody who lives in another office's regency: ""."""

    assistance: Assistance
    name: str


def helped(*, scope: Scope, now: datetime) -> list[Helped]:
    """Everybody whom the office may still help, the newest first, up to SHOWN. Three queries."""
    running = Assistance.objects.within(scope).running(now).select_related("assistant", "holder")
    names = ("assistant__name", "holder__name")
    columns = [field.name for field in Assistance._meta.fields]
    shown = list(running.only(*columns, *names).order_by("-began_at", "pk")[:SHOWN])
    ids = [each.pk for each in shown]
    typed = {draft.assistance_id: draft for draft in Draft.objects.within(scope).filter(assistance__in=ids)}
    registered = Registration.objects.within(scope).filter(assistance__in=ids)
    by_id = dict(registered.values_list("pk", "name"))
    return [
        Helped(each, by_id.get(each.registration_id, "") if each.registration_id else name_in(typed.get(each.pk)))
        for each in shown
    ]


def name_in(draft: Draft | None) -> str:
    """The name that was typed, if one was."""
    first = pages_of(draft).get("ktp")
    return " ".join(first.answers.get("name", "").split()) if first else ""
