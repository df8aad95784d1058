"""What leaves of clusters' tables by the API, and by which parameters it is asked for."""

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.api.pages import BulkQuery, ListQuery, NumberField
from accounts.api.resources import RowSerializer
from clusters.models import Observation, QuotaDecision, QuotaSplit, Wave
from clusters.policy import CLUSTERS

STAMPS = ("created_at", "updated_at", "as_of")


class WaveField(serializers.RegexField):
    def __init__(self, **options: Any) -> None:
        super().__init__(r"^[-a-zA-Z0-9_]{1,20}$", required=False, help_text="Short name of a wave.", **options)


class RegencyField(NumberField):
    def __init__(self, **options: Any) -> None:
        text = "Official code of a regency without its dot, as 3374."
        super().__init__(min_value=1101, max_value=9999, required=False, help_text=text, **options)


class ClusterField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(CLUSTERS, required=False, help_text="Code of a cluster.", **options)


class DecisionSerializer(RowSerializer):
    cluster = serializers.ChoiceField(CLUSTERS, source="cluster__code", allow_null=True)
    regency = serializers.IntegerField(source="regency_id", allow_null=True)

    class Meta:
        model = QuotaDecision
        fields: ClassVar = [
            *["id", "level", "parent", "cluster", "regency", "replaces", "decree_number", "decree_date", "author"],
            *["total", "document", *STAMPS],
        ]


class WaveFilters(serializers.Serializer[Any]):
    state = serializers.ChoiceField(Wave.State.values, required=False)


class WaveQuery(WaveFilters, ListQuery):
    pass


class WaveBulkQuery(WaveFilters, BulkQuery):
    pass


class WaveSerializer(RowSerializer):
    class Meta:
        model = Wave
        fields: ClassVar = [
            *["id", "slug", "name", "state", "decision", "rule_set", "opens_at", "closes_at", "draws_at"],
            *["starts_on", "ends_on", "mode", "guarantees", "cancel_reason", *STAMPS],
        ]


class SplitFilters(serializers.Serializer[Any]):
    wave = WaveField()


class SplitQuery(SplitFilters, ListQuery):
    pass


class SplitBulkQuery(SplitFilters, BulkQuery):
    pass


class SplitSerializer(RowSerializer):
    wave = serializers.SlugField(source="wave__slug")

    class Meta:
        model = QuotaSplit
        fields: ClassVar = [
            *["id", "wave", "version", "total", "unassigned", "reason", "inputs_digest", "policy", "divisors"],
            *["published_at", *STAMPS],
        ]


class FigureSerializer(serializers.Serializer[Any]):
    """An observation as it was when the split was made; `id` finds it under /api/v1/observations/."""

    id = serializers.UUIDField()
    indicator = serializers.CharField()
    value = serializers.FloatField()
    unit = serializers.CharField()
    period = serializers.CharField()
    source = serializers.CharField()
    confidence = serializers.CharField()
    note = serializers.CharField()
    dataset = serializers.CharField()
    as_of = serializers.DateTimeField()


class ChoiceSerializer(serializers.Serializer[Any]):
    """What a planner of the province decided about a figure, and why."""

    choice = serializers.UUIDField()
    reason = serializers.CharField()
    as_of = serializers.DateTimeField()


class DemandSerializer(serializers.Serializer[Any]):
    """The figure of one indicator, or what stands in for it."""

    status = serializers.ChoiceField(["reported", "entered", "estimated", "missing", "outside"])
    indicator = serializers.CharField()
    choice = ChoiceSerializer(required=False)
    entered = serializers.FloatField(required=False, help_text="A planner's own figure.")
    base = serializers.DictField(required=False, help_text="What a percentage is of.")
    chosen = FigureSerializer(required=False)
    others = FigureSerializer(many=True, required=False, help_text="Figures that were not chosen.")
    villages = serializers.IntegerField(required=False, help_text="The cluster's area is so many villages.")
    population = FigureSerializer(required=False)
    rate = serializers.DictField(required=False, help_text="The rate that stood in: figure over persons, and of what.")


