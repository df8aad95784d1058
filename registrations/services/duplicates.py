"""Finding registrations of one wave that may be of one person, and deciding about them.

Each younger one is paired with the oldest of its kind, so that a phone which fifty people share gives forty-nine pairs and no
thousand. "The same person" stops the younger registration, anything later brings it back: a trigger does both in the statement
that stores the decision, and refuses them once the list is frozen.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from accounts.scope import Scope
from clusters.models import Wave
from records.services.constraints import violated
from records.services.log import record_event
from records.services.messages import Recipient, queue_message
from registrations.models import DuplicateDecision, DuplicatePair, Registration
from registrations.services.rows import rules_of

LATELY = timedelta(hours=2)  # the beat runs every hour

_FIND = """
WITH people AS MATERIALIZED (
  SELECT r.id, r.created_at, r.regency_id, lower(a.name) AS name, a.birth_date, a.village_id, a.phone_index, a.kk_index
  FROM registrations_registration r JOIN registrations_applicant a ON a.id = r.applicant_id
  WHERE r.wave_id = %(wave)s AND r.state <> 'withdrawn' AND a.erased_at IS NULL
), named AS (
  SELECT 'name' AS kind, id AS younger, first_value(id) OVER first AS older, true AS counts FROM people
  WINDOW first AS (PARTITION BY name, birth_date, village_id ORDER BY created_at, id)
), phoned AS (
  SELECT 'phone', id, first_value(id) OVER first, first_value(kk_index) OVER first <> kk_index FROM people
  WINDOW first AS (PARTITION BY phone_index ORDER BY created_at, id)
), housed AS (
  SELECT 'household', id, first_value(id) OVER first, row_number() OVER first > %(limit)s FROM people
  WINDOW first AS (PARTITION BY kk_index ORDER BY created_at, id)
), found AS (
  SELECT older, younger, jsonb_agg(kind ORDER BY kind) AS kinds
  FROM (SELECT * FROM named UNION ALL SELECT * FROM phoned UNION ALL SELECT * FROM housed) all_of
  WHERE older <> younger AND counts GROUP BY older, younger
)
INSERT INTO registrations_duplicatepair AS p
  (id, wave_id, older_id, younger_id, regency_id, other_regency_id, kinds, verdict, found_at)
SELECT gen_random_uuid(), %(wave)s, older, younger, y.regency_id, o.regency_id, kinds, '', %(now)s
FROM found JOIN people y ON y.id = younger JOIN people o ON o.id = older
ON CONFLICT (older_id, younger_id) DO UPDATE
  SET kinds = excluded.kinds, regency_id = excluded.regency_id, other_regency_id = excluded.other_regency_id
  WHERE (p.kinds, p.regency_id, p.other_regency_id)
    IS DISTINCT FROM (excluded.kinds, excluded.regency_id, excluded.other_regency_id)
"""


class DecidedMeanwhile(Exception):
    """The pair no longer stands where it stood when it was shown; nothing was changed."""


class ListFrozen(Exception):
    """Who is on the list does not change any more."""


def find_duplicates(*, now: datetime, lately: bool = False) -> int:
    """Pair what the waves that are not frozen hold; how many pairs are new or changed. `lately`: only waves in which somebody
    registered or changed within LATELY. In one statement a wave; again, it changes nothing. For jobs, as the owner.
    """
    waves = (
        Wave.objects.filter(state__in=[Wave.State.OPEN, Wave.State.CLOSED]).select_related("rule_set").order_by("pk")
    )
    changed = 0
    for wave in waves:
        if lately and not Registration.objects.filter(wave=wave, updated_at__gt=now - LATELY).exists():
            continue
        with connection.cursor() as cursor:
            cursor.execute(_FIND, {"wave": wave.pk, "now": now, "limit": rules_of(wave.rule_set).household_limit})
            changed += cursor.rowcount
    return changed


def may_decide(pair: DuplicatePair, scope: Scope) -> bool:
    if pair.regency_id != pair.other_regency_id:
        return scope.is_province
    return scope.is_office and pair.regency_id in scope.regency_ids


def decide_pair(*, scope: Scope, pair_id: UUID, shown: str, verdict: str, reason: str, now: datetime) -> None:
    """Store a decision about the pair, which stood at `shown` for whoever decides; the younger's person is told when it counts.

    Raises DuplicatePair.DoesNotExist, PermissionDenied, DecidedMeanwhile, ListFrozen.
    """
    pair: DuplicatePair = DuplicatePair.objects.within(scope).select_related("younger__wave").get(pk=pair_id)
    if not may_decide(pair, scope):
        raise PermissionDenied
    decision = DuplicateDecision(
        pair=pair,
        was=shown,
        verdict=verdict,
        reason=reason,
        actor_id=scope.actor_id,
        actor_role=scope.actor_role,
        at=now,
    )
    try:
        with transaction.atomic():
            decision.save(force_insert=True)
            person = pair.younger.applicant_id
            record_event(
                kind=f"duplicate.{verdict}",
                actor_id=scope.user_id,
                actor_role=scope.actor_role,
                subject_type="registration",
                subject_id=pair.younger_id,
                person_id=person,
                regency_id=pair.regency_id,
                fields=["state"],
                at=now,
            )
            if "same" in {shown, verdict}:
                queue_message(
                    template="eligibility_changed",
                    channel="sms",
                    language="id",
                    key=f"duplicate:{decision.pk}",
                    values={"wave": pair.younger.wave.name},
                    recipient=Recipient("applicant", person),
                    now=now,
                )
    except IntegrityError as error:
        text = str(error)
        if "decided meanwhile" in text or violated(error) == "registrations_duplicatedecision_undoes_something":
            raise DecidedMeanwhile from error
        if "list is frozen" in text:
            raise ListFrozen from error
        raise
