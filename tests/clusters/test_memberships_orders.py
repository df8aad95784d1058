"""Two at once, and every order of steps."""

from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections, transaction
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.models import User
from clusters.models import Membership, MembershipProposal
from clusters.selectors.memberships import digest_of, proposals
from clusters.selectors.offices import scope_of
from clusters.services.memberships import (
    AlreadyDecided,
    ContentChanged,
    ProposalExpired,
    admit,
    approve,
    end,
    refuse,
    withdraw,
)
from records.models import Event
from tests.clusters.seats import CILACAP, as_web, asker, proposed, sign
from tests.factories.staff import make_staff
from tests.prakerja.database import ask

pytestmark = pytest.mark.django_db


def at_once(*acts: Any) -> list[str]:
    """Each act in a thread and a connection of its own; what each raised, or "" ."""
    start, outcomes = Barrier(len(acts)), [""] * len(acts)

    def run(at: int) -> None:
        try:
            start.wait()
            acts[at]()
        except Exception as error:
            outcomes[at] = type(error).__name__
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(at,)) for at in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_are_one() -> None:
    proposal = proposed(asker("office_head", CILACAP))
    signers = [asker("office_head", CILACAP), asker("approver")]
    assert at_once(*(lambda signer=signer: sign(signer, proposal) for signer in signers)) == ["", "AlreadyDecided"]
    assert Event.objects.filter(kind="membership.approved").count() == 1
    assert ask("SELECT count(*) FROM records_job WHERE task = 'clusters.admit_member'") == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_two_workers_admit_once() -> None:
    proposal = proposed(asker("office_head", CILACAP))
    sign(asker("approver"), proposal)
    now = timezone.now()
    assert at_once(*[lambda: admit(proposal_id=proposal.pk, now=now)] * 2) == ["", ""]
    assert Membership.objects.filter(proposal=proposal).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_last_two_approvers_do_not_end_each_other() -> None:
    one, two = (make_staff("approver") for _ in range(2))
    now = timezone.now()

    def ends(who: User, whom: User) -> Any:
        held, scope = Membership.objects.get(user=whom).pk, scope_of(who)
        return lambda: end(scope=scope, membership_id=held, last_day=None, reason="Pindah", now=now)

    assert at_once(ends(one, two), ends(two, one)) == ["", "LastOfRole"]
    assert Membership.objects.filter(role="approver").valid_on(timezone.localdate()).count() == 1


class Proposals(RuleBasedStateMachine):
    """Two heads, an approver and somebody else act on one office's seat in any order, as web requests do."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.staff = [
            *(make_staff("office_head", CILACAP) for _ in range(2)),
            *[make_staff("approver"), make_staff("mentor", CILACAP)],
        ]
        self.scopes = [scope_of(user) for user in self.staff]
        self.before = set(Membership.objects.values_list("pk", flat=True))
        self.shown: dict[tuple[Any, int], str] = {}
        self.signed: dict[Any, tuple[Any, Any, datetime]] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def pick(self, at: int) -> MembershipProposal | None:
        found = list(MembershipProposal.objects.order_by("pk"))
        return found[at % len(found)] if found else None

    @rule(who=st.integers(0, 3), whom=st.integers(0, 4))
    def propose(self, who: int, whom: int) -> None:
        email = {"email": self.staff[whom].email} if whom < 4 else {}
        try:
            with as_web(self.scopes[who]):
                proposed(self.scopes[who], role="office_head" if who == 2 else "mentor", **email)
        except PermissionDenied:
            assert who == 3

    @rule(who=st.integers(0, 3), at=st.integers(0, 5))
    def look(self, who: int, at: int) -> None:
        proposal = self.pick(at)
        if proposal:
            with as_web(self.scopes[who]):
                for shown in proposals(self.scopes[who]).filter(pk=proposal.pk):
                    self.shown[proposal.pk, who] = digest_of(shown)

    @rule(who=st.integers(0, 3), at=st.integers(0, 5), late=st.booleans())
    def approve(self, who: int, at: int, late: bool) -> None:
        proposal = self.pick(at)
        if proposal is None:
            return
        now = timezone.now() + timedelta(days=7 if late else 0)
        try:
            with as_web(self.scopes[who]):
                approve(
                    scope=self.scopes[who],
                    proposal_id=proposal.pk,
                    digest=self.shown.get((proposal.pk, who), ""),
                    now=now,
                )
        except (PermissionDenied, AlreadyDecided, ProposalExpired, ContentChanged, MembershipProposal.DoesNotExist):
            return
        assert not late
        self.signed[proposal.pk] = (proposal.proposed_by_id, self.scopes[who].user_id, now)

    @rule(who=st.integers(0, 3), at=st.integers(0, 5), back=st.booleans())
    def decline(self, who: int, at: int, back: bool) -> None:
        proposal = self.pick(at)
        if proposal is None:
            return
        try:
            with as_web(self.scopes[who]):
                if back:
                    withdraw(scope=self.scopes[who], proposal_id=proposal.pk, now=timezone.now())
                else:
                    refuse(scope=self.scopes[who], proposal_id=proposal.pk, reason="Tidak perlu", now=timezone.now())
        except (PermissionDenied, AlreadyDecided, MembershipProposal.DoesNotExist):
            pass

    @rule(at=st.integers(0, 5))
    def admit(self, at: int) -> None:
        proposal = self.pick(at)
        if proposal and proposal.state == "approved":
            admit(proposal_id=proposal.pk, now=timezone.now())
        elif proposal:
            with pytest.raises(ValueError):
                admit(proposal_id=proposal.pk, now=timezone.now())

    @rule(at=st.integers(0, 9))
    def lose_a_role(self, at: int) -> None:
        """So that what a proposal shows of the person changes."""
        held = list(Membership.objects.filter(role="mentor", ended_at=None).order_by("pk"))
        if held:
            end(
                scope=self.scopes[0],
                membership_id=held[at % len(held)].pk,
                last_day=None,
                reason="x",
                now=timezone.now(),
            )

    @invariant()
    def every_membership_has_two_persons_who_are_not_its_holder(self) -> None:
        for held in Membership.objects.exclude(pk__in=self.before).select_related("proposal"):
            maker, signer, at = self.signed[held.proposal_id]
            assert (held.granted_by_id, held.approved_by_id) == (maker, signer)
            assert len({maker, signer}) == 2
            assert signer != held.user_id
            assert at < held.proposal.proposed_at + timedelta(days=7)
            assert held.role == held.proposal.role
        assert set(MembershipProposal.objects.filter(state="approved").values_list("pk", flat=True)) == set(self.signed)


def test_no_order_of_steps_leads_to_a_role_of_one_person() -> None:
    run_state_machine_as_test(Proposals, settings=hypothesis_settings(max_examples=30, stateful_step_count=20))
