"""The numbers of a wave by the API: the sums that the pages show."""

import json
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from accounts.api.pages import QuerySerializer
from accounts.api.resources import ReadOnlyView
from accounts.api.schema import HEADERS, TAGGED, problems
from clusters.models import QuotaSplit, Wave
from clusters.selectors.quota import matrix_of
from mentoring.selectors.numbers import Numbers, count, groups_of
from mentoring.serializers import StatisticsSerializer
from training.selectors.classes import supply_table
from training.selectors.draws import live_draw


class StatisticsView(ReadOnlyView):
    """People of a wave by state, with places and seats, by cluster and by regency."""

    noun = "statistics"
    required_scope = "statistics:read"

    @extend_schema(
        operation_id="statistics_record",
        tags=["statistics"],
        summary="The numbers of a wave",
        description="People of a wave by state, with places and seats, by cluster and by regency.\n\n"
        "Scope: `statistics:read`.",
        parameters=[*HEADERS, *TAGGED],
        responses={
            (200, "application/json"): OpenApiResponse(StatisticsSerializer, "The sums of the scope."),
            304: OpenApiResponse(None, "As the asker has it."),
            **problems(400, 401, 403, 404, 406, 412, 414, 429, 503),
        },
    )
    def record(self, request: Request, wave: str) -> Any:
        as_of = timezone.now()
        QuerySerializer.read(request)
        found = Wave.objects.within(self.scope).filter(slug=wave).first()
        if found is None:
            raise NotFound
        groups = groups_of(scope=self.scope, wave=found)
        split = QuotaSplit.objects.within(self.scope).filter(wave=found).in_force().first()
        matrix = matrix_of(split) if split else None
        supply = supply_table(found.pk)
        draw = live_draw(found.pk)
        places = {row.regency_id: row.total.seats for row in matrix.rows} if matrix else None
        body = {
            "wave": found.slug,
            "people": _people(count(groups)),
            "places": matrix.total.seats if matrix else None,
            "seats": supply.total.seats,
            "placed": draw.placed if draw else None,
            "clusters": [
                {
                    "cluster": cluster.code,
                    "people": _people(count(group for group in groups if group.is_in(cluster.index))),
                    "places": matrix.totals[i].seats if matrix else None,
                    "seats": supply.totals[i].seats,
                }
                for i, cluster in enumerate(supply.clusters)
            ],
            "regencies": [
                {
                    "regency": regency.pk,
                    "people": _people(count(group for group in groups if group.regency_id == regency.pk)),
                    "places": places.get(regency.pk, 0) if places is not None else None,
                    "seats": total.seats,
                }
                for regency, _cells, total, _providers in supply.rows
            ],
        }
        return self.answer(json.dumps(body)[1:], as_of=as_of)


def _people(numbers: Numbers) -> dict[str, int]:
    return {**dict(numbers.by_state), "total": numbers.total}
