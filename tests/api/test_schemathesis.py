"""Every operation of the schema, asked with data that fits it and data that does not, by clients of four institutions."""

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.apps import apps
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import negative_data_rejection

from clusters.models import Wave
from tests.factories.clients import ApiCaller, make_institution
from tests.prakerja.world import OTHER, OWN, World, make_world

MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
EXAMPLES = 4  # of each mode and operation, beside the boundary values of every parameter
RECORDS = {
    "classes": "training.TrainingClass",
    "decisions": "clusters.QuotaDecision",
    "draws": "training.Draw",
    "observations": "clusters.Observation",
    "placements": "training.Placement",
    "registrations": "registrations.Registration",
    "splits": "clusters.QuotaSplit",
    "waves": "clusters.Wave",
}


@dataclass
class Asker:
    caller: ApiCaller
    hidden: set[str]  # what must be in no answer to this client


def askers(world: World) -> list[Asker]:
    secrets = world.own.secrets | world.other.secrets
    return [
        Asker(ApiCaller(make_institution("ministry")), secrets),
        Asker(ApiCaller(make_institution("ministry", OWN)), secrets | world.other.traces),
        Asker(ApiCaller(make_institution("office", OWN), identity=True), world.other.traces),
        Asker(ApiCaller(make_institution("office", OTHER)), secrets | world.own.traces),
    ]


@pytest.mark.django_db
def test_nothing_breaks_the_schema_and_nothing_foreign_comes_out(wsgi: Any) -> None:
    world = make_world()
    asking = askers(world)
    ids = {
        noun: [str(pk) for pk in apps.get_model(model).objects.values_list("pk", flat=True)]
        for noun, model in RECORDS.items()
    }
    slugs = list(Wave.objects.values_list("slug", flat=True))
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", wsgi)
    statuses: Counter[tuple[str, int]] = Counter()
    chance = random.Random(1)

    def ask(case: Case) -> None:
        asker = chance.choice(asking)
        noun = case.operation.path.split("/")[3].split(".")[0] if case.operation.path.startswith("/api/") else ""
        if case.path_parameters and chance.random() < 0.5:
            known = {"id": ids.get(noun, []), "wave": [*slugs, "tidak-ada"]}
            case.path_parameters = {name: chance.choice(known[name]) for name in case.path_parameters}
        if case.query and "cursor" in case.query and case.meta.generation.mode == GenerationMode.POSITIVE:
            del case.query["cursor"]  # opaque: what only looks like one is refused, as test_cursor.py says
        headers = {"Authorization": f"Bearer {asker.caller.token}"} if noun else {}
        if case.query and "include" in case.query and case.meta.generation.mode == GenerationMode.POSITIVE:
            headers["X-Access-Reason"] = "Mencocokkan data dengan pusat"
        response = case.call(headers=headers)
        case.validate_response(
            response, excluded_checks=[negative_data_rejection] if response.status_code == 414 else []
        )
        statuses[case.operation.label, response.status_code] += 1
        text = response.content.decode() + str(response.headers)
        asked = case.as_curl_command()
        assert not {trace for trace in asker.hidden if trace in text and trace not in asked}
        assert "prakerja_secret_" not in text

    operations: list[APIOperation[Any, Any, Any, Any]] = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        for case in schema.iter_coverage_cases(
            operation, generation_modes=MODES, generation_config=schema.config.generation_for(operation=operation)
        ):
            ask(case)
        for mode in MODES:
            fuzz = given(case=operation.as_strategy(generation_mode=mode))(ask)
            with suppress(Unsatisfiable):  # nothing can be wrong with an address that takes no parameter
                settings(
                    max_examples=EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
                )(fuzz)()  # fmt: skip
    answered = {label for label, status in statuses if status == 200}
    assert answered == {operation.label for operation in operations} - {"POST /o/token/"}
    assert all(status < 500 for _label, status in statuses)
