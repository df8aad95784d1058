"""What the database refuses to everybody, its owner included: changed logs, skipped states, decisions undone."""

from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

import clusters.states
import registrations.states
import training.states
from clusters.models import Dataset, Observation, Wave
from records.models import Import
from records.models.imports import IMPORT_TRANSITIONS
from records.services.log import record_event
from registrations.models import IdentityCheck, Registration
from tests.factories.people import make_wave
from tests.prakerja.database import ask, refused
from training.models import Erasure, Grievance

pytestmark = pytest.mark.django_db


def test_logs_are_append_only_for_the_owner_too() -> None:
    record_event(
        kind="test", actor_id=None, actor_role="system", subject_type="test", subject_id=uuid4(), at=timezone.now()
    )
    for sql in ("UPDATE records_event SET kind = 'x'", "DELETE FROM records_event"):
        with refused("append-only"):
            ask(sql)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE records_event ENABLE TRIGGER append_only_truncate")
    with refused("append-only"):
        ask("TRUNCATE records_event")


def test_append_only_stands_on_these_tables() -> None:
    tables = {
        row[0] for row in ask("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only'")
    }
    assert tables >= {
        "clusters_dataset", "clusters_figurechoice", "clusters_quotacell", "clusters_quotadecision",
        "clusters_quotapolicy", "clusters_scenariocomment", "records_event", "records_read",
        "registrations_consent", "registrations_duplicatedecision", "registrations_eligibilitydecision",
        "registrations_paperform", "registrations_paperlot", "training_drawcutoff", "training_drawpack",
        "training_merkleblock",
    }  # fmt: skip


def test_keep_all_but_and_never_deleted() -> None:
    now = timezone.now()
    dataset = Dataset.objects.create(name="Contoh", publisher="Contoh", checksum="x", as_of=now)
    row = Observation.objects.create(
        dataset=dataset,
        indicator="x",
        period="2026",
        value=1,
        unit="orang",
        source="Contoh",
        confidence="low",
        as_of=now,
    )
    newer = Observation.objects.create(
        dataset=dataset,
        indicator="x",
        period="2027",
        value=2,
        unit="orang",
        source="Contoh",
        confidence="low",
        as_of=now,
    )
    Observation.objects.filter(pk=row.pk).update(superseded_by=newer)
    with refused("only superseded_by_id, updated_at of clusters_observation may change"):
        Observation.objects.filter(pk=row.pk).update(value=3)
    with refused("append-only"):
        ask("DELETE FROM clusters_observation WHERE id = %s", row.pk)


def test_set_once_keeps_what_stands() -> None:
    ask_all = [
        "CREATE TEMP TABLE decided (id int, seed text, n int)",
        "CREATE TRIGGER set_once BEFORE UPDATE ON decided FOR EACH ROW EXECUTE FUNCTION set_once('seed', 'n')",
        "INSERT INTO decided VALUES (1, '', NULL)",
        "UPDATE decided SET seed = 'abc', n = 0",
        "UPDATE decided SET seed = 'abc', n = 0, id = 2",
    ]
    with connection.cursor() as cursor:
        for sql in ask_all:
            cursor.execute(sql)
    for change in ("seed = 'abd'", "seed = NULL", "seed = ''", "n = 1", "n = NULL"):
        with refused("stands and cannot change"):
            ask(f"UPDATE decided SET {change}")  # noqa: S608


TABLES_OF_STATES = {
    "clusters_wave": (clusters.states.TRANSITIONS, Wave.State),
    "registrations_identitycheck": (registrations.states.IDENTITY_TRANSITIONS, IdentityCheck.State),
    "registrations_registration": (registrations.states.TRANSITIONS, Registration.State),
    "records_import": (IMPORT_TRANSITIONS, Import.State),
    "training_draw": (training.states.DRAW_TRANSITIONS, None),
    "training_erasure": (training.states.ERASURE_TRANSITIONS, Erasure.State),
    "training_grievance": (training.states.GRIEVANCE_TRANSITIONS, Grievance.State),
    "training_placement": (training.states.PLACEMENT_TRANSITIONS, None),
}


@pytest.mark.parametrize("table", TABLES_OF_STATES)
def test_the_trigger_holds_the_same_pairs_as_the_table_of_states(table: str) -> None:
    transitions, states = TABLES_OF_STATES[table]
    assert states is None or set(states.values) == set(transitions)
    assert set().union(*transitions.values()) <= set(transitions)
    definition = ask(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'refuse_transition' AND tgrelid = %s::regclass",
        table,
    )[0][0]
    pairs = {f"'{old}>{new}'" for old, following in transitions.items() for new in following}
    assert set(definition.partition("refuse_transition(")[2].rstrip(")").split(", ")) == pairs


def test_a_state_cannot_be_skipped_by_plain_sql() -> None:
    wave = make_wave("draft")
    with refused("clusters_wave cannot go from draft to published"):
        ask("UPDATE clusters_wave SET state = 'published' WHERE id = %s", wave.pk)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE clusters_wave SET state = 'open' WHERE id = %s", [wave.pk])
