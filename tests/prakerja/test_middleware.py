"""What holds for every request: no NUL bytes come in, nothing personal stays in a cache."""

import pytest
from django.test import Client

from tests.factories.people import make_region, make_wave
from tests.prakerja.world import make_world, routes, visits_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("query", ["sel=3301-P%00MI", "versi=%00", "%00=1", "a=1&a=%00"])
def test_nul_bytes_in_an_address_are_refused(client: Client, query: str) -> None:
    make_region()
    wave = make_wave()
    assert client.get(f"/kuota/{wave.slug}/?{query}").status_code == 400
    assert client.get(f"/kuota/{wave.slug}/?sel=3301-PMI").status_code == 200


@pytest.mark.parametrize("path", ["/daftar/", "/daftar/gabung/", "/status/buka/", "/masuk/", "/bahasa/"])
def test_nul_bytes_in_a_form_are_refused(client: Client, path: str) -> None:
    for name in ("name", "number", "login", "next", "registration", "\0"):
        assert client.post(path, {name: "a\0b"}).status_code == 400


def test_nul_bytes_in_a_cookie_are_refused(client: Client) -> None:
    client.cookies["sessionid"] = "a\0bcdefghijk"
    assert client.get("/").status_code == 400


def test_answers_to_known_people_stay_in_no_cache() -> None:
    world = make_world()
    paths = {visit.path for name, pattern in routes().items() for visit in visits_of(world, name, pattern)}
    assert {"/", "/provinsi/", "/kantor/", "/daftar/kelas/"} < paths
    for role in ("applicant", "mentor", "auditor", "member"):
        for path in [*paths, "/tidak-ada/"]:
            answer = world.clients[role].get(path)
            assert {"no-store", "private"} <= set(answer["Cache-Control"].split(", ")), (role, path)
    assert "Cache-Control" not in world.clients["public"].get("/")
