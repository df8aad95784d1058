"""What each client is shown: whole rows, its own, the pages' numbers, and the NIK only on the record."""

import csv
import io
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.api.rows import read_only
from accounts.api.tokens import asker_of
from accounts.services import enter_scope
from clusters.models import QuotaSplit, Wave
from prakerja.api_urls import RESOURCES
from records.models import Event, Read
from registrations.models import Applicant, Registration
from tests.api.conftest import be_owner_again
from tests.factories.clients import ApiCaller, make_institution
from tests.factories.people import make_wave
from tests.prakerja.test_matrix import without_row_level_security, without_within
from tests.prakerja.world import OTHER, OWN, World, make_world

pytestmark = pytest.mark.django_db

REASON = {"X-Access-Reason": "Mencocokkan data dengan pusat"}


@pytest.fixture
def world() -> World:
    return make_world()


def slug(world: World) -> str:
    return str(world.arguments["wave"][""])


def everything(caller: ApiCaller) -> str:
    """All that a client gets to see without the NIK's scope: lists, records, bulk, statistics, with their headers."""
    seen = []
    for resource in RESOURCES:
        response = caller.get(f"{resource.noun}/", {"limit": 500})
        seen.append(response.content.decode() + str(response.headers))
        seen += [caller.get(f"{resource.noun}/{row['id']}/").content.decode() for row in response.json()["items"]]
        seen.append(caller.get(f"{resource.noun}.ndjson").getvalue().decode())
        be_owner_again()
    (wave,) = caller.get("waves/", {"state": "published"}).json()["items"]
    seen.append(caller.get(f"statistics/{wave['slug']}/").content.decode())
    return "\n".join(seen)


def test_rows_have_every_field_of_their_description_and_no_other(world: World) -> None:
    caller = ApiCaller()
    for resource in RESOURCES:
        (row, *_rest) = caller.get(f"{resource.noun}/").json()["items"]
        assert set(row) == set(resource.serializer_class().fields), resource.noun
        assert {"updated_at", "as_of"} <= set(row)
        record = caller.get(f"{resource.noun}/{row['id']}/").json()
        assert set(record["item"]) == set((resource.detail_serializer_class or resource.serializer_class)().fields)
        assert record["as_of"]
        assert set(caller.get(f"{resource.noun}/", {"fields": "updated_at"}).json()["items"][0]) == {"id", "updated_at"}


def test_a_list_takes_four_statements_and_a_page_of_niks_one_more(world: World) -> None:
    caller = ApiCaller(identity=True)

    def statements(address: str, **headers: str) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            assert caller.get(address, **headers).status_code == 200
        return [
            query["sql"][:60] for query in captured if "SAVEPOINT" not in query["sql"] and "'none'" not in query["sql"]
        ]

    for resource in RESOURCES:  # the token, the scope, no writing, the rows
        assert len(statements(f"{resource.noun}/")) == 4, statements(f"{resource.noun}/")
    # And a line of the log in place of no writing.
    assert len(statements("registrations/?include=identity", **REASON)) == 4


def test_an_office_sees_its_own_and_a_ministry_all(world: World) -> None:
    own, other = world.own, world.other
    secrets = own.secrets | other.secrets
    ministry = everything(ApiCaller())
    assert not [secret for secret in secrets if secret in ministry]
    assert str(own.registration.pk) in ministry and str(other.registration.pk) in ministry
    for institution, seen, hidden in (
        (make_institution("office", OWN), own, other),
        (make_institution("ministry", OWN), own, other),
        (make_institution("office", OTHER), other, own),
    ):
        text = everything(ApiCaller(institution))
        assert str(seen.registration.pk) in text
        assert not [trace for trace in hidden.traces | secrets if trace in text], institution.kind


def test_another_offices_record_is_not_there(world: World) -> None:
    caller = ApiCaller(make_institution("office", OWN))
    assert caller.get(f"registrations/{world.own.registration.pk}/").status_code == 200
    assert caller.get(f"registrations/{world.other.registration.pk}/").status_code == 404
    assert caller.get("registrations/", {"regency": OTHER}).json()["items"] == []


