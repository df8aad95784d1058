"""Who asks, and who stands on a list."""

from registrations.models.drafts import Draft
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
    "STATE_WORDS",
    "Applicant",
    "Consent",
    "Disability",
    "DisabilityNeed",
    "Draft",
    "EligibilityDecision",
    "ListedPerson",
    "PersonList",
    "Registration",
    "StatusAttempt",
    "Tally",
]
