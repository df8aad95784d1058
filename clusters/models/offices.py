"""The labour offices, who works where, and who is proposed to."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clusters.models.places import Regency
from clusters.querysets import MembershipQuerySet, ProposalQuerySet
from records.fields import BlindIndexField, EncryptedField
from records.ids import uuid7

PROPOSAL_STANDS = timedelta(days=7)
ROLE_WORDS = {
    "mentor": _("Pendamping"),
    "office_head": _("Kepala kantor"),
    "planner": _("Perencana"),
    "approver": _("Penyetuju"),
    "auditor": _("Pemeriksa"),
    "operator": _("Pengelola sistem"),
}


class Role(models.TextChoices):
    MENTOR = "mentor"
    OFFICE_HEAD = "office_head"
    PLANNER = "planner"
    APPROVER = "approver"
    AUDITOR = "auditor"
    OPERATOR = "operator"


IN_OFFICE = Q(role__in=["mentor", "office_head"]) ^ Q(office__isnull=True)


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

    @property
    def name(self) -> str:
        """The official name; empty when it was not yet supplied."""
        return self.long_name or self.short_name


class Membership(models.Model):
    """A role of a user from one day to another, granted by one person and approved by a second.

    A row only ever gets shorter; a longer one is a new row. The first operator alone stands unsigned, and once.
    """

    Role = Role

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role)
    office = models.ForeignKey(LabourOffice, models.PROTECT, null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    proposal = models.OneToOneField(
        "MembershipProposal", models.PROTECT, null=True, editable=False, related_name="membership"
    )
    ended_at = models.DateTimeField(null=True, editable=False, help_text="the role ended here, before its last day")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+")
    end_reason = models.CharField(max_length=300, blank=True, editable=False)

    objects: ClassVar[MembershipQuerySet] = MembershipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True, role="operator")
                | (Q(granted_by__isnull=False, approved_by__isnull=False) & ~Q(granted_by=F("approved_by"))),
                name="clusters_membership_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("user")), name="clusters_membership_not_own"
            ),
            models.UniqueConstraint(
                fields=["role"],
                condition=Q(granted_by__isnull=True, approved_by__isnull=True),
                name="clusters_membership_first_operator",
            ),
            models.CheckConstraint(condition=IN_OFFICE, name="clusters_membership_office"),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, ended_at__isnull=True, end_reason="")
                | (Q(ended_by__isnull=False) & ~Q(end_reason="")),
                name="clusters_membership_end_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.office_id or ''}"

    def get_role_display(self) -> str:  # type: ignore[no-redef]
        return str(ROLE_WORDS[self.role])


class MembershipProposal(models.Model):
    """A role proposed for somebody; it becomes a membership when a second person signs what was shown to him.

    `user` is the account that the addresses belong to, set by the database; without one an account is made on approval.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=120)
    email = models.EmailField(null=True)  # noqa: DJ001 - as in accounts.User
    phone = EncryptedField(aad="clusters.membershipproposal.phone", null=True)
    phone_index = BlindIndexField(null=True)
    role = models.CharField(max_length=12, choices=Role)
    office = models.ForeignKey(LabourOffice, models.PROTECT, null=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True, help_text="why it was refused")
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of what the second person was shown")

    objects: ClassVar[ProposalQuerySet] = ProposalQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(email__isnull=False) | Q(phone_index__isnull=False),
                name="clusters_membershipproposal_reachable",
            ),
            models.CheckConstraint(condition=IN_OFFICE, name="clusters_membershipproposal_office"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="clusters_membershipproposal_dates",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state="withdrawn", decided_by=F("proposed_by"), decided_at__isnull=False)
                | (Q(state="refused", decided_at__isnull=False) & ~Q(decided_by=F("proposed_by")) & ~Q(reason=""))
                | (
                    Q(
                        state="approved",
                        decided_at__lt=F("proposed_at") + PROPOSAL_STANDS,
                        digest__regex="^[0-9a-f]{64}$",
                    )
                    & ~Q(decided_by=F("proposed_by"))
                    & (Q(user__isnull=True) | ~Q(decided_by=F("user")))
                ),
                name="clusters_membershipproposal_decided",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") | Q(decided_by__isnull=False),
                name="clusters_membershipproposal_decider",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.office_id or ''}: {self.state}"

    def get_role_display(self) -> str:  # type: ignore[no-redef]
        return str(ROLE_WORDS[self.role])

    @property
    def stands_until(self) -> datetime:
        return self.proposed_at + PROPOSAL_STANDS
