"""What people are told about places: an offer, none, what a day without an answer meant, and reminders in between."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.timezone import localdate

from records.services.messages.limits import after_quiet_hours
from registrations.services.notices import day_in_words, tell

_OFFERS = (
    "training_placement p JOIN registrations_registration r ON r.id = p.registration_id"
    " JOIN clusters_wave w ON w.id = r.wave_id"
)
_DAY = day_in_words("p.answer_by")
_END = "(p.answer_by + 1)::timestamp AT TIME ZONE 'Asia/Jakarta'"  # of the last day to answer
# Which reminder is due today: at half of the time, at three quarters, on each of the last two days; none on the first.
_OFFERED = "(p.as_of AT TIME ZONE 'Asia/Jakarta')::date"
_STEP = f"""CASE
  WHEN %(today)s::date <= {_OFFERED} THEN NULL
  WHEN %(today)s = p.answer_by THEN 'last'
  WHEN %(today)s = p.answer_by - 1 THEN 'eve'
  WHEN (%(today)s - {_OFFERED}) * 4 >= (p.answer_by - {_OFFERED}) * 3 THEN 'three-quarters'
  WHEN (%(today)s - {_OFFERED}) * 2 >= p.answer_by - {_OFFERED} THEN 'half'
END"""


def tell_offers(*, draw_id: UUID, now: datetime) -> int:
    """Tell everybody who was offered a place of the draw at this moment, in the caller's transaction; how many."""
    return tell(
        template="offer_made",
        key="'offer_made:' || p.id",
        values={"wave": "w.name", "day": _DAY},
        source=_OFFERS,
        where="p.draw_id = %(draw)s AND p.state = 'offered' AND p.as_of = %(now)s",
        parameters={"draw": draw_id, "now": now},
        now=now,
        expires=_END,
    )


def tell_without_place(*, draw_id: UUID, now: datetime) -> int:
    """Tell everybody on the list of the draw who got no place, in the caller's transaction; how many."""
    return tell(
        template="no_place",
        key="'no_place:' || d.draw_id || ':' || r.id",
        values={"wave": "w.name"},
        source=(
            "training_drawresult d JOIN registrations_registration r ON r.id = d.registration_id"
            " JOIN clusters_wave w ON w.id = r.wave_id"
        ),
        where=(
            "d.draw_id = %(draw)s AND r.state = 'joined' AND NOT EXISTS (SELECT 1 FROM training_placement p"
            " WHERE p.registration_id = r.id AND p.state IN ('offered', 'accepted'))"
        ),
        parameters={"draw": draw_id},
        now=now,
    )


def tell_lapsed(*, placement_ids: Collection[UUID], now: datetime) -> int:
    """Tell the people of these placements that their day passed, in the caller's transaction; how many."""
    return tell(
        template="offer_lapsed",
        key="'offer_lapsed:' || p.id",
        values={"wave": "w.name", "day": _DAY},
        source=_OFFERS,
        where="p.id = ANY(%(placements)s) AND p.state = 'lapsed'",
        parameters={"placements": list(placement_ids)},
        now=now,
    )


@transaction.atomic
def remind_of_offers(*, now: datetime) -> int:
    """Remind who has not answered, at each step once and never at night; how many. For a job that runs every hour."""
    if after_quiet_hours(now) != now:
        return 0
    return tell(
        template="offer_reminder",
        key=f"'offer_reminder:' || p.id || ':' || ({_STEP})",
        values={"wave": "w.name", "day": _DAY},
        source=_OFFERS,
        where=f"p.state = 'offered' AND w.state = 'published' AND ({_STEP}) IS NOT NULL",
        parameters={"today": localdate(now)},
        now=now,
        expires=_END,
    )
