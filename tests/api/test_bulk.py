"""All rows at once: the same rows as the pages, every character of them, in constant memory, in the asker's scope."""

import json
import tracemalloc
from typing import Any

import pytest
from django.db import connection
from django.db.models import Value
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.api import rows
from accounts.scope import NOBODY
from clusters.models import Observation, QuotaDecision
from tests.api.test_cursor import INSERT, pages
from tests.clusters.quota_data import deliver, figure, make_province
from tests.factories.clients import ApiCaller, make_institution
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
NASTY = st.sampled_from(["\\", "\\n", "\x01", "\x02", "\r\n", "\\.", '"', "\u2028", "\x7f", "%s", "🌾", "{", "\t"])


def lines(response: Any) -> list[dict[str, Any]]:
    assert (response.status_code, response["Content-Type"]) == (200, "application/x-ndjson")
    body: bytes = response.getvalue()
    assert body.endswith(b"\n")
    return [json.loads(line) for line in body[:-1].split(b"\n")]


def test_every_character_survives() -> None:
    make_wave()  # with one decision

    @settings(max_examples=150)
    @given(text=st.lists(TEXT | NASTY, max_size=8).map("".join), other=TEXT)
    def survives(text: str, other: str) -> None:
        found = QuotaDecision.objects.annotate(row_json=rows.as_text({"text": Value(text), "other": Value(other)}))
        (line, rest) = b"".join(rows.stream(found.values_list("row_json"), scope=NOBODY)).split(b"\n")
        assert (json.loads(line), rest) == ({"text": text, "other": other}, b"")

    survives()


def test_a_stored_text_survives_in_pages_and_bulk_alike() -> None:
    make_province()
    note = 'Baris\nbaru\ttab \\ "kutip" \x01\x02\x1f 🌾 \u2028 %s \' akhir'
    deliver(figure("population", 3301, 1, note=note))
    caller = ApiCaller()
    (page,) = pages(caller)
    assert page[0]["note"] == note
    assert lines(caller.get("observations.ndjson")) == page


def test_bulk_has_the_rows_and_fields_of_the_pages_and_takes_the_same_filters() -> None:
    make_region()
    wave = make_wave()
    for _ in range(3):
        make_registration(wave)
    make_registration(wave, regency=3301)
    caller = ApiCaller()
    never = {"updated_since": "2999-01-01T00:00:00Z"}
    for parameters in ({}, {"regency": 3374}, {"fields": "nik,number"}, {"fields": "state"}, never):
        response = caller.get("registrations/", parameters)
        bulk = caller.get("registrations.ndjson", parameters)
        if parameters is never:
            assert (response.json()["items"], bulk.getvalue()) == ([], b"")
        else:
            assert lines(bulk) == response.json()["items"]
            assert len(response.json()["items"]) == (3 if "regency" in parameters else 4)
    assert caller.get("registrations.ndjson", {"include": "identity"}).status_code == 400
    assert "As-Of" in caller.get("registrations.ndjson")


def test_the_scope_holds_while_the_answer_is_streamed() -> None:
    make_region()
    wave = make_wave()
    own, other = make_registration(wave), make_registration(wave, regency=3301)
    caller = ApiCaller(make_institution("office", 3374))
    response = caller.get("registrations.ndjson")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.scope', true), current_user = session_user")
        assert cursor.fetchone() in [("", True), (None, True)], "the request is over, the stream has not begun"
    (line,) = lines(response)
    assert line["id"] == str(own.pk)
    assert line["nik"].startswith("3374********")
    assert str(other.pk) not in str(line)


def test_memory_does_not_grow_with_the_rows() -> None:
    make_province()
    deliver(*(figure("population", 3301, number, note=str(number)) for number in range(200)))
    with connection.cursor() as cursor:
        for _ in range(7):
            cursor.execute(INSERT, [100_000])
    assert Observation.objects.count() == 200 * 2**7
    caller = ApiCaller()
    caller.get("observations.ndjson").getvalue()  # warm
    response = Client().get("/api/v1/observations.ndjson", headers={"Authorization": f"Bearer {caller.token}"})
    tracemalloc.start()
    size = sum(len(piece) for piece in response.streaming_content)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    response.close()
    assert size > 15_000_000
    assert peak < 3_000_000


def test_a_head_request_reads_nothing() -> None:
    caller = ApiCaller()
    response = Client().head("/api/v1/observations.ndjson", headers={"Authorization": f"Bearer {caller.token}"})
    assert (response.status_code, response.getvalue()) == (200, b"")
