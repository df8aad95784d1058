"""Roles by two persons: one proposes, a second signs what was shown to him, and only then somebody holds the role.

Ending takes one person and a reason, since less is safe; more, a longer time too, takes two. The database refuses the rest
(clusters.migrations.0003_memberships).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.scope import Scope
from accounts.services import create_user
from accounts.services.one_time import start_enrolment
from clusters.models import Membership, MembershipProposal
from clusters.selectors.memberships import digest_of, may_decide, may_end, may_propose, memberships, proposal_of
from clusters.services.waves import SYSTEM
from records.fields import BlindIndexField
from records.models import Job
from records.services.constraints import violated
from records.services.jobs import request_job
from records.services.log import record_event

ADMIT = "clusters.admit_member"
State = MembershipProposal.State


class AlreadyDecided(Exception):
    """Somebody was faster, or the proposal was taken back."""


class ProposalExpired(Exception):
    """Nobody signed within clusters.models.offices.PROPOSAL_STANDS; it takes a new proposal."""


class ContentChanged(Exception):
    """What would be signed is no longer what was shown."""


class TwoAccounts(Exception):
    """The e-mail address and the mobile number belong to different accounts."""


class NotShorter(Exception):
    """A membership only ever gets shorter; a longer one is proposed."""


class LastOfRole(Exception):
    """Without this one nobody would be left to approve or to run the portal."""


class OperatorExists(Exception):
    """The first operator is there; another one needs an existing operator's word."""


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """Somebody for a role; `phone` in E.164. With `user_id` somebody who has an account."""

    name: str
    email: str = ""
    phone: str = ""
    user_id: UUID | None = None
    role: str
    office_id: int | None = None
    valid_from: date
    valid_to: date | None = None


def propose(*, scope: Scope, proposal_id: UUID, invitation: Invitation, now: datetime) -> MembershipProposal:
    """Propose a role; the same `proposal_id` again (a repeated click) gives the proposal that stands.

    Raises PermissionDenied for a role or an office that is not the asker's to fill; TwoAccounts;
    django.db.IntegrityError (clusters_membershipproposal_dates, ..._office, ..._reachable).
    """
    if not may_propose(scope, invitation.role, invitation.office_id):
        raise PermissionDenied
    proposal = MembershipProposal(
        pk=proposal_id,
        user_id=invitation.user_id,
        name=invitation.name,
        email=invitation.email.lower() or None,
        role=invitation.role,
        office_id=invitation.office_id,
        valid_from=invitation.valid_from,
        valid_to=invitation.valid_to,
        proposed_by_id=scope.actor_id,
        proposed_at=now,
    )
    if invitation.phone:
        proposal.phone, proposal.phone_index = invitation.phone, BlindIndexField.of("phone", invitation.phone)
    try:
        with transaction.atomic():
            proposal.save(force_insert=True)
    except IntegrityError as error:
        match violated(error):
            case "clusters_membershipproposal_pkey":
                return proposal_of(scope, proposal_id)
            case "clusters_membershipproposal_one_account":
                raise TwoAccounts from error
        raise
    _record("membership.proposed", scope, proposal, now)
    return proposal_of(scope, proposal_id)


def prolong(
    *, scope: Scope, proposal_id: UUID, membership_id: int, valid_to: date | None, now: datetime
) -> MembershipProposal:
    """Propose the same role for longer. Raises Membership.DoesNotExist, and what `propose` does."""
    held = memberships(scope).get(pk=membership_id)
    invitation = Invitation(
        name=held.user.name,
        user_id=held.user_id,
        role=held.role,
        office_id=held.office_id,
        valid_from=max(held.valid_from, timezone.localdate(now)),
        valid_to=valid_to,
    )
    return propose(scope=scope, proposal_id=proposal_id, invitation=invitation, now=now)


