"""Who works where, who is proposed, and who may decide that."""

import hashlib
import json
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import DateField, F, Func, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.scope import OFFICE_ROLES, PROVINCE_ROLES, Scope
from clusters.models import Membership, MembershipProposal

PROVINCE_SEATS = frozenset(Membership.Role) - OFFICE_ROLES  # roles without an office
NAME_ONLY = User.objects.only("name")  # all that web requests may read of an account


class LastSignIn(Func):
    """The day somebody last signed in; NULL when never, or when it is not the asker's to know."""

    function = "clusters_last_sign_in"
    output_field = DateField()


def is_founding() -> bool:
    """No approver is in office, so operators propose and approve the province's first ones."""
    return not Membership.objects.valid_on(timezone.localdate()).filter(role=Membership.Role.APPROVER).exists()


def may_propose(scope: Scope, role: str, office_id: int | None) -> bool:
    if role in OFFICE_ROLES and office_id in scope.head_ids:
        return True
    return role in {*PROVINCE_SEATS, Membership.Role.OFFICE_HEAD} and _rules_the_province(scope, PROVINCE_ROLES)


def may_decide(scope: Scope, proposal: MembershipProposal) -> bool:
    """A second person only: never the maker, never who would get the role."""
    if scope.user_id in {proposal.proposed_by_id, proposal.user_id}:
        return False
    return proposal.office_id in scope.head_ids or _rules_the_province(scope, frozenset({"approver"}))


def may_end(scope: Scope, membership: Membership) -> bool:
    return scope.is_province or membership.office_id in scope.head_ids


def _rules_the_province(scope: Scope, roles: frozenset[str]) -> bool:
    return bool(scope.roles & roles) or (scope.is_operator and is_founding())


def memberships(scope: Scope) -> QuerySet[Membership]:
    """Memberships with the names they show, and the day of the last sign-in as `last_sign_in`."""
    found: QuerySet[Membership] = (
        Membership.objects.within(scope)
        .select_related("office__regency")
        .prefetch_related(*(Prefetch(who, NAME_ONLY) for who in ("user", "granted_by", "approved_by", "ended_by")))
        .annotate(last_sign_in=LastSignIn(F("user_id")))
        .order_by("office_id", "role", "valid_from", "pk")
    )
    return found


def staff_of(scope: Scope, *, regency_id: int | None) -> QuerySet[Membership]:
    """One office's memberships; without a regency those of the province and the heads of all offices."""
    found = memberships(scope)
    return found.filter(office_id=regency_id) if regency_id else found.filter(Q(office=None) | Q(role="office_head"))


def proposals(scope: Scope) -> QuerySet[MembershipProposal]:
    """Proposals with the names they show, newest first."""
    found = MembershipProposal.objects.within(scope)
    if scope.is_operator and is_founding():
        found |= MembershipProposal.objects.filter(office=None)
    names = (Prefetch(who, NAME_ONLY) for who in ("user", "proposed_by", "decided_by"))
    return found.select_related("office__regency").prefetch_related(*names).order_by("-proposed_at", "-pk")


def waiting(scope: Scope, *, regency_id: int | None, now: Any) -> list[MembershipProposal]:
    """Undecided proposals that still stand, of one office or, without a regency, of all."""
    found = proposals(scope).filter(state=MembershipProposal.State.PROPOSED)
    if regency_id:
        found = found.filter(office_id=regency_id)
    return [proposal for proposal in found if now < proposal.stands_until]


def held_by(proposal: MembershipProposal) -> list[Membership]:
    """What the person of a proposal holds today, as far as the asker may see it."""
    if proposal.user_id is None:
        return []
    held = Membership.objects.filter(user_id=proposal.user_id).valid_on(timezone.localdate())
    return list(held.select_related("office__regency").order_by("role", "office_id", "pk"))


def what_is_shown(proposal: MembershipProposal) -> dict[str, Any]:
    """All that the second person is shown and signs: the proposal, and what the person holds already."""
    return {
        "id": str(proposal.pk),
        "name": proposal.user.name if proposal.user else proposal.name,
        "account": str(proposal.user_id or ""),
        "email": proposal.email or "",
        "phone": proposal.phone.open() if proposal.phone else "",
        "role": proposal.role,
        "office": proposal.office_id,
        "from": _day(proposal.valid_from),
        "to": _day(proposal.valid_to),
        "by": proposal.proposed_by.name,
        "holds": [[each.role, each.office_id, _day(each.valid_to)] for each in held_by(proposal)],
    }


def digest_of(proposal: MembershipProposal) -> str:
    """SHA-256 of `what_is_shown`, hex: what changed in between gives another one."""
    text = json.dumps(what_is_shown(proposal), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def proposal_of(scope: Scope, proposal_id: UUID) -> MembershipProposal:
    """Raises MembershipProposal.DoesNotExist, also for another office's."""
    found: MembershipProposal = proposals(scope).get(pk=proposal_id)
    return found
