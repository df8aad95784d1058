"""What an applicant sees of themselves."""

from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext

from accounts.scope import Scope
from registrations.eligibility import Listing, Words, failure
from registrations.models import Applicant, Disability, DisabilityNeed, EligibilityDecision, Registration
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
    of_it = EligibilityDecision.objects.filter(registration=registration).select_related("rule_set")
    return of_it.latest("decided_at", "pk")


def disability_of(applicant: Applicant) -> tuple[bool | None, str]:
    """What the person stated, None for nothing, and the help they need: for that person alone."""
    stated = Disability.objects.filter(applicant=applicant).values_list("stated", flat=True).first()
    need = DisabilityNeed.objects.filter(applicant=applicant).first()
    return stated, need.text.open() if need else ""


def lists_of(decision: EligibilityDecision) -> list[Listing]:
    """The lists on which a stored decision rests."""
    stored = decision.reasons.get("lists", [])  # of a decision from before lists were looked at: none
    return [Listing(kind, source, date.fromisoformat(day)) for kind, source, day in stored]


def why_not(decision: EligibilityDecision, *, office: str = "") -> list[str]:
    """What each rule that says no in a stored decision says: the rule, the list behind it, what to do and where, the article."""
    failures = decision.reasons.get("failures", [])
    lists, numbers, words = lists_of(decision), decision.rule_set.rules, words_for(office)
    return [failure(rule, article, lists, numbers, words) for rule, article in failures]


def words_for(office: str = "") -> Words:
    """How decisions are said in the language of the page. `office`: the name of the person's labour office, if known."""
    return Words(gettext, lambda day: date_format(day, "j F Y"), office)
