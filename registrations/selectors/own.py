"""What an applicant sees of themselves."""

from accounts.scope import Scope
from clusters.models import Wave
from registrations.models import Applicant, EligibilityDecision, Registration


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


def own_registration(scope: Scope, wave: Wave) -> Registration | None:
    return next((registration for registration in own_registrations(scope) if registration.wave_id == wave.pk), None)


def latest_decision(registration: Registration) -> EligibilityDecision:
    """The decision on eligibility that counts: the last one."""
    return EligibilityDecision.objects.filter(registration=registration).latest("decided_at", "pk")
