"""What leaves of training's tables by the API, and by which parameters it is asked for."""

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.api.pages import BulkQuery, ListQuery
from accounts.api.resources import RowSerializer
from clusters.policy import CLUSTERS
from clusters.serializers import STAMPS, ClusterField, RegencyField, WaveField
from training.models import Draw, Placement, TrainingClass


class ClassFilters(serializers.Serializer[Any]):
    wave = WaveField()
    regency = RegencyField()
    cluster = ClusterField()


class ClassQuery(ClassFilters, ListQuery):
    pass


class ClassBulkQuery(ClassFilters, BulkQuery):
    pass


class ClassSerializer(RowSerializer):
    wave = serializers.SlugField(source="wave__slug")
    regency = serializers.IntegerField(source="regency_id")
    cluster = serializers.ChoiceField(CLUSTERS, source="cluster__code")
    provider = serializers.CharField(source="provider__name")

    class Meta:
        model = TrainingClass
        fields: ClassVar = [
            *["id", "wave", "code", "regency", "cluster", "programme", "provider", "seats", "minimum", "taken"],
            *["venue", "schedule", "starts_on", "ends_on", *STAMPS],
        ]


class PlacementFilters(ClassFilters):
    state = serializers.ChoiceField(Placement.State.values, required=False)


class PlacementQuery(PlacementFilters, ListQuery):
    pass


class PlacementBulkQuery(PlacementFilters, BulkQuery):
    pass


class PlacementSerializer(RowSerializer):
    wave = serializers.SlugField(source="training_class__wave__slug")
    regency = serializers.IntegerField(source="training_class__regency_id")
    cluster = serializers.ChoiceField(CLUSTERS, source="training_class__cluster__code")

    class Meta:
        model = Placement
        fields: ClassVar = [
            *["id", "registration", "draw", "training_class", "wave", "regency", "cluster", "state", "answer_by"],
            *["answered_at", *STAMPS],
        ]


class DrawFilters(serializers.Serializer[Any]):
    wave = WaveField()
    state = serializers.ChoiceField(Draw.State.values, required=False)


class DrawQuery(DrawFilters, ListQuery):
    pass


class DrawBulkQuery(DrawFilters, BulkQuery):
    pass


class DrawSerializer(RowSerializer):
    wave = serializers.SlugField(source="wave__slug")
    dice = serializers.CharField(help_text="The rolls; empty until two persons have entered the same ones.")

    class Meta:
        model = Draw
        fields: ClassVar = [
            *["id", "wave", "number", "state", "split", "frozen_at", "rules_digest", "list_size", "list_sha256"],
            *["list_root", "dice", "seed", "seeded_at", "ran_at", "result_sha256", "placed", "published_at"],
            *["void_reason", *STAMPS],
        ]


class CutoffSerializer(serializers.Serializer[Any]):
    regency = serializers.IntegerField()
    clusters = serializers.ListField(child=serializers.ChoiceField(CLUSTERS))
    rank = serializers.IntegerField(help_text="Of the last ticket admitted, counted from 1 in the whole province.")
    ticket = serializers.CharField(help_text="SHA-256 in hexadecimal.")


class PackSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Path of the ZIP with which anybody recomputes the draw.")
    sha256 = serializers.CharField()


class DrawDetailSerializer(DrawSerializer):
    cutoffs = CutoffSerializer(many=True, help_text="Once results are published.")
    packs = PackSerializer(many=True, help_text="Once results are published.")

    class Meta(DrawSerializer.Meta):
        fields: ClassVar = [*DrawSerializer.Meta.fields, "cutoffs", "packs"]
