"""Roles by two persons: what a proposal may become, and what the database refuses whoever asks."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import User
from accounts.services.one_time import SecretSpent, use_link
from clusters.management.commands import create_operator as create_operator_command
from clusters.models import Membership, MembershipProposal
from clusters.selectors.memberships import digest_of, proposals
from clusters.selectors.offices import scope_of
from clusters.services.memberships import (
    AlreadyDecided,
    ContentChanged,
    LastOfRole,
    NotShorter,
    OperatorExists,
    ProposalExpired,
    TwoAccounts,
    admit,
    create_operator,
    end,
    prolong,
    propose,
    refuse,
    replace,
    withdraw,
)
from records.ids import uuid7
from records.models import Event
from tests.clusters.seats import CILACAP, SEMARANG, as_web, asker, invitation, proposed, raw_proposal, sign
from tests.factories.staff import PASSWORD, make_staff, make_user
from tests.prakerja.database import ask, refused

pytestmark = pytest.mark.django_db


def test_a_colleague_is_proposed_by_one_and_signed_by_another() -> None:
    head, second = asker("office_head", CILACAP), asker("office_head", CILACAP)
    with as_web(head):
        proposal = proposed(head, email="Rina@Contoh.Example", phone="+628123456789")
    with as_web(second):
        sign(second, proposal)
    assert not Membership.objects.filter(proposal=proposal).exists()
    user = admit(proposal_id=proposal.pk, now=timezone.now())
    held = Membership.objects.get(user=user)
    assert (held.role, held.office_id, held.granted_by_id, held.approved_by_id) == (
        "mentor", CILACAP, head.user_id, second.user_id,
    )  # fmt: skip
    assert (user.email, user.phone.open()) == ("rina@contoh.example", "+628123456789")
    assert scope_of(user).regency_ids == {CILACAP}
    assert admit(proposal_id=proposal.pk, now=timezone.now()) == user
    assert Membership.objects.filter(user=user).count() == 1
    kinds = ["membership.proposed", "membership.approved", "membership.started"]
    assert (
        list(Event.objects.filter(kind__startswith="membership").order_by("at").values_list("kind", flat=True)) == kinds
    )


def test_the_maker_and_the_person_himself_never_sign() -> None:
    head, second = asker("office_head", CILACAP), make_staff("office_head", CILACAP)
    proposal = proposed(head)
    with pytest.raises(PermissionDenied):
        sign(head, proposal)
    own = proposed(head, email=second.email)
    assert own.user_id == second.pk
    with pytest.raises(PermissionDenied):
        sign(scope_of(second), own)
    sign(asker("approver"), own)


def test_an_office_fills_its_own_seats_only() -> None:
    head = asker("office_head", CILACAP)
    for fields in ({"office_id": SEMARANG}, {"role": "planner", "office_id": None}):
        with pytest.raises(PermissionDenied):
            proposed(head, **fields)
    for outsider in (asker("office_head", SEMARANG), asker("mentor", CILACAP)):
        with pytest.raises(MembershipProposal.DoesNotExist):
            sign(outsider, proposed(head))


def test_who_heads_one_office_and_mentors_in_another_heads_only_the_one() -> None:
    user = make_staff("office_head", CILACAP)
    elsewhere = Membership.objects.get(user=make_staff("mentor", SEMARANG))
    Membership.objects.create(
        user=user, role="mentor", office=elsewhere.office, valid_from=date(2026, 1, 1),
        granted_by=elsewhere.granted_by, approved_by=elsewhere.approved_by,
    )  # fmt: skip
    scope = scope_of(user)
    assert scope.regency_ids == {CILACAP, SEMARANG}
    with pytest.raises(PermissionDenied):
        proposed(scope, office_id=SEMARANG)
    with as_web(scope), refused("row-level security"):
        raw_proposal(scope, office=SEMARANG)


@pytest.mark.parametrize("role", ["planner", "approver", "auditor", "operator", "office_head"])
def test_the_provinces_seats_are_proposed_there_and_signed_by_an_approver(role: str) -> None:
    planner, approver = asker("planner"), asker("approver")
    make_staff("office_head", CILACAP)
    office = CILACAP if role == "office_head" else None
    proposal = proposed(planner, role=role, office_id=office)
    with pytest.raises(PermissionDenied):
        sign(asker("planner"), proposal)
    sign(approver, proposal)
    assert role in scope_of(admit(proposal_id=proposal.pk, now=timezone.now())).roles


def test_operators_found_the_province_and_then_never_again() -> None:
    one = create_operator(name="Operator Satu", email="satu@contoh.example", now=timezone.now())
    two = create_operator(name="Operator Dua", email="dua@contoh.example", second=one, now=timezone.now())
    first, second = scope_of(one), scope_of(two)
    with as_web(first):
        proposal = proposed(first, role="approver", office_id=None)
    with as_web(second):
        sign(second, proposal)
    admit(proposal_id=proposal.pk, now=timezone.now())
    with pytest.raises(PermissionDenied):
        proposed(first, role="approver", office_id=None)
    with as_web(first), refused("row-level security"):
        raw_proposal(first, role="approver", office=None)


def test_a_proposal_lapses_after_seven_days() -> None:
    head, second = asker("office_head", CILACAP), asker("office_head", CILACAP)
    proposal = proposed(head)
    with pytest.raises(ProposalExpired):
        sign(second, proposal, now=proposal.proposed_at + timedelta(days=7))
    sign(second, proposal, now=proposal.proposed_at + timedelta(days=7, seconds=-1))


def test_what_changed_since_it_was_shown_is_not_signed() -> None:
    head, second = asker("office_head", CILACAP), asker("office_head", CILACAP)
    person = make_staff("mentor", CILACAP)
    proposal = proposed(head, email=person.email, role="office_head")
    shown = digest_of(proposals(second).get(pk=proposal.pk))
    held = Membership.objects.get(user=person)
    end(scope=head, membership_id=held.pk, last_day=None, reason="Pindah tugas", now=timezone.now())
    with pytest.raises(ContentChanged):
        sign(second, proposal, digest=shown)
    sign(second, proposal)


def test_content_cannot_be_changed_after_it_was_proposed() -> None:
    proposal = proposed(asker("office_head", CILACAP))
    for change in ({"role": "office_head"}, {"email": "lain@contoh.example"}, {"valid_to": date(2030, 1, 1)}):
        with refused("may change"):
            MembershipProposal.objects.filter(pk=proposal.pk).update(**change)


def test_refusing_needs_a_reason_and_is_final() -> None:
    head, second = asker("office_head", CILACAP), asker("approver")
    proposal = proposed(head)
    with refused("decided"):
        refuse(scope=second, proposal_id=proposal.pk, reason="", now=timezone.now())
    refuse(scope=second, proposal_id=proposal.pk, reason="Bukan pegawai kantor ini", now=timezone.now())
    for again in (
        lambda: sign(second, proposal),
        lambda: withdraw(scope=head, proposal_id=proposal.pk, now=timezone.now()),
    ):
        with pytest.raises(AlreadyDecided):
            again()
    with pytest.raises(ValueError, match="refused"):
        admit(proposal_id=proposal.pk, now=timezone.now())


def test_a_repeated_click_proposes_once() -> None:
    head, now, wanted = asker("office_head", CILACAP), timezone.now(), invitation()
    key = uuid7()
    first, again = (propose(scope=head, proposal_id=key, invitation=wanted, now=now) for _ in range(2))
    assert first == again
    assert MembershipProposal.objects.count() == 1


def test_addresses_of_two_accounts_are_refused() -> None:
    one, two = make_user(email="satu@contoh.example"), make_user(phone="+628111111111")
    assert one != two
    with pytest.raises(TwoAccounts):
        proposed(asker("office_head", CILACAP), email=one.email, phone="+628111111111")


def test_ending_takes_one_person_a_reason_and_effect_at_once() -> None:
    head, mentor = asker("office_head", CILACAP), make_staff("mentor", CILACAP)
    held = Membership.objects.get(user=mentor)
    with as_web(head):
        end(scope=head, membership_id=held.pk, last_day=None, reason="Mengundurkan diri", now=timezone.now())
    assert scope_of(mentor).roles == frozenset()
    with pytest.raises(NotShorter):
        end(scope=head, membership_id=held.pk, last_day=None, reason="Lagi", now=timezone.now())
    with pytest.raises(Membership.DoesNotExist):
        other = Membership.objects.get(user=make_staff("mentor", SEMARANG))
        end(scope=head, membership_id=other.pk, last_day=None, reason="Bukan urusan saya", now=timezone.now())


def test_a_membership_only_gets_shorter_and_prolonging_takes_two() -> None:
    head, second, mentor = asker("office_head", CILACAP), asker("approver"), make_staff("mentor", CILACAP)
    held, today = Membership.objects.get(user=mentor), timezone.localdate()
    sooner = today + timedelta(days=10)
    end(scope=head, membership_id=held.pk, last_day=sooner, reason="Kontrak habis", now=timezone.now())
    with pytest.raises(NotShorter):
        end(scope=head, membership_id=held.pk, last_day=sooner + timedelta(days=1), reason="Salah", now=timezone.now())
    for longer in (None, sooner + timedelta(days=1)):
        with refused("only gets shorter"):
            Membership.objects.filter(pk=held.pk).update(valid_to=longer)
    later = today + timedelta(days=100)
    proposal = prolong(scope=head, proposal_id=uuid7(), membership_id=held.pk, valid_to=later, now=timezone.now())
    sign(second, proposal)
    assert admit(proposal_id=proposal.pk, now=timezone.now()) == mentor
    assert sorted(Membership.objects.filter(user=mentor).values_list("valid_to", flat=True)) == [sooner, later]


def test_who_leaves_is_replaced_in_one_step() -> None:
    head, leaving = asker("office_head", CILACAP), Membership.objects.get(user=make_staff("mentor", CILACAP))
    successor = {"name": "Budi Santoso", "email": "budi@contoh.example", "phone": ""}
    step: dict[str, Any] = {"scope": head, "membership_id": leaving.pk, "last_day": None, "now": timezone.now()}
    proposal = replace(**step, reason="Pindah", proposal_id=uuid7(), **successor)
    leaving.refresh_from_db()
    assert leaving.ended_by_id == head.user_id
    assert (proposal.role, proposal.office_id, proposal.state) == ("mentor", CILACAP, "proposed")


@pytest.mark.parametrize("role", ["approver", "operator"])
def test_the_last_of_a_role_that_the_portal_needs_stays(role: str) -> None:
    planner, first = asker("planner"), Membership.objects.get(user=make_staff(role))
    now, today = timezone.now(), timezone.localdate()
    for last_day in (None, today):
        with pytest.raises(LastOfRole):
            end(scope=planner, membership_id=first.pk, last_day=last_day, reason="Pindah", now=now)
    other = Membership.objects.get(user=make_staff(role))
    end(scope=planner, membership_id=first.pk, last_day=None, reason="Pindah", now=now)
    with pytest.raises(LastOfRole):
        end(scope=planner, membership_id=other.pk, last_day=today + timedelta(days=30), reason="Pindah", now=now)


def test_create_operator_stands_alone_once() -> None:
    now = timezone.now()
    first = create_operator(name="Operator", email="operator@contoh.example", now=now)
    with pytest.raises(OperatorExists):
        create_operator(name="Lain", email="lain@contoh.example", now=now)
    assert not User.objects.filter(email="lain@contoh.example").exists()
    with pytest.raises(PermissionDenied):
        create_operator(name="Lain", email="lain@contoh.example", second=make_staff("planner"), now=now)
    second = create_operator(name="Dua", email="dua@contoh.example", second=first, now=now)
    assert scope_of(second).roles == {"operator"}
    with pytest.raises(IntegrityError, match="two_persons"):
        Membership.objects.create(user=make_user(), role="planner", valid_from=date(2026, 1, 1))


def test_the_command_prints_a_link_that_works_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_operator", name="Operator", email="operator@contoh.example")
    token = capsys.readouterr().out.strip().rsplit("/", 2)[1]
    user = use_link(token=token, password=PASSWORD, now=timezone.now())
    assert scope_of(user).roles == {"operator"}
    with pytest.raises(SecretSpent):
        use_link(token=token, password=PASSWORD, now=timezone.now())


def test_the_command_asks_an_operator_for_a_further_one(monkeypatch: pytest.MonkeyPatch) -> None:
    make_staff("operator", email="lama@contoh.example", password=PASSWORD)
    make_staff("planner", email="perencana@contoh.example", password=PASSWORD)
    call_command("create_operator", name="Satu", email="satu@contoh.example")
    new = {"name": "Dua", "email": "dua@contoh.example"}
    with pytest.raises(CommandError, match="--second-approval"):
        call_command("create_operator", **new)
    for login, typed in (("lama@contoh.example", "salah"), ("perencana@contoh.example", PASSWORD), ("x@y.example", "")):
        monkeypatch.setattr(create_operator_command, "getpass", lambda _prompt, typed=typed: typed)
        with pytest.raises(CommandError, match="no operator with this login"):
            call_command("create_operator", **new, second_approval=login)
    monkeypatch.setattr(create_operator_command, "getpass", lambda _prompt: PASSWORD)
    call_command("create_operator", **new, second_approval="lama@contoh.example")
    assert Membership.objects.get(user__email="dua@contoh.example").approved_by.email == "lama@contoh.example"  # type: ignore[union-attr]


def test_the_invited_get_a_link_and_those_with_an_account_none() -> None:
    head, second, known = asker("office_head", CILACAP), asker("approver"), make_user()
    for email, messages in (("baru@contoh.example", 1), (known.email, 1)):
        proposal = proposed(head, email=email)
        sign(second, proposal)
        admit(proposal_id=proposal.pk, now=timezone.now())
        assert ask("SELECT count(*) FROM records_message") == [(messages,)]
