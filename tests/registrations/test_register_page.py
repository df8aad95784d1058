"""Registration through the pages, as anybody on the street meets it: behind the walls, as portal_web."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clusters.models import BlankSpotVillage, Wave
from records.models import Event
from registrations.models import Applicant, Consent, DisabilityNeed, EligibilityDecision, Registration
from registrations.services.consents import CONSENT_VERSION
from tests.factories.people import VILLAGE_ID, make_person, make_region, make_wave

# Committed for real: the session is saved after the request has given its role back, as in production.
pytestmark = pytest.mark.django_db(transaction=True)

NIK = "3374995003950001"


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def filled(**over: Any) -> dict[str, Any]:
    """What the form posts for somebody eligible; None leaves a field out."""
    data = {
        "name": "Siti Contoh",
        "nik": "3374 9950 0395 0001",
        "kk": "3374-9901-0120-0001",
        "birth_date_day": "10",
        "birth_date_month": "3",
        "birth_date_year": "1995",
        "sex": "F",
        "phone": "0812 3456 7890",
        "email": "",
        "education": "sma",
        "marital_status": "single",
        "dependants": "0",
        "regency": str(VILLAGE_ID // 1_000_000),
        "district": str(VILLAGE_ID // 10_000),
        "village_id": str(VILLAGE_ID),
        "address": "Dusun Contoh RT 01 RW 02",
        "occupation": "jobseeker",
        "citizen": "ya",
        "in_education": "tidak",
        "received_before": "tidak",
        "unfamiliar_digital": "on",
        "pmi_candidate": "ya",
        "laid_off": "tidak",
        "disability": "lewati",
        "consent": "on",
    } | over
    return {name: value for name, value in data.items() if value is not None}


def send(client: Client, **over: Any) -> Any:
    """Open the form, then post it with the key it showed."""
    key = client.get("/daftar/").context["key"]
    return client.post("/daftar/", filled(**over) | {"key": key})


def test_from_the_form_to_joined(client: Client, wave: Wave) -> None:
    response = send(client)
    assert response.status_code == 302
    assert response.url == "/daftar/tanda-terima/"
    page = client.get(response.url)
    registration = Registration.objects.get()
    number = registration.number
    assert f"{number[:4]} {number[4:8]} {number[8:]}" in page.content.decode()
    assert page.context["secret"]

    response = client.post("/daftar/gabung/", {"registration": registration.pk}, follow=True)
    assert "Anda ikut undian" in response.content.decode()
    registration.refresh_from_db()
    assert registration.state == "joined"
