"""The rows of one registration as values by column: the single and the bulk intake write the same ones."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from clusters.models import RuleSet
from clusters.selectors.areas import AreaLists
from records.fields import BlindIndexField, keyring
from registrations import eligibility
from registrations.eligibility import Areas, Decision, Facts
from registrations.models import Applicant, Consent, Registration
from registrations.selectors.listings import ListAnswer
from registrations.selectors.places import regency_of
from registrations.services.consents import CONSENT_VERSION
from registrations.services.receipts import code_index, secret_code
from registrations.services.validation import Answers, Person

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Of the person, what eligibility and a registration look at, whether new or known from an earlier wave."""

    applicant_id: UUID
    name: str
    birth_date: date
    sex: Literal["F", "M"]
    village_id: int
    regency_id: int
    disability: bool | None

    @classmethod
    def of(cls, applicant_id: UUID, person: Person) -> "Subject":
        return cls(
            applicant_id=applicant_id,
            name=person.name,
            birth_date=person.birth_date,
            sex=person.sex,
            village_id=person.village_id,
            regency_id=regency_of(person.village_id),
            disability=person.disability,
        )

    @classmethod
    def known(cls, applicant: Applicant, *, disability: bool | None) -> "Subject":
        return cls(
            applicant_id=applicant.pk,
            name=applicant.name,
            birth_date=applicant.birth_date,
            sex="F" if applicant.sex == Applicant.Sex.FEMALE else "M",
            village_id=applicant.village_id,
            regency_id=applicant.regency_id,
            disability=disability,
        )


def rules_of(rule_set: RuleSet) -> eligibility.RuleSet:
    return eligibility.RuleSet.from_dict(
        {
            "code": rule_set.code,
            "valid_from": rule_set.valid_from.isoformat(),
            "valid_to": rule_set.valid_to.isoformat() if rule_set.valid_to else None,
            "rules": rule_set.rules,
        }
    )


def areas_of(lists: AreaLists) -> Areas:
    nowhere: frozenset[int] = frozenset()
    return Areas(
        borobudur_villages=lists.villages.get("BOROBUDUR", nowhere),
        borobudur_regencies=lists.regencies.get("BOROBUDUR", nowhere),
        phk_regencies=lists.regencies.get("PHK", nowhere),
    )


def facts_of(subject: Subject, answers: Answers, *, blank_spot: bool, household: int, lists: ListAnswer) -> Facts:
    """What the rules look at. `household`: other people of the same family card who are registered in the wave."""
    return Facts(
        birth_date=subject.birth_date,
        sex=subject.sex,
        citizen=answers.citizen,
        in_education=answers.in_education,
        occupation=answers.occupation,
        village_id=subject.village_id,
        regency_id=subject.regency_id,
        village_is_blank_spot=blank_spot,
        remote_statement=answers.remote,
        unfamiliar_digital=answers.unfamiliar_digital,
        pmi_candidate=answers.pmi_candidate,
        laid_off=answers.laid_off,
        disabled=subject.disability is True,
        received_before=answers.received_before,
        household_members_registered=household,
        on_aid_list=lists.on_aid_list,
        listings=lists.listings,
    )


def applicant_row(person: Person, *, applicant_id: UUID, now: datetime) -> Row:
    """The columns of Applicant; its personal numbers are encrypted for this row and indexed."""
    row: Row = {"id": applicant_id, "created_at": now, "updated_at": now, "as_of": now}
    for field, text in (("nik", person.nik), ("kk", person.kk), ("phone", person.phone)):
        row[field] = keyring().encrypt(f"registrations.applicant.{field}", applicant_id, text)
        row[f"{field}_index"] = BlindIndexField.of(field, text)
    return row | {
        "email": person.email,
        "name": person.name,
        "birth_date": person.birth_date,
        "sex": person.sex,
        "regency_id": regency_of(person.village_id),
        "village_id": person.village_id,
        "address": person.address,
        "education": person.education,
        "marital_status": person.marital_status,
        "dependants": person.dependants,
    }


