"""The rules once more: the registered people of a wave held against the lists of the day."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.timezone import localdate

from clusters.models import Wave
from clusters.selectors.areas import area_lists
from records.ids import uuid7
from records.models import Event
from registrations.eligibility import decide
from registrations.models import EligibilityDecision, Registration
from registrations.selectors.listings import Listings, lists_about_wave
from registrations.services import rows
from registrations.services.notices import tell
from registrations.services.rows import Subject
from registrations.services.validation import Answers

CHUNK = 2_000
State = Registration.State

# Whom a list names now, or named when the last decision was made; everybody else's answer stands, and who is the same person
# as somebody else stays out whatever lists say.
_TOUCHED = """
SELECT r.id FROM registrations_registration r JOIN registrations_applicant a ON a.id = r.applicant_id
WHERE r.wave_id = %s AND r.state <> 'withdrawn' AND NOT EXISTS (
  SELECT 1 FROM registrations_duplicatepair p WHERE p.younger_id = r.id AND p.verdict = 'same')
AND (a.nik_index = ANY(%s) OR r.id IN (
  SELECT registration_id FROM registrations_eligibilitydecision WHERE jsonb_array_length(reasons -> 'lists') > 0))
ORDER BY r.id FOR UPDATE OF r
"""


@transaction.atomic
def recheck(*, wave: Wave, now: datetime) -> int:
    """Decide again about everybody whom lists concern, by the lists of the day; how many answers changed.

    All else counts as on the day of the registration. A changed answer is one more decision, an event and a message; the
    registration gets its eligibility set, or leaves the draw until a later re-check brings it back. Who withdrew is left
    alone. Running it again changes nothing. For jobs, as the owner.
    """
    day = localdate(now)
    lists = lists_about_wave(wave_id=wave.pk, day=day)
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, [wave.pk, list(lists.named)])
        touched = [pk for (pk,) in cursor]
    changed = sum(
        _decide_again(touched[start : start + CHUNK], wave, lists, now) for start in range(0, len(touched), CHUNK)
    )
    tell(
        template="eligibility_changed",
        key="'eligibility_changed:' || d.id",
        values={"wave": "w.name"},
        source=(
            "registrations_eligibilitydecision d JOIN registrations_registration r ON r.id = d.registration_id"
            " JOIN clusters_wave w ON w.id = r.wave_id"
        ),
        where="w.id = %(wave)s AND d.decided_at = %(now)s AND r.created_at < %(now)s",
        parameters={"wave": wave.pk, "now": now},
        now=now,
    )
    return changed


def recheck_waves(*, now: datetime) -> int:
    """`recheck` of every wave whose list is not frozen, so that people hear of a wrong list while it can be corrected."""
    waves = Wave.objects.filter(state__in=[Wave.State.OPEN, Wave.State.CLOSED]).select_related("rule_set")
    return sum(recheck(wave=wave, now=now) for wave in waves)


def _decide_again(ids: Sequence[UUID], wave: Wave, lists: Listings, now: datetime) -> int:
    rules = rows.rules_of(wave.rule_set)
    areas_on = lru_cache(area_lists)
    last = {
        decision.registration_id: decision.reasons
        for decision in EligibilityDecision.objects.filter(registration__in=ids).order_by("decided_at", "pk")
    }
    changed: list[Registration] = []
    decisions: list[EligibilityDecision] = []
    events: list[Event] = []
    for registration in _people(ids):
        day = localdate(registration.created_at)
        subject = Subject.known(registration.applicant, disability=registration.disability)
        facts = rows.facts_of(
            subject,
            Answers(**{field: getattr(registration, field) for field in Answers.__dataclass_fields__}),
            blank_spot=registration.blank_spot,
            household=registration.household,
            lists=lists.about(bytes(registration.applicant.nik_index), subject.regency_id),
        )
        decision = decide(facts, rules, rows.areas_of(areas_on(day)), day)
        if rows.reasons_of(decision) == last[registration.pk]:
            continue
        of_registration: dict[str, Any] = {"registration_id": registration.pk, "now": now}
        decisions.append(
            EligibilityDecision(**rows.decision_row(facts, decision, decision_id=uuid7(), **of_registration))
        )
        kind = _turn(registration, decision.eligible)
        if decision.eligible:
            registration.clusters = int(decision.clusters)
        registration.as_of = now
        changed.append(registration)
        events.append(
            Event(**rows.event_row(kind, ["clusters", "state"], subject, event_id=uuid7(), **of_registration))
        )
    Registration.objects.bulk_update(changed, ["state", "clusters", "as_of"])
    EligibilityDecision.objects.bulk_create(decisions)
    Event.objects.bulk_create(events)
    return len(changed)


def _people(ids: Sequence[UUID]) -> QuerySet[Any]:
    """With `disability` as stated, and `household`: who of the family card registered in the wave before."""
    earlier = Q(created_at__lt=OuterRef("created_at")) | Q(created_at=OuterRef("created_at"), pk__lt=OuterRef("pk"))
    before = Registration.objects.filter(
        earlier, wave=OuterRef("wave"), applicant__kk_index=OuterRef("applicant__kk_index")
    )
    people: QuerySet[Any] = Registration.objects.filter(pk__in=ids).select_related("applicant")
    annotated: QuerySet[Any] = people.annotate(
        disability=F("applicant__disability__stated"),
        household=Coalesce(Subquery(before.values("wave").annotate(people=Count("pk")).values("people")), 0),
    )
    return annotated


def _turn(registration: Registration, eligible: bool) -> str:
    """Take the registration out of the draw or bring it back to where it was; the kind of event that this is."""
    before = registration.state
    if not eligible:
        registration.state = State.INELIGIBLE
    elif before == State.INELIGIBLE:
        registration.state = State.JOINED if registration.joined_at else State.REGISTERED
    if registration.state == before:
        return "rechecked"
    return "eligible" if eligible else "ineligible"