def approve(*, scope: Scope, proposal_id: UUID, digest: str, now: datetime) -> Job:
    """Sign what was shown (`digest_of`); the job returned makes account, membership and invitation.

    Raises MembershipProposal.DoesNotExist, PermissionDenied, AlreadyDecided, ProposalExpired, ContentChanged.
    """
    with transaction.atomic():
        proposal = _undecided(scope, proposal_id)
        if not may_decide(scope, proposal):
            raise PermissionDenied
        if now >= proposal.stands_until:
            raise ProposalExpired
        if digest != digest_of(proposal):
            raise ContentChanged
        _decide(scope, proposal, State.APPROVED, now, digest=digest)
        return request_job(
            task=ADMIT,
            key=f"{ADMIT} {proposal_id}",
            payload={"proposal_id": str(proposal_id)},
            requested_by=scope.actor_id,
        )


def refuse(*, scope: Scope, proposal_id: UUID, reason: str, now: datetime) -> None:
    """Raises MembershipProposal.DoesNotExist, PermissionDenied, AlreadyDecided."""
    with transaction.atomic():
        proposal = _undecided(scope, proposal_id)
        if not may_decide(scope, proposal):
            raise PermissionDenied
        _decide(scope, proposal, State.REFUSED, now, reason=reason)


def withdraw(*, scope: Scope, proposal_id: UUID, now: datetime) -> None:
    """The maker takes it back. Raises MembershipProposal.DoesNotExist, PermissionDenied, AlreadyDecided."""
    with transaction.atomic():
        proposal = _undecided(scope, proposal_id)
        if proposal.proposed_by_id != scope.user_id:
            raise PermissionDenied
        _decide(scope, proposal, State.WITHDRAWN, now)


def end(*, scope: Scope, membership_id: int, last_day: date | None, reason: str, now: datetime) -> Membership:
    """Let a role end at once (`last_day` None) or on an earlier day than so far.

    Raises Membership.DoesNotExist, PermissionDenied, NotShorter (also when it is over already), LastOfRole.
    """
    with transaction.atomic():
        held = memberships(scope).get(pk=membership_id)
        if not may_end(scope, held):
            raise PermissionDenied
        today = timezone.localdate(now)
        over = held.ended_at is not None or (held.valid_to is not None and held.valid_to < today)
        too_late = last_day and ((held.valid_to and last_day >= held.valid_to) or last_day < today)
        if over or too_late:
            raise NotShorter
        changes: dict[str, Any] = {"ended_at": now} if last_day is None else {"valid_to": last_day}
        changes |= {"ended_by_id": scope.actor_id, "end_reason": reason}
        try:
            with transaction.atomic():
                changed = Membership.objects.filter(pk=membership_id, ended_at=None).update(**changes)
        except IntegrityError as error:
            if violated(error) == "clusters_membership_last_of_role":
                raise LastOfRole from error
            raise
        if not changed:
            raise NotShorter
        kind = "membership.shortened" if last_day else "membership.ended"
        _record(kind, scope, held, now, reason=reason)
    return held


def replace(
    *,
    scope: Scope,
    membership_id: int,
    last_day: date | None,
    reason: str,
    proposal_id: UUID,
    name: str,
    email: str,
    phone: str,
    now: datetime,
) -> MembershipProposal:
    """End a role and propose its successor in one step, for the same office and without an end.

    Raises what `end` and `propose` raise; nothing is changed then.
    """
    with transaction.atomic():
        leaving = end(scope=scope, membership_id=membership_id, last_day=last_day, reason=reason, now=now)
        successor = Invitation(
            name=name,
            email=email,
            phone=phone,
            role=leaving.role,
            office_id=leaving.office_id,
            valid_from=timezone.localdate(now),
        )
        return propose(scope=scope, proposal_id=proposal_id, invitation=successor, now=now)


