"""What no statement of a web request does, whatever the code forgets."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from clusters.models import Membership
from clusters.services.memberships import (
    end,
    propose,
    refuse,
)
from records.ids import uuid7
from tests.clusters.seats import CILACAP, SEMARANG, as_web, asker, invitation, proposed, raw_proposal
from tests.factories.staff import make_staff, make_user
from tests.prakerja.database import refused

pytestmark = pytest.mark.django_db


SIGN = (
    "UPDATE clusters_membershipproposal SET state = 'approved', decided_at = now(), digest = repeat('a', 64),"
    " decided_by_id = "
)
TRIES = {
    "insert a membership": (
        "INSERT INTO clusters_membership (user_id, role, office_id, valid_from, end_reason, granted_by_id, approved_by_id)"
        " VALUES (%(me)s, 'office_head', 3301, '2026-01-01', '', %(other)s, %(other2)s)",
        "permission denied",
    ),
    "delete a membership": ("DELETE FROM clusters_membership", "permission denied"),
    "change a role": ("UPDATE clusters_membership SET role = 'planner'", "permission denied"),
    "change who signed": ("UPDATE clusters_membership SET approved_by_id = %(me)s", "permission denied"),
    "take another's membership": ("UPDATE clusters_membership SET user_id = %(me)s", "permission denied"),
    "lengthen a membership": (
        "UPDATE clusters_membership SET valid_to = '2099-01-01', ended_by_id = %(me)s, end_reason = 'x'"
        " WHERE user_id = %(short)s",
        "only gets shorter",
    ),
    "revive one that ended": (
        "UPDATE clusters_membership SET ended_at = NULL, ended_by_id = %(me)s WHERE user_id = %(ended)s",
        "0 rows",
    ),
    "end in another's name": (
        "UPDATE clusters_membership SET ended_at = now(), ended_by_id = %(other)s, end_reason = 'x'"
        " WHERE user_id = %(short)s",
        "row-level security",
    ),
    "end another office's": (
        "UPDATE clusters_membership SET ended_at = now(), ended_by_id = %(me)s, end_reason = 'x' WHERE office_id = 3374",
        "0 rows",
    ),
    "sign one's own": (
        SIGN + "%(me)s WHERE id = %(own)s",
        "row-level security|decided",
    ),
    "sign in another's name": (
        SIGN + "%(other)s WHERE id = %(theirs)s",
        "row-level security",
    ),
    "sign for oneself": (
        SIGN + "%(me)s WHERE id = %(for_me)s",
        "row-level security|decided",
    ),
    "sign an old one": (
        SIGN + "%(me)s WHERE id = %(old)s",
        "row-level security|decided",
    ),
    "sign an old one with an earlier clock": (
        "UPDATE clusters_membershipproposal SET state = 'approved', digest = repeat('a', 64), decided_by_id = %(me)s,"
        " decided_at = now() - interval '2 days' WHERE id = %(old)s",
        "row-level security",
    ),
    "sign another office's": (
        SIGN + "%(me)s WHERE office_id = 3374",
        "0 rows",
    ),
    "sign what was refused": (
        SIGN + "%(me)s WHERE id = %(done)s",
        "0 rows",
    ),
    "change what was proposed": (
        "UPDATE clusters_membershipproposal SET role = 'office_head' WHERE id = %(theirs)s",
        "permission denied",
    ),
    "change the account": (
        "UPDATE clusters_membershipproposal SET user_id = %(me)s WHERE id = %(theirs)s",
        "permission denied",
    ),
    "delete a proposal": ("DELETE FROM clusters_membershipproposal", "permission denied"),
    "make an account": ("INSERT INTO accounts_user (id, name) VALUES (gen_random_uuid(), 'x')", "permission denied"),
    "make an account active": ("UPDATE accounts_user SET is_active = true", "permission denied"),
}


@pytest.mark.parametrize("attempt", TRIES)
def test_no_sql_of_a_web_request_grants_a_role(attempt: str) -> None:
    me, other = asker("office_head", CILACAP), asker("office_head", CILACAP)
    make_staff("mentor", SEMARANG)
    short = make_staff("mentor", CILACAP)
    held = Membership.objects.get(user=short)
    end(
        scope=me,
        membership_id=held.pk,
        last_day=date(2099, 1, 1) - timedelta(days=9000),
        reason="x",
        now=timezone.now(),
    )
    ended = make_staff("mentor", CILACAP)
    done = Membership.objects.get(user=ended)
    end(scope=me, membership_id=done.pk, last_day=None, reason="x", now=timezone.now())
    refusable = proposed(other)
    refuse(scope=me, proposal_id=refusable.pk, reason="x", now=timezone.now())
    proposed(asker("approver"), office_id=SEMARANG, role="office_head")
    long_ago = timezone.now() - timedelta(days=7, minutes=1)
    values = {
        "me": me.user_id, "other": other.user_id, "other2": make_user().pk, "short": short.pk, "ended": ended.pk,
        "own": proposed(me).pk, "theirs": proposed(other).pk, "done": refusable.pk,
        "for_me": proposed(other, email=User.objects.get(pk=me.user_id).email).pk,
        "old": propose(scope=other, proposal_id=uuid7(), invitation=invitation(), now=long_ago).pk,
    }  # fmt: skip
    sql, words = TRIES[attempt]
    with as_web(me):
        if words == "0 rows":
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                assert cursor.rowcount == 0
        else:
            with refused(words), connection.cursor() as cursor:
                cursor.execute(sql, values)


FORGED = {
    "another's name": lambda me, other: {"proposed_by_id": other},
    "signed from the start": lambda me, other: {
        "state": "approved", "decided_by_id": other, "decided_at": timezone.now(), "digest": "a" * 64,
    },
    "another office": lambda me, other: {"office_id": SEMARANG},
    "a seat of the province": lambda me, other: {"office_id": None, "role": "approver"},
    "a date ahead, to stand longer": lambda me, other: {"proposed_at": timezone.now() + timedelta(days=300)},
}  # fmt: skip


@pytest.mark.parametrize("attempt", FORGED)
def test_no_forged_proposal_is_taken(attempt: str) -> None:
    me, other = asker("office_head", CILACAP), asker("office_head", CILACAP)
    make_staff("mentor", SEMARANG)
    with as_web(me), refused("row-level security"):
        raw_proposal(me, **FORGED[attempt](me.user_id, other.user_id))


def test_the_owners_own_statements_keep_to_two_persons() -> None:
    one = make_user()
    for fields in ({"approved_by": one}, {"granted_by": one}, {"granted_by": one, "approved_by": one}):
        with refused("two_persons"):
            Membership.objects.create(user=make_user(), role="planner", valid_from=date(2026, 1, 1), **fields)
    with refused("not_own"):
        Membership.objects.create(
            user=one, role="planner", valid_from=date(2026, 1, 1), granted_by=make_user(), approved_by=one
        )
    with refused("append-only"):
        Membership.objects.filter(user=make_staff("planner")).delete()
