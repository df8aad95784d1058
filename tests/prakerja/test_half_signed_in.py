"""Somebody with every right and one factor: no page takes one for two."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.factories.staff import PASSWORD, make_staff
from tests.prakerja.world import OWN, make_world, routes, visits_of

pytestmark = pytest.mark.django_db
# To the second factor, or to where whoever is signed in begins, which leads on to it.
ON_THE_WAY = ("/akun/faktor/", "/akun/konfirmasi/", "/tempat-kerja/")


def ask(cookies: Any, method: str, path: str) -> tuple[int, str]:
    client = Client(raise_request_exception=False)
    client.cookies.update(cookies)
    with transaction.atomic():
        answer = getattr(client, method)(path)
        transaction.set_rollback(True)
    return answer.status_code, answer.headers.get("Location", "")


@pytest.mark.parametrize("role", ["office_head", "approver"])
def test_with_one_factor_every_route_leads_to_the_second_or_answers_as_to_nobody(role: str) -> None:
    world = make_world()
    person = make_staff(role, OWN, email="setengah@contoh.example", password=PASSWORD)
    half = Client()
    assert half.post("/masuk/", {"login": person.email, "password": PASSWORD})["Location"].startswith(ON_THE_WAY)
    wrong, led = [], 0
    for name, pattern in routes().items():
        if getattr(pattern.callback, "outside_scope", False) or name == "factors":
            continue
        for visit in visits_of(world, name, pattern):
            for method in ("get", "post"):
                status, location = ask(half.cookies, method, visit.path)
                if location.startswith(ON_THE_WAY):
                    led += 1
                elif status not in {403, 404} and (status, location) != ask({}, method, visit.path):
                    wrong.append(f"{method} {visit.key}: {status} {location}")
    assert not wrong, "\n".join(wrong)
    assert led > 50
    assert ask(half.cookies, "get", "/admin/")[1].startswith(ON_THE_WAY)
