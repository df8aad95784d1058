"""The draw of a wave: rules, frozen list, seed, result. Nothing of a draw is ever deleted."""

import json
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clusters.models import QuotaSplit, Regency, Wave
from records.ids import uuid7
from records.models import Stamped
from registrations.models import Registration
from training.models.catalogue import TrainingClass
from training.querysets import OfRegistrationQuerySet


class Draw(Stamped):
    """One draw; at most one per wave is not void.

    What stands once stays: a trigger refuses to change rules, list, seed or result after they were set. Dice count when a
    second person has entered the same ones; the first of the two does not publish. Setting a draw aside takes two as well.
    """

    class State(models.TextChoices):
        FREEZING = "freezing"
        FROZEN = "frozen"
        ROLLED = "rolled"
        SEEDED = "seeded"
        AGREED = "agreed"
        DISAGREED = "disagreed"
        PUBLISHED = "published"
        VOID = "void"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    wave = models.ForeignKey(Wave, models.PROTECT, related_name="draws")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.FREEZING)
    split = models.ForeignKey(QuotaSplit, models.PROTECT)
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField(null=True)
    rules = models.TextField(blank=True, help_text="canonical JSON; its SHA-256 is the rules digest")
    rules_digest = models.CharField(max_length=64, blank=True)
    list_size = models.PositiveIntegerField(null=True)
    list_sha256 = models.CharField(max_length=64, blank=True)
    list_root = models.CharField(max_length=64, blank=True)
    dice = models.CharField(max_length=400, blank=True)
    witnesses = models.TextField(blank=True)
    cleared = models.JSONField(
        default=list, help_text="dice that were entered and taken back: dice, witnesses, reason, moment"
    )
    rolled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    seed = models.CharField(max_length=64, blank=True)
    seeded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    seeded_at = models.DateTimeField(null=True)
    result_sha256 = models.CharField(max_length=64, blank=True)
    placed = models.PositiveIntegerField(null=True)
    report = models.TextField(blank=True, help_text="what the stand-alone verifier printed")
    ran_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    void_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    void_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wave"], condition=~Q(state="void"), name="training_draw_one_live"),
            models.UniqueConstraint(fields=["wave", "number"], name="training_draw_number"),
            models.CheckConstraint(condition=~Q(rolled_by=F("seeded_by")), name="training_draw_dice_twice"),
            models.CheckConstraint(condition=~Q(rolled_by=F("published_by")), name="training_draw_two_persons"),
            models.CheckConstraint(condition=~Q(void_asked_by=F("voided_by")), name="training_draw_void_two_persons"),
            models.CheckConstraint(
                condition=Q(seed="") | Q(rolled_by__isnull=False, seeded_by__isnull=False), name="training_draw_seeded"
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_by__isnull=False, result_sha256__regex="^[0-9a-f]{64}$"),
                name="training_draw_published",
            ),
            models.CheckConstraint(
                condition=~Q(state="void") | Q(voided_by__isnull=False) & ~Q(void_reason=""), name="training_draw_void"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wave_id} #{self.number}"

    @property
    def last_pass(self) -> int:
        """The number of the pass for everybody: the group guarantees come before it."""
        rules = json.loads(self.rules)
        return 0 if rules["guarantee"] is None else len(rules["groups"])


class MerkleBlock(models.Model):
    """Up to 1,024 neighbouring hashes of the list's tree (32 bytes each): leaves at level 0, block roots at level 10."""

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="blocks")
    level = models.PositiveSmallIntegerField()
    index = models.PositiveIntegerField()
    hashes = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draw", "level", "index"], name="training_merkleblock_once")]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class DrawEntry(models.Model):
    """A line of the frozen list with its salt. A partition per draw, filled by COPY."""

    pk = models.CompositePrimaryKey("draw_id", "registration_id")
    draw = models.ForeignKey(Draw, models.DO_NOTHING, related_name="+")
    registration = models.ForeignKey(Registration, models.DO_NOTHING, related_name="draw_entries")
    position = models.IntegerField(help_text="line number in the list, from 0")
    line = models.TextField()
    salt = models.BinaryField()

    objects: ClassVar[OfRegistrationQuerySet] = OfRegistrationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        managed = False
        db_table = "training_drawentry"

    def __str__(self) -> str:
        return str(self.position)


class DrawResult(models.Model):
    """The result of one person in one draw. A partition per draw, filled by COPY, immutable."""

    pk = models.CompositePrimaryKey("draw_id", "registration_id")
    draw = models.ForeignKey(Draw, models.DO_NOTHING, related_name="+")
    registration = models.ForeignKey(Registration, models.DO_NOTHING, related_name="draw_results")
    position = models.IntegerField(help_text="rank of the ticket in the whole province, from 0")
    ticket = models.BinaryField()
    training_class = models.ForeignKey(TrainingClass, models.DO_NOTHING, null=True, related_name="+")
    wish_rank = models.SmallIntegerField(help_text="-1 none, 0 to 4 the wish, 5 a class chosen by the rule")
    admitted_pass = models.SmallIntegerField(help_text="-1 not admitted")

    objects: ClassVar[OfRegistrationQuerySet] = OfRegistrationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        managed = False
        db_table = "training_drawresult"

    def __str__(self) -> str:
        return str(self.position)


class DrawCutoff(models.Model):
    """The last ticket of a (regency, eligibility set) admitted by the pass for everybody: what one's own result is checked by.

    Cut-offs of group guarantees are not here, since each would name a person of that group; the auditors' pack has them.
    """

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="cutoffs")
    regency = models.ForeignKey(Regency, models.PROTECT)
    clusters = models.PositiveSmallIntegerField()
    position = models.IntegerField()
    ticket = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draw", "regency", "clusters"], name="training_drawcutoff_once")]

    def __str__(self) -> str:
        return f"{self.regency_id}/{self.clusters}: {self.position}"


class DrawPack(models.Model):
    """A pack of files (ZIP) with which anybody, or the auditor, recomputes the draw."""

    class Audience(models.TextChoices):
        PUBLIC = "public"
        AUDITORS = "auditors"

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="packs")
    audience = models.CharField(max_length=8, choices=Audience)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draw", "audience"], name="training_drawpack_once")]

    def __str__(self) -> str:
        return self.audience
