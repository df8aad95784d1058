"""Classes of a wave: who changes what until when, and how their seats reach the quota."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.scope import Scope
from clusters.models import Observation, QuotaCell, Wave
from clusters.selectors.waves import open_seats
from records.models import Event, Job
from tests.factories.people import make_wave
from tests.factories.places import make_clusters, make_regency
from tests.factories.staff import make_user
from tests.factories.waves import make_class, make_split
from training.models import Programme, Provider, TrainingClass
from training.selectors.classes import PAGE
from training.services.classes import (
    ClassesStand,
    OutsideTheWave,
    TooFewHours,
    add_class,
    change_class,
    record_open_seats,
)
from training.tasks import record_open_seats as task

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]

NOW = timezone.make_aware(datetime(2026, 11, 24, 10))  # noqa: DTZ001


@pytest.fixture
def planner() -> Scope:
    return Scope(user_id=make_user().pk, roles=frozenset({"planner"}))


def make_dated_wave(state: str = "draft") -> Wave:
    make_clusters()
    return make_wave(state, now=NOW, starts_on=date(2027, 1, 4), ends_on=date(2027, 3, 26))


def values(**over: Any) -> dict[str, Any]:
    programme, _ = Programme.objects.get_or_create(
        code="LAS", defaults={"name_id": "Las", "name_en": "Welding", "hours": 80}
    )
    provider, _ = Provider.objects.get_or_create(name="BLK Uji", defaults={"kind": "blk", "regency": make_regency()})
    return {
        "programme": programme,
        "provider": provider,
        "regency": make_regency(3301),
        "cluster": make_clusters()[0],
        "seats": 16,
        "minimum": 8,
        "venue": "Ruang 1",
        "schedule": "Senin-Jumat",
        "starts_on": date(2027, 1, 11),
        "ends_on": date(2027, 1, 29),
    } | over


def posted(**over: Any) -> dict[str, Any]:
    return {name: getattr(value, "pk", value) for name, value in values(**over).items()}


def cells(wave: Wave) -> dict[tuple[int | None, int | None], int]:
    current = Observation.objects.current().filter(wave=wave, indicator="open_seats")
    return {(o.regency_id, o.cluster_id): int(o.value) for o in current}


def test_classes_get_running_codes_and_a_job_counts_their_seats(planner: Scope) -> None:
    wave = make_dated_wave()
    first, job = add_class(scope=planner, wave_id=wave.pk, values=values(), now=NOW)
    second, other = add_class(scope=planner, wave_id=wave.pk, values=values(seats=12), now=NOW + timedelta(seconds=1))
    assert [first.code, second.code] == ["K0001", "K0002"]
    assert job.pk != other.pk
    assert Job.objects.get(pk=job.pk).payload == {"wave_id": str(wave.pk)}
    assert Event.objects.filter(kind="class.added", regency_id=3301, actor_id=planner.user_id).count() == 2


def test_seats_become_observations_that_follow_every_change(planner: Scope) -> None:
    wave = make_dated_wave()
    moved, _ = add_class(scope=planner, wave_id=wave.pk, values=values(), now=NOW)
    add_class(scope=planner, wave_id=wave.pk, values=values(seats=12), now=NOW)
    assert record_open_seats(wave_id=wave.pk, now=NOW) == {"cells": 1, "seats": 28}
    assert cells(wave) == {(3301, 0): 28}

    elsewhere = {"regency": make_regency(3302), "cluster": make_clusters()[2]}
    change_class(scope=planner, class_id=moved.pk, values=elsewhere, now=NOW)
    record_open_seats(wave_id=wave.pk, now=NOW + timedelta(minutes=1))
    assert cells(wave) == {(3301, 0): 12, (3302, 2): 16}

    change_class(scope=planner, class_id=moved.pk, values={"seats": 0, "minimum": 0}, now=NOW)
    record_open_seats(wave_id=wave.pk, now=NOW + timedelta(minutes=2))
    assert cells(wave) == {(3301, 0): 12, (3302, 2): 0}
    assert open_seats(wave.pk) == 12


def test_counting_again_without_a_change_writes_nothing(planner: Scope) -> None:
    wave = make_dated_wave()
    make_class(wave)
    record_open_seats(wave_id=wave.pk, now=NOW)
    record_open_seats(wave_id=wave.pk, now=NOW + timedelta(minutes=1))
    assert Observation.objects.filter(wave=wave).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_job_counts_and_may_be_delivered_twice(planner: Scope) -> None:
    wave = make_dated_wave()
    _, job = add_class(scope=planner, wave_id=wave.pk, values=values(), now=NOW)
    task(str(job.pk))
    task(str(job.pk))
    assert Job.objects.get(pk=job.pk).result == {"cells": 1, "seats": 16}
    assert cells(wave) == {(3301, 0): 16}


def test_what_a_class_is_stands_once_people_can_choose_it(planner: Scope) -> None:
    wave = make_dated_wave()
    made, _ = add_class(scope=planner, wave_id=wave.pk, values=values(), now=NOW)
    change_class(scope=planner, class_id=made.pk, values={"cluster": make_clusters()[3]}, now=NOW)
    Wave.objects.filter(pk=wave.pk).update(state="open")
    change_class(scope=planner, class_id=made.pk, values={"seats": 20, "venue": "Ruang 2"}, now=NOW)
    for over in ({"cluster": make_clusters()[1]}, {"regency": make_regency(3302)}):
        with pytest.raises(ClassesStand):
            change_class(scope=planner, class_id=made.pk, values=over, now=NOW)
    add_class(scope=planner, wave_id=wave.pk, values=values(), now=NOW)


@pytest.mark.parametrize("state", ["closed", "frozen", "drawn", "published", "finished", "cancelled"])
def test_no_class_is_added_after_the_closing(planner: Scope, state: str) -> None:
    wave = make_dated_wave(state)
    with pytest.raises(ClassesStand):
        add_class(scope=planner, wave_id=wave.pk, values=values(), now=NOW)


@pytest.mark.parametrize("state", ["frozen", "drawn", "published", "running"])
def test_nothing_changes_after_the_freeze(planner: Scope, state: str) -> None:
    made = make_class(make_dated_wave(state))
    with pytest.raises(ClassesStand):
        change_class(scope=planner, class_id=made.pk, values={"seats": 5}, now=NOW)


def test_a_change_to_the_same_is_none(planner: Scope) -> None:
    wave = make_dated_wave("closed")
    made = make_class(wave)
    assert change_class(scope=planner, class_id=made.pk, values={"seats": made.seats}, now=NOW) == (made, None)
    assert not Job.objects.exists()


def test_hours_and_dates_keep_to_the_wave(planner: Scope) -> None:
    wave = make_dated_wave()
    short = Programme.objects.create(code="KILAT", name_id="Kilat", name_en="Flash", hours=14)
    with pytest.raises(TooFewHours) as refused:
        add_class(scope=planner, wave_id=wave.pk, values=values(programme=short), now=NOW)
    assert (refused.value.hours, refused.value.minimum) == (14, 15)
    for over in ({"starts_on": date(2027, 1, 1)}, {"ends_on": date(2027, 4, 1)}):
        with pytest.raises(OutsideTheWave):
            add_class(scope=planner, wave_id=wave.pk, values=values(**over), now=NOW)


@pytest.mark.parametrize("role", ["auditor", "mentor", "office_head", ""])
def test_only_the_province_changes_classes(role: str) -> None:
    wave = make_dated_wave()
    made = make_class(wave)
    scope = Scope(user_id=make_user().pk, roles=frozenset({role} - {""}))
    with pytest.raises(PermissionDenied):
        add_class(scope=scope, wave_id=wave.pk, values=values(), now=NOW)
    with pytest.raises(PermissionDenied):
        change_class(scope=scope, class_id=made.pk, values={"seats": 1}, now=NOW)


# Pages.


def test_adding_and_changing_by_the_pages(as_role: SignIn) -> None:
    wave, client = make_dated_wave(), as_role("planner")
    page = reverse("class-new", args=[wave.slug])
    assert client.post(page, posted(seats="")).status_code == 422
    assert client.post(page, posted(minimum=17)).context["form"].errors.keys() == {"minimum"}
    assert client.post(page, posted(starts_on="2026-01-01")).context["form"].errors.keys() == {"starts_on"}
    assert client.post(page, posted()).status_code == 302

    made = TrainingClass.objects.get(wave=wave)
    page = reverse("class-edit", args=[wave.slug, made.pk])
    client.post(page, posted(seats=20))
    made.refresh_from_db()
    assert made.seats == 20
    Wave.objects.filter(pk=wave.pk).update(state="open")
    assert "programme" not in client.get(page).context["form"].fields
    client.post(page, posted(seats=18, cluster=make_clusters()[3]))
    made.refresh_from_db()
    assert (made.seats, made.cluster_id) == (18, 0)


def test_a_class_of_another_wave_is_404(as_role: SignIn) -> None:
    made = make_class(make_dated_wave())
    page = reverse("class-edit", args=[make_dated_wave().slug, made.pk])
    assert as_role("planner").get(page).status_code == 404


def test_the_auditor_reads_the_list_only(as_role: SignIn) -> None:
    wave = make_dated_wave()
    made, client = make_class(wave), as_role("auditor")
    page = client.get(reverse("province-classes", args=[wave.slug])).content.decode()
    assert made.code in page
    assert reverse("class-new", args=[wave.slug]) not in page
    assert client.get(reverse("class-new", args=[wave.slug])).status_code == 403
    assert client.post(reverse("class-edit", args=[wave.slug, made.pk]), posted()).status_code == 403


def test_the_list_pages_by_code_and_by_regency(as_role: SignIn, django_assert_num_queries: Any) -> None:
    wave, client = make_dated_wave(), as_role("planner")
    for _ in range(PAGE):
        make_class(wave)
    last = make_class(wave, regency=3302, cluster=3)
    page = reverse("province-classes", args=[wave.slug])
    first = client.get(page)
    assert last.code not in {each.code for each in first.context["classes"]}
    rest = client.get(page, {"sesudah": first.context["last"]})
    assert [each.code for each in rest.context["classes"]] == [last.code]
    assert [each.code for each in client.get(page, {"kabupaten": "3302"}).context["classes"]] == [last.code]
    make_split(wave, {(0, 3301): 16})
    with django_assert_num_queries(14):
        client.get(page)


def test_seats_are_held_against_the_places_of_the_newest_split(as_role: SignIn) -> None:
    wave, client = make_dated_wave(), as_role("auditor")
    page = reverse("province-classes", args=[wave.slug])
    for regency, cluster, seats in [(3301, 0, 16), (3301, 0, 12), (3301, 2, 16), (3302, 3, 16)]:
        make_class(wave, regency=regency, cluster=cluster, seats=seats)
    make_class(make_dated_wave(), regency=3302, cluster=3)
    assert (
        "Tempat tampil di sini setelah ada usulan"
        in client.get(page, headers={"accept-language": "id"}).content.decode()
    )

    make_split(wave, {(0, 3301): 1})
    split = make_split(wave, {(2, 3301): 20, (3, 3302): 4}, published=False)
    bounded = {"split": split, "weight": 600, "floor": 0, "binds": "cap", "basis": {}}
    QuotaCell.objects.create(cluster_id=0, regency_id=3301, cap=28, seats=28, **bounded)
    QuotaCell.objects.create(cluster_id=1, regency_id=3302, cap=0, seats=0, **bounded)
    answer = client.get(page, headers={"accept-language": "id"})
    supply = answer.context["supply"]
    assert [
        (place.pk, [(cell.seats, cell.classes, cell.places, cell.lack) for cell in cells], providers)
        for place, cells, _sum, providers in supply.rows
    ] == [
        (3301, [(28, 2, 28, "full"), (0, 0, 0, ""), (16, 1, 20, "short"), (0, 0, 0, "")], 1),
        (3302, [(0, 0, 0, ""), (0, 0, 0, "none"), (0, 0, 0, ""), (16, 1, 4, "")], 1),
    ]
    assert (supply.total.seats, supply.total.classes, supply.total.places) == (60, 4, 52)
    text = " ".join(answer.content.decode().split())
    assert "Tempat menurut versi 2, yang masih usulan." in text
    for lack in ("kurang 4<", "tanpa kelas<", "penuh<", "1 sel kekurangan kursi:"):
        assert lack in text


def test_an_unknown_regency_is_404(as_role: SignIn) -> None:
    page = reverse("province-classes", args=[make_dated_wave().slug])
    assert as_role("planner").get(page, {"kabupaten": "9999"}).status_code == 404
