"""What is given, by the API: classes, draws and placements."""

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, QuerySet, Value, When
from django.db.models.functions import Concat

from accounts.api.resources import EXAMPLE_ID, Resource
from accounts.api.rows import Column, JsonObject
from clusters.api import ClusterCodes
from training.models import Draw, DrawCutoff, DrawPack, Placement, TrainingClass
from training.serializers import (
    ClassBulkQuery,
    ClassQuery,
    ClassSerializer,
    DrawBulkQuery,
    DrawDetailSerializer,
    DrawQuery,
    DrawSerializer,
    PlacementBulkQuery,
    PlacementQuery,
    PlacementSerializer,
)


class ClassResource(Resource):
    """Classes of a wave, each paid from one cell of the split."""

    noun = "classes"
    example = {"id": EXAMPLE_ID, "wave": "2026-4", "code": "PMI-3301-1", "regency": 3301, "seats": 16, "taken": 16}
    required_scope = "draws:read"
    serializer_class = ClassSerializer
    list_query, bulk_query = ClassQuery, ClassBulkQuery
    filters = {"wave": "wave__slug", "regency": "regency_id", "cluster": "cluster__code"}

    def rows(self) -> QuerySet[Any]:
        return TrainingClass.objects.all()


class PlacementResource(Resource):
    """Places given by a draw and what became of them."""

    noun = "placements"
    example = {"id": EXAMPLE_ID, "wave": "2026-4", "regency": 3301, "cluster": "PMI", "state": "accepted"}
    required_scope = "draws:read"
    serializer_class = PlacementSerializer
    list_query, bulk_query = PlacementQuery, PlacementBulkQuery
    filters = {
        "wave": "training_class__wave__slug",
        "regency": "training_class__regency_id",
        "cluster": "training_class__cluster__code",
        "state": "state",
    }

    def rows(self) -> QuerySet[Any]:
        return Placement.objects.within(self.scope)


class DrawResource(Resource):
    """Draws with their digests; a record also has the cut-offs and the pack that recomputes it."""

    noun = "draws"
    example = {"id": EXAMPLE_ID, "wave": "2026-4", "number": 1, "state": "published", "list_size": 2212, "placed": 1800}
    required_scope = "draws:read"
    serializer_class = DrawSerializer
    detail_serializer_class = DrawDetailSerializer
    list_query, bulk_query = DrawQuery, DrawBulkQuery
    filters = {"wave": "wave__slug", "state": "state"}

    def rows(self) -> QuerySet[Any]:
        return Draw.objects.all()

    def expressions(self) -> Mapping[str, Column]:
        of_draw = {"draw": OuterRef("pk"), "draw__published_at__isnull": False}
        cutoff = JsonObject(
            regency="regency_id", clusters=ClusterCodes(F("clusters")), rank=F("position") + 1, ticket="ticket"
        )
        pack = JsonObject(
            url=Concat(Value("/undian/"), "draw__wave__slug", Value("/berkas/public.zip")), sha256="sha256"
        )
        cutoffs = DrawCutoff.objects.filter(**of_draw).order_by("regency_id", "clusters")
        packs = DrawPack.objects.filter(**of_draw, draw__state=Draw.State.PUBLISHED, audience=DrawPack.Audience.PUBLIC)
        return {
            "dice": Case(When(seed="", then=Value("")), default=F("dice")),
            "cutoffs": ArraySubquery(cutoffs.annotate(cutoff=cutoff).values("cutoff")),
            "packs": ArraySubquery(packs.annotate(pack=pack).values("pack")),
        }
