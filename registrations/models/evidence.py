"""Photographed papers that bear out what somebody stated."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from records.fields import BlindIndexField, EncryptedField
from records.ids import uuid7
from registrations.models.drafts import Draft
from registrations.models.people import Registration
from registrations.querysets import EvidenceQuerySet, EvidenceUploadQuerySet

CLAIM_WORDS = {
    "pmi": _("Calon pekerja migran Indonesia"),
    "laid_off": _("Terkena PHK atau dirumahkan"),
    "disability": _("Penyandang disabilitas"),
}
PAPER_WORDS = {
    "pmi": _("ID Rekom, akun CPMI, atau kartu AK/1 (kartu kuning)"),
    "laid_off": _("Surat PHK atau surat dirumahkan dari perusahaan"),
    "disability": _("Kartu penyandang disabilitas"),
}
VERDICT_WORDS = {
    "waiting": _("Menunggu diperiksa"),
    "accepted": _("Sesuai"),
    "refused": _("Tidak sesuai"),
}


def _owners(model: str) -> list[models.BaseConstraint]:
    """A file is of a draft or of a registration, and the same file once."""
    return [
        models.CheckConstraint(
            condition=Q(draft__isnull=True) ^ Q(registration__isnull=True), name=f"registrations_{model}_owner"
        ),
        models.UniqueConstraint(fields=["draft", "claim", "digest"], name=f"registrations_{model}_draft_once"),
        models.UniqueConstraint(fields=["registration", "claim", "digest"], name=f"registrations_{model}_once"),
    ]


class _OfSomebody(models.Model):
    class Claim(models.TextChoices):
        """What the person stated and the paper bears out."""

        PMI = "pmi"
        LAID_OFF = "laid_off"
        DISABILITY = "disability"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    draft = models.ForeignKey(Draft, models.CASCADE, null=True, related_name="+", db_index=False)
    registration = models.ForeignKey(Registration, models.PROTECT, null=True, related_name="+", db_index=False)
    claim = models.CharField(max_length=12, choices=Claim)
    digest = BlindIndexField(help_text="keyed hash of the SHA-256 of the file as it was sent")

    class Meta:
        abstract = True


class Evidence(_OfSomebody):
    """One photograph, drawn anew (records.pictures) and encrypted, and what the office says about it.

    It goes with its draft, from the draft to the registration, and stays there. It decides nothing by itself: no rule reads
    it. The history of verdicts: the events evidence.*.
    """

    class Verdict(models.TextChoices):
        WAITING = "waiting"
        ACCEPTED = "accepted"
        REFUSED = "refused"

    content = EncryptedField(aad="registrations.evidence.content", bulky=True)
    added_at = models.DateTimeField()
    verdict = models.CharField(max_length=8, choices=Verdict, default=Verdict.WAITING)
    reason = models.CharField(max_length=300, blank=True, help_text="as the person reads it")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)

    objects: ClassVar[EvidenceQuerySet] = EvidenceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            *_owners("evidence"),
            models.CheckConstraint(
                condition=Q(verdict="waiting", reason="", decided_by__isnull=True, decided_at__isnull=True)
                | Q(verdict="accepted", reason="", decided_by__isnull=False, decided_at__isnull=False)
                | Q(verdict="refused", decided_by__isnull=False, decided_at__isnull=False) & ~Q(reason=""),
                name="registrations_evidence_verdict",
            ),
            models.CheckConstraint(
                condition=Q(verdict="waiting") | Q(registration__isnull=False), name="registrations_evidence_of_draft"
            ),
        ]
        indexes = [models.Index(fields=["digest"], name="evidence_same_file")]

    def __str__(self) -> str:
        return f"{self.claim} {self.verdict}"

    def get_verdict_display(self) -> str:  # type: ignore[no-redef]
        return str(VERDICT_WORDS[self.verdict])


class EvidenceUpload(_OfSomebody):
    """A file on its way, piece by piece: who sends the same file again goes on behind `received`."""

    size = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    objects: ClassVar[EvidenceUploadQuerySet] = EvidenceUploadQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            *_owners("evidenceupload"),
            models.CheckConstraint(
                condition=Q(received__lte=models.F("size")), name="registrations_evidenceupload_received"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim} {self.received}/{self.size}"


class EvidencePiece(models.Model):
    """Bytes of an upload from `start` on, encrypted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    upload = models.ForeignKey(EvidenceUpload, models.CASCADE, related_name="pieces", db_index=False)
    start = models.PositiveIntegerField()
    data = EncryptedField(aad="registrations.evidencepiece.data", bulky=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "start"], name="registrations_evidencepiece_once")]

    def __str__(self) -> str:
        return f"{self.upload_id} {self.start}"
