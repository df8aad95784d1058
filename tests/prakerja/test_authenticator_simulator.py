"""The simulated phone of the sample accounts, and that nobody else has one."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.services.factors import verify_factor
from prakerja.rehearsal.authenticator import code_of, give_phone
from prakerja.rehearsal.province import STAFF
from tests.factories.staff import make_user

pytestmark = pytest.mark.django_db
SHOWN = re.compile(r'phone-code">(\d{6})<')


def test_what_the_phone_shows_opens_a_sample_account(client: Client) -> None:
    user = make_user(email=STAFF[0][1])
    give_phone(user)
    give_phone(user)
    shown = SHOWN.findall(client.get("/simulator/autentikator/").content.decode())
    assert len(shown) == len(STAFF) == len(set(shown))
    assert verify_factor(user=user, code=code_of(STAFF[0][1]).digits, now=user.created_at)


@pytest.mark.parametrize("setting", ["SAMPLE_DATA", "DEVELOPMENT"])
def test_with_real_data_or_in_production_there_is_no_phone(client: Client, settings: Any, setting: str) -> None:
    setattr(settings, setting, False)
    assert client.get("/simulator/autentikator/").status_code == 404


def test_no_account_gets_a_phone_beside_the_sample(settings: Any) -> None:
    settings.SAMPLE_DATA = False
    with pytest.raises(RuntimeError):
        give_phone(make_user())
