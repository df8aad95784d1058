"""Choosing classes, one person at a time or many at once."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.scope import NOBODY
from clusters.models import Wave
from registrations.models import Registration
from registrations.services.bulk import register_many
from tests.factories.draws import make_class
from tests.factories.people import make_person, make_region, make_wave
from training.models import TrainingClass, Wish, WishList
from training.services.wishes import Choice, WishesClosed, WrongClass, choose_classes, choose_many

pytestmark = pytest.mark.django_db


def somebody(wave: Wave, count: int = 1) -> list[Registration]:
    register_many(wave=wave, people=[make_person() for _ in range(count)], now=timezone.now(), join=True)
    return list(Registration.objects.filter(wave=wave).order_by("number"))


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


@pytest.fixture
def classes(wave: Wave) -> list[TrainingClass]:
    return [make_class(wave, f"A-{number}") for number in range(6)]


class TestChooseClasses:
    def test_replaces_the_list_in_order(self, wave: Wave, classes: list[TrainingClass]) -> None:
        (registration,) = somebody(wave)
        scope = NOBODY.as_applicant(registration.applicant_id)
        for wished in ([classes[0], classes[1], classes[2]], [classes[2], classes[0]]):
            ids = [c.pk for c in wished]
            choose_classes(scope=scope, registration_id=registration.pk, class_ids=ids, strict=True, now=timezone.now())
        stored = Wish.objects.filter(registration=registration).order_by("rank")
        assert list(stored.values_list("training_class__code", flat=True)) == ["A-2", "A-0"]
        assert WishList.objects.get(registration=registration).strict

    def test_an_empty_list_cannot_be_strict(self, wave: Wave) -> None:
        (registration,) = somebody(wave)
        scope = NOBODY.as_applicant(registration.applicant_id)
        choose_classes(scope=scope, registration_id=registration.pk, class_ids=[], strict=True, now=timezone.now())
        assert not WishList.objects.get(registration=registration).strict

    @pytest.mark.parametrize("fault", ["unknown", "twice", "six", "other cluster", "other regency", "other wave"])
    def test_refuses_and_changes_nothing(self, wave: Wave, classes: list[TrainingClass], fault: str) -> None:
        (registration,) = somebody(wave)
        make_region(3301011001)
        ids = {
            "unknown": [uuid4()],
            "twice": [classes[0].pk, classes[0].pk],
            "six": [c.pk for c in classes],
            "other cluster": [make_class(wave, "P-1", cluster=0).pk],
            "other regency": [make_class(wave, "C-1", regency_id=3301).pk],
            "other wave": [make_class(make_wave(), "W-1").pk],
        }[fault]
        scope = NOBODY.as_applicant(registration.applicant_id)
        with pytest.raises(WrongClass):
            choose_classes(
                scope=scope, registration_id=registration.pk, class_ids=ids, strict=False, now=timezone.now()
            )
        assert not Wish.objects.exists()

    def test_only_while_the_wave_is_open_and_after_joining(self, wave: Wave, classes: list[TrainingClass]) -> None:
        (registration,) = somebody(wave)
        scope = NOBODY.as_applicant(registration.applicant_id)
        Registration.objects.filter(pk=registration.pk).update(state="withdrawn")
        with pytest.raises(WishesClosed):
            choose_classes(scope=scope, registration_id=registration.pk, class_ids=[], strict=False, now=timezone.now())
        Registration.objects.filter(pk=registration.pk).update(state="joined")
        Wave.objects.filter(pk=wave.pk).update(state="closed")
        with pytest.raises(WishesClosed):
            choose_classes(scope=scope, registration_id=registration.pk, class_ids=[], strict=False, now=timezone.now())

    def test_somebody_elses_list_does_not_exist(self, wave: Wave) -> None:
        mine, other = somebody(wave, 2)
        with pytest.raises(Registration.DoesNotExist):
            choose_classes(
                scope=NOBODY.as_applicant(mine.applicant_id),
                registration_id=other.pk,
                class_ids=[],
                strict=False,
                now=timezone.now(),
            )

    def test_the_database_holds_ranks_and_classes_apart(self, wave: Wave, classes: list[TrainingClass]) -> None:
        (registration,) = somebody(wave)
        Wish.objects.create(registration=registration, rank=0, training_class=classes[0])
        for rank, wished in ((0, classes[1]), (1, classes[0]), (5, classes[2])):
            with pytest.raises(IntegrityError), transaction.atomic():
                Wish.objects.create(registration=registration, rank=rank, training_class=wished)


class TestChooseMany:
    def test_equals_one_by_one(self, wave: Wave, classes: list[TrainingClass]) -> None:
        first, second, third = somebody(wave, 3)
        wished = [classes[3].pk, classes[1].pk]
        choose_classes(
            scope=NOBODY.as_applicant(first.applicant_id),
            registration_id=first.pk,
            class_ids=wished,
            strict=True,
            now=timezone.now(),
        )
        choose_many(
            wave=wave,
            choices=[Choice(second.pk, wished, True), Choice(third.pk, [], True)],
            now=timezone.now(),
        )
        rows = {r.pk: list(r.wishes.order_by("rank").values_list("training_class", flat=True)) for r in (first, second)}
        assert rows[first.pk] == rows[second.pk] == wished
        assert [WishList.objects.get(registration=r).strict for r in (first, second, third)] == [True, True, False]

    def test_one_wrong_choice_stores_nothing(self, wave: Wave, classes: list[TrainingClass]) -> None:
        first, second = somebody(wave, 2)
        with pytest.raises(WrongClass):
            choose_many(
                wave=wave,
                choices=[
                    Choice(first.pk, [classes[0].pk], False),
                    Choice(second.pk, [classes[0].pk, classes[0].pk], False),
                ],
                now=timezone.now(),
            )
        assert not WishList.objects.exists()


def test_the_page_keeps_a_wrong_choice_and_says_which(wave: Wave, classes: list[TrainingClass]) -> None:
    (registration,) = somebody(wave)
    client = Client()
    session = client.session
    session["applicant"] = str(registration.applicant_id)
    session.save()
    wished = str(classes[0].pk)
    page = client.post("/daftar/kelas/", {"wish_0": wished, "wish_1": wished})
    assert list(page.context["form"].errors) == ["wish_1"]
    assert page.content.decode().count(f'value="{wished}" selected') == 2
    assert client.post("/daftar/kelas/", {"wish_0": wished}).status_code == 302
    assert Wish.objects.get().training_class_id == classes[0].pk


def test_without_a_person_the_page_asks_for_one() -> None:
    assert Client().get("/daftar/kelas/").headers["Location"] == "/status/"
