"""Filters and annotations of registrations' tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Now

from accounts.scope import Scope


class ApplicantQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        if scope.sees_all:
            return self
        return self.filter(Q(regency_id__in=scope.regency_ids) | Q(pk=scope.applicant_id))


class RegistrationQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        if scope.sees_all:
            return self
        return self.filter(Q(regency_id__in=scope.regency_ids) | Q(applicant_id=scope.applicant_id))

    def in_cluster(self, index: int) -> Self:
        """Those whose eligibility set contains the cluster with this index."""
        return self.annotate(cluster_bit=F("clusters").bitand(1 << index)).filter(cluster_bit__gt=0)

    def with_identity(self, code: str) -> Self:
        """By the state of the identity check; "sighted" is what waits for the second person."""
        if code == "sighted":
            return self.filter(identity__state="not_matched", identity__sighted_by__isnull=False)
        return self.filter(identity__state=code)

    def by_name(self) -> Self:
        """Total order of lists: name, then id as the tie-break that keeps keyset pages complete."""
        return self.order_by("search_name", "id")

    def after(self, name: str, pk: UUID) -> Self:
        """The rest of `by_name` behind this key. The first condition is what the index can start from."""
        return self.filter(Q(search_name__gte=name), Q(search_name__gt=name) | Q(pk__gt=pk))

    def before(self, name: str, pk: UUID) -> Self:
        """The people of `by_name` in front of this key, nearest first."""
        return self.filter(Q(search_name__lte=name), Q(search_name__lt=name) | Q(pk__lt=pk)).reverse()

    def name_starts(self, text: str) -> Self:
        """Prefix search as a range, which the index serves and row-level security may push down."""
        prefix = text.strip().lower()
        return self.filter(search_name__gte=prefix, search_name__lt=prefix + "\U0010ffff") if prefix else self


class IdentityCheckQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        if scope.sees_all:
            return self
        return self.filter(Q(regency_id__in=scope.regency_ids) | Q(applicant_id=scope.applicant_id))

    def due(self, now: datetime) -> Self:
        """Those that may be asked about, the longest due first; a new one is due from its registration on."""
        return self.filter(state__in=["pending", "failed"], next_try__lte=now).order_by("next_try", "pk")


class DraftQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        """The draft that the session has opened, else the registration that its person has begun; staff: those that its office
        fills in.
        """
        if scope.user_id:
            of_office = self.filter(assistance__regency_id__in=scope.regency_ids, assistance__ends_at__gt=Now())
            return of_office.filter(pk=scope.draft_id) if scope.draft_id else of_office
        if scope.draft_id:
            return self.filter(pk=scope.draft_id)
        if scope.applicant_id:
            return self.filter(applicant_id=scope.applicant_id, registration__isnull=True)
        return self.none()


class FormerValueQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        if scope.sees_all:
            return self
        return self.filter(Q(applicant__regency_id__in=scope.regency_ids) | Q(applicant_id=scope.applicant_id))


class PhoneChangeQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        """Those of the person who asks; nobody else's business."""
        return self.filter(applicant_id=scope.applicant_id) if scope.applicant_id else self.none()


class AssistanceQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        return self if scope.sees_all else self.filter(regency_id__in=scope.regency_ids)

    def running(self, now: datetime) -> Self:
        """Those whose right has not ended: neither by date nor by the person's claim."""
        return self.filter(ends_at__gt=now, claimed_at__isnull=True)


class PaperLotQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        return self if scope.sees_all else self.filter(regency_id__in=scope.regency_ids)


class PaperFormQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        return self if scope.sees_all else self.filter(lot__regency_id__in=scope.regency_ids)


class DuplicatePairQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        """Both registrations are the office's own; what lies between two offices is the province's."""
        if scope.sees_all:
            return self
        return self.filter(regency_id__in=scope.regency_ids, other_regency_id__in=scope.regency_ids)

    def waiting(self) -> Self:
        return self.filter(verdict__in=["", "unsure"])

    def behind(self, found_at: datetime, pk: UUID) -> Self:
        """The rest of the order by (found_at, pk). The first condition is what the index can start from."""
        return self.filter(Q(found_at__gte=found_at), Q(found_at__gt=found_at) | Q(pk__gt=pk))


class EvidenceQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        """Of the own draft and registrations, and of the office's people; the auditor's of every registration."""
        if "auditor" in scope.roles:
            return self.filter(registration__isnull=False)
        return self.filter(_own(scope) | Q(registration__regency_id__in=scope.regency_ids))


class EvidenceUploadQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        return self.filter(_own(scope))


def _own(scope: Scope) -> Q:
    """What belongs to the draft that the session has opened, or to the person it has shown to be."""
    found = Q(draft_id=scope.draft_id) if scope.draft_id else Q(pk__in=[])
    if scope.applicant_id:
        found |= Q(draft__applicant_id=scope.applicant_id) | Q(registration__applicant_id=scope.applicant_id)
    return found


class TallyQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        return self if scope.sees_all else self.filter(regency_id__in=scope.regency_ids)

    def counts(self, *by: str) -> Self:
        """Rows of `by` with `people`, the sum of the increments; groups that came to nothing are left out."""
        groups: Self = self.values(*by).annotate(people=Sum("change")).exclude(people=0).order_by(*by)
        return groups

    def in_cluster(self, index: int) -> Self:
        return self.annotate(cluster_bit=F("clusters").bitand(1 << index)).filter(cluster_bit__gt=0)


class PersonListQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        return self if scope.sees_all else self.filter(regency_id__in=scope.regency_ids)


class ListedPersonQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        return self if scope.sees_all else self.filter(list__regency_id__in=scope.regency_ids)
