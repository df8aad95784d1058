"""Who asks: a person across waves, and that person in one wave."""

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from clusters.models import Regency, RuleSet, Village, Wave
from records.fields import BlindIndexField, EncryptedField
from records.ids import uuid7
from records.models import Stamped
from registrations.querysets import ApplicantQuerySet, RegistrationQuerySet, TallyQuerySet

SLIP = "registrations.slip"
STATE_WORDS = {
    "registered": _("Belum gabung"),
    "joined": _("Sudah gabung"),
    "withdrawn": _("Mengundurkan diri"),
    "ineligible": _("Tidak lolos syarat"),
}


class Applicant(Stamped):
    """A person, once (NIK), across waves: identity, contact and domicile."""

    class Sex(models.TextChoices):
        FEMALE = "F"
        MALE = "M"

    class Education(models.TextChoices):
        NONE = "none"
        PRIMARY = "sd"
        LOWER_SECONDARY = "smp"
        UPPER_SECONDARY = "sma"
        VOCATIONAL = "smk"
        DIPLOMA = "diploma"
        BACHELOR = "s1"

    class MaritalStatus(models.TextChoices):
        SINGLE = "single"
        MARRIED = "married"
        DIVORCED = "divorced"
        WIDOWED = "widowed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    nik = EncryptedField(aad="registrations.applicant.nik")
    nik_index = BlindIndexField()
    kk = EncryptedField(aad="registrations.applicant.kk")
    kk_index = BlindIndexField(db_index=True)
    phone = EncryptedField(aad="registrations.applicant.phone")
    phone_index = BlindIndexField(db_index=True)
    email = models.EmailField(blank=True)
    name = models.CharField(max_length=120)
    birth_date = models.DateField()
    sex = models.CharField(max_length=1, choices=Sex)
    regency = models.ForeignKey(Regency, models.PROTECT)
    village = models.ForeignKey(Village, models.PROTECT)
    address = models.CharField(max_length=240)
    education = models.CharField(max_length=10, choices=Education)
    marital_status = models.CharField(max_length=10, choices=MaritalStatus)
    dependants = models.PositiveSmallIntegerField()
    erased_at = models.DateTimeField(null=True, help_text="who this was is overwritten since then")

    objects: ClassVar[ApplicantQuerySet] = ApplicantQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["nik_index"], name="registrations_applicant_nik")]

    def __str__(self) -> str:
        return str(self.pk)


class Disability(models.Model):
    """A person's own, refusable statement; in a table of its own so that access to it is granted apart."""

    applicant = models.OneToOneField(Applicant, models.CASCADE, primary_key=True, related_name="disability")
    stated = models.BooleanField()

    def __str__(self) -> str:
        return str(self.pk)


