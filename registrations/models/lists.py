"""Lists of people that others keep: who was laid off, who gets aid, who is to work abroad, who may not take part."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from clusters.models import Regency
from records.fields import BlindIndexField, EncryptedField
from records.ids import uuid7
from records.models import Stamped
from registrations.querysets import ListedPersonQuerySet, PersonListQuerySet


class PersonList(Stamped):
    """A list as of a day. `regency` empty means a list of the province. What a list says of a person is who is on it."""

    class Kind(models.TextChoices):
        LAID_OFF = "laid_off", _("Pekerja terkena PHK")
        AID_RECIPIENT = "aid_recipient", _("Penerima bantuan sosial")
        CPMI = "cpmi", _("Calon pekerja migran (ID Rekom)")
        EXCLUDED = "excluded", _("Tidak boleh ikut")

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
