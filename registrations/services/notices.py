"""What people are told about their registrations, each once, by the messages of records."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.formats import date_format

from clusters.models import Wave
from records.services.messages import queue_messages
from records.services.messages.limits import after_quiet_hours

# The language in which somebody registered (alias r).
LANGUAGE = (
    "coalesce((SELECT c.language FROM registrations_consent c WHERE c.registration_id = r.id"
    " ORDER BY c.given_at DESC LIMIT 1), 'id')"
)
ANNOUNCED_WITHIN = timedelta(days=7)
_JOIN_STEP = "CASE WHEN w.closes_at <= %(soon)s THEN 'last' ELSE 'first' END"


def tell(
    *,
    template: str,
    key: str,
    values: Mapping[str, str],
    source: str,
    where: str,
    parameters: Mapping[str, Any],
    now: datetime,
    expires: str = "NULL",
) -> int:
    """Promise an SMS to the applicant of every registration `r` of `source` that fits, in the person's language; how many.

    All but `parameters` and `now` is SQL of ours (records.services.messages.queue_messages).
    """
    return sum(
        queue_messages(
            template=template,
            channel="sms",
            language=language,
            recipient_kind="applicant",
            recipient="r.applicant_id",
            key=key,
            values=values,
            source=f"{source} WHERE {where} AND {LANGUAGE} = %(language)s",
            parameters={**parameters, "language": language, "months": _months(language)},
            now=now,
            expires=expires,
        )
        for language, _name in settings.LANGUAGES
    )


@transaction.atomic
def tell_cancelled(*, now: datetime) -> int:
    """Tell everybody registered in a wave that was cancelled, once; how many. For a job."""
    return tell(
        template="wave_cancelled",
        key="'wave_cancelled:' || r.id",
        values={"wave": "w.name"},
        source="clusters_wave w JOIN registrations_registration r ON r.wave_id = w.id",
        where="w.state = %(cancelled)s AND w.as_of > %(since)s AND r.state NOT IN ('withdrawn', 'ineligible')",
        parameters={"cancelled": Wave.State.CANCELLED.value, "since": now - ANNOUNCED_WITHIN},
        now=now,
    )


@transaction.atomic
def remind_to_join(*, now: datetime) -> int:
    """Remind who is registered in an open wave and takes part in no draw yet: a day after registering, and in the last two
    days before the wave closes; each once, never at night; how many. For a job that runs every hour.

    Who registered alone is reminded where the receipt went to the phone too: anybody can type anybody's number, and those
    are counted (registrations.services.intake).
    """
    if after_quiet_hours(now) != now:
        return 0
    return tell(
        template="join_reminder",
        key=f"'join_reminder:' || r.id || ':' || ({_JOIN_STEP})",
        values={"wave": "w.name", "day": day_in_words("w.closes_at AT TIME ZONE 'Asia/Jakarta'")},
        source="clusters_wave w JOIN registrations_registration r ON r.wave_id = w.id",
        where="w.state = %(open)s AND w.closes_at > %(now)s AND r.state = 'registered'"
        " AND r.created_at <= %(yesterday)s AND (r.channel <> 'self'"
        " OR EXISTS (SELECT 1 FROM records_message m WHERE m.key = 'registration_received:' || r.id))",
        parameters={
            "open": Wave.State.OPEN.value,
            "now": now,
            "yesterday": now - timedelta(days=1),
            "soon": now + timedelta(days=2),
        },
        now=now,
        expires="w.closes_at",
    )


def day_in_words(day: str) -> str:
    """SQL for a date as people write it, in the language of `tell`."""
    return f"to_char({day}, 'FMDD ') || (%(months)s)[extract(month FROM {day})::int] || to_char({day}, ' YYYY')"


def _months(language: str) -> list[str]:
    with translation.override(language):
        return [date_format(date(2000, month, 1), "F") for month in range(1, 13)]