@pytest.mark.parametrize("wall", ["rows", "within", "none"])
def test_each_wall_alone_keeps_offices_apart(world: World, monkeypatch: pytest.MonkeyPatch, wall: str) -> None:
    caller = ApiCaller(make_institution("office", OWN))
    if wall in {"rows", "none"}:
        without_within(monkeypatch)
    if wall in {"within", "none"}:
        without_row_level_security()
    leaked = {trace for trace in world.other.traces if trace in everything(caller)}
    assert bool(leaked) == (wall == "none"), leaked


def test_drafts_are_a_ministrys_only(world: World) -> None:
    draft = make_wave("draft")
    assert ApiCaller().get(f"waves/{draft.pk}/").status_code == 200
    assert ApiCaller(make_institution("office", OWN)).get(f"waves/{draft.pk}/").status_code == 404
    assert ApiCaller(make_institution("office", OWN)).get(f"statistics/{draft.slug}/").status_code == 404


@pytest.mark.parametrize("institution", [("ministry",), ("office", OWN)])
def test_the_database_lets_no_client_write(world: World, institution: tuple[Any, ...]) -> None:
    caller = ApiCaller(make_institution(*institution))
    request = Client().get("/api/v1/waves/", headers={"Authorization": f"Bearer {caller.token}"}).wsgi_request
    request.user = AnonymousUser()
    asker = asker_of(request, caller.client.created)
    assert asker is not None
    with pytest.raises(DatabaseError, match="read-only"), transaction.atomic():
        enter_scope(asker.scope, web_role=True)
        read_only()
        Registration.objects.within(asker.scope).update(state="withdrawn")
    be_owner_again()
    assert not asker.scope.is_province and not asker.scope.is_office
    assert not Event.objects.filter(actor_id=asker.user_id).exists()


def test_the_nik_in_full_is_on_the_record_of_its_person(world: World) -> None:
    caller = ApiCaller(identity=True)
    asked = {"include": "identity", "fields": "nik", "wave": slug(world)}
    response = caller.get("registrations/", asked, **REASON)
    niks = {row["nik"] for row in response.json()["items"]}
    assert niks <= world.own.secrets | world.other.secrets and len(niks) == 2
    assert response["Cache-Control"] == "no-store, private" and "ETag" not in response
    columns = ("person_id", "regency_id", "field", "actor_id", "actor_role", "reason")
    reads = Read.objects.order_by("regency_id").values_list(*columns)
    assert list(reads) == [
        (canary.registration.applicant_id, regency, "nik", caller.client.user_id, "ministry", REASON["X-Access-Reason"])
        for canary, regency in ((world.other, OTHER), (world.own, OWN))
    ]
    record = caller.get(f"registrations/{world.own.registration.pk}/", {"include": "identity"}, **REASON)
    assert record.json()["item"]["nik"] in world.own.secrets
    assert Read.objects.count() == 3


def test_without_scope_reason_or_nik_nothing_is_shown_in_full_and_nothing_logged(world: World) -> None:
    caller, plain = ApiCaller(identity=True), ApiCaller()
    for who, asked, headers, status in (
        (plain, {"include": "identity"}, REASON, 403),
        (plain, {"include": "identity,identity"}, REASON, 403),
        (caller, {"include": "identity"}, {}, 400),
        (caller, {"include": "identity"}, {"X-Access-Reason": "  .  "}, 400),
        (caller, {"include": "identity", "fields": "state"}, REASON, 200),
        (caller, {}, REASON, 200),
    ):
        response = who.get("registrations/", asked, **headers)
        assert response.status_code == status
        assert not [secret for secret in world.own.secrets | world.other.secrets if secret in response.content.decode()]
    assert not Read.objects.exists()


def test_the_nik_of_who_moved_away_is_not_the_old_offices(world: World) -> None:
    Applicant.objects.filter(pk=world.own.registration.applicant_id).update(regency_id=OTHER)
    caller = ApiCaller(make_institution("office", OWN), identity=True)
    (row,) = caller.get("registrations/", {"include": "identity", "wave": slug(world)}, **REASON).json()["items"]
    assert (row["id"], row["nik"]) == (str(world.own.registration.pk), None)
    assert not Read.objects.exists()
    assert b'"nik" : null' in caller.get("registrations.ndjson").getvalue()
    be_owner_again()


