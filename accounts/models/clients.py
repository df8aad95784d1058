"""Institutions and the programs that read for them by the API."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from oauth2_provider.models import AbstractApplication

from accounts.scope import API_SCOPES, IDENTITY
from records.ids import uuid7


class Institution(models.Model):
    """Who reads by the API. Without regencies a ministry sees the whole province; an office always has some."""

    class Kind(models.TextChoices):
        MINISTRY = "ministry"
        OFFICE = "office"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    regency_ids = ArrayField(models.IntegerField(), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="ministry") | ~Q(regency_ids=[]), name="accounts_institution_office_regencies"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ApiClient(AbstractApplication):  # type: ignore[misc]  # the toolkit ships no types
    """A program of an institution, with a hashed secret. `user` is the actor of what it reads; that account cannot sign in.

    The NIK in full takes two persons: one who asks for the right and another one who grants it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    address_ranges = ArrayField(
        models.CharField(max_length=43), default=list, blank=True, help_text="CIDR; empty: from anywhere"
    )
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(
        null=True, blank=True, help_text="when it last got a token, which lives 15 minutes"
    )
    identity_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    identity_granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta(AbstractApplication.Meta):  # type: ignore[misc]
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=sorted(API_SCOPES)), name="accounts_apiclient_scopes"
            ),
            models.CheckConstraint(
                condition=~Q(scopes__contains=[IDENTITY]) | Q(identity_granted_by__isnull=False),
                name="accounts_apiclient_identity",
            ),
            models.CheckConstraint(
                condition=~Q(identity_granted_by=F("identity_asked_by")), name="accounts_apiclient_two_persons"
            ),
            models.CheckConstraint(
                condition=Q(identity_granted_by__isnull=True) | Q(identity_asked_by__isnull=False),
                name="accounts_apiclient_asked",
            ),
            models.CheckConstraint(
                condition=Q(
                    client_type="confidential", authorization_grant_type="client-credentials", hash_client_secret=True
                ),
                name="accounts_apiclient_grant",
            ),
        ]

    def is_usable(self, request: Any) -> bool:
        """For the token endpoint, which asks by this name; address and time are looked at by accounts.api.tokens."""
        return self.revoked_at is None
