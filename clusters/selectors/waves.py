"""Waves as the province and the public look at them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum

from accounts.scope import Scope
from clusters.models import Observation, QuotaCell, QuotaDecision, QuotaSplit, Wave
from records.models import Event


def open_seats(wave_id: UUID) -> int:
    """Seats of the wave's classes, as last counted by the training room."""
    seats = Observation.objects.current().filter(wave=wave_id, indicator=Observation.Indicator.OPEN_SEATS)
    return int(seats.aggregate(total=Sum("value"))["total"] or 0)


def unused_decisions(wave: Wave | None = None) -> QuerySet[QuotaDecision]:
    """Totals of the province that no running wave has, and the one of `wave`; newest first."""
    used = Wave.objects.exclude(state=Wave.State.CANCELLED)
    if wave is not None:
        used = used.exclude(pk=wave.pk)
    decided = QuotaDecision.objects.standing().filter(level=QuotaDecision.Level.PROVINCE, total__isnull=False)
    return decided.exclude(pk__in=used.values("decision")).order_by("-decree_date", "-pk")


def waves_with_splits(scope: Scope) -> QuerySet[Wave]:
    """Every wave of the scope, newest first, with its decision and what its split says.

    Annotated: published_version, published_places (given out by the split in force), newest_version.
    """
    in_force = QuotaSplit.objects.published().filter(wave=OuterRef("pk")).order_by("-version")
    newest = QuotaSplit.objects.filter(wave=OuterRef("pk")).order_by("-version")
    waves: QuerySet[Wave] = (
        Wave.objects.within(scope)
        .newest_first()
        .select_related("decision")
        .annotate(
            published_version=Subquery(in_force.values("version")[:1]),
            published_places=Subquery(in_force.annotate(given=F("total") - F("unassigned")).values("given")[:1]),
            newest_version=Subquery(newest.values("version")[:1]),
        )
    )
    return waves


def shown_wave(waves: Sequence[Wave], now: datetime) -> Wave | None:
    """Of public waves, the one the landing page is about.

    The first that takes registrations now; else the next to open; else the latest that is on its way; else the latest.
    """
    opened = [wave for wave in waves if wave.state == Wave.State.OPEN]
    now_open = [wave for wave in opened if wave.opens_at <= now < wave.closes_at]
    if now_open:
        return min(now_open, key=lambda wave: wave.closes_at)
    ahead = [wave for wave in opened if wave.opens_at > now]
    if ahead:
        return min(ahead, key=lambda wave: wave.opens_at)
    held = [wave for wave in waves if wave.state != Wave.State.CANCELLED]
    return max(held or waves, key=lambda wave: wave.opens_at, default=None)


def places_by_regency(wave_id: UUID) -> dict[int, int]:
    """Places by regency id in the split that is in force; empty while none is published."""
    cells = QuotaCell.objects.filter(split__in=QuotaSplit.objects.filter(wave=wave_id).in_force())
    return dict(cells.values_list("regency_id").annotate(Sum("seats")))


def wave_events(wave: Wave) -> list[dict[str, Any]]:
    """What happened to a wave, newest first: at, kind, actor__name, actor_role, reason, fields."""
    events = Event.objects.filter(subject_type="wave", subject_id=wave.pk).order_by("-at", "-pk")
    names = ("at", "kind", "actor__name", "actor_role", "reason", "fields")
    return [dict(event) for event in events.values(*names)[:50]]
