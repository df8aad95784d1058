"""Filters and annotations of registrations' tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q, Sum

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
        """The draft that the session has opened, else that of the person it has shown to be; staff sees none."""
        if scope.draft_id:
            return self.filter(pk=scope.draft_id)
        return self.filter(applicant_id=scope.applicant_id) if scope.applicant_id else self.none()


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
