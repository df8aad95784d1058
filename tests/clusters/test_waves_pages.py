"""The province's pages about waves, through the browser's eyes."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clusters.models import QuotaDecision, Wave
from tests.factories.people import make_rule_set, make_wave
from tests.factories.waves import make_split, record_seats

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]

PAGES = ["province-wave", "wave-edit", "wave-extend"]


def form(**over: Any) -> dict[str, Any]:
    """A filled-in form of a new wave."""
    today = timezone.localtime().replace(hour=9, minute=0)

    def moment(days: int) -> str:
        return (today + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")

    return {
        "name": "Gelombang Uji",
        "slug": "gelombang-uji",
        "rule_set": make_rule_set().pk,
        "opens_at": moment(1),
        "closes_at": moment(8),
        "draws_at": moment(11),
        "starts_on": moment(30)[:10],
        "ends_on": moment(60)[:10],
        "mode": "guarded",
    } | over


def test_from_the_decree_to_the_opened_wave(as_role: SignIn) -> None:
    client = as_role("planner")
    decree = {"decree_number": "CONTOH/77", "decree_date": "2026-10-01", "author": "Gubernur", "total": "20000"}
    assert client.post(reverse("decision-new"), decree).status_code == 302
    decision = QuotaDecision.objects.get(decree_number="CONTOH/77")

    saved = client.post(reverse("wave-new"), form(decision=decision.pk, guarantee_women="8"))
    wave = Wave.objects.get(slug="gelombang-uji")
    assert saved.url == reverse("province-wave", args=[wave.slug])
    assert (wave.state, wave.guarantees, wave.decision) == ("draft", {"women": 8}, decision)
    assert timezone.localtime(wave.closes_at).hour == 9

    step = reverse("wave-step", args=[wave.slug])
    page = client.post(step, {"to": "open"}, follow=True)
    assert "Belum ada kursi kelas" in page.content.decode()
    record_seats(wave, {(0, 3301): 16})
    client.post(step, {"to": "open"})
    wave.refresh_from_db()
    assert wave.state == "open"
    assert "Pembagian kuota belum disahkan" not in client.get(saved.url).content.decode()
    assert "Sahkan pembagian kuota" in client.get(saved.url).content.decode()


def test_a_decree_number_is_recorded_once(as_role: SignIn) -> None:
    client, wave = as_role("approver"), make_wave()
    decree = {"decree_number": wave.decision.decree_number, "decree_date": "2026-10-01", "author": "G", "total": "5"}
    answer = client.post(reverse("decision-new"), decree)
    assert answer.status_code == 422
    assert "sudah dicatat" in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("closes_at", "2020-01-01T09:00", "Pendaftaran ditutup sesudah dibuka."),
        ("draws_at", "2020-01-01T09:00", "Undian sesudah pendaftaran ditutup."),
        ("starts_on", "2020-01-01", "Pelatihan mulai sesudah hari undian."),
        ("ends_on", "2020-01-01", "Pelatihan selesai sesudah mulai."),
        ("slug", "gelombang uji!", "slug"),
    ],
)
def test_wrong_dates_are_told_at_their_field(as_role: SignIn, field: str, value: str, message: str) -> None:
    client, other = as_role("planner"), make_wave("cancelled")
    answer = client.post(reverse("wave-new"), form(decision=other.decision_id) | {field: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert message in answer.content.decode()


def test_the_dates_a_form_does_not_show_count_too(as_role: SignIn) -> None:
    wave = make_wave("open")
    client = as_role("planner")
    page = reverse("wave-edit", args=[wave.slug])
    fields = {
        "name": "Gelombang Baru",
        "decision": wave.decision_id,
        "starts_on": "2030-01-01",
        "ends_on": "2030-02-01",
    }
    early = wave.closes_at - timedelta(days=1)
    answer = client.post(page, fields | {"draws_at": early.strftime("%Y-%m-%dT%H:%M")})
    assert answer.context["form"].errors.keys() == {"draws_at"}
    answer = client.post(
        page, fields | {"draws_at": "2029-12-01T09:00", "slug": "lain", "closes_at": "2029-01-01T09:00"}
    )
    assert answer.status_code == 302
    changed = Wave.objects.get(pk=wave.pk)
    assert (changed.name, changed.slug, changed.closes_at) == ("Gelombang Baru", wave.slug, wave.closes_at)


def test_a_cancellation_without_a_reason_asks_for_it_and_changes_nothing(as_role: SignIn) -> None:
    wave, client = make_wave("open"), as_role("planner")
    step = reverse("wave-step", args=[wave.slug])
    answer = client.post(step, {"to": "cancelled", "reason": ""})
    assert answer.status_code == 422
    assert Wave.objects.get(pk=wave.pk).state == "open"
    client.post(step, {"to": "cancelled", "reason": "Anggaran dialihkan"})
    assert Wave.objects.get(pk=wave.pk).cancel_reason == "Anggaran dialihkan"
    history = client.get(reverse("province-wave", args=[wave.slug])).content.decode()
    assert "Anggaran dialihkan" in history


def test_an_extension_shows_on_the_wave(as_role: SignIn) -> None:
    wave, client = make_wave("open", starts_on=date(2030, 3, 6), ends_on=date(2030, 4, 6)), as_role("approver")
    page = reverse("wave-extend", args=[wave.slug])
    later = {"closes_at": "2030-03-01T23:59", "draws_at": "2030-03-05T10:00"}
    assert client.post(page, later).status_code == 422
    assert client.post(page, later | {"reason": "Sinyal padam"}).status_code == 302
    assert timezone.localtime(Wave.objects.get(pk=wave.pk).closes_at).strftime("%Y-%m-%d %H:%M") == "2030-03-01 23:59"
    too_late = {"closes_at": "2030-03-02T23:59", "draws_at": "2030-03-06T10:00", "reason": "Salah"}
    assert client.post(page, too_late).context["form"].errors.keys() == {"draws_at"}
    earlier = {"closes_at": "2029-03-01T23:59", "draws_at": "2030-03-05T10:00", "reason": "Salah"}
    assert client.post(page, earlier).context["form"].errors.keys() == {"closes_at"}


def test_the_auditor_reads_and_does_nothing(as_role: SignIn) -> None:
    wave, client = make_wave("draft"), as_role("auditor")
    record_seats(wave, {(0, 3301): 16})
    for page in (reverse("province"), reverse("province-wave", args=[wave.slug])):
        shown = client.get(page)
        assert shown.status_code == 200
        assert 'method="post" action="/provinsi' not in shown.content.decode()
    for page in (reverse("wave-new"), reverse("decision-new"), *(reverse(p, args=[wave.slug]) for p in PAGES[1:])):
        assert client.get(page).status_code == 403
        assert client.post(page).status_code == 403
    assert client.post(reverse("wave-step", args=[wave.slug]), {"to": "open"}).status_code == 403
    assert Wave.objects.get(pk=wave.pk).state == "draft"


@pytest.mark.parametrize("role", ["mentor", "office_head", "operator"])
def test_others_stay_outside(as_role: SignIn, role: str) -> None:
    wave = make_wave("open")
    client = as_role(role)
    for page in (reverse("province"), *(reverse(p, args=[wave.slug]) for p in PAGES)):
        assert client.get(page).status_code == 403
    assert Client().get(reverse("province")).status_code == 302


def test_a_wave_that_does_not_exist_is_404(as_role: SignIn) -> None:
    assert as_role("planner").get(reverse("province-wave", args=["tidak-ada"])).status_code == 404


@pytest.mark.parametrize("waves", [1, 6])
def test_the_overview_asks_as_often_for_one_wave_as_for_six(
    as_role: SignIn, waves: int, django_assert_num_queries: Any
) -> None:
    for _ in range(waves):
        make_split(make_wave("open"), {(0, 3301): 16})
    client = as_role("planner")
    client.get(reverse("province"))
    with django_assert_num_queries(9):  # session, user, memberships, role, two of the savepoint; then waves, decisions
        page = client.get(reverse("province"))
    assert page.content.decode().count("versi 1 disahkan") == waves
