"""The queue of appeals and complaints: what is due first stands first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Min, Q

from accounts.scope import Scope
from training.models import Grievance
from training.querysets import GrievanceQuerySet

PAGE_SIZE = 50
State = Grievance.State
# Who has to do something: the office, the province, nobody.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "kantor": Grievance.AT_OFFICE,
    "provinsi": (State.ESCALATED,),
    "selesai": (State.ANSWERED, State.CLOSED, State.WITHDRAWN),
}


@dataclass(frozen=True)
class Due:
    """How many wait, how many of them longer than they may, and the earliest last day."""

    waiting: int
    overdue: int
    first: date | None


@dataclass(frozen=True)
class Queue:
    """`after`: behind which row the next page starts, where there is one."""

    rows: list[Grievance]
    after: UUID | None


def of_regency(scope: Scope, regency_id: int | None, kind: str = "") -> GrievanceQuerySet:
    found = Grievance.objects.within(scope)
    if regency_id:
        found = found.filter(regency_id=regency_id)
    return found.filter(kind=kind) if kind else found


def own_group(scope: Scope) -> str:
    """What this member of staff has to answer."""
    return "provinsi" if scope.sees_all else "kantor"


def counts(found: GrievanceQuerySet, today: date) -> dict[str, Due]:
    """By group, in one query; what is done is never overdue."""
    numbers: dict[str, Count | Min] = {}
    for group, states in GROUPS.items():
        here = Q(state__in=states)
        numbers[group] = Count("pk", filter=here)
        numbers[f"{group}_overdue"] = Count("pk", filter=here & Q(due_on__lt=today))
        numbers[f"{group}_first"] = Min("due_on", filter=here)
    row = found.aggregate(**numbers)
    return {
        group: Due(row[group], 0 if group == "selesai" else row[f"{group}_overdue"], row[f"{group}_first"])
        for group in GROUPS
    }


def queue_of(found: GrievanceQuerySet, *, group: str, after: UUID | None) -> Queue:
    """Up to PAGE_SIZE of the group behind `after`; what is done with the newest first.

    Raises Grievance.DoesNotExist when the key is none this scope sees.
    """
    rows = found.filter(state__in=GROUPS[group]).select_related("regency", "registration")
    done = group == "selesai"
    if after:
        key = found.values_list("due_on", "pk").get(pk=after)
        step = "lt" if done else "gt"
        rows = rows.filter(Q(**{f"due_on__{step}": key[0]}) | Q(due_on=key[0], **{f"pk__{step}": key[1]}))
    rows = rows.order_by("-due_on", "-pk") if done else rows.order_by("due_on", "pk")
    shown = list(rows[: PAGE_SIZE + 1])
    return Queue(shown[:PAGE_SIZE], shown[PAGE_SIZE - 1].pk if len(shown) > PAGE_SIZE else None)
