"""Every row's verdict, against a naive twin that holds file and table in memory."""

from collections import Counter, defaultdict

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from records.models import ImportRow
from registrations.models import ListedPerson
from tests.factories.imports import csv_of, decide, nik, receive, undo
from tests.factories.staff import make_user

pytestmark = pytest.mark.django_db

Line = tuple[str, str, str]

lines = st.lists(
    st.tuples(
        st.sampled_from([nik(number) for number in range(5)] + ["3374 9950 0101 95", "", nik(0)[:12] + "0000"]),
        st.sampled_from(["", "S/1", "S/2", "=1+1", "S" * 60, "S" * 61]),
        st.sampled_from(["", "2026-01-31", "31/01/2026", "2026-02-30"]),
    ),
    max_size=12,
)


def stated(line: Line) -> Line | None:
    """What a line says in the portal's form; None when it cannot be taken."""
    number, reference, since = line
    if len(number) != 16 or number.endswith("0000") or len(reference) > 60 or since == "2026-02-30":
        return None
    return number, reference, "2026-01-31" if since else ""


def twin(stored: dict[str, Line], file: list[Line]) -> tuple[list[str], dict[str, Line]]:
    """The verdict of each line and the table afterwards, when the good ones are taken."""
    said = [stated(line) for line in file]
    contents: dict[str, set[Line]] = defaultdict(set)
    for row in said:
        if row:
            contents[row[0]].add(row)
    verdicts, seen, after = [], set(), dict(stored)
    for row in said:
        if row is None or len(contents[row[0]]) > 1:
            verdicts.append("refused")
        elif row[0] in seen or stored.get(row[0]) == row:
            verdicts.append("duplicate")
        else:
            verdicts.append("changed" if row[0] in stored else "new")
            after[row[0]] = row
        if row:
            seen.add(row[0])
    return verdicts, after


def table() -> dict[str, Line]:
    found = {}
    for person in ListedPerson.objects.all():
        number = person.nik.open()
        found[number] = (number, person.reference, str(person.since or ""))
    return found


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(lines.filter(lambda rows: any(any(row) for row in rows)), min_size=1, max_size=3))
def test_verdicts_and_table_are_those_of_the_twin(db: None, files: list[list[Line]]) -> None:
    with transaction.atomic():
        user = make_user()
        stored: dict[str, Line] = {}
        for file in files:
            file = [line for line in file if any(line)]
            _one_file(user, stored, file)
            _verdicts, stored = twin(stored, file)
        transaction.set_rollback(True)


def _one_file(user: User, stored: dict[str, Line], file: list[Line]) -> None:
    expected, after = twin(stored, file)
    record = receive(csv_of(file), user=user)
    assert record.state == "checked", record.problem
    staged = ImportRow.objects.filter(import_id=record.pk).order_by("line").values_list("line", "verdict")
    assert list(staged) == list(enumerate(expected, 2))
    counts = {verdict: getattr(record, verdict) for verdict in ImportRow.Verdict.values}
    assert counts == dict.fromkeys(counts, 0) | Counter(expected)
    assert table() == stored
    record = decide(record, "good")
    assert (record.state, table()) == ("done", after)
    assert (undo(record).state, table()) == ("undone", stored)
    decide(receive(csv_of(file), user=user), "good")
    assert table() == after
