"""Who asks, and who stands on a list."""

from registrations.models.drafts import Draft
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
    "PAPER_WORDS",
    "STATE_WORDS",
    "VERDICT_WORDS",
    "Applicant",
    "Consent",
    "Disability",
    "DisabilityNeed",
    "Draft",
    "EligibilityDecision",
    "Evidence",
    "EvidencePiece",
    "EvidenceUpload",
    "IdentityCheck",
    "ListedPerson",
    "PersonList",
    "Registration",
    "RegistryGate",
    "StatusAttempt",
    "Tally",
]
