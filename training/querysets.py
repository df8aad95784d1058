"""Filters of training's tables."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q

from accounts.scope import Scope


class OfRegistrationQuerySet(models.QuerySet[Any]):
    """Rows that belong to a registration are seen by whoever sees the registration."""

    def within(self, scope: Scope) -> Self:
        if scope.sees_all:
            return self
        return self.filter(
            Q(registration__regency_id__in=scope.regency_ids) | Q(registration__applicant_id=scope.applicant_id)
        )


class GrievanceQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        """A complaint without a registration has no applicant: nobody in particular must not stand for it."""
        if scope.sees_all:
            return self
        own = Q(applicant_id=scope.applicant_id) if scope.applicant_id else Q()
        return self.filter(Q(regency_id__in=scope.regency_ids) | own)