def need_row(person: Person, *, applicant_id: UUID, need_id: UUID) -> Row:
    text = keyring().encrypt("registrations.disability.need", need_id, person.disability_need)
    return {"id": need_id, "applicant_id": applicant_id, "text": text}


def registration_row(
    subject: Subject,
    answers: Answers,
    facts: Facts,
    decision: Decision,
    *,
    registration_id: UUID,
    wave_id: UUID,
    number: str,
    idempotency_key: UUID,
    channel: str,
    warnings: tuple[str, ...],
    now: datetime,
    joined: bool = False,
) -> Row:
    return {
        "id": registration_id,
        "applicant_id": subject.applicant_id,
        "wave_id": wave_id,
        "regency_id": subject.regency_id,
        "state": (Registration.State.JOINED if joined else Registration.State.REGISTERED).value,
        "number": number,
        "code_index": code_index(number, secret_code(idempotency_key)),
        "idempotency_key": idempotency_key,
        "channel": channel,
        "name": subject.name,
        **{field: getattr(answers, field) for field in Answers.__dataclass_fields__},
        "blank_spot": facts.village_is_blank_spot,
        "clusters": int(decision.clusters),
        "warnings": list(warnings),
        "joined_at": now if joined else None,
        "created_at": now,
        "updated_at": now,
        "as_of": now,
    }


def decision_row(facts: Facts, decision: Decision, *, decision_id: UUID, registration_id: UUID, now: datetime) -> Row:
    return {
        "id": decision_id,
        "registration_id": registration_id,
        "rule_set_id": decision.rules.code,
        "decided_at": now,
        "clusters": int(decision.clusters),
        "reasons": reasons_of(decision),
        "facts_digest": facts_digest(facts),
    }


def reasons_of(decision: Decision) -> dict[str, list[Any]]:
    """A decision as it is stored: codes, articles, and the lists it rests on, by kind, source and ISO day."""
    return {
        "failures": [[*failure] for failure in decision.failures],
        "unknown": [[code, [*missing]] for code, missing in decision.unknown],
        "entitlement": [*decision.entitlement],
        "clusters": [*decision.cluster_reasons],
        "lists": [[one.kind, one.source, one.day.isoformat()] for one in decision.lists],
    }


def facts_digest(facts: Facts) -> str:
    """SHA-256 of the facts, a line `name=value` each in the order of names: shows what a decision rested on."""
    lines = "\n".join([f"{name}={value}" for name, value in sorted(vars(facts).items())])
    return hashlib.sha256(lines.encode()).hexdigest()


def event_row(
    kind: str, fields: list[str], subject: Subject, *, event_id: UUID, registration_id: UUID, now: datetime
) -> Row:
    """What the portal itself did to a registration."""
    return {
        "id": event_id,
        "at": now,
        "kind": f"registration.{kind}",
        "actor_id": None,
        "actor_role": "system",
        "subject_type": "registration",
        "subject_id": registration_id,
        "person_id": subject.applicant_id,
        "regency_id": subject.regency_id,
        "fields": fields,
        "reason": "",
    }


def consent_row(
    purpose: str,
    *,
    consent_id: UUID,
    registration_id: UUID,
    language: str,
    now: datetime,
    taken_by: UUID | None = None,
) -> Row:
    return {
        "id": consent_id,
        "registration_id": registration_id,
        "purpose": purpose,
        "text_version": CONSENT_VERSION,
        "language": language,
        "given_at": now,
        "taken_by_id": taken_by,
    }


def purposes_of(disability: bool | None) -> list[str]:
    """What a person consented to: the programme always, disability only by answering that question."""
    return [Consent.Purpose.PROGRAMME.value, *([Consent.Purpose.DISABILITY.value] if disability is not None else [])]
