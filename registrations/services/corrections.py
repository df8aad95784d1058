"""Changing what is recorded of a person, by that person: what it rests on is asked again, and the former values stay.

Two kinds of data. Those of the person (Applicant) hold across waves; the answers of a registration hold for its wave, and are
corrected until that closes. From the close to the announcement the list must stay as it is, so family card and domicile,
which decide who stands on it and where, wait until then. NIK, name, sex and birth date are the civil registry's: the office
corrects them after having seen the papers, and the registry is asked again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils.timezone import localdate

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import Wave
from clusters.selectors.areas import area_lists
from records.fields import BlindIndexField
from records.ids import uuid7
from records.services.constraints import violated
from records.services.log import record_event
from registrations.eligibility import decide
from registrations.models import (
    Applicant,
    Consent,
    Disability,
    DisabilityNeed,
    EligibilityDecision,
    FormerValue,
    Registration,
)
from registrations.selectors.listings import lists_about
from registrations.selectors.places import regency_of
from registrations.selectors.waves import takes_registrations
from registrations.services import rows
from registrations.services.intake import DuplicateApplicant, HouseholdFull, Listed, NotEligible, WaveNotOpen
from registrations.services.rows import Subject
from registrations.services.validation import Answers

OWN_WISH = "own"  # a key of REASON_WORDS
SEALED = ("nik", "kk", "phone")
DETAILS = ("kk", "phone", "email", "village_id", "address", "education", "marital_status", "dependants")
FIXED = ("nik", "name", "birth_date", "sex")  # by the civil registry
HELD_BACK = frozenset({"kk", "village_id"})  # while a closed list must stay as it is
WEIGHED = HELD_BACK | {"nik", "birth_date", "sex"}  # what the rules look at
TAKES_PART = (Registration.State.REGISTERED, Registration.State.JOINED)
HELD = (Wave.State.OPEN, Wave.State.CLOSED, Wave.State.FROZEN, Wave.State.DRAWN)  # to the announcement


class ListStands(Exception):
    """The person is on the list of a wave that has closed and is not announced yet: `wave`."""

    def __init__(self, wave: Wave) -> None:
        super().__init__(wave.slug)
        self.wave = wave


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What is right; whatever is not named stays.

    `details`: columns of DETAILS in plain. `answers`: those of the registration in the open wave. `disability`: stated (None:
    not said any more) and the help needed. `warnings`: codes of validation.check, in place of those on the family card.
    """

    details: Mapping[str, Any] = field(default_factory=dict)
    answers: Answers | None = None
    disability: tuple[bool | None, str] | None = None
    warnings: tuple[str, ...] = ()


