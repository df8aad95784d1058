"""Two registrations of one wave that may be of one person, and what people decided about them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clusters.models import Regency, Wave
from records.ids import uuid7
from registrations.models.people import Registration
from registrations.querysets import DuplicatePairQuerySet

KIND_WORDS = {
    "name": _("Nama, tanggal lahir, dan desa sama"),
    "phone": _("Nomor HP sama, nomor KK berbeda"),
    "household": _("Lebih banyak orang pada satu KK daripada batasnya"),
}
VERDICT_WORDS = {
    "": _("Belum diputus"),
    "same": _("Orang yang sama"),
    "different": _("Orang berbeda"),
    "unsure": _("Belum pasti"),
    "undone": _("Putusan dibatalkan"),
}


class DuplicatePair(models.Model):
    """`older` registered before `younger`. `verdict` is that of the last decision; a trigger keeps it.

    `regency` is the younger's, `other_regency` the older's: where they differ, the province decides, since neither office may
    see the other's person.
    """

    class Verdict(models.TextChoices):
        OPEN = ""
        SAME = "same"
        DIFFERENT = "different"
        UNSURE = "unsure"

    WAITING: ClassVar = (Verdict.OPEN, Verdict.UNSURE)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    wave = models.ForeignKey(Wave, models.PROTECT, related_name="+", db_index=False)
    older = models.ForeignKey(Registration, models.PROTECT, related_name="+", db_index=False)
    younger = models.ForeignKey(Registration, models.PROTECT, related_name="+")
    regency = models.ForeignKey(Regency, models.PROTECT, related_name="+", db_index=False)
    other_regency = models.ForeignKey(Regency, models.PROTECT, related_name="+", db_index=False)
    kinds = models.JSONField(help_text="keys of KIND_WORDS")
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.OPEN, blank=True)
    found_at = models.DateTimeField()

    objects: ClassVar[DuplicatePairQuerySet] = DuplicatePairQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["older", "younger"], name="registrations_duplicatepair_once"),
            models.CheckConstraint(condition=~Q(older=F("younger")), name="registrations_duplicatepair_two"),
        ]
        indexes = [
            models.Index(
                fields=["regency", "found_at", "id"], condition=Q(verdict__in=["", "unsure"]), name="pair_waiting"
            ),
            models.Index(fields=["found_at", "id"], condition=Q(verdict__in=["", "unsure"]), name="pair_all_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.older_id} {self.younger_id}"

    def get_verdict_display(self) -> str:  # type: ignore[no-redef]
        return str(VERDICT_WORDS[self.verdict])


class DuplicateDecision(models.Model):
    """What somebody decided about a pair that stood at `was`; append-only, undoing is one more row."""

    class Verdict(models.TextChoices):
        SAME = "same"
        DIFFERENT = "different"
        UNSURE = "unsure"
        UNDONE = "undone"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    pair = models.ForeignKey(DuplicatePair, models.PROTECT, related_name="decisions")
    was = models.CharField(max_length=10, choices=DuplicatePair.Verdict, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.CharField(max_length=300)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    actor_role = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="registrations_duplicatedecision_reason"),
            models.CheckConstraint(
                condition=~Q(verdict="undone", was=""), name="registrations_duplicatedecision_undoes_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pair_id} {self.verdict}"

    def get_verdict_display(self) -> str:  # type: ignore[no-redef]
        return str(VERDICT_WORDS[self.verdict])
