"""What is scarce, by the API: decisions, waves, splits and the figures behind them."""

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, OuterRef, QuerySet, TextField

from accounts.api.resources import EXAMPLE_ID, Resource
from accounts.api.rows import Column, JsonObject
from clusters.models import Observation, QuotaCell, QuotaDecision, QuotaSplit, Wave
from clusters.policy import CLUSTERS
from clusters.serializers import (
    DecisionSerializer,
    ObservationBulkQuery,
    ObservationQuery,
    ObservationSerializer,
    SplitBulkQuery,
    SplitDetailSerializer,
    SplitQuery,
    SplitSerializer,
    WaveBulkQuery,
    WaveQuery,
    WaveSerializer,
)


class ClusterCodes(Func):
    """The codes of an eligibility set, as JSON."""

    template = "to_json(array_remove(ARRAY[{}], NULL))".format(
        ", ".join(f"CASE WHEN %(expressions)s & {1 << i} <> 0 THEN '{code}' END" for i, code in enumerate(CLUSTERS))
    )
    output_field = TextField()


class DecisionResource(Resource):
    """Decrees that set a total of places."""

    noun = "decisions"
    example = {"id": EXAMPLE_ID, "decree_number": "CONTOH/1/2026", "decree_date": "2026-01-02", "total": 1800}
    required_scope = "waves:read"
    serializer_class = DecisionSerializer

    def rows(self) -> QuerySet[Any]:
        return QuotaDecision.objects.all()


class WaveResource(Resource):
    """Rounds of registration, draw and training. Drafts are shown to a ministry only."""

    noun = "waves"
    example = {"id": EXAMPLE_ID, "slug": "2026-4", "state": "published", "opens_at": "2026-10-29T01:00:00+00:00"}
    required_scope = "waves:read"
    serializer_class = WaveSerializer
    list_query, bulk_query = WaveQuery, WaveBulkQuery
    filters = {"state": "state"}

    def rows(self) -> QuerySet[Any]:
        return Wave.objects.within(self.scope)


class SplitResource(Resource):
    """Versions of the split of a wave's places; a record has all cells with the figures each stands on."""

    noun = "splits"
    example = {"id": EXAMPLE_ID, "wave": "2026-4", "version": 2, "total": 1800, "unassigned": 0}
    required_scope = "quota:read"
    serializer_class = SplitSerializer
    detail_serializer_class = SplitDetailSerializer
    list_query, bulk_query = SplitQuery, SplitBulkQuery
    filters = {"wave": "wave__slug"}

    def rows(self) -> QuerySet[Any]:
        return QuotaSplit.objects.within(self.scope)

    def expressions(self) -> Mapping[str, Column]:
        cell = JsonObject(
            regency="regency_id",
            cluster="cluster__code",
            seats="seats",
            weight="weight",
            floor="floor",
            cap="cap",
            binds="binds",
            next_price="next_price",
            basis="basis",
        )
        cells = QuotaCell.objects.filter(split=OuterRef("pk")).order_by("regency_id", "cluster_id")
        return {"cells": ArraySubquery(cells.annotate(cell=cell).values("cell"))}


class ObservationResource(Resource):
    """Figures of indicators with data set and source. What is missing has no row; what is replaced says by which."""

    noun = "observations"
    example = {"id": EXAMPLE_ID, "indicator": "pmi_placed", "regency": 3301, "period": "2025-01..02", "value": 1100}
    required_scope = "observations:read"
    serializer_class = ObservationSerializer
    list_query, bulk_query = ObservationQuery, ObservationBulkQuery
    filters = {"wave": "wave__slug", "regency": "regency_id", "cluster": "cluster__code", "indicator": "indicator"}

    def rows(self) -> QuerySet[Any]:
        return Observation.objects.within(self.scope)

    def narrow(self, found: QuerySet[Any], wanted: Mapping[str, Any]) -> QuerySet[Any]:
        found = super().narrow(found, wanted)
        return found.filter(superseded_by__isnull=wanted["current"]) if "current" in wanted else found

    def expressions(self) -> Mapping[str, Column]:
        names = ("id", "name", "publisher", "checksum", "as_of")
        return {"dataset": JsonObject(**{name: f"dataset__{name}" for name in names})}
