"""The labour offices and who works where."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clusters.models.places import Regency
from clusters.querysets import MembershipQuerySet


class LabourOffice(models.Model):
    """A regency's labour office. Its official name is data; an empty one means that it was not yet supplied."""

    regency = models.OneToOneField(Regency, models.PROTECT, primary_key=True, related_name="office")
    short_name = models.CharField(max_length=60, blank=True)
    long_name = models.CharField(max_length=160, blank=True)
    address = models.CharField(max_length=240, blank=True)
    hours = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    source = models.URLField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.short_name or self.long_name or f"({self.regency_id})"


class Membership(models.Model):
    """A role of a user from one day to another, granted by one person and approved by a second."""

    class Role(models.TextChoices):
        MENTOR = "mentor"
        OFFICE_HEAD = "office_head"
        PLANNER = "planner"
        APPROVER = "approver"
        AUDITOR = "auditor"
        OPERATOR = "operator"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role)
    office = models.ForeignKey(LabourOffice, models.PROTECT, null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects: ClassVar[MembershipQuerySet] = MembershipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(granted_by=F("approved_by")), name="clusters_membership_two_persons"),
            models.CheckConstraint(
                condition=Q(role__in=["mentor", "office_head"]) ^ Q(office__isnull=True),
                name="clusters_membership_office",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.office_id or ''}"
