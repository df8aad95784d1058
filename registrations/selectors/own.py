"""What an applicant sees of themselves."""

from datetime import datetime

from accounts.scope import Scope
from registrations.models import Applicant, EligibilityDecision, Registration
from registrations.selectors.waves import is_open


def own_applicant(scope: Scope) -> Applicant | None:
    """The applicant this session has shown to be."""
    if scope.applicant_id is None:
        return None
    return Applicant.objects.within(scope).filter(pk=scope.applicant_id).first()


def own_registrations(scope: Scope) -> list[Registration]:
    """Newest first, each with wave and regency."""
    if scope.applicant_id is None:
        return []
    own = Registration.objects.within(scope).filter(applicant_id=scope.applicant_id)
    return list(own.select_related("wave", "regency").order_by("-created_at", "-pk"))


def to_join(scope: Scope, now: datetime) -> Registration | None:
    """The own registration that takes part in no draw yet, while its wave is open."""
    return next(
        (
            own
            for own in own_registrations(scope)
            if own.state == Registration.State.REGISTERED and is_open(own.wave, now)
        ),
        None,
    )


def latest_decision(registration: Registration) -> EligibilityDecision:
    """The decision on eligibility that counts: the last one."""
    return EligibilityDecision.objects.filter(registration=registration).latest("decided_at", "pk")