def test_what_did_not_change_is_not_sent_again(world: World) -> None:
    caller = ApiCaller()
    for address in ("waves/", f"statistics/{slug(world)}/", f"waves/{Wave.objects.get(slug=slug(world)).pk}/"):
        first = caller.get(address)
        again = caller.get(address, **{"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    etag = caller.get("waves/")["ETag"]
    make_wave()
    assert caller.get("waves/", **{"If-None-Match": etag}).status_code == 200


def test_filters_narrow(world: World) -> None:
    caller = ApiCaller()
    for address, expected in (
        (f"registrations/?wave={slug(world)}", 2), ("registrations/?wave=lain", 0), ("registrations/?state=joined", 2),
        ("registrations/?state=withdrawn", 0), (f"registrations/?wave={slug(world)}&cluster=AFIRMASI", 2),
        ("registrations/?cluster=PMI", 0), (f"registrations/?wave={slug(world)}&regency=3374", 1),
        ("classes/?regency=3301&cluster=AFIRMASI", 1), ("placements/?state=offered", 2),
        ("placements/?regency=3301", 1), ("draws/?state=published", 1), ("waves/?state=published", 1),
        ("observations/?indicator=pmi_placed&regency=3301", 2), (f"observations/?wave={slug(world)}&cluster=AFIRMASI", 2),
        (f"splits/?wave={slug(world)}", 1),
    ):  # fmt: skip
        assert len(caller.get(address).json()["items"]) == expected, address
    current = len(caller.get("observations/?current=true&limit=500").json()["items"])
    superseded = len(caller.get("observations/?current=false&limit=500").json()["items"])
    assert current + superseded == len(caller.get("observations/?limit=500").json()["items"])


def test_numbers_equal_the_pages(world: World) -> None:
    caller = ApiCaller()
    text = Client().get(f"/kuota/{slug(world)}/kuota.csv").content.decode("utf-8-sig")
    page = list(csv.DictReader(io.StringIO(text), dialect=csv.Sniffer().sniff(text.splitlines()[0])))
    by_page = {(int(row["kode"].replace(".", "")), row["klaster"]): int(row["tempat"]) for row in page}
    split = caller.get(f"splits/{QuotaSplit.objects.get().pk}/").json()["item"]
    assert {(cell["regency"], cell["cluster"]): cell["seats"] for cell in split["cells"]} == by_page
    found = caller.get(f"statistics/{slug(world)}/").json()
    assert found["places"] == sum(by_page.values()) == split["total"] - split["unassigned"]
    for cluster in found["clusters"]:
        assert cluster["places"] == sum(seats for (_, code), seats in by_page.items() if code == cluster["cluster"])
    assert found["people"]["joined"] == Registration.objects.filter(wave__slug=slug(world), state="joined").count() == 2
    assert found["people"]["total"] == sum(region["people"]["total"] for region in found["regencies"]) == 2
    own = ApiCaller(make_institution("office", OWN)).get(f"statistics/{slug(world)}/").json()
    assert (own["people"]["total"], own["places"]) == (1, found["places"]), "places are public, people are one's own"


def test_lineage_leads_from_a_cell_to_its_observations(world: World) -> None:
    caller = ApiCaller()
    split = caller.get(f"splits/{QuotaSplit.objects.get().pk}/").json()["item"]
    chosen = [cell["basis"]["weight"]["chosen"] for cell in split["cells"] if "chosen" in cell["basis"]["weight"]]
    assert chosen
    for found in chosen:
        observation = caller.get(f"observations/{found['id']}/").json()["item"]
        assert (observation["value"], observation["source"]) == (found["value"], found["source"])
        assert observation["dataset"]["name"] == found["dataset"]


def test_a_draw_leads_to_its_pack(world: World) -> None:
    caller = ApiCaller()
    (draw,) = caller.get("draws/").json()["items"]
    record = caller.get(f"draws/{draw['id']}/").json()["item"]
    (pack,) = record["packs"]
    assert Client().get(pack["url"]).status_code == 200
    assert {cutoff["regency"] for cutoff in record["cutoffs"]} == {OWN, OTHER}
