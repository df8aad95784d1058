"""Waves as an applicant meets them."""

from datetime import datetime

from django.db.models import F, QuerySet
from django.db.models.lookups import GreaterThan

from clusters.models import Wave


def announced_waves(now: datetime) -> QuerySet[Wave]:
    """Waves that take registrations: from their announcement on, so that in the opening minute only joining is left to do.

    Those open now in front, then the one that closes first.
    """
    announced = Wave.objects.filter(state=Wave.State.OPEN, closes_at__gt=now)
    return announced.order_by(GreaterThan(F("opens_at"), now), "closes_at", "pk")


def takes_registrations(wave: Wave, now: datetime) -> bool:
    return wave.state == Wave.State.OPEN and now < wave.closes_at


def open_waves(now: datetime) -> QuerySet[Wave]:
    """Waves that people join now, the one that closes first in front."""
    return Wave.objects.filter(state=Wave.State.OPEN, opens_at__lte=now, closes_at__gt=now).order_by("closes_at", "pk")


def is_open(wave: Wave, now: datetime) -> bool:
    return wave.state == Wave.State.OPEN and wave.opens_at <= now < wave.closes_at


def next_wave(now: datetime) -> Wave | None:
    """The wave announced to open next."""
    return Wave.objects.filter(state=Wave.State.OPEN, opens_at__gt=now).order_by("opens_at", "pk").first()


def last_closed_wave(now: datetime) -> Wave | None:
    """The latest wave whose registration is over, unless it was cancelled."""
    over = Wave.objects.filter(closes_at__lte=now).exclude(state__in=[Wave.State.DRAFT, Wave.State.CANCELLED])
    return over.order_by("-closes_at", "-pk").first()
