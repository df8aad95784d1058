"""Two at once: one decision counts, one import is taken, and nobody reaches another office's."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.scope import Scope
from accounts.services import enter_scope
from records.models import Import, ImportChunk, ImportMapping, ImportRow, Job
from records.services import imports
from records.tasks import work_on_import
from registrations.models import ListedPerson, PersonList
from tests.factories.imports import LIST, csv_of, decide, done, nik, receive
from tests.factories.places import make_regency
from tests.factories.staff import make_user
from tests.registrations.races import race

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def as_web(
    user: User, *, role: str = "mentor", regencies: frozenset[int] = frozenset({3374})
) -> Iterator[dict[str, Any]]:
    with transaction.atomic():
        enter_scope(Scope(user.pk, frozenset({role}), regencies), web_role=True)
        yield {"actor_id": user.pk, "actor_role": role}


def test_of_two_decisions_at_once_one_counts() -> None:
    record = receive(csv_of([(nik(1), "S/1", "")]))
    user = Scope(record.asked_by_id, frozenset({"mentor"}), frozenset({3374}))

    def take() -> Any:
        enter_scope(user, web_role=True)
        return imports.decide(
            actor_id=record.asked_by_id, actor_role="mentor", import_id=record.pk, take="all", now=timezone.now()
        )

    first, second = race(take, take)
    assert isinstance(first, Job)
    assert isinstance(second, imports.WrongState)
    assert (done(record.pk).state, ListedPerson.objects.count()) == ("done", 1)


def test_of_two_imports_of_the_same_rows_at_once_one_is_taken() -> None:
    records = [receive(csv_of([(nik(1), reference, "")])) for reference in ("S/1", "S/2")]
    for record in records:
        imports.decide(
            actor_id=record.asked_by_id, actor_role="mentor", import_id=record.pk, take="all", now=timezone.now()
        )

    def apply(import_id: UUID) -> Any:
        enter_scope(Scope())
        transaction.get_connection().cursor().execute("RESET ROLE")
        return imports.work(import_id=import_id, now=timezone.now())

    outcomes = race(lambda: apply(records[0].pk), lambda: apply(records[1].pk))
    assert outcomes == (None, None)
    assert [Import.objects.get(pk=record.pk).state for record in records] == ["done", "checked"]
    assert ListedPerson.objects.get().reference == "S/1"


def test_a_step_delivered_twice_is_done_once() -> None:
    record = receive(csv_of([(nik(1), "S/1", ""), (nik(2), "S/2", "")]))
    for job in Job.objects.filter(key__startswith=f"import:{record.pk}"):
        work_on_import(str(job.pk))
        with transaction.atomic():
            imports.work(import_id=record.pk, now=timezone.now())
    record.refresh_from_db()
    assert (record.state, record.rows, ImportRow.objects.filter(import_id=record.pk).count()) == ("checked", 2, 2)


def test_an_office_brings_and_decides_its_own_imports_as_a_web_request() -> None:
    make_regency(3374)
    user = make_user()
    with as_web(user) as who:
        record, _job = imports.receive_file(
            **who, kind="person_list", regency_id=3374, name="daftar.csv", content=[csv_of([(nik(1), "S/1")], "A,B")],
            options=LIST, now=timezone.now(),
        )  # fmt: skip
    assert done(record.pk).state == "received"
    with as_web(user) as who:
        mapping = {"nik": "A", "reference": "B"}
        imports.set_mapping(**who, import_id=record.pk, mapping=mapping, now=timezone.now())
    assert done(record.pk).state == "checked"
    with as_web(user) as who:
        (row,) = imports.preview(import_id=record.pk, verdict="new")
        assert row.cells[0].text == f"3374********{nik(1)[12:]}"
        imports.decide(**who, import_id=record.pk, take="all", now=timezone.now())
    assert done(record.pk).state == "done"
    with as_web(user) as who:
        assert ListedPerson.objects.get().reference == "S/1"
        imports.undo(**who, import_id=record.pk, now=timezone.now())
    assert done(record.pk).state == "undone"


def test_another_office_sees_and_touches_nothing() -> None:
    record = receive(csv_of([(nik(1), "S/1", ""), ("1", "", "")]))
    decide(receive(csv_of([(nik(1), "S/1", "")])), "all")
    other = make_user()
    with as_web(other, regencies=frozenset({3301})) as who:
        for model in (Import, ImportChunk, ImportRow, ImportMapping, PersonList, ListedPerson):
            assert model.objects.count() == 0, model
        for act in (imports.decide, imports.undo):
            with pytest.raises(Import.DoesNotExist):
                act(
                    **who,
                    import_id=record.pk,
                    now=timezone.now(),
                    **({"take": "good"} if act is imports.decide else {}),
                )
        with pytest.raises(Import.DoesNotExist):
            imports.preview(import_id=record.pk, verdict="new")
    with pytest.raises(DatabaseError, match="row-level security"), as_web(other, regencies=frozenset({3301})) as who:
        imports.receive_file(
            **who, kind="person_list", regency_id=3374, name="a.csv", content=[b"x"], options=LIST, now=timezone.now()
        )


def test_what_nobody_decides_is_discarded_and_files_do_not_stay() -> None:
    undecided = receive(csv_of([(nik(1), "", "")]))
    partly = decide(receive(csv_of([(nik(2), "", ""), ("1", "", "")])), "good")
    assert set(ImportChunk.objects.values_list("of_import_id", flat=True)) == {undecided.pk, partly.pk}
    imports.clear(now=timezone.now())
    assert ImportChunk.objects.count() == 2
    imports.clear(now=timezone.now() + timedelta(days=8))
    assert set(ImportChunk.objects.values_list("of_import_id", flat=True)) == {undecided.pk}
    imports.clear(now=timezone.now() + timedelta(days=15))
    assert not ImportChunk.objects.exists()
    assert [Import.objects.get(pk=each.pk).state for each in (undecided, partly)] == ["discarded", "done"]


def test_the_jobs_carry_ids_only() -> None:
    record = receive(csv_of([(nik(1), "", "")]))
    for job in Job.objects.filter(key__contains=str(record.pk)):
        assert json.loads(json.dumps(job.payload)) == {"import_id": str(record.pk)}
