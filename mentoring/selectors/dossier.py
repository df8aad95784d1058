"""Everything an office sees of one registration."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from accounts.phone import mask_phone
from accounts.scope import Scope
from mentoring.selectors.former import Former, former_values_of
from records.models import Event, Read
from registrations.eligibility import age_on
from registrations.models import Applicant, EligibilityDecision, IdentityCheck, Registration
from registrations.nik import mask_nik
from registrations.selectors.own import latest_decision
from training.models import Placement, Wish

EVENTS_SHOWN = 100
READS_SHOWN = 50


@dataclass(frozen=True)
class Dossier:
    """`applicant` is None when the person has moved to another office. The numbers are masked.

    `age` in years stands for the birth date, which with sex and place would give back what the mask of the NIK hides.
    """

    registration: Registration
    applicant: Applicant | None
    nik: str
    kk: str
    phone: str
    age: int | None
    decision: EligibilityDecision
    identity: IdentityCheck
    wishes: list[Wish]
    placements: list[Placement]
    events: list[Event]
    reads: list[Read]
    former: list[Former]


def dossier_of(*, scope: Scope, registration_id: UUID, today: date) -> Dossier:
    """Ten queries, and one for the names of former villages.

    Raises Registration.DoesNotExist, also for another office's registration.
    """
    registration = Registration.objects.within(scope).select_related("wave", "regency__office").get(pk=registration_id)
    applicant = (
        Applicant.objects.within(scope).select_related("village__district").filter(pk=registration.applicant_id).first()
    )
    classes = ("training_class__programme", "training_class__provider")
    events = Event.objects.filter(person_id=registration.applicant_id).select_related("actor").order_by("-at", "-id")
    reads = Read.objects.filter(person_id=registration.applicant_id).select_related("actor").order_by("-at", "-id")
    return Dossier(
        registration,
        applicant,
        nik=mask_nik(applicant.nik.open()) if applicant else "",
        kk=mask_nik(applicant.kk.open()) if applicant else "",
        phone=mask_phone(applicant.phone.open()) if applicant else "",
        age=age_on(applicant.birth_date, today) if applicant else None,
        decision=latest_decision(registration),
        identity=IdentityCheck.objects.within(scope)
        .select_related("sighted_by", "confirmed_by")
        .only(*_columns(IdentityCheck, "sighted_by", "confirmed_by"))
        .get(pk=registration_id),
        wishes=list(
            Wish.objects.within(scope).filter(registration=registration).select_related(*classes).order_by("rank")
        ),
        placements=list(
            Placement.objects.within(scope)
            .filter(registration=registration)
            .select_related(*classes)
            .order_by("-created_at", "-id")
        ),
        events=list(events.only(*_columns(Event, "actor"))[:EVENTS_SHOWN]),
        reads=list(reads.only(*_columns(Read, "actor"))[:READS_SHOWN]),
        former=former_values_of(scope=scope, applicant_id=registration.applicant_id) if applicant else [],
    )


def _columns(model: type[Event | Read | IdentityCheck], *accounts: str) -> list[str]:
    """Of the row all, of accounts the name: more of an account is closed to web requests."""
    return [field.name for field in model._meta.fields] + [f"{account}__name" for account in accounts]
