"""Lists of people that others keep: who was laid off, gets aid, is to work abroad, is at school, had a card before."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from clusters.models import Regency
from records.fields import BlindIndexField, EncryptedField
from records.ids import uuid7
from records.models import Stamped
from registrations.eligibility import LIST_NAMES
from registrations.querysets import ListedPersonQuerySet, PersonListQuerySet


class PersonList(Stamped):
    """A list as of a day. What a list says of a person is who is on it, until the same source gives a newer one.

    A list of a regency counts for the people who live there, one of the province (`regency` empty) for everybody.
    """

    class Kind(models.TextChoices):
        LAID_OFF = "laid_off", _(LIST_NAMES["laid_off"])
        AID_RECIPIENT = "aid_recipient", _(LIST_NAMES["aid_recipient"])
        CPMI = "cpmi", _(LIST_NAMES["cpmi"])
        IN_EDUCATION = "in_education", _(LIST_NAMES["in_education"])
        EXCLUDED = "excluded", _(LIST_NAMES["excluded"])

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    regency = models.ForeignKey(Regency, models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=120)
    day = models.DateField(help_text="whom the source listed on this day")

    objects: ClassVar[PersonListQuerySet] = PersonListQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "regency", "source", "day"], nulls_distinct=False, name="registrations_personlist_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"


class ListedPerson(models.Model):
    """Somebody on a list, by NIK and without a name. `reference`: the letter's or the recommendation's number."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    list = models.ForeignKey(PersonList, models.PROTECT, related_name="people", db_index=False)
    nik = EncryptedField(aad="registrations.listedperson.nik")
    nik_index = BlindIndexField()
    reference = models.CharField(max_length=60, blank=True)
    since = models.DateField(null=True, help_text="laid off, recommended, ... since")

    objects: ClassVar[ListedPersonQuerySet] = ListedPersonQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["list", "nik_index"], name="registrations_listedperson_once")]

    def __str__(self) -> str:
        return str(self.pk)