class DisabilityNeed(models.Model):
    """Which help the person needs in class, in their own words, encrypted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    applicant = models.OneToOneField(Applicant, models.CASCADE, related_name="disability_need")
    text = EncryptedField(aad="registrations.disability.need")

    def __str__(self) -> str:
        return str(self.text)


class Registration(Stamped):
    """A person in one wave. `number` is public and is what is drawn; `code_index` is the blind index of the secret code."""

    class State(models.TextChoices):
        REGISTERED = "registered"
        JOINED = "joined"
        WITHDRAWN = "withdrawn"
        INELIGIBLE = "ineligible"

    class Occupation(models.TextChoices):
        """Excluded offices included: whoever holds one is told so by rule and article."""

        JOBSEEKER = "jobseeker"
        LAID_OFF = "laid_off"
        FURLOUGHED = "furloughed"
        WORKER = "worker"
        NON_WAGE = "non_wage"
        MICRO_BUSINESS = "micro_business"
        ASN = "asn"
        TNI = "tni"
        POLRI = "polri"
        STATE_OFFICIAL = "state_official"
        DPRD = "dprd"
        VILLAGE_HEAD = "village_head"
        BUMN_BOARD = "bumn_board"

    class Channel(models.TextChoices):
        SELF = "self"
        OFFICE = "office"
        BULK = "bulk"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    applicant = models.ForeignKey(Applicant, models.PROTECT, related_name="registrations")
    wave = models.ForeignKey(Wave, models.PROTECT, related_name="registrations")
    regency = models.ForeignKey(Regency, models.PROTECT)
    state = models.CharField(max_length=10, choices=State, default=State.REGISTERED)
    number = models.CharField(max_length=12)
    code_index = BlindIndexField()
    idempotency_key = models.UUIDField()
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.SELF)
    name = models.CharField(max_length=120, help_text="as of this registration")
    search_name = models.GeneratedField(
        expression=Lower("name"),
        output_field=models.CharField(max_length=120, db_collation="C"),
        db_persist=True,
    )
    occupation = models.CharField(max_length=16, choices=Occupation)
    citizen = models.BooleanField()
    in_education = models.BooleanField()
    received_before = models.BooleanField()
    pmi_candidate = models.BooleanField()
    laid_off = models.BooleanField()
    remote = models.BooleanField()
    blank_spot = models.BooleanField()
    unfamiliar_digital = models.BooleanField()
    clusters = models.PositiveSmallIntegerField(help_text="eligibility set: bit i is the cluster with index i")
    warnings = models.JSONField(default=list, help_text="codes of checks that a person should look at")
    joined_at = models.DateTimeField(null=True)

    objects: ClassVar[RegistrationQuerySet] = RegistrationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wave", "applicant"], name="registrations_registration_once"),
            models.UniqueConstraint(fields=["number"], name="registrations_registration_number"),
            models.UniqueConstraint(fields=["idempotency_key"], name="registrations_registration_idempotency"),
            models.CheckConstraint(condition=Q(clusters__gt=0, clusters__lt=16), name="registrations_registration_set"),
            models.CheckConstraint(
                condition=Q(remote=True) | Q(blank_spot=True) | Q(unfamiliar_digital=True),
                name="registrations_registration_offline_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="joined") | Q(joined_at__isnull=False),
                name="registrations_registration_joined",
            ),
        ]
        indexes = [
            models.Index(fields=["wave", "regency", "search_name", "id"], name="registration_by_name"),
            models.Index(fields=["wave", "search_name", "id"], name="registration_all_by_name"),
            models.Index(fields=["wave", "regency", "state", "search_name", "id"], name="registration_by_state"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def slip(self) -> str:
        """Lets whoever holds it join the draw with this registration, and nothing else: neither secret code nor name."""
        return signing.Signer(salt=SLIP).sign(f"{self.applicant_id}.{self.pk}")

    @staticmethod
    def of_slip(slip: str) -> tuple[UUID, UUID]:
        """Ids of applicant and registration. Raises django.core.signing.BadSignature."""
        applicant_id, registration_id = signing.Signer(salt=SLIP).unsign(slip).split(".")
        return UUID(applicant_id), UUID(registration_id)

    def get_state_display(self) -> str:  # type: ignore[no-redef]
        """The word for the state. Words are no part of the choices, so that changing one needs no migration."""
        return str(STATE_WORDS[self.state])


class EligibilityDecision(models.Model):
    """What the rules said about a registration and why; append-only, pins the rule set and the facts by digest."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="decisions")
    rule_set = models.ForeignKey(RuleSet, models.PROTECT)
    decided_at = models.DateTimeField()
    clusters = models.PositiveSmallIntegerField()
    reasons = models.JSONField(help_text="codes of registrations.eligibility")
    facts_digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.registration_id} {self.rule_set_id}"


class Consent(models.Model):
    """Proof of consent: which text, for what, in which language, when. Append-only.

    `taken_by`: the member of staff at the counter who heard it, or saw it signed on paper; None: given on the page.
    """

    class Purpose(models.TextChoices):
        PROGRAMME = "programme"
        DISABILITY = "disability"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=12, choices=Purpose)
    text_version = models.CharField(max_length=20)
    language = models.CharField(max_length=5)
    given_at = models.DateTimeField()
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "purpose", "text_version"], name="registrations_consent_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.text_version}"


class StatusAttempt(models.Model):
    """A spent try: a failed look at a status, or being told that a NIK or a family card is known. Only keyed hashes."""

    key = BlindIndexField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["key", "at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class Tally(models.Model):
    """Increments of the number of registrations; triggers write them with every statement, a job folds them.

    The sum over a group is the number of its registrations in the same snapshot, at the price of a few rows.
    """

    wave = models.ForeignKey(Wave, models.PROTECT)
    regency = models.ForeignKey(Regency, models.PROTECT)
    state = models.CharField(max_length=10, choices=Registration.State)
    clusters = models.PositiveSmallIntegerField()
    change = models.IntegerField()

    objects: ClassVar[TallyQuerySet] = TallyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["wave", "regency"], include=["state", "clusters", "change"], name="tally_sum")]

    def __str__(self) -> str:
        return f"{self.regency_id} {self.state} {self.change:+}"
