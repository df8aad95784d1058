"""Who asks, and who stands on a list."""

from registrations.models.assistance import MOST_FORMS, Assistance, PaperForm, PaperLot
from registrations.models.corrections import FormerValue, PhoneChange
from registrations.models.drafts import Draft
from registrations.models.duplicates import DuplicateDecision, DuplicatePair
from registrations.models.evidence import (
    CLAIM_WORDS,
    PAPER_WORDS,
    VERDICT_WORDS,
    Evidence,
    EvidencePiece,
    EvidenceUpload,
)
from registrations.models.identity import DIFFERENCE_WORDS, IDENTITY_WORDS, IdentityCheck, RegistryGate
from registrations.models.lists import ListedPerson, PersonList
from registrations.models.people import (
    STATE_WORDS,
    Applicant,
    Consent,
    Disability,
    DisabilityNeed,
    EligibilityDecision,
    Registration,
    StatusAttempt,
    Tally,
)

__all__ = [
    "CLAIM_WORDS",
    "DIFFERENCE_WORDS",
    "IDENTITY_WORDS",
    "MOST_FORMS",
    "PAPER_WORDS",
    "STATE_WORDS",
    "VERDICT_WORDS",
    "Applicant",
    "Assistance",
    "Consent",
    "Disability",
    "DisabilityNeed",
    "Draft",
    "DuplicateDecision",
    "DuplicatePair",
    "EligibilityDecision",
    "Evidence",
    "EvidencePiece",
    "EvidenceUpload",
    "FormerValue",
    "IdentityCheck",
    "ListedPerson",
    "PaperForm",
    "PaperLot",
    "PersonList",
    "PhoneChange",
    "Registration",
    "RegistryGate",
    "StatusAttempt",
    "Tally",
]