class TermSerializer(DemandSerializer):
    factor = serializers.CharField()


class WeightSerializer(DemandSerializer):
    value = serializers.IntegerField(help_text="Persons times 12; per head, persons per 100,000 inhabitants times 12.")
    per = serializers.ChoiceField(["count", "head"], required=False)
    terms = TermSerializer(many=True, required=False, help_text="Where the demand is a sum of indicators.")
    inhabitants = serializers.DictField(required=False)


class FloorSerializer(serializers.Serializer[Any]):
    value = serializers.IntegerField()
    policy = serializers.IntegerField()
    granted = FigureSerializer(allow_null=True)


class CapSerializer(serializers.Serializer[Any]):
    value = serializers.IntegerField()
    policy = serializers.IntegerField(
        required=False, help_text="The policy's maximum, where it is less than the seats."
    )
    seats = FigureSerializer(allow_null=True)
    eligible = FigureSerializer(allow_null=True)


class BandSerializer(serializers.Serializer[Any]):
    before = serializers.IntegerField(help_text="Places of the version that was in force.")
    low = serializers.IntegerField()
    high = serializers.IntegerField()


class SensitivitySerializer(serializers.Serializer[Any]):
    """How far the number carries. The error is assumed by the province's rules, not measured."""

    error = serializers.CharField(help_text="Of the demand, relative, as a fraction.")
    least = serializers.IntegerField(help_text="Places at the least, were all figures off by their errors.")
    most = serializers.IntegerField()


class BasisSerializer(serializers.Serializer[Any]):
    weight = WeightSerializer(required=False)
    floor = FloorSerializer(required=False)
    cap = CapSerializer(required=False)
    band = BandSerializer(required=False)
    sensitivity = SensitivitySerializer(required=False)


class CellSerializer(serializers.Serializer[Any]):
    regency = serializers.IntegerField()
    cluster = serializers.ChoiceField(CLUSTERS)
    seats = serializers.IntegerField(help_text="Places.")
    weight = serializers.IntegerField(help_text="Persons times 12.")
    floor = serializers.IntegerField()
    cap = serializers.IntegerField()
    binds = serializers.CharField(help_text="floor or cap where one of them decided; else empty.")
    next_price = serializers.CharField(help_text="Weight per place at which the next place would come; or empty.")
    basis = BasisSerializer(help_text="Where weight, floor and cap come from.")


class SplitDetailSerializer(SplitSerializer):
    cells = CellSerializer(many=True)

    class Meta(SplitSerializer.Meta):
        fields: ClassVar = [*SplitSerializer.Meta.fields, "cells"]


class ObservationFilters(serializers.Serializer[Any]):
    wave = WaveField()
    regency = RegencyField()
    cluster = ClusterField()
    indicator = serializers.RegexField(r"^[a-z_]{1,60}$", required=False)
    current = serializers.BooleanField(required=False, help_text="true: not superseded; false: superseded.")


class ObservationQuery(ObservationFilters, ListQuery):
    pass


class ObservationBulkQuery(ObservationFilters, BulkQuery):
    pass


class DatasetSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    publisher = serializers.CharField()
    checksum = serializers.CharField()
    as_of = serializers.DateTimeField()


class ObservationSerializer(RowSerializer):
    wave = serializers.SlugField(source="wave__slug", allow_null=True)
    regency = serializers.IntegerField(source="regency_id", allow_null=True, help_text="null: the province")
    cluster = serializers.ChoiceField(CLUSTERS, source="cluster__code", allow_null=True)
    value = serializers.FloatField()
    dataset = DatasetSerializer()

    class Meta:
        model = Observation
        fields: ClassVar = [
            *[
                "id",
                "indicator",
                "wave",
                "regency",
                "cluster",
                "sex",
                "with_disability",
                "period",
                "value",
                "unit",
                "source",
            ],
            *["confidence", "note", "dataset", "superseded_by", *STAMPS],
        ]
