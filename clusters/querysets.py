"""Filters and annotations of clusters' tables."""

from datetime import date
from typing import Any, Self

from django.db import models
from django.db.models import Q

from accounts.scope import Scope


class WaveQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        """Drafts are the province's; every other wave is public."""
        return self if scope.sees_all else self.exclude(state="draft")

    def newest_first(self) -> Self:
        return self.order_by("-opens_at", "-id")


class QuotaDecisionQuerySet(models.QuerySet[Any]):
    def standing(self) -> Self:
        """Decrees that no later one replaces."""
        return self.filter(replaced_by__isnull=True)


class ProvinceQuerySet(models.QuerySet[Any]):
    """Rows the province works with and auditors read."""

    def within(self, scope: Scope) -> Self:
        return self if scope.sees_all else self.none()


class QuotaSplitQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        """Proposals are the province's; what is or was published is public."""
        return self if scope.sees_all else self.published()

    def published(self) -> Self:
        return self.filter(published_at__isnull=False)

    def in_force(self) -> Self:
        """The published version of each wave that counts now: the highest."""
        newest = (
            self.model.objects.filter(wave=models.OuterRef("wave"), published_at__isnull=False)
            .order_by("-version")
            .values("pk")[:1]
        )
        return self.filter(pk=models.Subquery(newest))


class ObservationQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        """Counts by sex and disability are the province's: those of one cell are small. All others are public."""
        return self if scope.sees_all else self.exclude(indicator="registrants_by_group")

    def current(self) -> Self:
        return self.filter(superseded_by__isnull=True)

    def delivered(self) -> Self:
        """Figures from outside: of no wave."""
        return self.filter(wave=None)

    def published(self) -> Self:
        """Those delivered about everybody in a regency or the province: of no cluster, sex or disability."""
        return self.delivered().filter(cluster=None, sex="", with_disability=None)


class ClusterAreaQuerySet(models.QuerySet[Any]):
    def in_force(self, day: date) -> Self:
        """Areas that are switched on and valid on this day."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day),
            Q(valid_to__isnull=True) | Q(valid_to__gte=day),
            active=True,
        )


class MembershipQuerySet(models.QuerySet[Any]):
    def valid_on(self, day: date) -> Self:
        """Those that hold on this day; one that was ended holds on none."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day), valid_from__lte=day, ended_at__isnull=True)

    def within(self, scope: Scope) -> Self:
        """One's own, those of the offices one heads; the province, auditors and operators see all."""
        if scope.is_province or scope.roles & {"auditor", "operator"}:
            return self
        return self.filter(Q(user_id=scope.user_id) | Q(office_id__in=scope.head_ids))


class ProposalQuerySet(models.QuerySet[Any]):
    def within(self, scope: Scope) -> Self:
        """One's own proposals, those for the offices one heads; the province and auditors see all."""
        if scope.is_province or "auditor" in scope.roles:
            return self
        return self.filter(Q(proposed_by_id=scope.user_id) | Q(office_id__in=scope.head_ids))