@transaction.atomic
def correct(
    *, scope: Scope, correction: Correction, key: UUID, now: datetime, language: str, reason: str = OWN_WISH
) -> frozenset[str]:
    """Store what is right of the scope's applicant; the names of what changed. The same `key` once more changes nothing.

    What was registered in the open wave is decided again where the rules look at what changed, and the civil registry is asked
    again about a new family card, in the same transaction. All of it, or nothing.
    Raises ListStands, WaveNotOpen (answers, and no wave of the person's takes any), and what `intake.register` raises of the
    rules: NotEligible, Listed, HouseholdFull.
    """
    applicant: Applicant = Applicant.objects.within(scope).select_for_update().get(pk=scope.applicant_id)
    if FormerValue.objects.within(scope).filter(applicant=applicant, idempotency_key=key).exists():
        return frozenset()
    live = list(
        Registration.objects.within(scope)
        .filter(applicant=applicant, state__in=TAKES_PART)
        .select_related("wave__rule_set")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    registration = next((one for one in live if takes_registrations(one.wave, now)), None)
    if correction.answers and registration is None:
        raise WaveNotOpen
    details = _former_details(applicant, correction.details, by_office=scope.is_office)
    answers = _former_answers(registration, correction.answers) if registration else {}
    held = next((one.wave for one in live if one is not registration and one.wave.state in HELD), None)
    if held and details.keys() & HELD_BACK:
        raise ListStands(held)
    restated = _restate(applicant, correction.disability)
    if not (details or answers or restated):
        return frozenset()

    _put(applicant, {name: correction.details[name] for name in details}, now)
    if registration and (answers or restated or details.keys() & WEIGHED):
        _decide_again(applicant, registration, correction, now, language)
    _keep(scope, applicant, registration, details, answers, reason=reason, key=key, now=now)
    record_event(
        kind="registration.corrected" if answers or restated else "applicant.changed",
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type="registration" if registration else "applicant",
        subject_id=registration.pk if registration else applicant.pk,
        person_id=applicant.pk,
        regency_id=applicant.regency_id,
        fields=sorted({*details, *answers}),
        at=now,
    )
    return frozenset({*details, *answers, *(["disability"] if restated else [])})


def correct_for_office(
    *,
    scope: Scope,
    applicant_id: UUID,
    details: Mapping[str, Any],
    reason: str,
    key: UUID,
    now: datetime,
    language: str,
) -> frozenset[str]:
    """What the civil registry fixes (FIXED), corrected by the person's office. As `correct`; what was registered in a wave that
    has closed keeps its decision. Raises Applicant.DoesNotExist, PermissionDenied, DuplicateApplicant, and as `correct`.
    """
    applicant: Applicant = Applicant.objects.within(scope).get(pk=applicant_id)
    if not scope.is_office or applicant.regency_id not in scope.regency_ids:
        raise PermissionDenied
    acting = scope.as_applicant(applicant.pk)
    enter_scope(acting)
    try:
        return correct(
            scope=acting, correction=Correction(details=details), key=key, now=now, language=language, reason=reason
        )
    except IntegrityError as error:
        if violated(error) != "registrations_applicant_nik":
            raise
        raise DuplicateApplicant from error
    finally:
        enter_scope(scope)


def _former_details(applicant: Applicant, details: Mapping[str, Any], *, by_office: bool) -> dict[str, Any]:
    """The former values of those details that change."""
    if unknown := details.keys() - {*DETAILS, *(FIXED if by_office else ())}:
        raise ValueError(f"{sorted(unknown)} are not the applicant's to change")
    stands = {name: getattr(applicant, name).open() if name in SEALED else getattr(applicant, name) for name in details}
    return {name: value for name, value in stands.items() if value != details[name]}


def _former_answers(registration: Registration, answers: Answers | None) -> dict[str, Any]:
    if answers is None:
        return {}
    stands = {name: getattr(registration, name) for name in Answers.__dataclass_fields__}
    return {name: value for name, value in stands.items() if value != getattr(answers, name)}


def _put(applicant: Applicant, details: Mapping[str, Any], now: datetime) -> None:
    changed = set(details)
    for name, value in details.items():
        setattr(applicant, name, value)
        if name in SEALED:
            setattr(applicant, f"{name}_index", BlindIndexField.of(name, value))
            changed.add(f"{name}_index")
    if "village_id" in details:
        applicant.regency_id = regency_of(applicant.village_id)
        changed.add("regency_id")
    if changed:
        applicant.as_of = now
        applicant.save(update_fields=[*changed, "as_of"])


def _restate(applicant: Applicant, disability: tuple[bool | None, str] | None) -> bool:
    """Put the statement in place of the former one, of which nothing is kept; whether it differs."""
    if disability is None:
        return False
    stated, text = disability
    need = DisabilityNeed.objects.filter(applicant=applicant).first()
    if (stated, text if stated else "") == (_stated(applicant), need.text.open() if need else ""):
        return False
    DisabilityNeed.objects.filter(applicant=applicant).delete()
    Disability.objects.filter(applicant=applicant).delete()
    if stated is not None:
        Disability(applicant=applicant, stated=stated).save(force_insert=True)
    if stated and text:
        DisabilityNeed(id=uuid7(), applicant=applicant, text=text).save(force_insert=True)
    return True


def _stated(applicant: Applicant) -> bool | None:
    return Disability.objects.filter(applicant=applicant).values_list("stated", flat=True).first()


def _decide_again(
    applicant: Applicant, registration: Registration, correction: Correction, now: datetime, language: str
) -> None:
    """By the day of the registration, as the nightly re-check does, and by the lists of today."""
    answers = correction.answers or Answers(
        **{name: getattr(registration, name) for name in Answers.__dataclass_fields__}
    )
    day = localdate(registration.created_at)
    areas = area_lists(day)
    subject = Subject.known(applicant, disability=_stated(applicant))
    facts = rows.facts_of(
        subject,
        answers,
        blank_spot=subject.village_id in areas.blank_spots,
        household=_count_household(applicant, registration.wave_id),
        lists=lists_about(nik_index=bytes(applicant.nik_index), regency_id=subject.regency_id, day=localdate(now)),
    )
    decision = decide(facts, rows.rules_of(registration.wave.rule_set), rows.areas_of(areas), day)
    if not decision.eligible:
        full = any(rule == "household_limit" for rule, _article in decision.failures)
        raise (HouseholdFull if full else Listed if decision.lists else NotEligible)(decision)
    kept = [code for code in registration.warnings if not ("kk" in correction.details and code.startswith("kk_"))]
    Registration.objects.filter(pk=registration.pk).update(
        **{name: getattr(answers, name) for name in Answers.__dataclass_fields__},
        regency_id=subject.regency_id,
        blank_spot=facts.village_is_blank_spot,
        clusters=int(decision.clusters),
        warnings=[*kept, *(code for code in correction.warnings if code not in kept)],
        as_of=now,
    )
    of_it: dict[str, Any] = {"registration_id": registration.pk, "now": now}
    EligibilityDecision(**rows.decision_row(facts, decision, decision_id=uuid7(), **of_it)).save(force_insert=True)
    Consent.objects.bulk_create(
        (
            Consent(**rows.consent_row(purpose, consent_id=uuid7(), language=language, **of_it))
            for purpose in rows.purposes_of(subject.disability)
        ),
        ignore_conflicts=True,
    )


def _count_household(applicant: Applicant, wave_id: UUID) -> int:
    """As the intake counts, and under its lock: two at once are counted one after the other."""
    with connection.cursor() as cursor:
        arguments: list[bytes | UUID] = [bytes(applicant.kk_index), bytes(applicant.nik_index), wave_id]
        cursor.execute("SELECT registrations_count_household(%s, %s, %s)", arguments)
        return int(cursor.fetchone()[0])


def _keep(
    scope: Scope,
    applicant: Applicant,
    registration: Registration | None,
    details: Mapping[str, Any],
    answers: Mapping[str, Any],
    *,
    reason: str,
    key: UUID,
    now: datetime,
) -> None:
    """The former values, each from the moment when it came to stand."""
    earlier = FormerValue.objects.within(scope).filter(applicant=applicant).values("field", "registration_id")
    began = {(one["field"], one["registration_id"]): one["last"] for one in earlier.annotate(last=Max("until"))}
    FormerValue.objects.bulk_create(
        FormerValue(
            id=uuid7(),
            applicant=applicant,
            registration=of,
            field=name,
            former=json.dumps(former, cls=DjangoJSONEncoder),
            since=began.get((name, of.pk if of else None), (of or applicant).created_at),
            until=now,
            reason=reason,
            actor_id=scope.user_id,
            actor_role=scope.actor_role,
            idempotency_key=key,
        )
        for of, values in ((None, details), (registration, answers))
        for name, former in values.items()
    )
