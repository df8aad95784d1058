"""Somebody proposes, somebody signs, and raw SQL as a web request would send it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import MembershipProposal
from clusters.selectors.memberships import digest_of, proposals
from clusters.selectors.offices import scope_of
from clusters.services.memberships import Invitation, approve, propose
from records.ids import uuid7
from tests.factories.staff import make_staff

CILACAP, SEMARANG = 3301, 3374


@contextmanager
def as_web(scope: Scope) -> Iterator[None]:
    """With the rights of a web request; what is written stays."""
    with transaction.atomic():
        enter_scope(scope, web_role=True)
        yield
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def asker(role: str, regency: int | None = None) -> Scope:
    return scope_of(make_staff(role, regency))


def invitation(**fields: Any) -> Invitation:
    today = timezone.localdate()
    return Invitation(
        **{"name": "Rina Wulandari", "email": f"{uuid4().hex[:8]}@contoh.example", "role": "mentor"}
        | {"office_id": CILACAP, "valid_from": today, **fields}
    )


def proposed(scope: Scope, **fields: Any) -> MembershipProposal:
    now = timezone.now()
    return propose(scope=scope, proposal_id=uuid7(), invitation=invitation(**fields), now=now)


def sign(scope: Scope, proposal: MembershipProposal, **fields: Any) -> None:
    shown = proposals(scope).get(pk=proposal.pk)
    signed: dict[str, Any] = {"digest": digest_of(shown), "now": timezone.now(), **fields}
    approve(scope=scope, proposal_id=proposal.pk, **signed)


def raw_proposal(scope: Scope, *, role: str = "mentor", office: int | None = CILACAP, **fields: object) -> None:
    values = {
        "id": uuid7(), "name": "X", "email": "x@contoh.example", "role": role, "office_id": office,
        "valid_from": date(2026, 1, 1), "state": "proposed", "proposed_by_id": scope.user_id,
        "proposed_at": timezone.now(), "reason": "", "digest": "", **fields,
    }  # fmt: skip
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO clusters_membershipproposal ({', '.join(values)}) VALUES ({marks})",  # noqa: S608
            list(values.values()),
        )
