"""Rows made on two cores: nothing is lost when the helper cannot go on, and it never outlives its step."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from import_export.fields import Field

from records.models import ImportRow
from records.services.imports.staging import BATCH, HELPED
from records.services.imports.working import STEP
from registrations.models import ListedPerson, PersonList
from registrations.resources import NikCell, PersonListImport
from tests.factories.imports import csv_of, decide, nik, receive

pytestmark = pytest.mark.django_db


class AskingCell(NikCell):
    def clean(self, value: str, row: Mapping[str, str] | None = None, **kwargs: Any) -> str:
        if value.endswith("0"):
            assert PersonList.objects.count() == 1
        return super().clean(value, row, **kwargs)


class Asking(PersonListImport):
    nik = Field("nik", "nik", AskingCell())


def people(count: int) -> list[tuple[str, ...]]:
    return [(nik(number), f"S/{number}", "2026-01-31") for number in range(count)]


def children() -> set[str]:
    return set(Path("/proc/thread-self/children").read_text().split())


def test_what_a_helper_made_is_what_the_file_says() -> None:
    rows = people(BATCH + STEP * HELPED // 100 + 2)
    record = decide(receive(csv_of(rows)), "all")
    stored = {(each.nik.open(), each.reference, str(each.since)) for each in ListedPerson.objects.all()}
    assert (record.state, stored) == ("done", set(rows))


def test_a_widget_that_asks_the_database_is_heard_in_the_parent(settings: Any) -> None:
    settings.IMPORTS = settings.IMPORTS | {"person_list": f"{__name__}.Asking"}
    count = BATCH + STEP * HELPED // 100 + 3 * BATCH  # so many that the parent, too, makes rows while others are copied
    record = receive(csv_of(people(count)))
    assert (record.state, record.new) == ("checked", count)
    lines = ImportRow.objects.filter(import_id=record.pk).order_by("line").values_list("line", flat=True)
    assert list(lines) == list(range(2, count + 2))


def test_a_file_that_breaks_off_leaves_no_helper_behind() -> None:
    before = children()
    record = receive(csv_of([*people(BATCH + STEP * HELPED // 100 + 10), ('"', "", "")]))
    assert (record.state, record.problem[0]) == ("failed", "quotes")
    assert children() == before
