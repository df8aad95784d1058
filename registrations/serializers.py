"""What leaves of registrations by the API. No name, no contact, no birth date: who needs the person has the NIK's scope."""

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.api.pages import BulkQuery, FieldsQuery, ListQuery, NamesField
from accounts.api.resources import RowSerializer
from clusters.policy import CLUSTERS
from clusters.serializers import STAMPS, ClusterField, RegencyField, WaveField
from registrations.models import Registration


class RegistrationFilters(serializers.Serializer[Any]):
    wave = WaveField()
    regency = RegencyField()
    cluster = ClusterField()
    state = serializers.ChoiceField(Registration.State.values, required=False)


class IncludeField(NamesField):
    known = ("identity",)


class Including(serializers.Serializer[Any]):
    include = IncludeField(
        required=False, help_text="identity: the NIK in full. Needs its scope and a reason; each one read is logged."
    )


class RegistrationQuery(Including, RegistrationFilters, ListQuery):
    pass


class RegistrationRecordQuery(Including, FieldsQuery):
    pass


class RegistrationBulkQuery(RegistrationFilters, BulkQuery):
    pass


class RegistrationSerializer(RowSerializer):
    wave = serializers.SlugField(source="wave__slug")
    regency = serializers.IntegerField(source="regency_id")
    clusters = serializers.ListField(child=serializers.ChoiceField(CLUSTERS), help_text="The eligibility set.")
    nik = serializers.CharField(
        allow_null=True, help_text="Masked, as 3374********0001; null once the person has moved to another office."
    )

    class Meta:
        model = Registration
        fields: ClassVar = [
            *["id", "number", "wave", "regency", "state", "channel", "clusters", "joined_at", "nik", *STAMPS],
        ]