def admit(*, proposal_id: UUID, now: datetime) -> User:
    """Give an approved proposal its account, its membership and, for a new account, its invitation. Safe to repeat.

    Work of the owner: no web request may write memberships. Raises ValueError when nobody approved;
    django.db.IntegrityError (clusters_membership_not_own) when the account turns out to be the approver's own.
    """
    with transaction.atomic():
        proposal = MembershipProposal.objects.select_for_update().get(pk=proposal_id)
        if proposal.state != State.APPROVED:
            raise ValueError(f"proposal {proposal_id} is {proposal.state}")
        held = Membership.objects.filter(proposal=proposal).first()
        if held:
            return User.objects.get(pk=held.user_id)
        user = _account_of(proposal)
        if user is None:
            phone = proposal.phone.open() if proposal.phone else None
            user = create_user(name=proposal.name, email=proposal.email, phone=phone)
            invited = {"office": _place_of(proposal)}
            start_enrolment(user=user, now=now, template="staff_invitation", values=invited)
        started = Membership.objects.create(
            user=user,
            role=proposal.role,
            office_id=proposal.office_id,
            valid_from=proposal.valid_from,
            valid_to=proposal.valid_to,
            granted_by_id=proposal.proposed_by_id,
            approved_by_id=proposal.decided_by_id,
            proposal=proposal,
        )
        _record("membership.started", SYSTEM, started, now)
        return user


def create_operator(
    *, name: str, email: str, phone: str | None = None, second: User | None = None, now: datetime
) -> User:
    """The very first operator, whom nobody signs for; any further one by the word of an existing operator (`second`).

    Raises OperatorExists; PermissionDenied when `second` is no operator; django.db.IntegrityError (accounts_user_email,
    accounts_user_phone).
    """
    today = timezone.localdate(now)
    operators = Membership.objects.valid_on(today).filter(role=Membership.Role.OPERATOR)
    if second and not operators.filter(user=second).exists():
        raise PermissionDenied
    try:
        with transaction.atomic():
            user = create_user(name=name, email=email.lower(), phone=phone)
            started = Membership.objects.create(
                user=user, role=Membership.Role.OPERATOR, valid_from=today, granted_by=None, approved_by=second
            )
    except IntegrityError as error:
        if violated(error) == "clusters_membership_first_operator":
            raise OperatorExists from error
        raise
    _record("membership.started", SYSTEM, started, now)
    return user


def _undecided(scope: Scope, proposal_id: UUID) -> MembershipProposal:
    proposal = proposal_of(scope, proposal_id)
    if proposal.state != State.PROPOSED:
        raise AlreadyDecided
    return proposal


def _decide(scope: Scope, proposal: MembershipProposal, state: str, now: datetime, **more: str) -> None:
    """One conditional update: of two decisions at once the second finds nothing to decide."""
    undecided = MembershipProposal.objects.filter(pk=proposal.pk, state=State.PROPOSED)
    if not undecided.update(state=state, decided_by_id=scope.actor_id, decided_at=now, **more):
        raise AlreadyDecided
    _record(f"membership.{state}", scope, proposal, now, reason=more.get("reason", ""))


def _account_of(proposal: MembershipProposal) -> User | None:
    if proposal.user_id:
        return User.objects.get(pk=proposal.user_id)
    wanted = Q(phone_index=proposal.phone_index) if proposal.phone_index else Q(pk=None)
    if proposal.email:
        wanted |= Q(email__iexact=proposal.email)
    return User.objects.filter(wanted).first()


def _place_of(proposal: MembershipProposal) -> str:
    """In Indonesian: a message has one language."""
    office = proposal.office
    return (
        f"{office.short_name or office.long_name} {office.regency.name}".strip() if office else "Provinsi Jawa Tengah"
    )


def _record(kind: str, scope: Scope, what: Membership | MembershipProposal, now: datetime, reason: str = "") -> None:
    """An event of a proposal, or of the user who holds a role."""
    subject = ("membership_proposal", what.pk) if isinstance(what, MembershipProposal) else ("user", what.user_id)
    record_event(
        kind=kind,
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type=subject[0],
        subject_id=subject[1],
        regency_id=what.office_id,
        fields=[what.role],
        reason=reason,
        at=now,
    )
